//! The host's clocks.

use format_spec::record::Clocks;
use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};

/// Reads three clocks together.
pub(crate) fn clocks() -> Clocks {
    Clocks {
        realtime_ns: now(ClockId::Realtime),
        monotonic_ns: now(ClockId::Monotonic),
        boottime_ns: now(ClockId::Boottime),
    }
}

/// CLOCK_MONOTONIC, nanoseconds: the clock of all events.
pub(crate) fn monotonic_ns() -> u64 {
    now(ClockId::Monotonic)
}

/// Length of a timer tick, nanoseconds: the resolution of the coarse clocks (`LOW_RES_NSEC`, `kernel/time/`).
pub(crate) fn tick_ns() -> u64 {
    let tick = clock_getres(ClockId::MonotonicCoarse).tv_nsec;
    u64::try_from(tick)
        .ok()
        .filter(|&tick| tick > 0)
        .unwrap_or(10_000_000)
}

fn now(clock: ClockId) -> u64 {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(clock);
    let seconds = u64::try_from(tv_sec).unwrap_or(0);
    seconds * 1_000_000_000 + u64::try_from(tv_nsec).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_go_on() {
        let before = monotonic_ns();
        assert!(before > 0 && monotonic_ns() >= before);
        assert!((1_000_000..=10_000_000).contains(&tick_ns()));
    }
}
