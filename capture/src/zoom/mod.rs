//! Zoom: from "this syscall fails" to "this function returned the error".
//!
//! Two passes, the second where the first leaves something open:
//!
//! 1. **Graph pass** ([`Pass::Graph`](format_spec::record::Pass)): the function graph of a failing syscall, in a few
//!    short [`rounds`], each on what the one before has shown to be worth it.
//! 2. **Returns pass** ([`Pass::Returns`](format_spec::record::Pass)): return probes on the functions that the
//!    failing graph showed, where the kernel has no `funcgraph-retval`; and probes on the [`places`] where functions
//!    make the error that are too hot to be hooked.
//!
//! All that they record goes to the recorder as [`Output`]. All that they change on the host is noted in the
//! [`Guard`](crate::guard::Guard) first.

mod calls;
mod choice;
mod descent;
mod entry;
mod graph;
mod means;
mod pass;
mod places;
mod returns;
mod rounds;
mod target;
mod telling;
mod tools;
mod trap;
mod tree;

use std::{
    collections::HashMap,
    thread::{self, JoinHandle},
    time::Duration,
};

use format_spec::record::{Ability, AbilityState, ZoomEnd};

use crate::{
    kernel::Kernel,
    output::{Output, Sink},
    reach::Reach,
    sentinels::Sentinels,
};
use descent::{Batch, Descent};
use means::{Means, Tier};
use pass::ArmedPass;
use returns::Context;
use rounds::Rounds;
pub(crate) use target::{Progress, Shown, Target};
pub(crate) use tools::Tools;

/// What is armed.
#[derive(Debug)]
enum State {
    Idle,
    Graph(Box<ArmedPass>, Box<Rounds>),
    Returns(Box<ArmedPass>, Box<Descent>),
}

/// The zoom machinery of one recording.
#[derive(Debug)]
pub(crate) struct Zoom<'k> {
    kernel: &'k Kernel,
    means: Result<Means, String>,
    reach: Option<Reach<'k>>,
    /// The thread that reads it for the first time.
    reading: Option<JoinHandle<Result<Reach<'k>, String>>>,
    state: State,
    /// What the rounds on a kind of failure, syscall and errno, are to follow when it is zoomed on again.
    learned: HashMap<(u32, u16), Vec<u64>>,
    shown: Shown,
    zooms: u32,
    graph_armed: Duration,
    not_restored: Vec<String>,
}

impl Zoom<'static> {
    /// Begins to read what arming needs to know of the kernel, about 100 ms of processor time, in a thread of its own:
    /// on a slow host it takes seconds, and the failures do not wait.
    pub(crate) fn prepare(&mut self) {
        if let (Ok(()), Ok(means)) = (self.available(), &self.means) {
            let (kernel, tracefs) = (self.kernel, means.tracefs.clone());
            let thread = thread::Builder::new().name("reach".into());
            // Without one it is read when it is needed.
            self.reading = thread.spawn(move || Reach::load(kernel, &tracefs)).ok();
        }
    }
}

impl<'k> Zoom<'k> {
    /// Looks at what this kernel's tracefs can do; changes nothing.
    pub(crate) fn plan(kernel: &'k Kernel) -> Self {
        Self {
            kernel,
            means: Means::find(),
            reach: None,
            reading: None,
            state: State::Idle,
            learned: HashMap::new(),
            shown: Shown::Nothing,
            zooms: 0,
            graph_armed: Duration::ZERO,
            not_restored: Vec::new(),
        }
    }

    /// What was found, for `capture check` and the manifest.
    pub(crate) fn abilities(&self) -> Vec<Ability> {
        match &self.means {
            Ok(means) => means.abilities(),
            Err(why) => vec![Ability {
                name: "function graph".into(),
                state: AbilityState::Missing,
                detail: why.clone(),
            }],
        }
    }

    /// Whether a zoom can be armed at all; otherwise why not.
    ///
    /// # Errors
    /// The reason, in words.
    pub(crate) fn available(&self) -> Result<(), String> {
        self.means.as_ref().map_err(Clone::clone)?.zoom()
    }

    /// Arms the first pass on `target`. The recorder then calls [`Zoom::poll`] about every 10 ms.
    ///
    /// # Errors
    /// Why nothing was armed, in words; all is as it was before then.
    pub(crate) fn arm(&mut self, target: &Target, tools: &mut Tools<'_, '_>) -> Result<(), String> {
        self.available()?;
        let name = graph::entry_function(self.kernel, target)?;
        let entry = self.kernel.function(&name).map(|found| found.address);
        let entry = entry.ok_or_else(|| format!("there is not exactly one function {name}"))?;
        let mut rounds = Box::new(Rounds::new(entry, target.graph_time));
        if let Some(entries) = self.learned.get(&(target.syscall, target.errno)) {
            rounds.follow(entries);
        }
        self.shown = Shown::Nothing;
        self.arm_round(target, rounds, tools)
            .map_err(|(why, _)| why)
    }

    /// Arms the next round of the graph. What cannot be armed is handed back with the reason.
    fn arm_round(
        &mut self,
        target: &Target,
        mut rounds: Box<Rounds>,
        tools: &mut Tools<'_, '_>,
    ) -> Result<(), (String, Box<Rounds>)> {
        let means = match &self.means {
            Ok(means) => means,
            Err(why) => return Err((why.clone(), rounds)),
        };
        let read = || self.reading.take()?.join().ok()?.ok();
        let known = self.reach.take().or_else(read);
        let reach = match known.filter(|reach| !reach.is_stale()) {
            Some(reach) => Ok(reach),
            None => Reach::load(self.kernel, &means.tracefs),
        };
        let reach = match reach {
            Ok(reach) => self.reach.insert(reach),
            Err(why) => return Err((why, rounds)),
        };
        let hooks = reach.hooks(&target.name, rounds.entries());
        let mark = tools.guard.mark();
        let number = self.zooms + 1;
        match graph::arm(
            means,
            self.kernel,
            target,
            &hooks,
            rounds.time(),
            number,
            tools,
        ) {
            Ok(pass) => {
                self.zooms = number;
                rounds.armed(hooks);
                self.state = State::Graph(Box::new(pass), rounds);
                Ok(())
            }
            Err(why) => {
                self.not_restored.extend(tools.guard.rewind(mark));
                Err((why, rounds))
            }
        }
    }

    /// Goes on: reads pages, ends a pass that has enough, arms the next one.
    ///
    /// `failures` is how many failures of the target the sys_exit program has counted so far.
    pub(crate) fn poll(&mut self, failures: u64, tools: &mut Tools<'_, '_>) -> Progress {
        let end = match &mut self.state {
            State::Idle => return Progress::Idle,
            State::Graph(pass, _) | State::Returns(pass, _) => {
                pass.poll(failures, self.kernel, tools.sink)
            }
        };
        match end {
            None => Progress::Armed,
            Some(end) => self.go_on(end, tools),
        }
    }

    /// What the last zoom has shown so far.
    pub(crate) fn shown(&self) -> Shown {
        self.shown
    }

    /// Disarms whatever is armed. Returns what could not be put back.
    pub(crate) fn disarm(&mut self, end: ZoomEnd, tools: &mut Tools<'_, '_>) -> Vec<String> {
        if let Some((descent, _)) = self.end_pass(end, None, tools) {
            self.send_evidence(&descent, tools);
        }
        std::mem::take(&mut self.not_restored)
    }

    /// How long the function graph slowed the host down so far, from the first hook to the last, in nanoseconds.
    pub(crate) fn graph_armed_ns(&self) -> u64 {
        u64::try_from(self.graph_armed.as_nanos()).unwrap_or(u64::MAX)
    }

    /// After a pass: the next one, or the end.
    fn go_on(&mut self, end: ZoomEnd, tools: &mut Tools<'_, '_>) -> Progress {
        let (target, pids) = match &self.state {
            State::Idle => return Progress::Done,
            State::Graph(pass, _) | State::Returns(pass, _) => {
                (pass.target.clone(), pass.pids().to_vec())
            }
        };
        let again = matches!(end, ZoomEnd::Enough).then_some(&target);
        let Some((mut descent, caught)) = self.end_pass(end, again, tools) else {
            // Another round was armed, or nothing was caught.
            return match self.state {
                State::Idle => Progress::Done,
                State::Graph(..) | State::Returns(..) => Progress::Armed,
            };
        };
        // A pass that saw no failure will not be followed by one that does.
        let goes_on = matches!(end, ZoomEnd::Enough | ZoomEnd::Time);
        let more = caught && goes_on && self.has_probes();
        let batch = if more {
            descent.next(target.errno, self.kernel, self.reach.as_mut())
        } else {
            Batch::default()
        };
        if let (false, Ok(means)) = (batch.is_empty(), &self.means) {
            let mark = tools.guard.mark();
            self.zooms += 1;
            let context = Context {
                means,
                kernel: self.kernel,
                target: &target,
                pids: &pids,
                number: self.zooms,
            };
            match descent.arm(&batch, context, tools.guard, tools.sink) {
                Ok(pass) => {
                    self.shown = Shown::Part;
                    self.state = State::Returns(Box::new(pass), Box::new(descent));
                    return Progress::Armed;
                }
                Err(error) => {
                    self.not_restored.extend(tools.guard.rewind(mark));
                    tools.send(Output::Zoom(context.not_armed(&error)));
                }
            }
        }
        self.send_evidence(&descent, tools);
        Progress::Done
    }

    /// Disarms the pass that is armed. Returns what is known of the failing call, and whether this pass caught one;
    /// nothing when there was none, or when another round of the graph was armed, on `again` if that is given.
    fn end_pass(
        &mut self,
        end: ZoomEnd,
        again: Option<&Target>,
        tools: &mut Tools<'_, '_>,
    ) -> Option<(Descent, bool)> {
        let kernel = self.kernel;
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => None,
            State::Graph(pass, mut rounds) => {
                let finished = pass.finish(end, kernel, tools);
                self.graph_armed += finished.hooked;
                self.not_restored.extend(finished.not_restored);
                if !finished.calls.is_empty() {
                    self.shown = Shown::Part;
                }
                rounds.ended(finished.waited, finished.calls);
                if let (Some(target), Some(call)) = (again, rounds.calls.first()) {
                    let outline = call.tree.clone();
                    let more = rounds.learn(&outline, self.tier(), kernel);
                    if !more {
                        self.shown = Shown::All;
                    }
                    if more && rounds.may_go_on() {
                        match self.arm_round(target, rounds, tools) {
                            Ok(()) => return None,
                            // What the rounds so far have shown is what there is.
                            Err((_, left)) => rounds = left,
                        }
                    }
                    let kind = (target.syscall, target.errno);
                    self.learned.insert(kind, rounds.entries().to_vec());
                }
                tools.sentinels.poll(true, tools.evidence, tools.sink);
                let caught = !rounds.calls.is_empty();
                let descent = self.begin_descent(*rounds, &finished.target, tools.sentinels)?;
                Some((descent, caught))
            }
            State::Returns(pass, mut descent) => {
                let finished = pass.finish(end, kernel, tools);
                self.not_restored.extend(finished.not_restored);
                if !finished.calls.is_empty() {
                    self.shown = Shown::All;
                }
                descent.learn(&finished.calls, finished.target.errno, kernel);
                Some((*descent, !finished.calls.is_empty()))
            }
        }
    }

    fn tier(&self) -> Tier {
        self.means.as_ref().map_or(Tier::None, |means| means.tier)
    }

    fn has_probes(&self) -> bool {
        self.means.as_ref().is_ok_and(Means::has_probes)
    }

    fn send_evidence(&self, descent: &Descent, tools: &mut Tools<'_, '_>) {
        let functions = telling::telling(descent);
        tools.evidence.code(&functions, self.kernel, tools.sink);
    }

    /// The way down a failing call: of those that the last round caught, else of those before, a whole one.
    fn begin_descent(
        &self,
        rounds: Rounds,
        target: &Target,
        sentinels: &Sentinels<'_>,
    ) -> Option<Descent> {
        let errno = target.errno;
        let disturbance = |call: &calls::FailingCall| (!call.whole, call.tree.calls().is_empty());
        let hooked = rounds.hooked;
        let call = rounds.calls.into_iter().min_by_key(disturbance)?;
        let entry = graph::entry_function(self.kernel, target).ok();
        let entry = entry.and_then(|name| self.kernel.function(&name));
        let way = entry.and_then(|entry| sentinels.way(entry.address, errno));
        let mut descent = Descent::new(call.tree, way, hooked, self.kernel);
        if self.tier() == Tier::Graph {
            descent.learn_from_tree(errno, self.kernel);
        }
        Some(descent)
    }
}
