//! The whole way from a bundle to the answer: what failed, where it began, who is to blame, what is not.

use rayon::prelude::*;

use crate::{
    code::Kernel,
    culprit::{Culprit, RuledOut, Situation, Subject, rank, ruled_out},
    failures::{Class, Group, groups},
    graph::Calls,
    load::Bundle,
    origin::{How, Origin, Task, origins},
    rules::{Rule, book},
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
    /// All kinds of failures, the most suspicious first.
    pub failures: Vec<Group>,
    /// Where each kind began, by index of the kind; the best known origin first.
    pub origins: Vec<(usize, Origin)>,
    /// Who is to blame, the most likely first.
    pub culprits: Vec<Culprit>,
    /// What is not, of the kind of failure that the first culprit explains, else of the first one.
    pub ruled_out: Vec<RuledOut>,
    /// Index of the kind of failure that the answer is about; `None` when nothing suspicious failed.
    pub subject: Option<usize>,
}

/// What one kind of failure came to.
struct Examined {
    origins: Vec<Origin>,
    culprits: Vec<Culprit>,
    ruled_out: Vec<RuledOut>,
}

/// Diagnoses a bundle.
#[must_use]
pub fn diagnose(bundle: &Bundle) -> Diagnosis {
    diagnose_by(bundle, book())
}

/// Diagnoses a bundle by general signals and these rules.
#[must_use]
pub fn diagnose_by(bundle: &Bundle, rules: &[Rule]) -> Diagnosis {
    let failures = groups(bundle);
    let calls = Calls::new(bundle);
    let kernel = Kernel::of(bundle);
    let examined: Vec<Examined> = failures
        .par_iter()
        .take(MAX_EXAMINED)
        .enumerate()
        .map(|(index, group)| examine(bundle, &calls, &kernel, group, index, rules))
        .collect();
    let mut origins = Vec::new();
    let mut culprits = Vec::new();
    let mut out = Vec::new();
    for (index, found) in examined.into_iter().enumerate() {
        origins.extend(found.origins.into_iter().map(|origin| (index, origin)));
        culprits.extend(found.culprits);
        out.push(found.ruled_out);
    }
    order(&mut culprits, &failures);
    let first = culprits.first().map(|culprit| culprit.failure);
    let suspicious = failures
        .iter()
        .position(|group| group.class != Class::Normal);
    let subject = first.or(suspicious);
    let ruled_out = subject.map_or_else(Vec::new, |index| {
        let found = out.get_mut(index).map(std::mem::take).unwrap_or_default();
        let blamed: Vec<&str> = culprits
            .iter()
            .filter(|culprit| culprit.failure == index && culprit.against.is_empty())
            .map(|culprit| culprit.id.as_str())
            .collect();
        found
            .into_iter()
            .filter(|out| !blamed.contains(&out.id.as_str()))
            .collect()
    });
    Diagnosis {
        failures,
        origins,
        culprits,
        ruled_out,
        subject,
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
        vec![before_entry(group)]
    } else {
        origins(bundle, calls, kernel, &task)
    };
    origins.truncate(MAX_ORIGINS);
    let situation = Situation::new(bundle, group);
    let subject = |origin| Subject {
        rules,
        ..Subject::new(&situation, kernel, origin)
    };
    let subjects: Vec<Subject<'_>> = if origins.is_empty() {
        vec![subject(None)]
    } else {
        origins.iter().map(|origin| subject(Some(origin))).collect()
    };
    let mut culprits: Vec<Culprit> = Vec::new();
    for culprit in subjects.iter().flat_map(|subject| rank(subject, index)) {
        match culprits.iter_mut().find(|known| known.id == culprit.id) {
            Some(known) if known.score < culprit.score => *known = culprit,
            Some(_) => {}
            None => culprits.push(culprit),
        }
    }
    let ruled_out = subjects.first().map_or_else(Vec::new, ruled_out);
    Examined {
        origins,
        culprits,
        ruled_out,
    }
}

fn before_entry(group: &Group) -> Origin {
    Origin {
        function: BEFORE_ENTRY.into(),
        errno: group.errno,
        path: vec![BEFORE_ENTRY.into()],
        how: How::SyscallItself,
        failures: group.samples.len(),
        translated: None,
        told: Vec::new(),
        called: Vec::new(),
    }
}

/// The surest first; of equally sure ones the one that explains the more suspicious kind of failure.
fn order(culprits: &mut [Culprit], failures: &[Group]) {
    culprits.sort_by_key(|culprit| {
        let class = failures.get(culprit.failure).map(|group| group.class);
        let score = std::cmp::Reverse(culprit.score);
        (culprit.confidence, class, culprit.failure, score)
    });
}
