//! Candidates that the machine code of the origin names: limits that it reads. No rule is needed for them.

use super::{Source, rules::says_use};
use crate::{
    case::Case,
    culprit::{Candidate, Kind},
    evidence::Read,
    limits::Nearness,
    rules::{Rule, judge},
};

/// What a limit weighs that one of several checks compares, where nothing tells which of them refused: less than what
/// counts as agreeing.
const UNDECIDED: i32 = 14;

/// Each limit that the origin's code reads, but for those of which these rules know that they refuse something else.
pub(super) struct Code<'a>(pub(super) &'a [Rule]);

impl Source for Code<'_> {
    fn candidates(&self, case: &Case<'_>) -> Vec<Candidate> {
        reads(self.0, case)
    }
}

fn reads(rules: &[Rule], case: &Case<'_>) -> Vec<Candidate> {
    let Some(origin) = case.origin else {
        return Vec::new();
    };
    // Where the code reads several limits, each is the less likely to be the one.
    let share = match case.code.reads.len() {
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
            case.group.errno_name()
        );
        let mut candidate = Candidate::new(&read.id, summary);
        let weight = if read.compared { 35 } else { 25 };
        let weight = match case.code.is_one_of_several {
            true => (weight - share).min(UNDECIDED),
            false => weight - share,
        };
        candidate.says(Kind::Code, weight, &read.text);
        if let Some(limit) = case.limit(&read.id) {
            says_use(&mut candidate, limit, true);
            if limit.nearness() != Nearness::Far {
                candidate.remedy = remedy(&read.id, limit.limit());
            }
        }
        candidate
    };
    let reads = case.code.reads.iter();
    let may_be =
        |read: &&Read| case.limit(&read.id).is_some() || !is_another(rules, case, &read.id);
    reads.filter(may_be).map(candidate).collect()
}

/// Whether rules know when `id` refuses, and this failure is none of it: a function may read many settings.
fn is_another(rules: &[Rule], case: &Case<'_>, id: &str) -> bool {
    let mut known = rules.iter().filter(|rule| rule.id == id).peekable();
    let fails = |rule| judge(rule, case).is_none_or(|verdict| verdict.fails());
    known.peek().is_some() && known.all(fails)
}

/// What raises a limit, by the class of its id.
pub(super) fn remedy(id: &str, limit: Option<u64>) -> Vec<String> {
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
