//! Candidates that rules name.

use super::{Source, wording};
use crate::{
    case::Case,
    culprit::{Candidate, Kind},
    evidence::{FileSystem, Message, kernel_log, kernel_log_of},
    graph::Outcome,
    incident::is_telling,
    limits::{self, LimitUse, Nearness},
    names::{capability, errno_name, is_named},
    origin::{Below, How, Origin, Told},
    rules::{Answer, CapabilityIs, Rule, Verdict, judge},
    text::plain,
};

/// What it takes from the weight of an origin that may only have passed the error on.
const VAGUE: i32 = 15;

/// All rules that are not known to be wrong.
pub(super) struct Rules<'a>(pub(super) &'a [Rule]);

impl Source for Rules<'_> {
    fn candidates(&self, case: &Case<'_>) -> Vec<Candidate> {
        of_rules(self.0, case)
    }
}

fn of_rules(rules: &[Rule], case: &Case<'_>) -> Vec<Candidate> {
    let judged = rules
        .iter()
        .filter_map(|rule| Some((rule, judge(rule, case)?)));
    let possible = judged
        .filter(|(_, verdict)| !verdict.fails())
        .filter(|(rule, _)| !rule.logged || logged(rule, case).is_some())
        .filter(|(rule, verdict)| !rule.answered || verdict.state == Some(Answer::Holds));
    let mut found: Vec<Candidate> = possible
        .map(|(rule, verdict)| candidate(rule, &verdict, case))
        .collect();
    says_only(&mut found, case);
    found
}

/// Where the errno of this syscall has one known cause, or all others are ruled out, that is something, though no
/// origin was seen.
fn says_only(candidates: &mut [Candidate], case: &Case<'_>) {
    let open = |candidate: &&Candidate| candidate.against.is_empty();
    let mut left: Vec<&str> = candidates.iter().filter(open).map(|one| &*one.id).collect();
    left.dedup();
    let [only] = &left[..] else {
        return;
    };
    let only = only.to_string();
    if case.origin.is_some() || !is_telling(case.group.errno) {
        return;
    }
    let (errno, syscall) = (case.group.errno_name(), &case.group.syscall_name);
    let text = format!("no other cause of {errno} from {syscall} is known that is not ruled out");
    let mut candidates = candidates.iter_mut();
    if let Some(candidate) = candidates.find(|one| one.id == only) {
        candidate.says(Kind::State, 20, text);
    }
}

fn candidate(rule: &Rule, verdict: &Verdict, case: &Case<'_>) -> Candidate {
    let limit = rule
        .limit
        .iter()
        .filter_map(|id| case.limit(id))
        .max_by_key(|limit| limit.nearness());
    let message = logged(rule, case).map(|message| plain(message.text.as_bytes()));
    let summary = wording::sentence(&rule.why, case, limit, message.as_deref())
        .unwrap_or_else(|| rule.title.clone());
    let unmeasured = || {
        let mut ids = rule.limit.iter().chain([&rule.id]);
        ids.find_map(|id| limits::unmeasured(case.bundle, case.sample, id))
    };
    let worded = limit.cloned().or_else(unmeasured);
    let mut candidate = Candidate {
        remedy: rule
            .remedy
            .iter()
            .filter_map(|template| wording::remedy(template, case, worded.as_ref()))
            .collect(),
        specific: verdict.count(Answer::Holds),
        unanswered: verdict.count(Answer::Unknown),
        ..Candidate::new(&rule.id, summary)
    };
    says_origin(&mut candidate, verdict, case);
    says_asked(&mut candidate, case);
    says_inferred_way(&mut candidate, rule, case);
    says_conditions(&mut candidate, rule, verdict);
    says_log(&mut candidate, rule, case);
    denies_granted(&mut candidate, case);
    let near = rule.near.unwrap_or(true);
    match limit {
        Some(limit) => says_use(&mut candidate, limit, near),
        None if near && !rule.limit.is_empty() => {
            let text = format!(
                "how much of {} was used is not known",
                rule.limit.join(", ")
            );
            candidate.denies(Kind::Usage, 20, text);
        }
        None => {}
    }
    denies_room(&mut candidate, case);
    candidate
}

fn says_origin(candidate: &mut Candidate, verdict: &Verdict, case: &Case<'_>) {
    let Some(origin) = case
        .origin
        .filter(|_| verdict.origin == Some(Answer::Holds))
    else {
        if let (None, Some(Answer::Holds), Some(origin)) =
            (verdict.origin, verdict.path, case.origin)
        {
            let text = format!("the error came up by way of {}", origin.path.join(" > "));
            candidate.says(Kind::Origin, 30, text);
        }
        return;
    };
    let (weight, text) = seen(origin);
    let more = if verdict.path == Some(Answer::Holds) {
        5
    } else {
        0
    };
    // Who may only have passed the error on is no proof of a rule of which the recording could not answer the rest.
    let passed_on = matches!(origin.below, Below::NotWatched(_) | Below::NotAllWatched(_));
    let vague = origin.how == How::ReturnValues && passed_on;
    let less = if vague && verdict.count(Answer::Unknown) > 0 {
        VAGUE
    } else {
        0
    };
    candidate.says(Kind::Origin, weight + more - less, text);
}

/// How the origin was seen, and what that weighs.
pub(super) fn seen(origin: &Origin) -> (i32, String) {
    let (weight, seen) = match origin.how {
        How::Place => (45, "made it, caught in the act"),
        How::ReturnValues => (45, "first returned it"),
        How::Sentinel => (45, "returned it, caught in the act"),
        How::Code => (40, "returned it, as its caller's code shows"),
        How::SyscallItself => (35, "returned it itself"),
        How::Inferred => (25, "is where failing and successful calls part (inferred)"),
    };
    let errno = errno_name(origin.errno);
    (weight, format!("{} {seen}: {errno}", origin.function))
}

/// The check of a capability is what refused: by itself, or as the only one that the origin's code makes.
fn says_asked(candidate: &mut Candidate, case: &Case<'_>) {
    let name = candidate.id.strip_prefix("capability:");
    let Some((number, origin)) = name.and_then(capability::number).zip(case.origin) else {
        return;
    };
    let function = &origin.function;
    if capability::is_check(function) && origin.how != How::Inferred {
        let text = format!("{function} is where a capability is asked for");
        candidate.says(Kind::Predicate, 25, text);
        return;
    }
    let mut told = origin.told.iter();
    if told.any(|told| capability::is_check(&told.function)) {
        // What was seen is worded with the answer; the code says nothing beyond it.
        return;
    }
    let made_here = matches!(origin.below, Below::Watched) && origin.how != How::Inferred;
    let asked = case
        .code
        .constants
        .iter()
        .filter(|((function, argument), _)| {
            capability::check(function).is_some_and(|check| check.argument == Some(*argument))
        });
    let mut asked = asked.flat_map(|(_, numbers)| numbers);
    let is_only = asked.next().is_some_and(|one| *one == number) && asked.all(|one| *one == number);
    if made_here && is_only {
        let text = format!("the only capability that the code of {function} asks for is that");
        candidate.says(Kind::Code, 25, text);
    }
}

/// Where the origin is only inferred, the error may have begun in any function on the way to it.
fn says_inferred_way(candidate: &mut Candidate, rule: &Rule, case: &Case<'_>) {
    let Some(origin) = case.origin.filter(|origin| origin.how == How::Inferred) else {
        return;
    };
    let passed = origin.path.iter().rev().skip(1);
    let mut named = passed.filter(|step| rule.origin.iter().any(|name| is_named(step, name)));
    if let Some(step) = named.next() {
        let text = format!("{step} is on the way of the failing call (inferred)");
        candidate.says(Kind::Origin, 22, text);
    }
}

fn says_conditions(candidate: &mut Candidate, rule: &Rule, verdict: &Verdict) {
    if verdict.predicate == Some(Answer::Holds) {
        let told: Vec<_> = rule
            .predicate
            .iter()
            .map(|is| format!("{} returned {}", is.function, is.returned.name()))
            .collect();
        candidate.says(Kind::Predicate, 25, told.join(", "));
    }
    if verdict.constant == Some(Answer::Holds) {
        let calls: Vec<_> = rule
            .constant
            .iter()
            .map(|is| {
                format!(
                    "{} with {} as argument {}",
                    is.function, is.value, is.argument
                )
            })
            .collect();
        candidate.says(
            Kind::Code,
            25,
            format!("its code calls {}", calls.join(", ")),
        );
    }
    if verdict.state == Some(Answer::Holds) {
        let found = found_weight(rule).min(MOST_STATE);
        let asked = asked_weight(rule).min(MOST_STATE - found);
        if found > 0 {
            candidate.says(Kind::State, found, rule.found_text());
        }
        if asked > 0 {
            candidate.says(Kind::Request, asked, rule.asked_text());
        }
    }
}

/// What all conditions on what was asked for and on what was found weigh together, at most.
const MOST_STATE: i32 = 35;

/// What conditions on what was found in the way weigh.
fn found_weight(rule: &Rule) -> i32 {
    let (found, _) = rule.facts();
    20 * count(found.count())
        + 20 * count(rule.sysctl.len())
        + 30 * count(rule.beyond.len())
        + 30 * count(rule.file.len())
        + 30 * count(rule.mount.len())
}

/// What conditions on what was asked for, and by whom, weigh. Where a task's user namespace stands, or whether it has a
/// limit at all, says which limit holds, but nothing of whether it is the cause.
fn asked_weight(rule: &Rule) -> i32 {
    let (_, scopes) = rule.facts();
    let capabilities = rule.capability.as_ref().map_or(0, CapabilityIs::count);
    5 * count(scopes.count())
        + 20 * count(capabilities)
        + 15 * count(rule.argument.len())
        + 15 * count(rule.filesystem.len().min(1))
        + 15 * count(rule.flag.len())
        + 15 * count(rule.text.len())
}

/// More than three conditions of one sort say no more than three.
fn count(number: usize) -> i32 {
    i32::try_from(number.min(3)).unwrap_or(3)
}

/// A capability that the kernel asked for and was granted is not what is missing.
fn denies_granted(candidate: &mut Candidate, case: &Case<'_>) {
    let Some(origin) = case
        .origin
        .filter(|_| candidate.id.starts_with("capability:"))
    else {
        return;
    };
    let is_check = |told: &&Told| capability::is_check(&told.function);
    let checks: Vec<&Told> = origin.told.iter().filter(is_check).collect();
    let granted = |told: &&&Told| matches!(told.outcome, Outcome::Truth(true) | Outcome::Value(1));
    if let (Some(last), true) = (checks.last(), checks.iter().all(|told| granted(&told))) {
        let text = format!("{} was asked, and granted it", last.function);
        candidate.denies(Kind::Predicate, 40, text);
    }
}

/// What share of a file system that is free, in percent, speaks against its being full. Not more than speaks against:
/// what failed for want of room may have been removed before the recorder looked.
const ROOM_PERCENT: u64 = 10;

/// A file system that has room, shortly after the failure, is hardly the one that is full.
fn denies_room(candidate: &mut Candidate, case: &Case<'_>) {
    let of = |file_system: &FileSystem| match candidate.id.as_str() {
        "fs:blocks" | "fs:tmpfs-size" => Some(file_system.blocks),
        "fs:inodes" => Some(file_system.inodes),
        _ => None,
    };
    let Some(file_system) = case.file_system() else {
        return;
    };
    let used = of(file_system).and_then(|space| space.used_percent());
    if let Some(used) = used.filter(|&used| used <= 100 - ROOM_PERCENT) {
        let point = plain(&file_system.point);
        let text = format!("{used} % used at {point}, just after it");
        candidate.denies(Kind::Usage, 20, text);
    }
}

/// What the kernel logged of this cause: the last message, and more if it came while the calls failed.
fn says_log(candidate: &mut Candidate, rule: &Rule, case: &Case<'_>) {
    let recent = logged(rule, case);
    let weight = match (recent, rule.logged) {
        (Some(_), true) => 40,
        (Some(_), false) => 25,
        (None, _) => 15,
    };
    let earlier = || kernel_log(case.bundle).filter(is_of(rule)).last();
    if let Some(message) = recent.or_else(earlier) {
        let text = format!("the kernel's log says: {}", plain(message.text.as_bytes()));
        candidate.says(Kind::Log, weight, text);
    }
}

/// The last message of this cause while the calls failed.
fn logged<'a>(rule: &Rule, case: &Case<'a>) -> Option<Message<'a>> {
    let messages = kernel_log_of(case.bundle, case.group.first_ns);
    messages.filter(is_of(rule)).last()
}

fn is_of(rule: &Rule) -> impl Fn(&Message<'_>) -> bool {
    |message| {
        let mut words = rule.log.iter();
        words.any(|words| message.text.contains(words.as_str()))
    }
}

/// The use of the limit: at it speaks for the candidate; far from it rules it out, unless the rule says otherwise.
pub(super) fn says_use(candidate: &mut Candidate, limit: &LimitUse, near: bool) {
    let text = limit.text();
    candidate.usage = limit
        .comparison
        .limit
        .is_some()
        .then(|| limit.comparison.clone());
    if limit.spared.is_some() {
        candidate.denies(Kind::Usage, 60, text);
        return;
    }
    match limit.nearness() {
        // Nothing of what is not there: as often unused as forbidden.
        Nearness::At if limit.limit() == Some(0) => candidate.says(Kind::Usage, 20, text),
        Nearness::At => candidate.says(Kind::Usage, if limit.at_failure { 40 } else { 35 }, text),
        Nearness::Near => candidate.says(Kind::Usage, 25, text),
        Nearness::Far if near => candidate.denies(Kind::Usage, 60, text),
        Nearness::Far => {}
    }
}
