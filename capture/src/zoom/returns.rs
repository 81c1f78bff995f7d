//! The returns pass: return probes on functions that the failing graph showed, and probes on the instructions that make
//! the error in functions that it cannot show.

use std::{io::ErrorKind, time::Instant};

use format_spec::record::{Pass, Probe, ProbeKind, Probes, Zoom, ZoomEnd};

use super::{
    Output, Sink, Target,
    graph::instance_name,
    means::{Means, probe_line},
    pass::{ArmedPass, Arming},
    places::Place,
    trap::{Bait, Trap},
};
use crate::{
    clock::monotonic_ns,
    guard::Guard,
    kernel::Kernel,
    tracefs::{Buffer, Line, ProbeGroup, Tracefs, TracefsError},
};

/// What every batch of a zoom needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) means: &'a Means,
    pub(super) kernel: &'a Kernel,
    pub(super) target: &'a Target,
    /// Threads that it is limited to.
    pub(super) pids: &'a [u32],
    /// The zoom's number.
    pub(super) number: u32,
}

impl Context<'_> {
    /// What is written about a pass that could not be armed.
    pub(super) fn not_armed(&self, why: &TracefsError) -> Zoom {
        let now = monotonic_ns();
        Zoom {
            number: self.number,
            pass: Pass::Returns,
            syscall: self.target.syscall,
            errno: self.target.errno,
            functions: Vec::new(),
            pids: self.pids.to_vec(),
            started_ns: now,
            armed_ns: now,
            ended_ns: now,
            end: ZoomEnd::Error,
            failures: 0,
            lost_events: 0,
            tier: format!("{}: {why}", self.means.describe_tier()),
        }
    }
}

/// Arms return probes on `functions`, and probes on `places`, with the stack. What was changed is in the guard, in any
/// case.
///
/// # Errors
/// What the kernel refuses.
pub(super) fn arm(
    functions: &[u64],
    places: &[Place],
    context: Context<'_>,
    guard: &mut Guard,
    sink: Sink<'_>,
) -> Result<ArmedPass, TracefsError> {
    let Context {
        means,
        kernel,
        target,
        pids,
        number,
    } = context;
    let started_ns = monotonic_ns();
    let mark = guard.mark();
    let tracefs = &means.tracefs;
    let buffer = Buffer::create(tracefs, &instance_name(number), guard)?;
    let bait = Bait {
        syscall: target.syscall,
        name: &target.name,
        errno: target.errno,
        comm: &target.comm,
        pids,
    };
    let mut trap = Trap::set(tracefs, buffer.clone(), bait, guard)?;
    let mut making = Making {
        tracefs,
        buffer: &buffer,
        trap: &mut trap,
        number,
        probes: Vec::new(),
    };
    let found = functions
        .iter()
        .filter_map(|&function| kernel.containing(function));
    let returns = found.enumerate().filter_map(|(index, found)| {
        let line = probe_line(kernel, &found, format!("p{index}"))?;
        Some((line, found.name.to_owned()))
    });
    making.group("", ProbeKind::Kretprobe, returns.collect(), guard)?;
    let made = places.iter().filter_map(|(line, function)| {
        let found = kernel.containing(*function)?;
        Some((line.clone(), found.name.to_owned()))
    });
    making.group("_made", ProbeKind::Kprobe, made.collect(), guard)?;
    let probes = making.probes;
    if !places.is_empty() {
        // Of the functions between there may be no other trace.
        trap.formats.add(tracefs, "ftrace", "kernel_stack")?;
        buffer.set("options/stacktrace", "1", guard)?;
    }
    let probed = probes.iter().map(|probe| probe.function.clone());
    let mut probed: Vec<String> = probed.collect();
    probed.dedup();
    sink(Output::Probes(Probes { probes }));
    let arming = Arming {
        target: target.clone(),
        number,
        mark,
        started_ns,
        hooked: Instant::now(),
        what: Pass::Returns,
        functions: probed,
        pids: pids.to_vec(),
        time: target.time,
        tier: means.describe_tier(),
    };
    ArmedPass::start(trap, arming, sink)
}

/// The probes of a pass while they are made.
struct Making<'a> {
    tracefs: &'a Tracefs,
    buffer: &'a Buffer,
    trap: &'a mut Trap,
    /// The zoom's number.
    number: u32,
    probes: Vec<Probe>,
}

impl Making<'_> {
    /// Makes and enables a group of probes, each with its function.
    fn group<L: Line>(
        &mut self,
        suffix: &str,
        kind: ProbeKind,
        lines: Vec<(L, String)>,
        guard: &mut Guard,
    ) -> Result<(), TracefsError> {
        if lines.is_empty() {
            return Ok(());
        }
        let name = format!("etz_{}_{}{suffix}", std::process::id(), self.number);
        let (lines, functions): (Vec<L>, Vec<String>) = lines.into_iter().unzip();
        let (group, made) = match ProbeGroup::create(self.tracefs, &name, &lines, guard) {
            // Behind a load-acquire the kernel may take an instruction for part of an exclusive sequence
            // (`is_probed_address_atomic`, `arch/arm64/kernel/probes/decode-insn.c`), and refuse all of the places.
            Err(TracefsError::Write { source, .. })
                if kind == ProbeKind::Kprobe && source.kind() == ErrorKind::InvalidInput =>
            {
                return Ok(());
            }
            created => created?,
        };
        for (line, function) in lines.iter().zip(functions) {
            if made.contains(line.event()) {
                self.trap.formats.add(self.tracefs, &name, line.event())?;
                self.probes.push(Probe {
                    event: format!("{name}/{}", line.event()),
                    function,
                    kind,
                    session: self.number,
                });
            }
        }
        group.enable(self.buffer, guard)
    }
}
