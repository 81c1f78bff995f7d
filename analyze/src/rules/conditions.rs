//! The conditions of a rule, one by one, against a failure.

use format_spec::record::Failure;

use super::{Answer, BeyondIs, FactIs, FileIs, FlagIs, Place, Returned, Rule, TextIs};
use crate::{
    case::Case,
    evidence::{Component, NamedFile, cpuset_left_out, sysctl},
    graph::Outcome,
    load::Bundle,
    names::{errno_name, is_named, open_flag},
    origin::How,
};

/// How each kind of condition was answered; a kind that the rule does not have is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The function that first returned the error.
    pub origin: Option<Answer>,
    /// The way up, or an inner errno.
    pub path: Option<Answer>,
    /// What the origin was told.
    pub predicate: Option<Answer>,
    /// Constants in the origin's code.
    pub constant: Option<Answer>,
    /// Arguments, facts, sysctls, the type of the file system, the file, mounts.
    pub state: Option<Answer>,
}

impl Verdict {
    /// Whether a condition is known not to hold.
    #[must_use]
    pub fn fails(&self) -> bool {
        [
            self.origin,
            self.path,
            self.predicate,
            self.constant,
            self.state,
        ]
        .contains(&Some(Answer::Fails))
    }

    /// How many kinds of conditions got that answer.
    #[must_use]
    pub fn count(&self, wanted: Answer) -> usize {
        let all = [
            self.origin,
            self.path,
            self.predicate,
            self.constant,
            self.state,
        ];
        all.iter().filter(|answer| **answer == Some(wanted)).count()
    }
}

/// The rule's conditions against the case; `None` when errno or syscall are others.
#[must_use]
pub fn judge(rule: &Rule, case: &Case<'_>) -> Option<Verdict> {
    let errno = errno_name(case.group.errno);
    let of_syscall = rule.syscall.is_empty() || rule.syscall.contains(&case.group.syscall_name);
    if !rule.errno.contains(&errno) || !of_syscall {
        return None;
    }
    let path = all([
        one_of(&rule.path, |wanted| on_path(case, wanted)),
        one_of(&rule.called, |wanted| called(case, wanted)),
        one_of(&rule.inner_errno, |wanted| inner_errno(case, wanted)),
    ]);
    let filesystem = |wanted: &[String]| {
        Answer::of(
            case.fs_type()
                .map(|found| wanted.iter().any(|name| name == found)),
        )
    };
    let state = all([
        every(&rule.argument, |is| {
            let value = case
                .sample
                .and_then(|sample| sample.args.get(is.index).copied());
            Answer::of(value.map(|value| is.range().holds(value.cast_signed())))
        }),
        rule.capability.as_ref().map(|is| is.answer(case)),
        every(&rule.fact, |is| is.answer(case)),
        every(&rule.sysctl, |is| {
            Answer::of(
                sysctl(case.bundle, case.sample, &is.name).map(|value| is.range().holds(value)),
            )
        }),
        (!rule.filesystem.is_empty()).then(|| filesystem(&rule.filesystem)),
        every(&rule.file, |is| is.answer(case)),
        every(&rule.mount, |is| is.answer(case)),
        every(&rule.flag, |is| flag(case, is)),
        every(&rule.beyond, |is| beyond(case, is)),
        every(&rule.text, |is| text(case, is)),
    ]);
    Some(Verdict {
        origin: one_of(&rule.origin, |wanted| is_origin(case, wanted)),
        path,
        predicate: every(&rule.predicate, |is| {
            predicate(case, &is.function, &is.returned)
        }),
        constant: every(&rule.constant, |is| {
            Answer::of(
                case.code
                    .constant(&is.function, is.argument)
                    .map(|found| found.contains(&is.value)),
            )
        }),
        state,
    })
}

impl FactIs {
    /// Whether it is so.
    pub(crate) fn answer(&self, case: &Case<'_>) -> Answer {
        let value = case
            .sample
            .and_then(|sample| fact(case.bundle, sample, &self.name));
        Answer::of(value.map(|value| self.range().holds(value.cast_signed())))
    }
}

impl FileIs {
    /// Whether it is so.
    pub(crate) fn answer(&self, case: &Case<'_>) -> Answer {
        Answer::of(case.file.as_ref().map(|file| file_is(self, file)))
    }
}

/// A fact of the failing task: one that was recorded, or one that follows from the snapshots.
fn fact(bundle: &Bundle, sample: &Failure, name: &str) -> Option<u64> {
    let recorded = bundle.fact(sample, name);
    recorded.or_else(|| match name {
        "cpuset.left_out" => cpuset_left_out(bundle, sample),
        _ => None,
    })
}

/// Whether the flag is set in the argument or the fact that holds it.
fn flag(case: &Case<'_>, is: &FlagIs) -> Answer {
    let argument = |index| Some(*case.sample?.args.get(index)?);
    let fact = |name: &String| fact(case.bundle, case.sample?, name);
    let flags = match is.index {
        Some(index) => argument(index),
        None => is.fact.as_ref().and_then(fact),
    };
    let bit = open_flag(case.bundle.architecture(), &is.set);
    Answer::of(flags.zip(bit).map(|(flags, bit)| flags & bit != 0))
}

/// Whether the argument, an unsigned int, is not below the fact.
fn beyond(case: &Case<'_>, is: &BeyondIs) -> Answer {
    let argument = || Some(*case.sample?.args.get(is.index)? & 0xffff_ffff);
    let most = || fact(case.bundle, case.sample?, &is.fact);
    Answer::of(
        argument()
            .zip(most())
            .map(|(argument, most)| argument >= most),
    )
}

fn text(case: &Case<'_>, is: &TextIs) -> Answer {
    let given = case.sample.and_then(|sample| {
        let mut given = sample.paths.iter();
        given.find(|given| given.argument == is.index)
    });
    Answer::of(given.map(|given| is.any.iter().any(|name| name.as_bytes() == given.bytes)))
}

/// All the conditions that there are.
fn all<const N: usize>(answers: [Option<Answer>; N]) -> Option<Answer> {
    answers.into_iter().flatten().reduce(Answer::and)
}

fn every<T>(conditions: &[T], answer: impl Fn(&T) -> Answer) -> Option<Answer> {
    conditions.iter().map(answer).reduce(Answer::and)
}

/// Any of the names: one that holds decides, then one that is unknown.
fn one_of(wanted: &[String], answer: impl Fn(&str) -> Answer) -> Option<Answer> {
    let answers: Vec<Answer> = wanted.iter().map(|wanted| answer(wanted)).collect();
    let best = [Answer::Holds, Answer::Unknown, Answer::Fails];
    best.into_iter().find(|answer| answers.contains(answer))
}

/// Whether `wanted` first returned the error: it is the origin, or the one below whose errno the origin replaced.
fn is_origin(case: &Case<'_>, wanted: &str) -> Answer {
    let Some(origin) = case.origin else {
        return Answer::Unknown;
    };
    let translated = origin.translated.iter().flat_map(|inner| &inner.path);
    let mut named = translated.chain([&origin.function]);
    if named.any(|function| is_named(function, wanted)) {
        return Answer::Holds;
    }
    // What stands above the origin only passed the error on.
    let passed_on = origin
        .path
        .iter()
        .rev()
        .skip(1)
        .any(|step| is_named(step, wanted));
    if origin.how == How::Inferred {
        // The error may have begun anywhere on the way.
        if passed_on {
            return Answer::Unknown;
        }
    } else if passed_on || watched(case.bundle, wanted) {
        return Answer::Fails;
    }
    // The graph is of chosen functions: one that is not in it may have been called all the same.
    Answer::Unknown
}

/// Whether the function's returns would have been seen.
fn watched(bundle: &Bundle, function: &str) -> bool {
    let probed = bundle
        .probes
        .iter()
        .any(|probe| is_named(&probe.function, function));
    probed || has_values(bundle)
}

/// Whether some graph of the bundle has the return values of all functions.
fn has_values(bundle: &Bundle) -> bool {
    use crate::load::EventKind;
    bundle.trace.iter().any(|stream| {
        let mut exits = stream.events().filter_map(|event| match event.kind {
            EventKind::Exit { value, .. } => Some(value),
            _ => None,
        });
        exits.next().is_some_and(|value| value.is_some())
    })
}

fn on_path(case: &Case<'_>, wanted: &str) -> Answer {
    let Some(origin) = case.origin else {
        return Answer::Unknown;
    };
    let translated = origin.translated.iter().flat_map(|inner| &inner.path);
    let mut steps = origin.path.iter().chain(translated);
    let whole = origin
        .path
        .first()
        .is_some_and(|first| crate::names::syscall_of_entry(first).is_some());
    if steps.any(|step| is_named(step, wanted)) {
        Answer::Holds
    } else if whole && origin.how != How::Inferred {
        Answer::Fails
    } else {
        Answer::Unknown
    }
}

/// The graph is of chosen functions: that one is not in it says nothing.
fn called(case: &Case<'_>, wanted: &str) -> Answer {
    let Some(origin) = case.origin else {
        return Answer::Unknown;
    };
    let inner = origin.translated.iter().flat_map(|inner| &inner.path);
    // Where the origin is only inferred, all on the way to it may as well have been called by the real one.
    let inferred = origin.path.iter().filter(|_| origin.how == How::Inferred);
    let mut seen = origin.called.iter().chain(inner).chain(inferred);
    match seen.any(|function| is_named(function, wanted)) {
        true => Answer::Holds,
        false => Answer::Unknown,
    }
}

fn file_is(is: &FileIs, file: &NamedFile) -> bool {
    let fits = |component: Option<&Component>| {
        let Some(component) = component else {
            return is.exists == Some(false);
        };
        is.exists != Some(false)
            && is.attribute.as_ref().is_none_or(|name| component.has(name))
            && is.mode_set.is_none_or(|bits| component.mode & bits == bits)
            && is
                .xattr
                .as_ref()
                .is_none_or(|name| component.xattrs.contains(name))
    };
    let (target, folder) = (file.target.as_ref(), file.folder());
    match is.at {
        Place::Target => fits(target),
        Place::Folder => fits(folder),
        Place::Either => fits(target) || fits(folder),
        Place::Link => file.links.iter().any(|link| fits(Some(link))),
    }
}

fn inner_errno(case: &Case<'_>, wanted: &str) -> Answer {
    let Some(origin) = case.origin else {
        return Answer::Unknown;
    };
    let translated = origin.translated.as_ref().map(|inner| inner.errno);
    let inner = translated.or((origin.errno != case.group.errno).then_some(origin.errno));
    Answer::of(inner.map(|errno| errno_name(errno) == wanted))
}

fn predicate(case: &Case<'_>, function: &str, returned: &Returned) -> Answer {
    let told = case.origin.and_then(|origin| {
        origin
            .told
            .iter()
            .rev()
            .find(|told| is_named(&told.function, function))
    });
    Answer::of(told.map(|told| matches(told.outcome, returned)))
}

fn matches(outcome: Outcome, returned: &Returned) -> bool {
    match (returned, outcome) {
        (Returned::Null, outcome) => matches!(outcome, Outcome::Null | Outcome::Value(0)),
        (Returned::Zero, outcome) => {
            matches!(
                outcome,
                Outcome::Value(0) | Outcome::Truth(false) | Outcome::Null
            )
        }
        (Returned::Nonzero, Outcome::Value(value)) => value != 0,
        (Returned::Nonzero, Outcome::Truth(truth)) => truth,
        (Returned::Nonzero, outcome) => outcome == Outcome::Pointer,
        (Returned::Errno(name), Outcome::Error(errno)) => errno_name(errno) == *name,
        (Returned::Errno(_), _) => false,
    }
}
