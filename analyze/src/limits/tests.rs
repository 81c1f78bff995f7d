//! The table against recordings that are made up.

use format_spec::record::Phase;

use super::table;
use crate::{evidence::LimitUse, load::Bundle, testing::Recording};

fn limits(bundle: &Bundle) -> Vec<LimitUse> {
    table(bundle, bundle.failures.last())
}

fn texts(limits: &[LimitUse], id: &str) -> Vec<String> {
    let own = limits.iter().filter(|limit| limit.id == id);
    own.map(|limit| limit.text(1)).collect()
}

#[test]
fn mounts_are_counted_at_the_failure() {
    let mut recording = Recording::new();
    recording.fail(40, 28, "dockerd", 50);
    recording.fact("mnt_ns.mounts", 31);
    recording.fact("ns.mnt", 4_026_531_841);
    recording.snapshot(Phase::Failure, 60, &[("/proc/sys/fs/mount-max", "31\n")]);
    let bundle = recording.load();
    let limits = limits(&bundle);
    assert_eq!(
        texts(&limits, "sysctl:fs.mount-max"),
        ["31 of 31 mounts in mount namespace 4026531841 (dockerd)"]
    );
    assert!(limits.iter().all(|limit| limit.at_failure));
}
