//! The values at every point of a function: a forward analysis over its blocks, to a fixed point.
//!
//! Ways that no input can take are taken too, and what callees do to memory is not seen; so a "may be" here is a
//! superset of what happens, but for values that come through memory other than the stack.

use std::collections::BTreeSet;

use super::{
    program::{Leave, Program},
    state::State,
    step::{Condition, Convention, Effect, Exit, Source, Step, Test},
};

/// Most visits to a block before numbers are no longer collected there, on top of some for each way in.
const VISITS: usize = 12;

/// Most visits to a block at all, for code that is not what a compiler writes.
const MAX_VISITS: usize = 100;

/// Loads and calls of one function that are followed; further ones are not told apart from nothing.
const MAX_SITES: usize = u16::MAX as usize - 1;

/// The number of a load or call that is beyond [`MAX_SITES`].
pub(super) const NO_SITE: u16 = u16::MAX;

/// The states of a function.
#[derive(Debug)]
pub(super) struct Flow {
    /// At the start of each block; `None` where no way leads.
    pub(super) states: Vec<Option<State>>,
    sites: Sites,
}

/// Numbers of the loads and calls of a function.
#[derive(Debug)]
struct Sites {
    /// Number of the first one in each step.
    first: Vec<u16>,
}

impl Flow {
    /// Runs to the fixed point.
    pub(super) fn new(program: &Program, convention: &Convention) -> Self {
        let sites = Sites::new(program);
        let mut flow = Self {
            states: vec![None; program.blocks.len()],
            sites,
        };
        let mut work = BTreeSet::new();
        for (number, &block) in program.entries.iter().enumerate() {
            flow.states[block] = Some(if number == 0 {
                State::entry(convention)
            } else {
                State::unknown()
            });
            work.insert(block);
        }
        let mut ways = vec![0; program.blocks.len()];
        for block in &program.blocks {
            for &next in &block.next {
                ways[next] += 1;
            }
        }
        let mut visits = vec![0; program.blocks.len()];
        while let Some(block) = work.pop_first() {
            let Some(state) = flow.through(program, convention, block, |_, _, _| {}) else {
                continue;
            };
            for &next in &program.blocks[block].next {
                let changed = match &mut flow.states[next] {
                    Some(before) => before.join(&state, visits[next] > VISITS + 2 * ways[next]),
                    before => {
                        *before = Some(state.clone());
                        true
                    }
                };
                if changed && visits[next] < MAX_VISITS {
                    visits[next] += 1;
                    work.insert(next);
                }
            }
        }
        flow
    }

    /// The ways that are never taken: where the stack protector finds what it left, as it always does.
    pub(super) fn dead_ends(
        &self,
        program: &Program,
        convention: &Convention,
    ) -> Vec<(usize, usize)> {
        let mut dead = Vec::new();
        for (number, block) in program.blocks.iter().enumerate() {
            let last = program.steps[block.end - 1].1.exit;
            if let (
                Exit::Branch {
                    on: Test::Flags(Condition::Different),
                    ..
                },
                &[to, _],
            ) = (last, block.next.as_slice())
            {
                let end = self.through(program, convention, number, |_, _, _| {});
                dead.extend(end.is_some_and(|end| end.same).then_some((number, to)));
            }
        }
        dead
    }

    /// Goes through a whole block as [`Flow::walk`] does. Returns the state at its end; `None` when no way leads to it.
    pub(super) fn through(
        &self,
        program: &Program,
        convention: &Convention,
        block: usize,
        see: impl FnMut((usize, usize), Event<'_>, &State),
    ) -> Option<State> {
        let mut state = self.states[block].clone()?;
        let start = (program.blocks[block].start, 0);
        self.walk(program, convention, block, start, &mut state, see);
        Some(state)
    }

    /// Goes through a block from `start`, a step and the number of its effect; `see` gets each event, the place of its
    /// effect, and the state that it finds.
    pub(super) fn walk(
        &self,
        program: &Program,
        convention: &Convention,
        block: usize,
        start: (usize, usize),
        state: &mut State,
        mut see: impl FnMut((usize, usize), Event<'_>, &State),
    ) {
        let own = &program.blocks[block];
        for number in start.0..own.end {
            let (at, step) = &program.steps[number];
            let done = if number == start.0 { start.1 } else { 0 };
            for (index, effect) in step.effects.iter().enumerate().skip(done) {
                let site = self.sites.load(number, step, index);
                see((number, index), Event::Effect { effect, site }, state);
                state.apply(effect, site);
            }
            if is_call(
                step,
                (number + 1 == own.end).then_some(own.leaves).flatten(),
            ) {
                let site = self.sites.call(number, step);
                see((number, step.effects.len()), Event::Call { site }, state);
                state.call(convention, *at, site);
            }
        }
    }
}

/// What [`Flow::walk`] comes by.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event<'a> {
    /// An effect, and the number of its load.
    Effect { effect: &'a Effect, site: u16 },
    /// A call, a jump to another function included.
    Call { site: u16 },
}

fn is_call(step: &Step, leaves: Option<Leave>) -> bool {
    matches!(step.exit, Exit::Call(_))
        || matches!(
            (step.exit, leaves),
            (Exit::Jump(_) | Exit::Indirect, Some(Leave::Tail(_)))
        )
}

impl Sites {
    fn new(program: &Program) -> Self {
        let mut next = 0usize;
        let mut first = Vec::with_capacity(program.steps.len());
        for (_, step) in &program.steps {
            first.push(u16::try_from(next.min(MAX_SITES)).unwrap_or(NO_SITE));
            next += step.effects.iter().filter(|effect| is_load(effect)).count() + 1;
        }
        Self { first }
    }

    fn load(&self, number: usize, step: &Step, index: usize) -> u16 {
        let before = step.effects[..index]
            .iter()
            .filter(|effect| is_load(effect))
            .count();
        self.number(number, before)
    }

    fn call(&self, number: usize, step: &Step) -> u16 {
        self.number(
            number,
            step.effects.iter().filter(|effect| is_load(effect)).count(),
        )
    }

    fn number(&self, step: usize, offset: usize) -> u16 {
        let number = usize::from(self.first[step]) + offset;
        u16::try_from(number.min(MAX_SITES)).unwrap_or(NO_SITE)
    }
}

fn is_load(effect: &Effect) -> bool {
    matches!(effect, Effect::Set(_, Source::Load(_)))
}
