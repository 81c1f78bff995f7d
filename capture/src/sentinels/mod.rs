//! Sentinels: return probes that are armed from the start, for what happens only once.
//!
//! They sit on functions that compare a limit and are not hot, and write only when such a function fails, with the
//! kernel stack: the first failure already has its origin and its path. The list is data (`sentinels.txt`).

mod armed;
mod list;
mod sightings;

use format_spec::record::{Armed as ArmedRow, Drop, Missing};

use crate::{
    evidence::Evidence,
    guard::Guard,
    kernel::Kernel,
    output::Sink,
    tracefs::{Tracefs, TracefsError},
};
use armed::Armed;
pub(crate) use sightings::Way;

/// The sentinels of one recording.
#[derive(Debug)]
pub(crate) struct Sentinels<'k> {
    kernel: &'k Kernel,
    armed: Option<Armed>,
    /// What was lost, once they are disarmed.
    lost: (u64, u64),
    not_restored: Vec<String>,
}

impl<'k> Sentinels<'k> {
    /// None are armed yet.
    pub(crate) fn new(kernel: &'k Kernel) -> Self {
        Self {
            kernel,
            armed: None,
            lost: (0, 0),
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
        let (overwritten, over_bound) = self.armed.as_ref().map_or(self.lost, Armed::lost);
        [
            (
                "sentinel events",
                "overwritten before they were read",
                overwritten,
            ),
            ("sentinel pages", "over the bound", over_bound),
        ]
        .map(|(what, why, count)| Drop {
            what: what.into(),
            why: why.into(),
            count,
        })
        .into()
    }
}
