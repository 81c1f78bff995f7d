//! The returns pass: return probes on functions that the failing graph showed, batch by batch down the tree.

use format_spec::record::{Pass, Probe, ProbeKind, Probes, ReturnType};

use super::{
    Output, Sink, Target,
    calls::FailingCall,
    choice::{self, Knowledge},
    graph::instance_name,
    means::{Means, probe_line},
    pass::{ArmedPass, Arming},
    trap::{Bait, Trap},
    tree::CallTree,
};
use crate::{
    guard::Guard,
    kernel::Kernel,
    preflight::monotonic_ns,
    tracefs::{Buffer, ProbeGroup, TracefsError},
};

/// Most batches of one zoom.
const MAX_BATCHES: u32 = 5;

/// The way down a failing tree.
#[derive(Debug)]
pub(super) struct Descent {
    /// The failing call's tree.
    pub(super) tree: CallTree,
    /// What is known so far.
    pub(super) known: Knowledge,
    batches: u32,
}

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

impl Descent {
    /// Begins with a failing call of the graph pass. Its functions are brought to the start of their symbol: the
    /// tracer's addresses may lie a few bytes behind it.
    pub(super) fn new(mut tree: CallTree, kernel: &Kernel) -> Self {
        tree.rename(|address| {
            kernel
                .containing(address)
                .map_or(address, |found| found.address)
        });
        Self {
            tree,
            known: Knowledge::default(),
            batches: 0,
        }
    }

    /// Learns from the values that failing calls returned.
    pub(super) fn learn(&mut self, calls: &[FailingCall], errno: u16, kernel: &Kernel) {
        for &(function, value) in calls.iter().flat_map(|call| &call.returns) {
            if is_error(kernel, function, value, errno) {
                self.known.returned.insert(function);
            }
        }
    }

    /// Learns from the values that the graph itself gave.
    pub(super) fn learn_from_tree(&mut self, errno: u16, kernel: &Kernel) {
        for call in self.tree.calls() {
            self.known.asked.insert(call.function);
            let value = call
                .value
                .filter(|&value| is_error(kernel, call.function, value, errno));
            self.known.returned.extend(value.map(|_| call.function));
        }
    }

    /// The functions of the next batch; empty when there is nothing more to learn.
    pub(super) fn next(&self, kernel: &Kernel) -> Vec<u64> {
        if self.batches == MAX_BATCHES {
            return Vec::new();
        }
        let has_value = |function| {
            let found = kernel.containing(function);
            found.is_some_and(|found| probe_line(kernel, &found, String::new()).is_some())
        };
        choice::next(&self.tree, &self.known, has_value)
    }

    /// Arms a batch. What was changed is in the guard, in any case.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub(super) fn arm(
        &mut self,
        batch: &[u64],
        context: Context<'_>,
        guard: &mut Guard,
        sink: Sink<'_>,
    ) -> Result<ArmedPass, TracefsError> {
        self.batches += 1;
        // The function that the batch hangs below ties it to the batch before.
        let asked = |function| self.known.asked.contains(&function);
        let deepest = self.tree.deepest(&self.known.returned, asked);
        let anchor = deepest.map(|index| self.tree.calls()[index].function);
        let functions: Vec<u64> = anchor.into_iter().chain(batch.iter().copied()).collect();
        self.known.asked.extend(batch);
        arm_probes(&functions, context, guard, sink)
    }
}

fn arm_probes(
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
        errno: target.errno,
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
        what: Pass::Returns,
        functions: probed,
        pids: pids.to_vec(),
        tier: means.tier.describe().into(),
    };
    ArmedPass::start(trap, arming, sink)
}

/// Whether `value`, as wide as the function's type, is `-errno`.
fn is_error(kernel: &Kernel, function: u64, value: i64, errno: u16) -> bool {
    let Some(found) = kernel.containing(function) else {
        return false;
    };
    let error = -i64::from(errno);
    match kernel.return_type(&found) {
        ReturnType::Void | ReturnType::Aggregate | ReturnType::Bool => false,
        ReturnType::Pointer | ReturnType::Signed(64) | ReturnType::Unsigned(64) => value == error,
        ReturnType::Unsigned(_) => false,
        // The upper half of an `int` is undefined on arm64.
        ReturnType::Signed(_) | ReturnType::Unknown => (value ^ error) & 0xffff_ffff == 0,
    }
}
