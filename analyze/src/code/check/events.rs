//! The instructions of a block as what they do to registers, stack slots and flags, for a walk back through them.

use super::super::{
    analysis::Analysis,
    flow::Event as Passed,
    state::Target,
    step::{Compare, Effect, Exit, Place, Register, Source},
    terms::Location,
};

/// One thing that happens in a block.
#[derive(Debug, Clone)]
pub(super) enum Event {
    /// A register gets a value.
    Set(Register, Source),
    /// A register gets what is in memory at that place.
    Load(Register, Place, Target),
    /// A stack slot gets what a register holds.
    Store(i64, Register),
    /// A function is called.
    Call { at: u64, target: Option<u64> },
    /// The flags are set.
    Compare(Compare),
    /// Nothing is known of any register behind it.
    Forget,
}

/// An event and where it is: the step and the number of its effect.
pub(super) type Placed = ((usize, usize), Event);

/// The events of a block, in order; none when no way leads there.
pub(super) fn events(analysis: &Analysis, block: usize) -> Vec<Placed> {
    let Analysis {
        program,
        flow,
        convention,
        ..
    } = analysis;
    let mut events = Vec::new();
    flow.through(program, convention, block, |place, passed, state| {
        let event = match passed {
            Passed::Call { .. } => {
                let (at, step) = &program.steps[place.0];
                let target = match step.exit {
                    Exit::Call(target) => target,
                    Exit::Jump(target) => Some(target),
                    _ => None,
                };
                Some(Event::Call { at: *at, target })
            }
            Passed::Effect { effect, .. } => match effect {
                Effect::Set(to, Source::Load(from)) => {
                    Some(Event::Load(*to, *from, state.target(from)))
                }
                Effect::Set(to, source) => Some(Event::Set(*to, source.clone())),
                Effect::Store(to, from) => match state.target(to) {
                    Target::Slot(slot) => Some(Event::Store(slot, *from)),
                    _ => None,
                },
                Effect::Compare(compare) => Some(Event::Compare(compare.clone())),
                Effect::ForgetAll => Some(Event::Forget),
            },
        };
        events.extend(event.map(|event| (place, event)));
    });
    events
}

impl Event {
    /// Whether it changes what is at `location`; `changed` are the registers that a call may change.
    pub(super) fn changes(&self, location: Location, changed: u64, result: Register) -> bool {
        match (self, location) {
            (Self::Set(to, _) | Self::Load(to, ..), Location::Register(register)) => {
                *to == register
            }
            (Self::Store(to, _), Location::Slot(slot)) => *to == slot,
            (Self::Call { .. }, Location::Register(register)) => {
                register == result || register < 64 && changed >> register & 1 != 0
            }
            (Self::Forget, _) => true,
            _ => false,
        }
    }
}
