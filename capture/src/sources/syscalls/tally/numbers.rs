//! Process numbers: whose are taken, and which come again before long.

use std::fs;

use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
};

/// Process numbers that the kernel may give out while room is made: those of processes that are gone, but may come
/// again that soon, are left alone.
const SOON: u32 = 4096;

/// Whether there is a process of that number.
pub(super) fn is_alive(tgid: u32) -> bool {
    let pid = i32::try_from(tgid).ok().and_then(Pid::from_raw);
    pid.is_none_or(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

/// How far the kernel is in giving out process numbers: upwards, and from the lowest again behind the largest
/// (`idr_alloc_cyclic` in `alloc_pid`, `kernel/pid.c`, 4.15 to 7.2).
pub(super) struct Round {
    begun_at: u32,
    len: u32,
}

impl Round {
    /// As far as it is now; `None` when the host does not tell.
    pub(super) fn begin() -> Option<Self> {
        let len = fs::read_to_string("/proc/sys/kernel/pid_max").ok()?;
        Some(Self {
            begun_at: last_number()?,
            len: len.trim().parse().ok()?,
        })
    }

    fn distance(&self, number: u32) -> u32 {
        let len = self.len.max(1);
        (number % len + len - self.begun_at % len) % len
    }

    /// Whether that number is given out before long.
    pub(super) fn may_reach(&self, number: u32) -> bool {
        (1..=SOON).contains(&self.distance(number))
    }

    /// Whether none was given out since the beginning but those that may be reached.
    pub(super) fn is_near(&self) -> bool {
        last_number().is_some_and(|last| self.distance(last) < SOON)
    }
}

/// The process number that was given out last: the last field of /proc/loadavg (`fs/proc/loadavg.c`).
fn last_number() -> Option<u32> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_round() {
        let round = Round {
            begun_at: 32_000,
            len: 32_768,
        };
        for (number, may) in [
            (32_000, false),
            (32_001, true),
            (32_767, true),
            (300, true),
            (3_328, true),
            (3_329, false),
            (31_999, false),
        ] {
            assert_eq!(round.may_reach(number), may, "{number}");
        }
    }

    #[test]
    fn the_last_number_is_that_of_a_new_process() {
        let before = last_number().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let round = Round {
            begun_at: before,
            len: 1 << 22,
        };
        assert!(is_alive(child.id()) && round.may_reach(child.id()));
        child.wait().unwrap();
        assert!(!is_alive(child.id()));
    }
}
