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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_in_kib() {
        assert_eq!(in_bytes("MemTotal:       2048 kB\n", "MemTotal"), 2 << 20);
        assert_eq!(in_bytes("VmPeak:\t9 kB\nVmHWM:\t  3 kB\n", "VmHWM"), 3072);
        assert_eq!(in_bytes("VmPeak:\t9 kB\n", "Vm"), 0);
    }
}
