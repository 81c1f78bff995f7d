//! How a process ended, as waitpid(2) tells it (`W*` of `sys/wait.h`): bits 8 to 15 are the exit status, bits 0 to 6 the
//! signal that killed it, bit 7 says that it left a core dump.

/// Its exit status, 0 to 255; `None` when a signal killed it.
#[must_use]
pub fn exit_status(status: i32) -> Option<u8> {
    signal(status).is_none().then(|| status.to_le_bytes()[1])
}

/// The signal that killed it, 1 to 64; `None` when it ended by itself.
#[must_use]
pub fn signal(status: i32) -> Option<u8> {
    Some(status.to_le_bytes()[0] & 0x7f).filter(|&signal| signal != 0)
}

/// What a shell says of it in `$?`: the exit status, or 128 and the number of the signal.
#[must_use]
pub fn shell_status(status: i32) -> u8 {
    let killed = signal(status).map(|signal| 128 + signal);
    killed.unwrap_or(status.to_le_bytes()[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_told_from_signals() {
        let told = |status| (exit_status(status), signal(status), shell_status(status));
        assert_eq!(told(0), (Some(0), None, 0));
        assert_eq!(told(3 << 8), (Some(3), None, 3));
        assert_eq!(told(255 << 8), (Some(255), None, 255));
        assert_eq!(told(9), (None, Some(9), 137));
        // SIGSEGV with a core dump.
        assert_eq!(told(0x8b), (None, Some(11), 139));
        assert_eq!(told(-1), (None, Some(127), 255));
    }
}
