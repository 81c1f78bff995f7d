//! Sentinels: probes that are armed from the start, for what happens only once.
//!
//! They sit on functions that compare a limit, and write only when such a function fails, with the kernel stack: the
//! first failure already has its origin and its path. A function that is not hot has a return probe with a filter; a
//! hot one has probes on the instructions that make its errnos, which cost nothing until they run ([`crate::refusals`]).
//! The list is data (`sentinels.txt`), generated from the analyzer's rules.

mod armed;
mod list;
mod plan;
mod sightings;

use format_spec::record::{Armed as ArmedRow, Drop, Missing};

use crate::{
    evidence::Evidence,
    guard::Guard,
    kernel::Kernel,
    output::Sink,
    tracefs::{Tracefs, TracefsError},
};
use armed::{Armed, Lost};
pub(crate) use sightings::Way;

/// The sentinels of one recording.
#[derive(Debug)]
pub(crate) struct Sentinels<'k> {
    kernel: &'k Kernel,
    armed: Option<Armed>,
    /// What was lost, once they are disarmed.
    lost: Lost,
    not_restored: Vec<String>,
}

impl<'k> Sentinels<'k> {
    /// None are armed yet.
    pub(crate) fn new(kernel: &'k Kernel) -> Self {
        Self {
            kernel,
            armed: None,
            lost: Lost::default(),
            not_restored: Vec::new(),
        }
    }

    /// Arms them. Returns what was armed and what could not be; then all is as it was before.
    pub(crate) fn arm(
        &mut self,
        guard: &mut Guard,
        sink: Sink<'_>,
    ) -> (Vec<ArmedRow>, Vec<Missing>) {
        let mark = guard.mark();
        let armed = Tracefs::find().and_then(|tracefs| {
            if !tracefs.has("kprobe_events") {
                return Err(TracefsError::NoProbes);
            }
            Armed::arm(&tracefs, self.kernel, guard, sink)
        });
        match armed {
            Ok((armed, row, missing)) => {
                self.armed = Some(armed);
                (vec![row], missing)
            }
            Err(error) => {
                self.not_restored.extend(guard.rewind(mark));
                let (what, why) = ("sentinels".into(), error.to_string());
                (Vec::new(), vec![Missing { what, why }])
            }
        }
    }

    /// Sends what is new, at most a few times a second; with `now` at once.
    pub(crate) fn poll(&mut self, now: bool, evidence: &mut Evidence, sink: Sink<'_>) {
        if let Some(armed) = &mut self.armed {
            armed.poll(now, self.kernel, evidence, sink);
        }
    }

    /// The way from a failing function to the function at `entry`, if one was seen that fits `errno`.
    pub(crate) fn way(&self, entry: u64, errno: u16) -> Option<Way> {
        self.armed.as_ref()?.sightings.way(entry, errno)
    }

    /// Takes them away. Returns what could not be put back.
    pub(crate) fn disarm(
        &mut self,
        guard: &mut Guard,
        evidence: &mut Evidence,
        sink: Sink<'_>,
    ) -> Vec<String> {
        self.poll(true, evidence, sink);
        if let Some(armed) = self.armed.take() {
            self.lost = armed.lost();
            self.not_restored.extend(armed.disarm(guard));
        }
        std::mem::take(&mut self.not_restored)
    }

    /// Counters of lost data, those at 0 included.
    pub(crate) fn drops(&self) -> Vec<Drop> {
        let lost = self.armed.as_ref().map_or(self.lost, Armed::lost);
        [
            (
                "sentinel events",
                "overwritten before they were read",
                lost.overwritten,
            ),
            ("sentinel pages", "over the bound", lost.over_bound),
            ("sentinel hits", "too many at once", lost.missed),
        ]
        .map(|(what, why, count)| Drop {
            what: what.into(),
            why: why.into(),
            count,
        })
        .into()
    }
}
