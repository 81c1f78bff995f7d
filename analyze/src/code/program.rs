//! A function's instructions as basic blocks.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use format_spec::record::Architecture;

use super::{
    arm64,
    image::Image,
    step::{Convention, Exit, Step},
    x86_64,
};

/// Most instructions of one function that are looked at; `copy_process` has 2,200.
const MAX_STEPS: usize = 1 << 14;

/// Functions that do not return (`tools/objtool/noreturns.h`), those that compilers and limits lead to.
const NO_RETURN: [&str; 10] = [
    "__fortify_panic",
    "__stack_chk_fail",
    "__ubsan_handle_builtin_unreachable",
    "do_exit",
    "do_group_exit",
    "fortify_panic",
    "kthread_exit",
    "make_task_dead",
    "panic",
    "usercopy_abort",
];

/// A function.
#[derive(Debug)]
pub(super) struct Program {
    /// The instructions that can be reached, by rising address.
    pub(super) steps: Vec<(u64, Step)>,
    /// The blocks, by rising address of their parts.
    pub(super) blocks: Vec<Block>,
    /// Blocks that something unknown may enter: the first, and all others behind an indirect jump.
    pub(super) entries: Vec<usize>,
}

/// Instructions that run one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// The first of [`Program::steps`].
    pub(super) start: usize,
    /// The one behind the last.
    pub(super) end: usize,
    /// Blocks that may follow; of a branch, first the one that it jumps to.
    pub(super) next: Vec<usize>,
    /// How it leaves the function, if it does.
    pub(super) leaves: Option<Leave>,
}

/// How a function is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// By a return.
    Return,
    /// By a jump to another function, whose result is then this one's.
    Tail(Option<u64>),
}

impl Program {
    /// Decodes the function at `address`; `None` when its code is not there.
    pub(super) fn new(image: &Image, address: u64) -> Option<Self> {
        let parts = image.code(address);
        if parts.is_empty() {
            return None;
        }
        let mut builder = Builder {
            image,
            parts,
            steps: BTreeMap::new(),
            leaders: BTreeSet::new(),
        };
        builder.reach(address);
        builder.erase_hook(address);
        let indirect = |step: &Step| step.exit == Exit::Indirect;
        if builder.steps.values().any(indirect) {
            builder.sweep();
        }
        Some(builder.blocks(address))
    }
}

impl Program {
    /// The same function with only some of its ways.
    pub(super) fn without(&self, ways: &[(usize, usize)]) -> Self {
        let mut program = Self {
            steps: self.steps.clone(),
            blocks: self.blocks.clone(),
            entries: self.entries.clone(),
        };
        program.cut(ways);
        program
    }

    /// Takes out ways between blocks.
    pub(super) fn cut(&mut self, dead: &[(usize, usize)]) {
        for &(from, to) in dead {
            self.blocks[from].next.retain(|&next| next != to);
        }
    }
}

/// How functions of the architecture are called.
pub(super) fn convention(architecture: Architecture) -> Convention {
    match architecture {
        Architecture::Aarch64 => arm64::CONVENTION,
        Architecture::X86_64 => x86_64::CONVENTION,
    }
}

struct Builder<'a> {
    image: &'a Image,
    parts: Vec<(u64, &'a [u8])>,
    steps: BTreeMap<u64, Step>,
    leaders: BTreeSet<u64>,
}

impl Builder<'_> {
    /// Decodes all that can be reached from `address`.
    fn reach(&mut self, address: u64) {
        let mut work = vec![address];
        while let Some(start) = work.pop() {
            self.leaders.insert(start);
            let mut at = start;
            while !self.steps.contains_key(&at) && self.steps.len() < MAX_STEPS {
                let Some(step) = self.decode(at) else {
                    break;
                };
                let next = at.wrapping_add(step.len.into());
                let exit = step.exit;
                self.steps.insert(at, step);
                match exit {
                    Exit::Next | Exit::Call(_) => {}
                    Exit::Branch { to, .. } => {
                        work.extend([to, next].into_iter().filter(|&to| self.holds(to)));
                        break;
                    }
                    Exit::Jump(to) => {
                        work.extend(self.holds(to).then_some(to));
                        break;
                    }
                    Exit::Indirect | Exit::Return | Exit::Stop => break,
                }
                at = next;
            }
        }
    }

    /// Decodes what was not reached: targets of jumps through tables.
    fn sweep(&mut self) {
        for (start, bytes) in self.parts.clone() {
            let mut at = start;
            let end = start.wrapping_add(bytes.len() as u64);
            while at < end {
                if !self.steps.contains_key(&at) {
                    self.reach(at);
                }
                at = at.wrapping_add(self.steps.get(&at).map_or(1, |step| step.len.into()));
            }
        }
    }

    fn decode(&self, at: u64) -> Option<Step> {
        let (start, bytes) = self.parts.iter().find(|part| is_in(part, at))?;
        let rest = bytes.get(usize::try_from(at.wrapping_sub(*start)).ok()?..)?;
        let mut step = match self.image.architecture {
            Architecture::Aarch64 => arm64::decode(rest, at),
            Architecture::X86_64 => x86_64::decode(rest, at),
        };
        let name = |to| self.image.function_name(to).unwrap_or_default();
        match step.exit {
            Exit::Jump(to) if !self.holds(to) && name(to).ends_with("return_thunk") => {
                step.exit = Exit::Return;
            }
            Exit::Call(Some(to)) | Exit::Jump(to) if NO_RETURN.contains(&name(to)) => {
                step.exit = Exit::Stop;
            }
            _ => {}
        }
        Some(step)
    }

    fn holds(&self, at: u64) -> bool {
        self.parts.iter().any(|part| is_in(part, at))
    }

    /// The call of the function tracer, where it is armed, is none of the function's own.
    fn erase_hook(&mut self, address: u64) {
        // Behind a landing pad, where the image has them: `bti c`, `endbr64`.
        let is_pad = |step: &Step| step.effects.is_empty() && step.exit == Exit::Next;
        let steps = self.steps.range(address..).map(|(&at, step)| (at, step));
        let skipped = steps.clone().next().filter(|(_, step)| is_pad(step));
        let first: Vec<(u64, &Step)> = steps.skip(skipped.iter().count()).take(2).collect();
        let hook = match (self.image.architecture, first.as_slice()) {
            (Architecture::Aarch64, [(_, one), (at, two)]) if arm64::is_hook(one, two) => Some(*at),
            // A probe stands in the place of what keeps the link; nothing else calls before that is done.
            (Architecture::Aarch64, [(at, one), ..])
                if skipped.is_some() && matches!(one.exit, Exit::Call(Some(_))) =>
            {
                Some(*at)
            }
            (Architecture::X86_64, [(at, one), ..]) if x86_64::is_hook(one) => Some(*at),
            _ => None,
        };
        if let Some(step) = hook.and_then(|at| self.steps.get_mut(&at)) {
            step.exit = Exit::Next;
        }
    }

    fn blocks(self, address: u64) -> Program {
        let steps: Vec<(u64, Step)> = self.steps.into_iter().collect();
        let index: HashMap<u64, usize> = steps
            .iter()
            .enumerate()
            .map(|(index, &(at, _))| (at, index))
            .collect();
        let mut starts: Vec<usize> = Vec::new();
        for (number, (at, _)) in steps.iter().enumerate() {
            let follows = number > 0 && {
                let (before, step) = &steps[number - 1];
                before.wrapping_add(step.len.into()) == *at && continues(step)
            };
            if !follows || self.leaders.contains(at) {
                starts.push(number);
            }
        }
        let block_of = |at: u64| starts.binary_search(index.get(&at)?).ok();
        let mut blocks = Vec::with_capacity(starts.len());
        for (number, &start) in starts.iter().enumerate() {
            let end = starts.get(number + 1).copied().unwrap_or(steps.len());
            let (at, last) = &steps[end - 1];
            let behind = at.wrapping_add(last.len.into());
            let (next, leaves) = match last.exit {
                Exit::Next | Exit::Call(_) => (vec![block_of(behind)], None),
                Exit::Branch { to, .. } => {
                    let outside = block_of(to).is_none();
                    (
                        vec![block_of(to), block_of(behind)],
                        outside.then_some(Leave::Tail(Some(to))),
                    )
                }
                Exit::Jump(to) => match block_of(to) {
                    Some(block) => (vec![Some(block)], None),
                    None => (Vec::new(), Some(Leave::Tail(Some(to)))),
                },
                Exit::Indirect => (Vec::new(), Some(Leave::Tail(None))),
                Exit::Return => (Vec::new(), Some(Leave::Return)),
                Exit::Stop => (Vec::new(), None),
            };
            let next = next.into_iter().flatten().collect();
            blocks.push(Block {
                start,
                end,
                next,
                leaves,
            });
        }
        let mut entered = vec![false; blocks.len()];
        for block in &blocks {
            for &next in &block.next {
                entered[next] = true;
            }
        }
        let first = block_of(address);
        let mut entries: Vec<usize> = first.into_iter().collect();
        entries.extend((0..blocks.len()).filter(|&block| !entered[block] && Some(block) != first));
        Program {
            steps,
            blocks,
            entries,
        }
    }
}

fn is_in((start, bytes): &(u64, &[u8]), at: u64) -> bool {
    at.wrapping_sub(*start) < bytes.len() as u64
}

fn continues(step: &Step) -> bool {
    matches!(step.exit, Exit::Next | Exit::Call(_))
}
