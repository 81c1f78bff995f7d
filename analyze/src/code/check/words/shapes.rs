//! Which fields a function reads behind each pointer: a structure is told by them.

use crate::code::analysis::Analysis;
use crate::code::check::expression::Expression;
use crate::code::flow::Event;
use crate::code::state::Target;
use crate::code::step::{Effect, Source};
use crate::code::value::{Chain, Root};
use std::collections::HashMap;

/// What is loaded from where each chain of loads points, by chain.
pub(super) fn shapes(analysis: &Analysis) -> HashMap<Chain, Vec<(i64, u8)>> {
    let Analysis {
        program,
        convention,
        flow,
        ..
    } = analysis;
    let mut shapes: HashMap<Chain, Vec<(i64, u8)>> = HashMap::new();
    for number in 0..program.blocks.len() {
        flow.through(program, convention, number, |_, event, state| {
            if let Event::Effect {
                effect: Effect::Set(_, Source::Load(place)),
                ..
            } = event
                && place.index.is_none()
                && let Target::Field(mut chain) = state.target(place)
                && let Some(offset) = chain.offsets.pop()
                && chain.root != Root::Unknown
            {
                let reads = shapes.entry(chain).or_default();
                if !reads.contains(&(offset, place.size)) {
                    reads.push((offset, place.size));
                }
            }
        });
    }
    shapes
}

/// An expression as a chain of loads.
pub(super) fn chain(of: &Expression) -> Option<Chain> {
    let rooted = |root| {
        Some(Chain {
            root,
            offsets: Vec::new(),
        })
    };
    match of {
        Expression::Argument(number) => rooted(Root::Argument(*number)),
        Expression::Result { at, .. } => rooted(Root::Result(*at)),
        Expression::Variable { address, .. } => rooted(Root::Variable(*address)),
        Expression::Field { base, offset, .. } => Some(chain(base)?.then(*offset)),
        _ => None,
    }
}
