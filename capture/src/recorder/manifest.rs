//! The first record: what this host is, what is armed, what is missing.

use std::time::Duration;

use format_spec::record::{Armed, Manifest, Missing};

use crate::{
    cli::Record,
    clock,
    kernel::Kernel,
    preflight,
    sources::syscalls::{self, Facts},
    zoom::Zoom,
};

/// What the manifest tells of.
pub(super) struct Start<'a, 'k> {
    pub(super) options: &'a Record,
    pub(super) kernel: &'k Kernel,
    pub(super) facts: &'a Facts,
    pub(super) zoom: &'a Zoom<'k>,
    /// How long it took from the start of the program until failures were counted.
    pub(super) armed_after: Duration,
    /// Control groups that samples are limited to.
    pub(super) cgroups: Vec<String>,
    /// Sentinels.
    pub(super) sentinels: Vec<Armed>,
    /// Sentinels that could not be armed.
    pub(super) unarmed: Vec<Missing>,
}

/// The manifest.
pub(super) fn manifest(start: Start<'_, '_>) -> Manifest {
    let options = start.options;
    let mut armed = vec![Armed {
        what: "raw_tracepoint/sys_exit".into(),
        detail: format!(
            "{} ms after the start; every failure counted; of each syscall, errno and process the first {} whole, then {} a second",
            start.armed_after.as_millis(),
            syscalls::FIRST,
            syscalls::RATE
        ),
    }];
    armed.push(Armed {
        what: "raw_tracepoint/sched_process_exit".into(),
        detail: "how a process ends of which a failure was kept whole".into(),
    });
    let command = start.facts.id(syscalls::OF_COMMAND);
    armed.extend(command.map(|_| Armed {
        what: "raw_tracepoint/sched_process_fork".into(),
        detail: "which processes are of the recorded command".into(),
    }));
    armed.extend(start.cgroups.into_iter().map(|group| Armed {
        what: "control group".into(),
        detail: format!("{group} and those below it alone are kept whole"),
    }));
    armed.extend(options.flight_recorder.map(|time| Armed {
        what: "flight recorder".into(),
        detail: format!("the last {} s before a trigger", time.as_secs_f64()),
    }));
    armed.extend(start.sentinels);
    let mut missing = start.kernel.missing();
    missing.extend(start.unarmed);
    missing.extend(start.facts.missing.iter().map(|name| Missing {
        what: format!("fact {name}"),
        why: "this kernel does not have it".into(),
    }));
    if let Err(why) = start.zoom.available() {
        missing.push(Missing {
            what: "function graph".into(),
            why,
        });
    }
    Manifest {
        tool_version: env!("CARGO_PKG_VERSION").into(),
        command_line: std::env::args_os()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect(),
        host: preflight::host(),
        clocks: clock::clocks(),
        duration_ns: options
            .time
            .and_then(|time| u64::try_from(time.as_nanos()).ok()),
        max_size_bytes: options.max_size.as_u64(),
        abilities: preflight::abilities(start.kernel, start.facts, start.zoom),
        armed,
        missing,
    }
}
