//! The whole way from a bundle to the answer: what failed, where it began, who is to blame, what is not.

use std::{cmp::Reverse, collections::HashMap};

use rayon::prelude::*;

use crate::{
    case::Case,
    code::Kernel,
    culprit::{Confidence, Culprit, RuledOut, mark_ties, rank, ruled_out},
    failures::{Group, groups},
    graph::Calls,
    incident::{self, Residence, Salience, Standing, Wish},
    load::Bundle,
    origin::{Below, How, Origin, Site, Task, origins},
    rules::{Rule, book},
    why::Why,
};

/// Kinds of failures that are looked into; the others are only listed.
const MAX_EXAMINED: usize = 24;

/// Origins of one kind of failure that are looked into.
const MAX_ORIGINS: usize = 3;

/// The function that answers a syscall that is never entered (`kernel/seccomp.c`).
const BEFORE_ENTRY: &str = "__secure_computing";

/// The answer.
#[derive(Debug)]
pub struct Diagnosis {
    /// The calls that were traced.
    pub calls: Calls,
    /// All kinds of failures, what stands out most first. Of one that was asked for, the samples that were asked for.
    pub failures: Vec<Group>,
    /// How much each kind stands out, by index of the kind.
    pub saliences: Vec<Salience>,
    /// What is known to be behind each kind, by index of the kind: the most likely culprit.
    pub causes: Vec<Option<Cause>>,
    /// The incident first, then what else might be meant.
    pub incidents: Vec<Incident>,
    /// Where each kind began, by index of the kind; the best known origin first.
    pub origins: Vec<(usize, Origin)>,
    /// Why each of these origins said no, in the same order.
    pub whys: Vec<Why>,
    /// Who is to blame for the incident, the most likely first.
    pub culprits: Vec<Culprit>,
    /// What is not.
    pub ruled_out: Vec<RuledOut>,
    /// Index of the kind of failure that the answer is about; `None` when nothing stands out, or nothing that was asked
    /// for.
    pub subject: Option<usize>,
}

/// A kind of failure that may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// Index of the kind.
    pub failure: usize,
    /// The process of the last failure that was recorded whole.
    pub process: Option<u32>,
    /// Where that process lived.
    pub residence: Residence,
}

/// The most likely culprit of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Its id, `class:name`.
    pub id: String,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What one kind of failure came to.
#[derive(Debug, Default)]
struct Examined {
    origins: Vec<(Origin, Why)>,
    culprits: Vec<Culprit>,
    ruled_out: Vec<RuledOut>,
}

impl Examined {
    fn cause(&self) -> Option<Cause> {
        self.culprits.first().map(|culprit| Cause {
            id: culprit.id.clone(),
            confidence: culprit.confidence,
        })
    }
}

/// Diagnoses a bundle: the incident is what stands out most.
#[must_use]
pub fn diagnose(bundle: &Bundle) -> Diagnosis {
    diagnose_by(bundle, &Wish::default(), book())
}

/// Diagnoses a bundle by general signals and these rules; the incident is what the wish fits best.
#[must_use]
pub fn diagnose_by(bundle: &Bundle, wish: &Wish, rules: &[Rule]) -> Diagnosis {
    let calls = Calls::new(bundle);
    let kernel = Kernel::of(bundle);
    let ranked = incident::ranked(bundle, &calls, groups(bundle));
    let wanted = match wish.is_empty() {
        true => Vec::new(),
        false => incident::wanted(bundle, wish, &ranked),
    };
    let (mut failures, saliences): (Vec<Group>, Vec<Salience>) = ranked
        .into_iter()
        .map(|candidate| (candidate.group, candidate.salience))
        .unzip();
    let best: Vec<usize> = wanted.iter().map(|(index, _)| *index).collect();
    for (index, group) in wanted {
        failures[index] = group;
    }

    let suspicious = saliences.iter().map(|one| one.standing != Standing::Normal);
    let suspicious = suspicious
        .enumerate()
        .filter_map(|(at, is)| is.then_some(at));
    let mut looked_at: Vec<usize> = suspicious.take(MAX_EXAMINED).collect();
    looked_at.extend(best.iter().take(MAX_EXAMINED));
    looked_at.sort_unstable();
    looked_at.dedup();
    let mut examined: HashMap<usize, Examined> = looked_at
        .par_iter()
        .map(|&index| {
            let found = examine(bundle, &calls, &kernel, &failures[index], index, rules);
            (index, found)
        })
        .collect();

    let causes: Vec<Option<Cause>> = (0..failures.len())
        .map(|index| examined.get(&index)?.cause())
        .collect();
    let order = match wish.is_empty() {
        true => by_salience(&saliences, &causes),
        false => best,
    };
    let subject = order.first().copied();
    let found = subject.and_then(|index| examined.get_mut(&index));
    let (culprits, ruled_out) = found.map(answer).unwrap_or_default();
    let origins = looked_at.into_iter().flat_map(|index| {
        let found = examined.remove(&index).unwrap_or_default();
        let origins = found.origins.into_iter();
        origins.map(move |(origin, why)| ((index, origin), why))
    });
    let (origins, whys) = origins.unzip();
    Diagnosis {
        origins,
        whys,
        incidents: order
            .into_iter()
            .take(MAX_EXAMINED)
            .map(|index| incident_of(bundle, index, &failures[index]))
            .collect(),
        failures,
        saliences,
        causes,
        culprits,
        ruled_out,
        subject,
        calls,
    }
}

/// The kinds that may be the incident, what stands out most first. Of those that stand out alike, the one whose cause is
/// surest.
fn by_salience(saliences: &[Salience], causes: &[Option<Cause>]) -> Vec<usize> {
    let confidence = |index: usize| causes[index].as_ref().map(|cause| cause.confidence);
    let is_known = |index: usize| confidence(index).is_some_and(|one| one <= Confidence::Medium);
    let may_be = |&index: &usize| {
        let salience = &saliences[index];
        let may_matter = salience.standing != Standing::Normal && !salience.went_on;
        salience.stands_out() || may_matter && is_known(index)
    };
    let mut order: Vec<usize> = (0..saliences.len()).filter(may_be).collect();
    order.sort_by_key(|&index| {
        let unsure = confidence(index).is_none();
        (saliences[index].order(), unsure, confidence(index), index)
    });
    order
}

/// Who is to blame, and what is not, without those who are.
fn answer(examined: &mut Examined) -> (Vec<Culprit>, Vec<RuledOut>) {
    let culprits = std::mem::take(&mut examined.culprits);
    let mut ruled_out = std::mem::take(&mut examined.ruled_out);
    ruled_out.retain(|out| {
        let mut blamed = culprits.iter().filter(|culprit| culprit.against.is_empty());
        !blamed.any(|culprit| culprit.id == out.id)
    });
    (culprits, ruled_out)
}

fn incident_of(bundle: &Bundle, failure: usize, group: &Group) -> Incident {
    let last = group.failures(bundle).last();
    Incident {
        failure,
        process: last
            .map(|failure| failure.tgid)
            .or_else(|| group.processes.last().copied()),
        residence: last.map_or_else(Residence::default, |failure| Residence::of(bundle, failure)),
    }
}

fn examine(
    bundle: &Bundle,
    calls: &Calls,
    kernel: &Kernel,
    group: &Group,
    index: usize,
    rules: &[Rule],
) -> Examined {
    let task = Task {
        syscall: group.syscall,
        errno: group.errno,
        threads: &group.threads,
    };
    let mut origins = if group.never_entered(bundle) {
        vec![before_entry(bundle, group)]
    } else {
        origins(bundle, calls, kernel, &task)
    };
    origins.truncate(MAX_ORIGINS);
    let mut case = Case::new(bundle, group);
    let mut culprits: Vec<Culprit> = Vec::new();
    let mut out: Option<Vec<RuledOut>> = None;
    let mut whys: Vec<Why> = Vec::new();
    let begins = origins.iter().map(Some);
    for origin in begins.chain(origins.is_empty().then_some(None)) {
        if let Some(origin) = origin {
            case = case.begun_at(kernel, origin);
        }
        for culprit in rank(&case, rules, index) {
            match culprits.iter_mut().find(|known| known.id == culprit.id) {
                Some(known) if known.score < culprit.score => *known = culprit,
                Some(_) => {}
                None => culprits.push(culprit),
            }
        }
        // Of several origins the first is the best known.
        out.get_or_insert_with(|| ruled_out(&case, rules));
        whys.extend(case.why.take());
    }
    mark_ties(&mut culprits);
    // A stable order: of equally likely ones that of the surer origin comes first.
    culprits.sort_by_key(|culprit| (culprit.confidence, Reverse(culprit.score)));
    drop(case);
    Examined {
        origins: origins.into_iter().zip(whys).collect(),
        culprits,
        ruled_out: out.unwrap_or_default(),
    }
}

fn before_entry(bundle: &Bundle, group: &Group) -> Origin {
    let mut named = bundle.symbols.named(BEFORE_ENTRY);
    Origin {
        function: BEFORE_ENTRY.into(),
        site: named
            .next()
            .map_or_else(Site::default, |symbol| Site::at(symbol.address)),
        errno: group.errno,
        path: vec![BEFORE_ENTRY.into()],
        how: How::SyscallItself,
        failures: group.samples.len(),
        translated: None,
        told: Vec::new(),
        called: Vec::new(),
        below: Below::Watched,
    }
}
