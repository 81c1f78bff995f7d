//! Candidates that the machine code of the origin names: limits that it reads. No rule is needed for them.

use super::{Candidate, Kind, Subject, from_rules::says_use};
use crate::{
    evidence::{Nearness, Read},
    rules::judge,
};

/// Candidates for each limit that the origin's code reads.
pub(super) fn candidates(subject: &Subject<'_>) -> Vec<Candidate> {
    let Some(origin) = subject.origin else {
        return Vec::new();
    };
    // Where the code reads several limits, each is the less likely to be the one.
    let share = match subject.code.reads.len() {
        0 | 1 => 0,
        2 | 3 => 5,
        _ => 10,
    };
    let candidate = |read: &Read| {
        let name = read
            .id
            .split_once(':')
            .map_or(read.id.as_str(), |(_, name)| name);
        let summary = format!(
            "{} returned {}, and its code reads {name}",
            origin.function,
            subject.group.errno_name()
        );
        let mut candidate = Candidate::new(&read.id, summary);
        let weight = if read.compared { 35 } else { 25 };
        candidate.says(Kind::Code, weight - share, &read.text);
        if let Some(limit) = subject.limit(&read.id) {
            says_use(&mut candidate, limit, subject, true);
            if limit.nearness(subject.asked(limit)) != Nearness::Far {
                candidate.remedy = remedy(&read.id, limit.limit);
            }
        }
        candidate
    };
    let reads = subject.code.reads.iter();
    let may_be = |read: &&Read| subject.limit(&read.id).is_some() || !is_another(subject, &read.id);
    reads.filter(may_be).map(candidate).collect()
}

/// Whether rules know when `id` refuses, and this failure is none of it: a function may read many settings.
fn is_another(subject: &Subject<'_>, id: &str) -> bool {
    let case = subject.case();
    let mut known = subject.rules.iter().filter(|rule| rule.id == id).peekable();
    let fails = |rule| judge(rule, &case).is_none_or(|verdict| verdict.fails());
    known.peek().is_some() && known.all(fails)
}

/// What raises a limit, by the class of its id.
fn remedy(id: &str, limit: Option<u64>) -> Vec<String> {
    match (id.split_once(':'), limit) {
        (Some(("sysctl", name)), Some(limit)) => {
            vec![format!(
                "`sysctl -w {name}={}`",
                limit.saturating_mul(2).max(1)
            )]
        }
        _ => Vec::new(),
    }
}
