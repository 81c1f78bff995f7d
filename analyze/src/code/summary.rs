//! The limits that a function's code blames for an errno, for the ranking.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use super::{
    evidence::{Call, Certainty, FunctionEvidence, ValueEffect},
    kernel::Kernel,
    known_calls::limit_ids,
    references::references,
};
use crate::{
    evidence::{CodeFacts, Read},
    names::base_name,
};

/// Most functions whose code is looked at for one origin.
const MAX_CALLEES: usize = 8;

/// How much the errno hangs on a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hold {
    /// It is read.
    Read,
    /// Something is decided by it.
    Compared,
    /// The errno can be returned on one side of such a decision alone.
    LeadsTo,
    /// Such a decision returns the errno, or does so soon.
    Decides,
}

/// Sysctls that tell how much is used, and limit nothing.
const USAGES: [&str; 6] = [
    "fs.aio-nr",
    "fs.dentry-state",
    "fs.file-nr",
    "fs.inode-nr",
    "fs.inode-state",
    "kernel.pty.nr",
];

/// What the code of the function at `address` says about why it returns `errno`.
///
/// Limits whose comparison returns the errno come alone; where there are none, those that may lead to it, then those
/// that are compared at all, then all that are read. A predicate whose result returns the errno is looked into as
/// well, when its code was recorded.
#[must_use]
pub fn summary(kernel: &Kernel, address: u64, errno: u16) -> Arc<CodeFacts> {
    kernel.summaries.get((address, errno), || {
        Arc::new(summed_up(kernel, address, errno))
    })
}

fn summed_up(kernel: &Kernel, address: u64, errno: u16) -> CodeFacts {
    let Some(evidence) = references(kernel, address) else {
        return CodeFacts::default();
    };
    let result = -i64::from(errno);
    let mut found = Found::default();
    found.function(kernel, address, &evidence, &|effect| {
        hold(effect, Some(result), &evidence.calls)
    });
    let deciding = evidence
        .calls
        .iter()
        .filter(|call| call.effect.decides.contains(&result));
    for callee in deciding.filter_map(|call| call.target).take(MAX_CALLEES) {
        if let Some(inner) = references(kernel, callee) {
            found.function(kernel, callee, &inner, &|effect| {
                predicate_hold(effect, &inner.calls)
            });
        }
    }
    CodeFacts {
        reads: found.reads(evidence.errnos.contains(&errno)),
        constants: constants(&evidence, result),
        ..CodeFacts::default()
    }
}

/// Constant arguments by callee: of the calls whose result decides the function's result, else of all.
fn constants(evidence: &FunctionEvidence, result: i64) -> HashMap<(String, u8), Vec<u64>> {
    let decides = |call: &Call| hold(&call.effect, Some(result), &[]) == Hold::Decides;
    let name = |call: &Call| {
        call.name
            .as_deref()
            .map(base_name)
            .unwrap_or_default()
            .to_owned()
    };
    let deciding: HashSet<String> = evidence
        .calls
        .iter()
        .filter(|call| decides(call))
        .map(name)
        .collect();
    let mut constants: HashMap<(String, u8), Vec<u64>> = HashMap::new();
    for call in &evidence.calls {
        let callee = name(call);
        if callee.is_empty() || deciding.contains(&callee) && !decides(call) {
            continue;
        }
        for (argument, constant) in (0u8..).zip(call.arguments) {
            if let Some(constant) = constant {
                let seen = constants.entry((callee.clone(), argument)).or_default();
                if !seen.contains(&constant) {
                    seen.push(constant);
                }
            }
        }
    }
    constants
}

/// Whether a sysctl tells how much is used, and limits nothing.
pub(super) fn is_usage(path: &str) -> bool {
    USAGES.contains(&path)
}

#[derive(Debug, Default)]
struct Found {
    reads: BTreeMap<String, (Hold, String)>,
    /// Fields that were told by their offset alone.
    guesses: BTreeMap<String, String>,
}

impl Found {
    fn function(
        &mut self,
        kernel: &Kernel,
        address: u64,
        evidence: &FunctionEvidence,
        hold: &dyn Fn(&ValueEffect) -> Hold,
    ) {
        let function = kernel
            .function_name(address)
            .map_or_else(|| format!("{address:#x}"), str::to_owned);
        for variable in &evidence.variables {
            let name = variable.name.as_ref().filter(|name| name.offset == 0);
            let what = name.map_or("a variable", |name| name.symbol.as_str());
            for path in variable.sysctls.iter().filter(|path| !is_usage(path)) {
                let held = hold(&variable.effect);
                let text = format!("{function} {} {what}, which {path} sets", verb(held));
                self.add(format!("sysctl:{path}"), held, text);
            }
        }
        for field in &evidence.fields {
            let held = hold(&field.effect);
            let one = field
                .candidates
                .windows(2)
                .all(|pair| pair[0].structure == pair[1].structure);
            for candidate in field.candidates.iter().filter(|_| one) {
                let sure = match candidate.certainty {
                    Certainty::Chain => true,
                    Certainty::Pointer => held >= Hold::LeadsTo,
                    Certainty::Offset => false,
                };
                let what = format!("{}.{}", candidate.structure, candidate.field);
                let text = format!(
                    "{function} {} {}{what}",
                    verb(held),
                    if sure { "" } else { "what may be " }
                );
                // Of two files for one variable, the first is the one that people know.
                let Some(id) = candidate.ids.first() else {
                    continue;
                };
                if sure {
                    self.add(id.clone(), held, text);
                } else if held == Hold::Decides {
                    self.guesses.insert(id.clone(), text);
                }
            }
        }
        for call in &evidence.calls {
            let held = hold(&call.effect);
            let name = call.name.as_deref().unwrap_or_default();
            if let Some(id) = limit_ids(name, &call.arguments).into_iter().next() {
                let limit = id.split_once(':').map_or("", |(_, limit)| limit);
                let text = format!(
                    "{function} calls {name} about {limit} and {} its result",
                    verb(held)
                );
                self.add(id, held, text);
            }
        }
    }

    fn add(&mut self, id: String, held: Hold, text: String) {
        let known = self.reads.entry(id).or_insert((held, text.clone()));
        if known.0 < held {
            *known = (held, text);
        }
    }

    /// What hangs on the strongest hold alone; guesses where nothing sure leads to the errno. A function that
    /// returns the errno of its own accord, but by nothing of this, blames no limit.
    fn reads(self, own: bool) -> Vec<Read> {
        let known = self.reads.values().any(|(held, _)| *held > Hold::Compared);
        if !known && !self.guesses.is_empty() {
            let guess = |(id, text)| Read {
                id,
                compared: false,
                text,
            };
            return self.guesses.into_iter().map(guess).collect();
        }
        let most = self.reads.values().map(|(held, _)| *held).max();
        if own && most < Some(Hold::LeadsTo) {
            return Vec::new();
        }
        let strongest = self
            .reads
            .into_iter()
            .filter(|(_, (held, _))| Some(*held) == most);
        let read = |(id, (held, text))| Read {
            id,
            compared: held > Hold::Compared,
            text,
        };
        strongest.map(read).collect()
    }
}

fn verb(held: Hold) -> &'static str {
    match held {
        Hold::Read => "reads",
        Hold::Compared => "compares",
        Hold::LeadsTo | Hold::Decides => "decides the error by",
    }
}

/// How much `result` hangs on a value, by itself or by the result of a call that it is passed to.
fn hold(effect: &ValueEffect, result: Option<i64>, calls: &[Call]) -> Hold {
    let own = |effect: &ValueEffect| match result {
        Some(result) if effect.decides.contains(&result) || effect.guards.contains(&result) => {
            Hold::Decides
        }
        Some(result) if effect.leads_to.contains(&result) => Hold::LeadsTo,
        _ if effect.compared => Hold::Compared,
        _ => Hold::Read,
    };
    if effect.compared {
        // A register that was compared may still hold the value at a later call that does not take it.
        return own(effect);
    }
    let passed = calls
        .iter()
        .filter(|call| effect.passed_to.contains(&call.at));
    passed
        .map(|call| own(&call.effect))
        .max()
        .unwrap_or(Hold::Read)
}

/// The same in a predicate, whose every result decides its caller's.
fn predicate_hold(effect: &ValueEffect, calls: &[Call]) -> Hold {
    if effect.decides.is_empty() && !effect.returned {
        hold(effect, None, calls)
    } else {
        Hold::Decides
    }
}
