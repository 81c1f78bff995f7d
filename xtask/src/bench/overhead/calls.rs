//! The loops, and their time.

use std::time::{Duration, Instant};

use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    process::getppid,
    time::{ClockId, clock_gettime},
};

/// A path that is not there.
const MISSING: &str = "/no/such/file";

/// How long a measurement takes at most, and how many slices it has at most.
const TIME: Duration = Duration::from_millis(500);
const SLICES: usize = 400;

/// What is called over and over.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    /// getppid(2).
    Succeeding,
    /// openat(2), ENOENT.
    Failing,
}

impl Call {
    /// Processor time of one call, nanoseconds: the lower quartile of slices of a millisecond or so.
    pub(super) fn time_ns(self) -> f64 {
        let begun = Instant::now();
        let mut slices = Vec::with_capacity(SLICES);
        while slices.len() < SLICES && (slices.len() < 4 || begun.elapsed() < TIME) {
            slices.push(self.slice());
        }
        slices.sort_by(f64::total_cmp);
        slices[slices.len() / 4]
    }

    fn slice(self) -> f64 {
        let calls: u32 = match self {
            Self::Succeeding => 5_000,
            Self::Failing => 1_000,
        };
        let before = processor_ns();
        for _ in 0..calls {
            match self {
                Self::Succeeding => drop(std::hint::black_box(getppid())),
                Self::Failing => {
                    let failed = openat(CWD, MISSING, OFlags::RDONLY, Mode::empty()).is_err();
                    assert!(failed, "{MISSING} is there");
                }
            }
        }
        (processor_ns() - before) / f64::from(calls)
    }
}

fn processor_ns() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}
