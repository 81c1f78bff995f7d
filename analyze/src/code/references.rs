//! Puts together what a function's code shows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    analysis::Analysis,
    evidence::{Call, FieldRead, FunctionEvidence, ValueEffect, VariableRead},
    fields,
    flow::{Event, Flow, NO_SITE},
    kernel::Kernel,
    outcomes::Outcomes,
    program::{Leave, Program},
    state::{State, Target},
    step::{Convention, Effect, Exit, Source},
    value::{Chain, Root},
    x86_64,
};

/// What the code of the function at `address` shows; `None` when its code was not recorded.
///
/// Each value is followed through registers, stack slots and arithmetic from where it is loaded to the branches that
/// depend on it. A value that goes through other memory is lost sight of.
#[must_use]
pub fn references(kernel: &Kernel, address: u64) -> Option<Arc<FunctionEvidence>> {
    kernel
        .shown
        .get(address, || Some(Arc::new(look(kernel, address)?)))
}

fn look(kernel: &Kernel, address: u64) -> Option<FunctionEvidence> {
    let Analysis {
        program,
        convention,
        flow,
        outcomes,
    } = Analysis::new(kernel, address)?;
    let mut sites = SiteTable::new(&outcomes);
    for block in 0..program.blocks.len() {
        sites.block(&program, &flow, &convention, block);
    }
    let errnos: BTreeSet<u16> = outcomes
        .all
        .iter()
        .filter_map(|outcome| outcome.errno())
        .collect();
    Some(FunctionEvidence {
        errnos: errnos.into_iter().collect(),
        ..sites.evidence(kernel)
    })
}

/// What becomes of each load and call, by number.
struct SiteTable {
    effects: BTreeMap<u16, ValueEffect>,
    loads: BTreeMap<u16, (Target, u8)>,
    calls: BTreeMap<u16, CallSite>,
    constants: BTreeSet<u64>,
}

/// A call as it was found.
struct CallSite {
    at: u64,
    target: Option<u64>,
    arguments: [Option<u64>; 6],
}

impl SiteTable {
    fn new(outcomes: &Outcomes) -> Self {
        let mut effects: BTreeMap<u16, ValueEffect> = BTreeMap::new();
        for decision in &outcomes.decisions {
            let mut decided = ValueEffect {
                compared: true,
                ..ValueEffect::default()
            };
            decided.decides.extend(decision.settles());
            decided.guards.extend(&decision.guards);
            decided.leads_to.extend(decision.separates());
            for &origin in &decision.origins {
                effects.entry(origin).or_default().merge(&decided);
            }
        }
        Self {
            effects,
            loads: BTreeMap::new(),
            calls: BTreeMap::new(),
            constants: BTreeSet::new(),
        }
    }

    fn block(&mut self, program: &Program, flow: &Flow, convention: &Convention, block: usize) {
        let end = flow.through(
            program,
            convention,
            block,
            |(number, _), event, state| match event {
                Event::Effect {
                    effect: Effect::Set(_, Source::Load(place)),
                    site,
                    ..
                } => {
                    let target = state.target(place);
                    if !matches!(target, Target::Slot(_)) && site != NO_SITE {
                        self.loads.insert(site, (target, place.size));
                    }
                }
                Event::Effect {
                    effect: Effect::Compare(compare),
                    ..
                } => {
                    self.constants.extend(compare.constant);
                    let held = compare
                        .registers
                        .iter()
                        .map(|&register| state.get(register).value.single());
                    self.constants.extend(held.flatten());
                }
                Event::Effect { .. } => {}
                Event::Call { site } => {
                    let (at, step) = &program.steps[number];
                    let target = match step.exit {
                        Exit::Call(target) => target,
                        Exit::Jump(target) => Some(target),
                        _ => None,
                    };
                    // What a tail call returns is the function's result.
                    if matches!(step.exit, Exit::Jump(_) | Exit::Indirect) {
                        self.effects.entry(site).or_default().returned = true;
                    }
                    self.call(
                        site,
                        CallSite {
                            at: *at,
                            target,
                            arguments: [None; 6],
                        },
                        state,
                        convention,
                    );
                }
            },
        );
        if let Some(state) = end.filter(|_| program.blocks[block].leaves == Some(Leave::Return)) {
            for origin in state.get(convention.result).origins {
                self.effects.entry(origin).or_default().returned = true;
            }
        }
    }

    fn call(&mut self, site: u16, mut call: CallSite, state: &State, convention: &Convention) {
        for (constant, &register) in call.arguments.iter_mut().zip(&convention.arguments) {
            let cell = state.get(register);
            *constant = cell.value.single();
            for origin in cell.origins {
                self.effects
                    .entry(origin)
                    .or_default()
                    .passed_to
                    .push(call.at);
            }
        }
        self.calls.insert(site, call);
    }

    fn evidence(mut self, kernel: &Kernel) -> FunctionEvidence {
        let mut variables: BTreeMap<u64, ValueEffect> = BTreeMap::new();
        let mut fields: BTreeMap<(Chain, u8), ValueEffect> = BTreeMap::new();
        for (site, (target, size)) in &self.loads {
            let effect = self.effects.remove(site).unwrap_or_default();
            match target {
                Target::Variable(address) => variables.entry(*address).or_default().merge(&effect),
                Target::Field(chain) => {
                    fields
                        .entry((chain.clone(), *size))
                        .or_default()
                        .merge(&effect);
                }
                Target::Slot(_) => {}
            }
        }
        let variable = |(address, effect)| VariableRead {
            address,
            name: kernel.variable_name(address),
            sysctls: kernel.sysctls(address),
            effect,
        };
        let field = |((chain, size), effect)| {
            let chain = rooted(kernel, chain);
            let candidates = fields::candidates(&kernel.layouts, &chain, size);
            let copied = effect == ValueEffect::default();
            (!copied && !candidates.is_empty()).then_some(FieldRead {
                chain,
                size,
                candidates,
                effect,
            })
        };
        let calls = self.calls.iter().map(|(site, call)| {
            let name = call.target.and_then(|target| kernel.function_name(target));
            // What the stub jumps to is in a register.
            let by_pointer = name.is_some_and(x86_64::is_indirect_thunk);
            Call {
                at: call.at,
                target: call.target.filter(|_| !by_pointer),
                name: name.filter(|_| !by_pointer).map(str::to_owned),
                arguments: call.arguments,
                effect: self.effects.get(site).cloned().unwrap_or_default(),
            }
        });
        FunctionEvidence {
            variables: variables.into_iter().map(variable).collect(),
            fields: fields.into_iter().filter_map(field).collect(),
            calls: calls.collect(),
            compared_constants: self.constants.into_iter().collect(),
            errnos: Vec::new(),
        }
    }
}

fn rooted(kernel: &Kernel, chain: Chain) -> Chain {
    match chain.root {
        Root::PerCpu(place) if kernel.is_current(place) && chain.offsets.first() == Some(&0) => {
            Chain {
                root: Root::Current,
                offsets: chain.offsets[1..].to_vec(),
            }
        }
        _ => chain,
    }
}
