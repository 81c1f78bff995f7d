//! A check in words: C, with the recorded numbers put in.

mod names;
mod numbers;
mod origins;
mod relations;
mod shapes;

use crate::code::check::expression::Formula;
use crate::code::check::trace::Trace;
use crate::code::check::values::Recorded;
use crate::code::kernel::Kernel;
use crate::code::value::Chain;
use std::collections::{BTreeSet, HashMap};

/// Nesting from which on a call is written without its arguments.
const SHORT: usize = 2;

/// Longest text of values that depend on the way, in bytes.
const MAX_WAYS: usize = 90;

/// Smallest error as a pointer (`MAX_ERRNO`, `include/linux/err.h`).
const FIRST_ERROR: u64 = 0xffff_ffff_ffff_f000;

/// A part of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// What it is, as C writes it.
    pub name: String,
    /// The number that was recorded of it.
    pub value: Option<u64>,
}

/// What an argument was, as the function that called has it.
#[derive(Debug, Clone)]
struct Argument {
    name: String,
    value: Option<u64>,
    /// The structure that it points to.
    to: Option<String>,
}

/// What writes the checks of one function.
pub(super) struct Words<'a, 'b> {
    pub(super) kernel: &'a Kernel,
    pub(super) trace: &'b mut Trace<'a>,
    pub(super) recorded: &'b Recorded<'b>,
    /// Address of the function.
    pub(super) function: u64,
    /// The parts of comparisons that were written, in order.
    pub(super) terms: Vec<Term>,
    /// Culprit ids of the limits that were written.
    pub(super) limits: BTreeSet<String>,
    /// The nesting that what is written begins with.
    least: usize,
    /// Addresses of the functions that led to this one, the one that called it first.
    callers: &'b [u64],
    /// Whether what calls returned was recorded of this function's own.
    is_asked: bool,
    /// What arguments were, by number.
    given: HashMap<u8, Option<Argument>>,
    shapes: Option<HashMap<Chain, Vec<(i64, u8)>>>,
}

impl<'a, 'b> Words<'a, 'b> {
    pub(super) fn new(
        kernel: &'a Kernel,
        trace: &'b mut Trace<'a>,
        recorded: &'b Recorded<'b>,
        (function, callers): (u64, &'b [u64]),
    ) -> Self {
        Self {
            kernel,
            trace,
            recorded,
            function,
            terms: Vec::new(),
            limits: BTreeSet::new(),
            least: 0,
            callers,
            is_asked: true,
            given: HashMap::new(),
            shapes: None,
        }
    }

    /// The formula, and whether it holds by what was recorded.
    pub(super) fn formula(&mut self, formula: &Formula) -> (String, Option<bool>) {
        match formula {
            Formula::Relation(relation) => self.in_short(relation),
            Formula::All(parts) => {
                let (words, holds) = self.parts(parts, " && ");
                let all = match () {
                    () if holds.contains(&Some(false)) => Some(false),
                    () if holds.iter().all(|holds| *holds == Some(true)) => Some(true),
                    () => None,
                };
                (words, all)
            }
            Formula::Any(parts) => {
                let (words, holds) = self.parts(parts, " || ");
                let any = match () {
                    () if holds.contains(&Some(true)) => Some(true),
                    () if holds.iter().all(|holds| *holds == Some(false)) => Some(false),
                    () => None,
                };
                (words, any)
            }
            Formula::Unknown => ("…".into(), None),
        }
    }
}
