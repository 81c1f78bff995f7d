//! A file cut anywhere gives exactly its whole frames, and says where it was cut.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::LazyLock;

use format_spec::{Damage, ReadError, Reader};
use proptest::prelude::*;

/// Checks `file[..len]` against the parts that end at `ends`.
fn check(file: &[u8], ends: &[usize], len: usize) {
    let read = Reader::new(&file[..len]);
    if len < ends[0] {
        assert_eq!(read.unwrap_err(), ReadError::HeaderCut { len });
        return;
    }
    let reader = read.unwrap();
    let whole = ends.iter().filter(|&&end| end <= len).count();
    // Behind the file header come the frames, the index frame, the trailer.
    let frames = (whole - 1).min(ends.len() - 3);
    assert_eq!(reader.frames().len(), frames, "cut at {len}");
    for (frame, end) in reader.frames().iter().zip(ends) {
        assert_eq!(frame.offset, *end);
    }
    let mut damage = Vec::new();
    if ends[whole - 1] != len {
        let offset = ends[whole - 1];
        damage.push(Damage::Cut { offset, len });
    }
    if len < file.len() {
        damage.push(Damage::NotClosed);
    }
    assert_eq!(reader.damage(), damage, "cut at {len}");
}

#[test]
fn at_every_byte_of_a_small_file() {
    let file = support::bundle(1);
    let ends = support::ends(&file);
    for len in 0..=file.len() {
        check(&file, &ends, len);
    }
}

#[test]
fn records_before_the_cut_are_unharmed() {
    let file = support::bundle(1);
    let ends = support::ends(&file);
    for (whole, &end) in ends[..ends.len() - 2].iter().enumerate() {
        assert_eq!(support::read_all(&file[..end + 1]), whole);
    }
}

static LARGE: LazyLock<Vec<u8>> = LazyLock::new(|| support::bundle(20));

proptest! {
    #![proptest_config(support::config())]
    #[test]
    fn at_any_byte_of_a_larger_file(at in 0.0..1.0f64) {
        let file = &*LARGE;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the file")]
        let len = (at * file.len() as f64) as usize;
        check(file, &support::ends(file), len);
    }
}
