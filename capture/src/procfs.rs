//! Texts of /proc of which more than one part wants numbers.

/// The line `name` of meminfo or of a process's status, in bytes; 0 when there is none.
pub(crate) fn in_bytes(text: &str, name: &str) -> u64 {
    let value = |line: &str| {
        let rest = line.strip_prefix(name)?.strip_prefix(':')?;
        rest.split_whitespace().next()?.parse::<u64>().ok()
    };
    let kib = text.lines().find_map(value);
    kib.unwrap_or(0).saturating_mul(1024)
}

/// When a process started, in ticks since the machine did (CLOCK_BOOTTIME): field 22 of proc_pid_stat(5); the name in
/// field 2 may hold blanks.
pub(crate) fn start_ticks(stat: &str) -> Option<u64> {
    let fields = stat.rsplit_once(')')?.1;
    fields.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_found_behind_any_name() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194304 5 0 0 0 12 34 0 0 20 0 1 0 4711 9 9";
        assert_eq!(start_ticks(stat), Some(4711));
        assert_eq!(start_ticks("7 (a) S 1 7"), None);
    }

    #[test]
    fn lines_are_in_kib() {
        assert_eq!(in_bytes("MemTotal:       2048 kB\n", "MemTotal"), 2 << 20);
        assert_eq!(in_bytes("VmPeak:\t9 kB\nVmHWM:\t  3 kB\n", "VmHWM"), 3072);
        assert_eq!(in_bytes("VmPeak:\t9 kB\n", "Vm"), 0);
    }
}
