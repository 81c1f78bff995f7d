//! Return probes: events of `kprobe_events`, in groups of the recorder's own.
//!
//! A probe is put on `_stext+offset`, which is unambiguous where static functions share a name, and spares the
//! kernel two look-ups by name; on `module:name` in modules. Functions that may not be probed
//! (`NOKPROBE_SYMBOL`) make the kernel refuse the line: it is left out.

use std::collections::HashSet;

use super::{Buffer, Mode, Tracefs, TracefsError, buffer::note, read, write};
use crate::guard::Guard;

const FILE: &str = "kprobe_events";

/// Bytes of one write: the kernel takes fewer than 4,096 at once (`WRITE_BUFSIZE`).
const MAX_WRITE: usize = 4000;

/// The register that holds what a function returned. `$retval` is the same, but makes 6.12 search all its types by
/// name for every probe (`query_btf_context` in `kernel/trace/trace_probe.c`).
const RETURN_REGISTER: &str = if cfg!(target_arch = "aarch64") {
    "%x0"
} else {
    "%ax"
};

/// One return probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProbeLine {
    /// Event name, unique in its group.
    pub(crate) event: String,
    /// Place, for example `_stext+4698200` or `overlay:ovl_fill_super`.
    pub(crate) place: String,
    /// Type of the return value: `s32`, `u8`, `x64`, ….
    pub(crate) value: &'static str,
}

/// A probe on an instruction that makes an errno.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefusalLine {
    /// Event name, unique in its group.
    pub(crate) event: String,
    /// Place of the instruction, for example `_stext+4698224`.
    pub(crate) place: String,
    /// The errno, positive.
    pub(crate) errno: u16,
}

/// A line for `kprobe_events`.
pub(crate) trait Line {
    /// Event name, unique in its group.
    fn event(&self) -> &str;

    /// The line, with its newline.
    fn text(&self, group: &str) -> String;
}

impl Line for ProbeLine {
    fn event(&self) -> &str {
        &self.event
    }

    fn text(&self, group: &str) -> String {
        let Self {
            event,
            place,
            value,
        } = self;
        format!("r:{group}/{event} {place} ret={RETURN_REGISTER}:{value}\n")
    }
}

impl Line for RefusalLine {
    fn event(&self) -> &str {
        &self.event
    }

    /// The value is an immediate one (5.5 and later).
    fn text(&self, group: &str) -> String {
        let Self {
            event,
            place,
            errno,
        } = self;
        format!("p:{group}/{event} {place} ret=\\-{errno}:s32\n")
    }
}

/// A group of probes that exists in the kernel.
#[derive(Debug)]
pub(crate) struct ProbeGroup {
    name: String,
}

impl ProbeGroup {
    /// Makes the group `name`. Returns it with the events that the kernel took: they are disabled.
    ///
    /// # Errors
    /// When the guard is gone, or `kprobe_events` cannot be used at all.
    pub(crate) fn create<L: Line>(
        tracefs: &Tracefs,
        name: &str,
        lines: &[L],
        guard: &mut Guard,
    ) -> Result<(Self, HashSet<String>), TracefsError> {
        let path = tracefs.root().join(FILE);
        let group = Self {
            name: name.to_owned(),
        };
        // `-:group/` removes all events of the group (5.19 and later).
        note(&path, &format!("-:{name}/\n"), true, guard)?;
        let texts: Vec<_> = lines.iter().map(|line| line.text(name)).collect();
        let mut rest = &texts[..];
        let mut refusal = None;
        while !rest.is_empty() {
            let batch = &rest[..batch_len(rest)];
            match write(&path, &batch.concat(), Mode::Append) {
                Ok(()) => rest = &rest[batch.len()..],
                Err(error) => {
                    // The kernel stops at the first line that it refuses; those before are made.
                    let made = group.events(tracefs)?;
                    let is_made = |text: &&String| made.contains(event_of(text));
                    let taken = batch.iter().take_while(is_made).count();
                    rest = &rest[taken + 1..];
                    refusal = Some(error);
                }
            }
        }
        let made = group.events(tracefs)?;
        match refusal {
            Some(error) if made.is_empty() => Err(error),
            _ => Ok((group, made)),
        }
    }

    /// Enables all its events in `buffer`.
    ///
    /// # Errors
    /// When the guard is gone, or the kernel refuses.
    pub(crate) fn enable(&self, buffer: &Buffer, guard: &mut Guard) -> Result<(), TracefsError> {
        let path = buffer.root().join(format!("events/{}/enable", self.name));
        // Probes cannot be removed while they are enabled, in an own instance too.
        note(&path, "0", false, guard)?;
        write(&path, "1", Mode::Replace)
    }

    /// The events of the group that are there. Lines read `r16:group/event place ret=%x0:s32`.
    fn events(&self, tracefs: &Tracefs) -> Result<HashSet<String>, TracefsError> {
        let prefix = format!("{}/", self.name);
        let text = read(&tracefs.root().join(FILE))?;
        let events = text.lines().filter_map(|line| {
            let (_, after) = line.split_once(':')?;
            let event = after.strip_prefix(&prefix)?;
            event.split_ascii_whitespace().next()
        });
        Ok(events.map(str::to_owned).collect())
    }
}

/// How often probes whose event names end in `suffix` were hit without being seen, for too many calls were under way:
/// the third column of `kprobe_profile`.
pub(crate) fn misses(tracefs: &Tracefs, suffix: &str) -> u64 {
    let text = read(&tracefs.root().join("kprobe_profile")).unwrap_or_default();
    sum_of_misses(&text, suffix)
}

fn sum_of_misses(text: &str, suffix: &str) -> u64 {
    let rows = text.lines().filter_map(|line| {
        let mut columns = line.split_ascii_whitespace();
        let own = columns.next()?.ends_with(suffix);
        columns.nth(1)?.parse::<u64>().ok().filter(|_| own)
    });
    rows.sum()
}

fn event_of(text: &str) -> &str {
    let after = text.split_once('/').map_or("", |(_, after)| after);
    after.split_ascii_whitespace().next().unwrap_or("")
}

/// How many lines one write takes; at least one.
fn batch_len(texts: &[String]) -> usize {
    let mut bytes = 0;
    let fitting = texts.iter().take_while(|text| {
        bytes += text.len();
        bytes <= MAX_WRITE
    });
    fitting.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_stay_within_what_the_kernel_takes() {
        let texts: Vec<_> = (0..500)
            .map(|n| format!("r:etz_1/p{n} _stext+{n} ret=$retval:s32\n"))
            .collect();
        let mut rest = &texts[..];
        let mut sum = 0;
        while !rest.is_empty() {
            let len = batch_len(rest);
            assert!(rest[..len].concat().len() < 4096);
            sum += len;
            rest = &rest[len..];
        }
        assert_eq!(sum, 500);
        assert_eq!(batch_len(&["x".repeat(5000)]), 1);
        assert_eq!(event_of(&texts[7]), "p7");
    }

    #[test]
    fn lines_are_as_the_kernel_reads_them() {
        let line = RefusalLine {
            event: "s1".into(),
            place: "_stext+64".into(),
            errno: 24,
        };
        assert_eq!(line.text("etz"), "p:etz/s1 _stext+64 ret=\\-24:s32\n");
        assert_eq!(event_of(&line.text("etz")), "s1");
    }

    #[test]
    fn only_own_misses_are_counted() {
        let text = "  s1_7    12    3\n  s1_77    5    9\n  p0    1    4\n  s2_7    0    1\n";
        assert_eq!(sum_of_misses(text, "_7"), 4);
    }
}
