//! Bundles on their way to the disk.

use std::fs;

use format_spec::record::{Count, Counts, Failure};

use super::*;

fn wanted(path: &Path) -> Wanted<'_> {
    Wanted {
        path,
        force: true,
        keep: None,
        max_size: ByteSize::mib(1),
        redact: false,
    }
}

#[test]
fn names_get_pseudonyms_when_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.etz");
    let holds_name = |redact| {
        let mut bundle = Bundle::create(&Wanted {
            redact,
            ..wanted(&path)
        })
        .unwrap();
        let count = Count {
            comm: b"acmed".into(),
            ..Count::default()
        };
        bundle.write_last(0, &Counts { rows: vec![count] }).unwrap();
        bundle.finish().unwrap();
        let file = fs::read(&path).unwrap();
        file.windows(5).any(|window| window == b"acmed")
    };
    assert!(holds_name(false) && !holds_name(true));
}

#[test]
fn keeps_room_for_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.etz");
    let mut bundle = Bundle::create(&Wanted {
        max_size: ByteSize(RESERVE),
        ..wanted(&path)
    })
    .unwrap();
    assert!(!bundle.write(0, &Counts::default()).unwrap());
    assert!(bundle.write_last(0, &Counts::default()).unwrap());
    assert_eq!(bundle.refused(), 1);
    let (found, len) = bundle.finish().unwrap();
    assert_eq!((found, len), (path.clone(), path.metadata().unwrap().len()));
}

#[test]
fn is_taken_away_when_it_is_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.etz");
    let mut bundle = Bundle::create(&wanted(&path)).unwrap();
    assert!(bundle.discard());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    let mut bundle = Bundle::create(&wanted(Path::new("/dev/null"))).unwrap();
    assert!(!bundle.discard() && Path::new("/dev/null").exists());
}

#[test]
fn what_could_be_written_is_left_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.etz");
    let mut bundle = Bundle::create(&wanted(&path)).unwrap();
    assert!(bundle.leave().unwrap().contains("no file is left"));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    let mut bundle = Bundle::create(&wanted(&path)).unwrap();
    let rows = vec![Failure::default(); 3];
    bundle.write_failures(&Failures { rows }).unwrap();
    let told = bundle.leave().unwrap();
    assert!(told.contains("a.etz holds 3 failures"), "{told}");
    assert!(path.exists());
}

#[test]
fn a_full_disk_is_told() {
    let error = Bundle::create(&wanted(Path::new("/dev/full"))).unwrap_err();
    assert!(error.to_string().contains("No space left"), "{error}");
}
