//! What a process of the recorder cost itself, from /proc/self.

use std::fs;

use format_spec::record::Cost;
use rustix::param::clock_ticks_per_second;

use crate::procfs::in_bytes;

/// Time and memory of this process so far.
pub(crate) fn own() -> Cost {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let (user_ticks, system_ticks) = ticks(&stat).unwrap_or_default();
    let tick_ns = 1_000_000_000 / clock_ticks_per_second().max(1);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    Cost {
        user_ns: user_ticks * tick_ns,
        system_ns: system_ticks * tick_ns,
        peak_memory_bytes: in_bytes(&status, "VmHWM"),
        ..Cost::default()
    }
}

/// utime and stime, fields 14 and 15 of proc_pid_stat(5); the name in field 2 may hold blanks.
fn ticks(stat: &str) -> Option<(u64, u64)> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_kernels_texts() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194304 5 0 0 0 12 34 0 0 20 0";
        assert_eq!(ticks(stat), Some((12, 34)));
        assert!(own().peak_memory_bytes > 0);
    }
}
