//! A trap: a trace buffer that records all the time, and stops itself at the end of the failing syscall.
//!
//! The kernel's `traceoff` trigger on `sys_exit` makes it exact: the newest events in the buffer are those of the
//! failing call, however busy the host is and whoever makes the call. (In an instance the trigger stops that
//! instance alone since 6.0, `kernel/trace/trace_events_trigger.c`.)

use crate::{
    guard::Guard,
    tracefs::{Buffer, Formats, RawPages, Tracefs, TracefsError},
};

use super::{calls::Page, entry};

/// The events of every syscall, for those that have none of their own (`CONFIG_FTRACE_SYSCALLS`).
const ALL: [(&str, &str); 2] = [("raw_syscalls", "sys_enter"), ("raw_syscalls", "sys_exit")];

/// Memory for the buffers of all processors together, in KiB, and the least and most for one.
const ALL_KIB: usize = 32 << 10;
const LEAST_KIB: usize = 64;
const MOST_KIB: usize = 2 << 10;

/// Most bytes taken out of the buffers at once.
const MAX_TAKEN: usize = 64 << 20;

/// What springs the trap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bait<'a> {
    /// Syscall number.
    pub(super) syscall: u32,
    /// Syscall name.
    pub(super) name: &'a str,
    /// errno.
    pub(super) errno: u16,
    /// Name of the thread.
    pub(super) comm: &'a [u8],
    /// Threads that it is limited to, with those that they start; empty for all.
    pub(super) pids: &'a [u32],
}

/// A trap that is set.
#[derive(Debug)]
pub(super) struct Trap {
    buffer: Buffer,
    /// Layouts of the events in the buffer.
    pub(super) formats: Formats,
    /// Whether it springs for threads of one name alone: other failing calls may be in the buffer too.
    pub(super) of_thread: bool,
    /// Open while it is armed: the kernel does not change tracers under a reader.
    raw: Option<RawPages>,
}

impl Trap {
    /// Sets a trap in `buffer`: stopped, with the syscall's own events. The tracer or the probes come next.
    ///
    /// # Errors
    /// What the kernel refuses. All that was changed is in the guard.
    pub(super) fn set(
        tracefs: &Tracefs,
        buffer: Buffer,
        bait: Bait<'_>,
        guard: &mut Guard,
    ) -> Result<Self, TracefsError> {
        buffer.set("tracing_on", "0", guard)?;
        // All of the host's, however few of them the recorder may run on.
        let kib = (ALL_KIB / buffer.cpus()?.max(1)).clamp(LEAST_KIB, MOST_KIB);
        buffer.resize(kib, guard)?;
        // CLOCK_MONOTONIC, as all times of a bundle.
        buffer.set("trace_clock", "mono", guard)?;
        let Bait {
            syscall,
            name,
            errno,
            comm,
            pids,
        } = bait;
        // An event of one syscall costs the others a look at a table; a filter on the number costs them far more.
        let mut own = entry::event_names(name).map(|name| {
            ["sys_enter", "sys_exit"].map(|event| ("syscalls", format!("{event}_{name}")))
        });
        let has = |events: &[(&str, String); 2]| {
            let mut events = events.iter();
            events.all(|(system, event)| tracefs.has(&format!("events/{system}/{event}")))
        };
        let own = own.find(has);
        let events = own.unwrap_or_else(|| ALL.map(|(system, event)| (system, event.into())));
        let mut only = String::new();
        if events[0].0 == ALL[0].0 {
            only = format!("id == {syscall} && ");
            for (system, event) in &events {
                let file = format!("events/{system}/{event}/filter");
                buffer.set_with_undo(&file, &format!("id == {syscall}"), "0", guard)?;
            }
        }
        // Since 6.19 the event of a syscall would read the strings that it is given.
        if buffer.has("syscall_user_buf_size") {
            buffer.set("syscall_user_buf_size", "0", guard)?;
        }
        let of_thread = quoted(comm).map_or_else(String::new, |comm| format!(" && COMM == {comm}"));
        let trigger = format!("traceoff if {only}ret == -{errno}{of_thread}");
        let (system, exit) = &events[1];
        let file = format!("events/{system}/{exit}/trigger");
        buffer.set_with_undo(&file, &trigger, &format!("!{trigger}"), guard)?;
        if !pids.is_empty() {
            let list: Vec<_> = pids.iter().map(ToString::to_string).collect();
            buffer.set("set_event_pid", &list.join(" "), guard)?;
            buffer.set("options/event-fork", "1", guard)?;
        }
        let mut formats = Formats::new(tracefs.root())?;
        for (system, event) in &events {
            formats.add(tracefs, system, event)?;
            // Read back, it would be `0*` by now: the trigger has switched it on underneath.
            buffer.set_with_undo(&format!("events/{system}/{event}/enable"), "1", "0", guard)?;
        }
        Ok(Self {
            buffer,
            formats,
            of_thread: !of_thread.is_empty(),
            raw: None,
        })
    }

    /// The buffer that it is in.
    pub(super) fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// Lets it record, from now or again.
    ///
    /// # Errors
    /// The kernel's.
    pub(super) fn arm(&mut self) -> Result<(), TracefsError> {
        if self.raw.is_none() {
            self.raw = Some(RawPages::open(&self.buffer, &self.formats)?);
        }
        self.buffer.switch("tracing_on", "1")
    }

    /// Whether it has caught a failing call.
    pub(super) fn is_sprung(&self) -> bool {
        self.buffer.get("tracing_on").is_ok_and(|on| on == "0")
    }

    /// Stops it, and takes out what it holds.
    ///
    /// # Errors
    /// The kernel's.
    pub(super) fn take(&mut self) -> Result<Vec<Page>, TracefsError> {
        self.buffer.switch("tracing_on", "0")?;
        let mut pages = Vec::new();
        let mut left = MAX_TAKEN;
        if let Some(raw) = &mut self.raw {
            raw.drain(|cpu, bytes| {
                left = left.saturating_sub(bytes.len());
                pages.push(Page { cpu, bytes });
                left > 0
            })?;
        }
        Ok(pages)
    }
}

/// A thread's name as a filter takes it (`parse_pred` in `kernel/trace/trace_events_filter.c`: up to the same quotation
/// mark); `None` for one that cannot be written so.
fn quoted(comm: &[u8]) -> Option<String> {
    let comm = str::from_utf8(comm).ok()?;
    let plain = |c: char| (' '..='~').contains(&c) && !['"', '\\'].contains(&c);
    let fits = !comm.is_empty() && comm.chars().all(plain);
    fits.then(|| format!("\"{comm}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_cannot_be_quoted_is_no_filter() {
        assert_eq!(quoted(b"tmux: server").as_deref(), Some("\"tmux: server\""));
        for comm in [&b""[..], b"a\"b", b"a\\b", b"a\nb", b"\xff"] {
            assert_eq!(quoted(comm), None);
        }
    }
}
