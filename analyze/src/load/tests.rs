//! Whole bundles: what is in is read, and what is missing is said.

use format_spec::record::{Drop, Exit, Phase};
use proptest::prelude::*;

use super::*;
use crate::testing::Recording;

fn recording() -> Recording {
    let mut recording = Recording::new();
    recording.fail(40, 28, "dockerd", 500);
    recording.fact("mnt_ns.mounts", 31);
    recording.path(1, "/mnt");
    recording.exit(900, 1 << 8);
    recording.snapshot(Phase::Start, 10, &[("/proc/sys/fs/mount-max", "31\n")]);
    let kernel = &mut recording.kernel;
    kernel.probe_with_stack("count_mounts", &["path_mount", "__arm64_sys_mount"], -28);
    recording.take_events(0);
    let kernel = &mut recording.kernel;
    kernel.syscall_enter(40);
    kernel.enter("__arm64_sys_mount");
    kernel.returned("count_mounts", -28);
    kernel.cpu = 1;
    kernel.leave("__arm64_sys_mount");
    kernel.syscall_exit(40, -28);
    recording.take_events(1);
    recording
}

#[test]
fn a_whole_bundle_has_no_losses() {
    let recording = recording();
    let bundle = recording.load();
    assert_eq!(bundle.losses, []);
    assert_eq!(bundle.counts.len(), 1);
    let [failure] = &bundle.failures[..] else {
        panic!("one failure")
    };
    assert_eq!(bundle.fact(failure, "mnt_ns.mounts"), Some(31));
    assert_eq!(bundle.fact(failure, "mm.map_count"), None);
    let exit = Exit {
        time_ns: 900,
        tgid: failure.tgid,
        status: 1 << 8,
    };
    assert_eq!(bundle.exits, [exit]);
    let start = bundle.snapshots.of(Phase::Start).unwrap();
    assert_eq!(start.text("/proc/sys/fs/mount-max"), Some("31"));
    let session = |number| bundle.session(number).next().unwrap();
    assert_eq!(
        session(0).events().collect::<Vec<_>>(),
        recording.sessions[0].1
    );
    // Six events of two processors in one order.
    assert_eq!(
        session(1).events().collect::<Vec<_>>(),
        recording.sessions[1].1
    );
}

#[test]
fn what_the_recorder_lost_is_said() {
    let mut recording = recording();
    let drop = Drop {
        what: "failure samples".into(),
        why: "ring buffer full".into(),
        count: 3,
    };
    let none = Drop {
        count: 0,
        ..drop.clone()
    };
    let closing = recording.closing.as_mut().unwrap();
    closing.drops = vec![drop, none];
    closing.not_restored = vec!["tracing_on".into()];
    recording.manifest = None;
    let losses = recording.load().losses;
    let kinds: Vec<_> = losses.iter().map(|loss| loss.kind).collect();
    assert_eq!(
        kinds,
        [LossKind::Damage, LossKind::Dropped, LossKind::NotRestored]
    );
    assert_eq!(losses[1].text, "3 failure samples: ring buffer full");
}

#[test]
fn a_file_that_is_no_bundle_is_refused() {
    assert!(load(b"").is_err());
    assert!(load(b"PK\x03\x04 not a bundle at all").is_err());
}

proptest! {
    #[test]
    fn a_cut_bundle_is_read_up_to_the_cut(at in 0usize..4096) {
        let bytes = recording().bytes();
        let cut = &bytes[..at.min(bytes.len())];
        match load(cut) {
            Ok(bundle) => prop_assert_eq!(cut.len() < bytes.len(), !bundle.losses.is_empty()),
            Err(_) => prop_assert!(cut.len() < 64),
        }
    }

    #[test]
    fn damage_never_panics(damage in prop::collection::vec((0usize..8192, any::<u8>()), 1..20)) {
        let mut bytes = recording().bytes();
        for (at, value) in damage {
            let len = bytes.len();
            bytes[at % len] = value;
        }
        let _ = load(&bytes);
    }
}

#[test]
fn without_its_trace_a_bundle_is_the_same_otherwise() {
    let bytes = recording().bytes();
    let whole = load(&bytes).unwrap();
    let part = load_without_trace(&bytes, &Progress::default()).unwrap();
    assert!(part.trace.is_empty() && !whole.trace.is_empty());
    assert_eq!(part.failures, whole.failures);
    assert_eq!(part.counts, whole.counts);
    assert_eq!(part.snapshots.all().len(), whole.snapshots.all().len());
    assert_eq!(part.losses, whole.losses);
}
