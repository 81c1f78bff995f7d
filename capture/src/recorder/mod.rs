//! One recording, from preflight to the closing record.
//!
//! Order matters: the file is created before anything is changed on the host; the guard starts before anything is
//! armed; the manifest, which says what was armed, is the first record; failures are counted from before the first
//! snapshot until just before the last one.

mod asked;
mod closing;
mod command;
mod held;
mod involved;
mod manifest;
mod memory;
mod noting;
mod policy;
mod progress;
mod session;
mod signals;
mod user;
mod worth;
mod zooming;

use std::{io, io::IsTerminal, path::Path, time::Instant};

use format_spec::record::{Manifest, Phase};

use crate::{
    cli::{Graph, Record},
    containers,
    error::Error,
    guard::{self, Guard},
    kernel::Kernel,
    output::{Bundle, Output, Wanted},
    preflight,
    sentinels::Sentinels,
    sources::{
        snapshot::{Background, Extent, Involved},
        syscalls::{Facts, Focus, Helpers, Own, Syscalls},
    },
    tracefs::Tracefs,
    zoom::Zoom,
};
use command::Manner;
use held::Held;
use manifest::Start;
use memory::Memory;
use session::Session;
use signals::Signals;
use user::Account;

/// Whether there is a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// There is.
    Bundle,
    /// Nothing failed that was asked for, or no trigger came: the file was taken away.
    Nothing,
}

/// What became of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done {
    /// Whether there is a bundle.
    pub(crate) kept: Kept,
    /// Wait status of the recorded command; `None` when there was none, or it goes on.
    pub(crate) command_status: Option<i32>,
}

/// Records as the options say.
///
/// # Errors
/// Whatever keeps the recording from being made, or the host from being put back as it was.
pub(crate) fn record(options: &Record) -> Result<Done, Error> {
    let begun = Instant::now();
    let output = options.output.as_deref().unwrap_or(Path::new("-"));
    if output == Path::new("-") && io::stdout().is_terminal() {
        return Err(
            Error::new("standard output", "it is a terminal").hint("name a file: -o incident.etz")
        );
    }
    preflight::require()?;
    let program = command::find(&options.command)?;
    let manner = Manner {
        user: match &program {
            Some(_) => Account::find(options.user.as_deref())?,
            None => None,
        },
        to_stderr: output == Path::new("-"),
        ended_with_recording: options.end_command,
    };
    if let (Some(user), None) = (&manner.user, &options.user) {
        eprintln!("capture: the command runs as {user}, who called sudo; -u root for root");
    }
    asked::require_processes(&options.pid)?;
    asked::note_names(&options.comm);
    let cgroups = containers::resolve(&options.cgroup, &options.container)?;
    // Before there is another thread: see there.
    let loader = Syscalls::loader()?;
    let signals = Signals::catch().map_err(|error| Error::new("signals", error))?;
    guard::put_back(Tracefs::find().ok().as_ref().map(Tracefs::root));
    let mut guard = Guard::start()?;
    let helpers = Helpers::default();
    helpers.guard(guard.pid());
    let replaced = helpers.clone();
    let mut snapshots = Background::start(move |pid| replaced.snapshots(pid))?;
    helpers.snapshots(snapshots.pid());
    let mut bundle = Bundle::create(&Wanted {
        path: output,
        force: options.force,
        keep: options.keep.map(usize::from),
        max_size: options.max_size,
        redact: options.redact,
    })?;

    // Both live as long as the process: a thread of the zoom reads the kernel too.
    let kernel: &'static Kernel = Box::leak(Box::new(Kernel::load()));
    kernel.read_ahead();
    let facts: &'static Facts = Box::leak(Box::new(Facts::resolve(kernel, program.is_some())));
    let focus = Focus {
        errnos: options.errno.clone(),
        syscalls: options.syscall.clone(),
        tgids: options.pid.clone(),
        comms: options.comm.clone(),
        cgroups: cgroups.iter().map(|group| group.place).collect(),
    };
    let memory = Memory::of(options.max_memory);
    let mut syscalls = Syscalls::load(
        loader,
        kernel,
        facts,
        &focus,
        memory.ring_bytes,
        &Own {
            helpers,
            command: program.is_some(),
        },
    )?;
    // From here on failures are counted and wait in the ring buffer; the rest may take its time.
    syscalls.attach()?;
    let armed_after = begun.elapsed();
    let mut zoom = Zoom::plan(kernel);
    asked::require_function(&options.graph, kernel, &zoom)?;
    // A flight recorder may wait for days.
    if options.graph != Graph::Never && options.flight_recorder.is_none() {
        zoom.prepare();
    }
    // How the host was at the start, while the sentinels are armed.
    snapshots.ask(
        Phase::Start,
        Extent::Host,
        Involved::default(),
        session::SNAPSHOT_TIME,
    );
    let mut outputs = Vec::new();
    let mut sink = |output| outputs.push(output);
    let mut sentinels = Sentinels::new(kernel);
    let (armed, unarmed) = sentinels.arm(&mut guard, &mut sink);
    let manifest = manifest::manifest(Start {
        options,
        kernel,
        facts,
        zoom: &zoom,
        armed_after,
        cgroups: cgroups.into_iter().map(|group| group.shown).collect(),
        sentinels: armed,
        unarmed,
    });
    let opened = write_first(&mut bundle, &manifest, facts, outputs);
    let held = options
        .flight_recorder
        .map(|time| Held::new(time, memory.held_bytes, options.trigger.clone()));
    let mut session = Session {
        bundle,
        syscalls,
        sentinels,
        zooming: zooming::Zooming::new(zoom, options),
        evidence: Default::default(),
        guard,
        signals,
        noting: noting::Noting::new(facts, focus),
        snapshots,
        started: Instant::now(),
        time: options.time,
        waiting: Vec::new(),
        exits: Vec::new(),
        failure_snapshots: 0,
        held,
        given_up: 0,
    };
    // From here on something is armed: whatever happens, it is taken back.
    let end = opened.and_then(|()| session.run(program.as_deref(), &options.command, &manner));
    let done = match end {
        Ok(end) => session.close(end, options.only_failing),
        Err(error) => {
            session.give_up();
            Err(error)
        }
    };
    done.map_err(|error| match session.bundle.leave() {
        Some(left) => error.hint(left),
        None => error,
    })
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
