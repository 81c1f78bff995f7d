//! The returns pass: return probes on functions that the failing graph showed.

use std::time::Instant;

use format_spec::record::{Pass, Probe, ProbeKind, Probes, Zoom, ZoomEnd};

use super::{
    Output, Sink, Target,
    graph::instance_name,
    means::{Means, probe_line},
    pass::{ArmedPass, Arming},
    trap::{Bait, Trap},
};
use crate::{
    guard::Guard,
    kernel::Kernel,
    preflight::monotonic_ns,
    tracefs::{Buffer, ProbeGroup, TracefsError},
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

/// Arms return probes on `functions`. What was changed is in the guard, in any case.
///
/// # Errors
/// What the kernel refuses.
pub(super) fn arm(
    functions: &[u64],
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
    let mut lines = Vec::new();
    let mut names = Vec::new();
    for (index, &function) in functions.iter().enumerate() {
        let Some(found) = kernel.containing(function) else {
            continue;
        };
        if let Some(line) = probe_line(kernel, &found, format!("p{index}")) {
            lines.push(line);
            names.push(found.name.to_owned());
        }
    }
    let buffer = Buffer::create(tracefs, &instance_name(number), guard)?;
    let bait = Bait {
        syscall: target.syscall,
        name: &target.name,
        errno: target.errno,
        comm: &target.comm,
        pids,
    };
    let mut trap = Trap::set(tracefs, buffer.clone(), bait, guard)?;
    let group = format!("etz_{}_{number}", std::process::id());
    let (group, made) = ProbeGroup::create(tracefs, &group, &lines, guard)?;
    let mut probes = Probes::default();
    let mut probed = Vec::new();
    for (line, function) in lines.iter().zip(names) {
        if made.contains(&line.event) {
            trap.formats.add(tracefs, group.name(), &line.event)?;
            probed.push(function.clone());
            probes.probes.push(Probe {
                event: format!("{}/{}", group.name(), line.event),
                function,
                kind: ProbeKind::Kretprobe,
                session: number,
            });
        }
    }
    group.enable(&buffer, guard)?;
    sink(Output::Probes(probes));
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
