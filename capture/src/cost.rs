//! What a process of the recorder cost itself, from /proc/self.

use std::{collections::BTreeMap, fs};

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

/// Memory of the kernel's maps and programs that this process holds, in bytes: `memlock` in the fdinfo of their
/// descriptors (`bpf_map_show_fdinfo`, `kernel/bpf/syscall.c`), each once.
pub(crate) fn bpf_bytes() -> u64 {
    let entries = fs::read_dir("/proc/self/fdinfo");
    let texts = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok());
    let objects: BTreeMap<(bool, u64), u64> = texts.filter_map(|text| bpf_object(&text)).collect();
    objects.values().sum()
}

/// Whether it is a map, its id, and its bytes.
fn bpf_object(fdinfo: &str) -> Option<((bool, u64), u64)> {
    let number = |name: &str| {
        let value = fdinfo.lines().find_map(|line| line.strip_prefix(name))?;
        value.trim().parse::<u64>().ok()
    };
    let map = number("map_id:").map(|id| (true, id));
    let object = map.or_else(|| Some((false, number("prog_id:")?)))?;
    Some((object, number("memlock:")?))
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
    fn a_map_is_known_by_its_fdinfo() {
        let map = "pos:\t0\nmap_type:\t1\nmemlock:\t4096\nmap_id:\t7\nfrozen:\t0\n";
        assert_eq!(bpf_object(map), Some(((true, 7), 4096)));
        let program = "prog_type:\t17\nmemlock:\t8192\nprog_id:\t7\n";
        assert_eq!(bpf_object(program), Some(((false, 7), 8192)));
        assert_eq!(
            bpf_object("link_type:\traw_tracepoint\nprog_id:\t7\n"),
            None
        );
    }

    #[test]
    fn reads_the_kernels_texts() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194304 5 0 0 0 12 34 0 0 20 0";
        assert_eq!(ticks(stat), Some((12, 34)));
        assert!(own().peak_memory_bytes > 0);
    }
}
