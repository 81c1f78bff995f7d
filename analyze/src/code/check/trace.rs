//! Where a value came from: the walk back from a comparison to what the function was given, loaded and was told.
//!
//! Only the few values are followed that a wanted branch compares, so a function of any size costs little.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    super::{
        analysis::Analysis,
        state::Target,
        step::{Base, Binary, Compare, Condition, Fold, Place, Register, Source, Test, ZERO},
        terms::Location,
    },
    events::{Event, Placed, events},
    expression::{Expression, Formula},
    formula::holds_on,
};

/// Most events that are gone back through for one function.
const MAX_WALKED: usize = 200_000;

/// Most blocks between a comparison and where a value of it is set, counted along one way.
const MAX_DEPTH: usize = 120;

/// The walk through one function.
pub(super) struct Trace<'a> {
    pub(super) analysis: &'a Analysis,
    /// The blocks before each block.
    pub(super) before: Vec<Vec<usize>>,
    events: HashMap<usize, Arc<Vec<Placed>>>,
    known: HashMap<(usize, Location), Arc<Expression>>,
    /// What is being found at present, at the starts of blocks.
    open: HashSet<(usize, Location)>,
    left: usize,
}

impl<'a> Trace<'a> {
    pub(super) fn new(analysis: &'a Analysis) -> Self {
        let mut before = vec![Vec::new(); analysis.program.blocks.len()];
        for (number, block) in analysis.program.blocks.iter().enumerate() {
            for &next in &block.next {
                if !before[next].contains(&number) {
                    before[next].push(number);
                }
            }
        }
        Self {
            analysis,
            before,
            events: HashMap::new(),
            known: HashMap::new(),
            open: HashSet::new(),
            left: MAX_WALKED,
        }
    }

    /// What makes the branch at the end of `block` jump.
    pub(super) fn branch(&mut self, block: usize, test: Test) -> Formula {
        let end = self.events(block).len();
        match test {
            Test::Flags(condition) => self.flags(block, end, condition),
            Test::Zero {
                register,
                narrow,
                is,
            } => {
                let zero = Formula::zero(self.register(register, block, end), narrow);
                if is { zero } else { zero.negated() }
            }
            Test::Bit { register, bit, is } => {
                let set = Formula::bit(self.register(register, block, end), bit);
                if is { set } else { set.negated() }
            }
        }
    }

    /// What makes a choice in `block`, at that step and effect, fall on its first register.
    pub(super) fn choice(&mut self, block: usize, place: (usize, usize)) -> Formula {
        let events = self.events(block);
        let found = events.iter().position(|(at, _)| *at == place);
        match found.map(|index| (index, &events[index].1)) {
            Some((index, Event::Set(_, Source::Either(_, condition)))) => {
                self.flags(block, index, *condition)
            }
            _ => Formula::Unknown,
        }
    }

    /// What the registers held when the call at `address` in `block` was made.
    pub(super) fn arguments(&mut self, address: u64, count: usize) -> Option<Vec<Arc<Expression>>> {
        let program = &self.analysis.program;
        let step = program
            .steps
            .binary_search_by_key(&address, |(at, _)| *at)
            .ok()?;
        let block = program
            .blocks
            .iter()
            .position(|block| (block.start..block.end).contains(&step))?;
        let events = self.events(block);
        let is_it = |(_, event): &Placed| matches!(event, Event::Call { at, .. } if *at == address);
        let index = events.iter().position(is_it)?;
        let registers = self.analysis.convention.arguments;
        let value = |&register: &Register| self.register(register, block, index);
        Some(registers.iter().take(count).map(value).collect())
    }

    fn events(&mut self, block: usize) -> Arc<Vec<Placed>> {
        let analysis = self.analysis;
        let found = self.events.entry(block);
        found
            .or_insert_with(|| Arc::new(events(analysis, block)))
            .clone()
    }

    /// That `condition` holds on the flags before event `until` of `block`.
    fn flags(&mut self, mut block: usize, mut until: usize, condition: Condition) -> Formula {
        for _ in 0..MAX_DEPTH {
            let events = self.events(block);
            for index in (0..until).rev() {
                match &events[index].1 {
                    Event::Compare(compare) => {
                        return self.compared(compare, block, index, condition);
                    }
                    Event::Call { .. } | Event::Forget => return Formula::Unknown,
                    _ => {}
                }
            }
            let [one] = self.before[block][..] else {
                return Formula::Unknown;
            };
            block = one;
            until = self.events(block).len();
        }
        Formula::Unknown
    }

    fn compared(
        &mut self,
        compare: &Compare,
        block: usize,
        index: usize,
        condition: Condition,
    ) -> Formula {
        let mut sides = compare.registers.iter();
        let Some(&first) = sides.next() else {
            return Formula::Unknown;
        };
        let a = self.register(first, block, index);
        let b = match (sides.next(), compare.constant) {
            (Some(&second), _) => self.register(second, block, index),
            (None, Some(constant)) => Arc::new(Expression::Number(constant)),
            (None, None) => Arc::new(Expression::Unknown),
        };
        let own = Formula::of_flags(condition, compare.by, [a, b], compare.narrow);
        let Some(only) = compare.only else {
            return own;
        };
        let asked = self.flags(block, index, only.when);
        match holds_on(condition, only.flags) {
            Some(true) => Formula::Any(vec![asked.negated(), own]),
            Some(false) => Formula::All(vec![asked, own]),
            None => Formula::Unknown,
        }
    }

    fn register(&mut self, register: Register, block: usize, until: usize) -> Arc<Expression> {
        if register == ZERO {
            return Arc::new(Expression::Number(0));
        }
        self.value(Location::Register(register), block, until)
    }

    /// What is at `location` before event `until` of `block`.
    fn value(&mut self, location: Location, block: usize, until: usize) -> Arc<Expression> {
        let events = self.events(block);
        let convention = &self.analysis.convention;
        let (changed, result) = (convention.changed, convention.result);
        let found = events[..until.min(events.len())]
            .iter()
            .rposition(|(_, event)| event.changes(location, changed, result));
        let walked = until - found.unwrap_or(0);
        let Some(left) = self.left.checked_sub(walked + 1) else {
            return Arc::new(Expression::Unknown);
        };
        self.left = left;
        match found {
            Some(index) => self.made(location, block, index, &events[index].1),
            None => self.at_start(location, block),
        }
    }

    /// What an event makes of a location.
    fn made(
        &mut self,
        location: Location,
        block: usize,
        index: usize,
        event: &Event,
    ) -> Arc<Expression> {
        match event {
            Event::Set(_, source) => self.source(source, block, index),
            Event::Load(_, place, Target::Slot(slot)) if place.index.is_none() => {
                self.value(Location::Slot(*slot), block, index)
            }
            Event::Load(_, place, target) => self.loaded(place, target, block, index),
            Event::Store(_, from) => self.register(*from, block, index),
            Event::Call { at, target }
                if location == Location::Register(self.analysis.convention.result) =>
            {
                Arc::new(Expression::Result {
                    at: *at,
                    target: *target,
                })
            }
            Event::Call { .. } | Event::Compare(_) | Event::Forget => Arc::new(Expression::Unknown),
        }
    }

    fn loaded(
        &mut self,
        place: &Place,
        target: &Target,
        block: usize,
        index: usize,
    ) -> Arc<Expression> {
        let Place {
            base, offset, size, ..
        } = *place;
        match base {
            Base::PerCpu => Arc::new(Expression::PerCpu {
                place: offset.cast_unsigned(),
                size,
            }),
            Base::Image => Arc::new(Expression::Variable {
                address: offset.cast_unsigned(),
                size,
            }),
            Base::Register(register) => {
                if let (Target::Variable(address), None) = (target, place.index) {
                    let address = *address;
                    return Arc::new(Expression::Variable { address, size });
                }
                let base = self.register(register, block, index);
                match place.index {
                    None => Expression::field(&base, offset, size),
                    Some(_) if *base == Expression::Unknown => base,
                    Some(_) => Expression::Element { base, offset }.bounded(),
                }
            }
        }
    }

    fn source(&mut self, source: &Source, block: usize, index: usize) -> Arc<Expression> {
        let number = |value| Arc::new(Expression::Number(value));
        match source {
            Source::Constant(value) => number(*value),
            Source::Address(address) => Arc::new(Expression::AddressOf(*address)),
            Source::CurrentTask => Arc::new(Expression::Current),
            Source::Copy { from, .. } => self.register(*from, block, index),
            Source::Fold { from, by, .. } => {
                let from = self.register(*from, block, index);
                folded(from, *by)
            }
            Source::Sum(a, b) => {
                let (a, b) = (
                    self.register(*a, block, index),
                    self.register(*b, block, index),
                );
                Expression::binary(Binary::Add, a, b)
            }
            Source::Binary { by, of: [a, b], .. } => {
                let (a, b) = (
                    self.register(*a, block, index),
                    self.register(*b, block, index),
                );
                Expression::binary(*by, a, b)
            }
            Source::Either([a, b], condition) => {
                let (a, b) = (
                    self.register(*a, block, index),
                    self.register(*b, block, index),
                );
                if a == b {
                    return a;
                }
                let when = Arc::new(self.flags(block, index, *condition));
                Expression::Choice(when, a, b).bounded()
            }
            Source::Mix(_) | Source::Load(_) => Arc::new(Expression::Unknown),
        }
    }

    /// What is at `location` where `block` begins: the same on all ways there, or counted up in a loop, or unknown.
    fn at_start(&mut self, location: Location, block: usize) -> Arc<Expression> {
        let key = (block, location);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        if self.open.contains(&key) {
            return Arc::new(Expression::Again(block, location));
        }
        if self.open.len() > MAX_DEPTH {
            return Arc::new(Expression::Unknown);
        }
        self.open.insert(key);
        let mut ways: Vec<Arc<Expression>> = Vec::new();
        for way in self.before[block].clone() {
            let end = self.events(way).len();
            ways.push(self.value(location, way, end));
        }
        let entries = &self.analysis.program.entries;
        if entries.contains(&block) {
            let is_first = entries.first() == Some(&block);
            ways.push(Arc::new(match is_first {
                true => self.at_entry(location),
                false => Expression::Unknown,
            }));
        }
        self.open.remove(&key);
        let joined = joined(&Expression::Again(block, location), ways);
        if !joined.any(&|part| matches!(part, Expression::Again(..))) {
            self.known.insert(key, joined.clone());
        }
        joined
    }

    fn at_entry(&self, location: Location) -> Expression {
        let convention = &self.analysis.convention;
        let Location::Register(register) = location else {
            return Expression::Unknown;
        };
        if register == convention.stack {
            return Expression::Frame(0);
        }
        let argument = (0u8..)
            .zip(convention.arguments)
            .find(|(_, own)| *own == register);
        argument.map_or(Expression::Unknown, |(number, _)| {
            Expression::Argument(number)
        })
    }
}

fn folded(from: Arc<Expression>, by: Fold) -> Arc<Expression> {
    let number = |value| Arc::new(Expression::Number(value));
    match by {
        _ if from.number().is_some() => number(by.apply(from.number().unwrap_or(0))),
        Fold::Add(by) => Expression::binary(Binary::Add, from, number(by)),
        Fold::And(by) => Expression::binary(Binary::And, from, number(by)),
        Fold::Or(by) => Expression::binary(Binary::Or, from, number(by)),
        // `!x` of what is 0 or 1.
        Fold::Xor(by) => Expression::binary(Binary::Xor, from, number(by)),
        Fold::ShiftLeft(by) => {
            let by = number(1u64.checked_shl(by.into()).unwrap_or(0));
            Expression::binary(Binary::Multiply, from, by)
        }
        Fold::ShiftRight(by) => Expression::Shifted(from, by).bounded(),
        Fold::Negate => Expression::binary(Binary::Subtract, number(0), from),
        Fold::SignExtend32 => from,
    }
}

/// What several ways bring to one point; `again` is what was there before, which a loop brings back.
fn joined(again: &Expression, ways: Vec<Arc<Expression>>) -> Arc<Expression> {
    let flat = ways.into_iter().flat_map(|way| match &*way {
        Expression::OneOf(inner) => inner.clone(),
        _ => vec![way],
    });
    let mut straight: Vec<Arc<Expression>> = Vec::new();
    let mut counted = false;
    for way in flat {
        match &*way {
            same if same == again => {}
            Expression::Binary(Binary::Add, own, by)
                if **own == *again && by.number().is_some() =>
            {
                counted = true;
            }
            _ if !straight.contains(&way) => straight.push(way),
            _ => {}
        }
    }
    let unknown = |way: &Arc<Expression>| {
        let of_itself = |part: &Expression| part == again;
        **way == Expression::Unknown || way.any(&of_itself)
    };
    if straight.is_empty() || straight.iter().any(unknown) {
        return Arc::new(Expression::Unknown);
    }
    match (straight.len(), counted) {
        (1, false) => straight.remove(0),
        (1, true) => Expression::Counted(straight.remove(0)).bounded(),
        (_, false) => Expression::of_ways(straight),
        _ => Arc::new(Expression::Unknown),
    }
}
