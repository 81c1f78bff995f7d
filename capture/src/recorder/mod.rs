//! One recording, from preflight to the closing record.
//!
//! Order matters: the file is created before anything is changed on the host; the guard starts before anything is
//! armed; the manifest, which says what was armed, is the first record; failures are counted from after the first
//! snapshot until just before the last one.

mod closing;
mod command;
mod cost;
mod involved;
mod normal;
mod policy;
mod progress;
mod session;
mod signals;
mod zooming;

use std::{io, io::IsTerminal, path::Path, time::Instant};

use format_spec::record::{Armed, Manifest, Missing};

use crate::{
    cli::Record,
    error::Error,
    guard::Guard,
    kernel::Kernel,
    output::{Bundle, Output},
    preflight,
    sentinels::Sentinels,
    sources::syscalls::{self, Facts, Focus, Syscalls},
    zoom::Zoom,
};
use session::Session;
use signals::Signals;

/// Records as the options say.
///
/// # Errors
/// Whatever keeps the recording from being made, or the host from being put back as it was.
pub(crate) fn record(options: &Record) -> Result<(), Error> {
    let output = options.output.as_deref().unwrap_or(Path::new("-"));
    if output == Path::new("-") && io::stdout().is_terminal() {
        return Err(
            Error::new("standard output", "it is a terminal").hint("name a file: -o incident.etz")
        );
    }
    preflight::require()?;
    let signals = Signals::catch().map_err(|error| Error::new("signals", error))?;
    let mut guard = Guard::start()?;
    let mut bundle = Bundle::create(output, options.force, options.max_size)?;

    let kernel = Kernel::load();
    let facts = Facts::resolve(&kernel);
    let focus = focus(options);
    let zoom = Zoom::plan(&kernel);
    let syscalls = Syscalls::load(&kernel, &facts, &focus)?;
    let mut outputs = Vec::new();
    let mut sink = |output| outputs.push(output);
    let mut sentinels = Sentinels::new(&kernel);
    let (armed, missing) = sentinels.arm(&mut guard, &mut sink);
    let manifest = manifest(options, &kernel, &facts, &zoom, armed, missing);
    let opened = write_first(&mut bundle, &manifest, &facts, outputs);
    let mut session = Session {
        bundle,
        syscalls,
        facts: &facts,
        sentinels,
        zooming: zooming::Zooming::new(zoom, options),
        evidence: Default::default(),
        guard,
        signals,
        policy: policy::Policy::new(focus),
        involved: involved::Recent::default(),
        snapshots: Default::default(),
        started: Instant::now(),
        time: options.time,
        waiting: Vec::new(),
        failure_snapshots: 0,
        watch: Default::default(),
    };
    // From here on something is armed: whatever happens, it is taken back.
    match opened.and_then(|()| session.run(&options.command)) {
        Ok(end) => session.close(end, output),
        Err(error) => {
            session.give_up();
            Err(error)
        }
    }
}

fn focus(options: &Record) -> Focus {
    Focus {
        errnos: options.errno.clone(),
        syscalls: options.syscall.clone(),
        tgids: options.pid.clone(),
        comms: options.comm.clone(),
        cgroups: Vec::new(),
    }
}

fn manifest(
    options: &Record,
    kernel: &Kernel,
    facts: &Facts,
    zoom: &Zoom<'_>,
    sentinels: Vec<Armed>,
    unarmed: Vec<Missing>,
) -> Manifest {
    let mut armed = vec![Armed {
        what: "raw_tracepoint/sys_exit".into(),
        detail: format!(
            "every failure counted; of each syscall, errno and process the first {} whole, then {} a second",
            syscalls::FIRST,
            syscalls::RATE
        ),
    }];
    armed.extend(sentinels);
    let mut missing = kernel.missing();
    missing.extend(unarmed);
    missing.extend(facts.missing.iter().map(|name| Missing {
        what: format!("fact {name}"),
        why: "this kernel does not have it".into(),
    }));
    if let Err(why) = zoom.available() {
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
        clocks: preflight::clocks(),
        duration_ns: options
            .time
            .and_then(|time| u64::try_from(time.as_nanos()).ok()),
        max_size_bytes: options.max_size.as_u64(),
        abilities: preflight::abilities(kernel, facts, zoom),
        armed,
        missing,
    }
}

fn write_first(
    bundle: &mut Bundle,
    manifest: &Manifest,
    facts: &Facts,
    outputs: Vec<Output>,
) -> Result<(), Error> {
    bundle.write(0, manifest)?;
    bundle.write(0, &facts.table)?;
    for output in outputs {
        bundle.write_output(&output)?;
    }
    Ok(())
}
