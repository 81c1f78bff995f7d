//! Whatever happens to one frame, every other is still read, and nothing is read wrongly.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::LazyLock;

use format_spec::{
    Damage, DecodeError, Reader,
    container::{FileHeader, FrameHeader, INDEX_TYPE, Index, Trailer},
    record::{Code, Counts, Record},
};
use proptest::{prelude::*, sample::Index as Pick};

static BUNDLE: LazyLock<Vec<u8>> = LazyLock::new(|| support::bundle(2));

/// The frames of a closed bundle as bytes: index frame and trailer left out.
fn frames(file: &[u8]) -> Vec<Vec<u8>> {
    let ends = support::ends(file);
    let frames = ends[..ends.len() - 2].windows(2);
    frames.map(|pair| file[pair[0]..pair[1]].to_vec()).collect()
}

/// Sequence number and payload of every frame that can be read.
fn payloads(file: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let reader = Reader::new(file).unwrap();
    let payload = |frame: &format_spec::Frame| {
        let payload = reader.payload(frame).ok()?;
        Some((frame.header.sequence, payload))
    };
    reader.frames().iter().filter_map(payload).collect()
}

fn subsequence(part: &[(u32, Vec<u8>)], whole: &[(u32, Vec<u8>)]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|one| whole.any(|other| other == one))
}

proptest! {
    #![proptest_config(support::config())]
    #[test]
    fn a_flipped_bit_harms_one_frame(pick: Pick, bit in 0..8u32) {
        let mut file = BUNDLE.clone();
        let whole = payloads(&file);
        let at = pick.index(file.len());
        file[at] ^= 1 << bit;
        if at < FileHeader::LEN {
            prop_assert!(Reader::new(&file).is_err());
        } else {
            let left = payloads(&file);
            prop_assert!(left.len() + 1 >= whole.len());
            prop_assert!(subsequence(&left, &whole));
        }
        support::read_all(&file);
    }

    #[test]
    fn a_hole_harms_what_it_touches(from: Pick, len in 1..400usize) {
        let mut file = BUNDLE.clone();
        let ends = support::ends(&file);
        let from = FileHeader::LEN + from.index(file.len() - FileHeader::LEN);
        let to = (from + len).min(file.len());
        let frames = ends.windows(2).take(ends.len() - 3);
        let untouched = frames.filter(|part| part[1] <= from || part[0] >= to).count();
        let whole = payloads(&file);
        file.drain(from..to);
        let left = payloads(&file);
        prop_assert!(left.len() >= untouched, "{} of {untouched}", left.len());
        prop_assert!(subsequence(&left, &whole));
        prop_assert!(!Reader::new(&file).unwrap().damage().is_empty());
    }

    #[test]
    fn strange_bytes_between_frames_are_passed_over(pick: Pick, strange in prop::collection::vec(any::<u8>(), 1..90)) {
        let mut file = BUNDLE.clone();
        let whole = payloads(&file);
        let ends = support::ends(&file);
        let at = ends[pick.index(ends.len() - 2)];
        file.splice(at..at, strange.iter().copied());
        prop_assert_eq!(payloads(&file), whole);
        let reader = Reader::new(&file).unwrap();
        let len = strange.len();
        let expected = [Damage::Skipped { offset: at, len }, Damage::Index];
        prop_assert_eq!(reader.damage(), expected);
    }

    #[test]
    fn any_order_is_put_right(order in Just((0..34).collect::<Vec<usize>>()).prop_shuffle()) {
        let file = &*BUNDLE;
        let mut frames = frames(file);
        prop_assert_eq!(frames.len(), order.len());
        let whole = payloads(file);
        frames = order.iter().map(|&at| frames[at].clone()).collect();
        let shuffled = support::open_bundle(&frames);
        prop_assert_eq!(payloads(&shuffled), whole);
        let reader = Reader::new(&shuffled).unwrap();
        let in_order = order.is_sorted();
        prop_assert_eq!(reader.damage().len() == 1, in_order);
    }

    #[test]
    fn copies_are_dropped(pick: Pick, to: Pick) {
        let file = support::bundle(1);
        let mut frames = frames(&file);
        let copy = frames[pick.index(frames.len())].clone();
        frames.insert(to.index(frames.len() + 1), copy);
        let doubled = support::open_bundle(&frames);
        prop_assert_eq!(payloads(&doubled), payloads(&file));
        let reader = Reader::new(&doubled).unwrap();
        let repeated = reader.damage().iter().filter(|note| matches!(note, Damage::Repeated { .. }));
        prop_assert_eq!(repeated.count(), 1);
    }

    #[test]
    fn any_bytes_behind_the_header_are_total(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        support::read_all(&support::open_bundle(&[bytes]));
    }
}

#[test]
fn a_missing_frame_is_named() {
    let file = support::bundle(1);
    let mut frames = frames(&file);
    let gone = frames.remove(2);
    assert!(!gone.is_empty());
    let file = support::open_bundle(&frames);
    let reader = Reader::new(&file).unwrap();
    let offset = reader.frames()[2].offset;
    let sequence = Damage::Sequence {
        offset,
        expected: 2,
        found: 3,
    };
    assert_eq!(reader.damage(), [sequence, Damage::NotClosed]);
}

#[test]
fn an_index_that_lies_is_reported_and_not_followed() {
    let file = support::bundle(1);
    let whole = payloads(&file);
    let ends = support::ends(&file);
    let [.., index_at, trailer_at, _] = ends[..] else {
        unreachable!()
    };
    let honest = Trailer::parse(&file, trailer_at).unwrap();
    let payload = {
        let end = Reader::new(&file[..index_at]).unwrap();
        let header = FrameHeader::parse(&file, index_at).unwrap();
        let offset = index_at;
        let frame = format_spec::Frame { offset, header };
        assert!(end.payload(&frame).is_err());
        Reader::new(&file).unwrap().payload(&frame).unwrap()
    };
    let standard = bincode::config::standard();
    let (index, _): (Index, usize) = bincode::decode_from_slice(&payload, standard).unwrap();
    let check = |index: &Index, trailer: Trailer| {
        let payload = bincode::encode_to_vec(index, standard).unwrap();
        let sequence = u32::try_from(whole.len()).unwrap();
        let frame = support::frame(INDEX_TYPE, sequence, 0, payload.len(), &payload);
        let file_len = (index_at + frame.len() + Trailer::LEN) as u64;
        let trailer = Trailer {
            file_len: trailer
                .file_len
                .wrapping_add(file_len)
                .wrapping_sub(honest.file_len),
            ..trailer
        };
        let bundle = [&file[..index_at], &frame, &trailer.to_bytes()].concat();
        assert_eq!(payloads(&bundle), whole);
        Reader::new(&bundle).unwrap().damage().to_vec()
    };
    assert_eq!(check(&index, honest), []);
    let mut lies = vec![index.clone(); 5];
    lies[0].entries[1].offset = u64::MAX;
    lies[1].entries.swap(0, 1);
    lies[2].entries.pop();
    let first = lies[3].entries[0];
    lies[3].entries.push(first);
    lies[4].entries[3].raw_len += 1;
    for lie in &lies {
        assert_eq!(check(lie, honest), [Damage::Index]);
    }
    for (index_offset, file_len, frames) in [
        (u64::MAX, honest.file_len, honest.frames),
        (64, honest.file_len, honest.frames),
        (honest.index_offset, u64::MAX, honest.frames),
        (honest.index_offset, honest.file_len, u32::MAX),
    ] {
        let lie = Trailer {
            index_offset,
            file_len,
            frames,
        };
        assert_eq!(check(&index, lie), [Damage::Index]);
    }
}

#[test]
fn what_a_reader_does_not_know_is_an_error_of_its_own() {
    let mut newer = support::frame(Code::TYPE, 0, 0, 1, &[0]);
    newer[6] = 2;
    let mut flagged = support::frame(Code::TYPE, 1, 6, 1, &[0]);
    let mut appended = support::frame(Code::TYPE, 2, 0, 3, &[0, 9, 9]);
    appended[7] = 1;
    let mut leftover = support::frame(Code::TYPE, 3, 0, 3, &[0, 9, 9]);
    for frame in [&mut newer, &mut flagged, &mut appended, &mut leftover] {
        let crc = crc32fast::hash(&frame[..36]);
        frame[36..40].copy_from_slice(&crc.to_le_bytes());
    }
    let unknown = support::frame(0x7000, 4, 0, 1, &[0]);
    let file = support::open_bundle(&[newer, flagged, appended, leftover, unknown]);
    let reader = Reader::new(&file).unwrap();
    let decoded: Vec<_> = reader
        .frames()
        .iter()
        .map(|frame| reader.decode::<Code>(frame))
        .collect();
    assert!(matches!(
        decoded[0],
        Err(DecodeError::Version { found: 2, .. })
    ));
    assert_eq!(decoded[1], Err(DecodeError::Flags { found: 6 }));
    assert_eq!(decoded[2], Ok(Code::default()));
    assert!(matches!(decoded[3], Err(DecodeError::Malformed(_))));
    assert!(matches!(
        decoded[4],
        Err(DecodeError::Type { found: 0x7000, .. })
    ));
    // Counts of a later revision have further columns.
    let payload = [&[0u8, 11][..], &[0; 10], &[2, 7, 7]].concat();
    let mut frame = support::frame(Counts::TYPE, 0, 0, payload.len(), &payload);
    frame[7] = 2;
    let crc = crc32fast::hash(&frame[..36]);
    frame[36..40].copy_from_slice(&crc.to_le_bytes());
    let file = support::open_bundle(&[frame]);
    let reader = Reader::new(&file).unwrap();
    assert_eq!(
        reader.decode::<Counts>(&reader.frames()[0]),
        Ok(Counts::default())
    );
}
