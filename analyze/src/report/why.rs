//! Why an origin said no, for all forms of the report.

use super::{CheckRow, TermRow, WhyRow};
use crate::{
    code::{Check, ToldBy},
    text::plain,
    why::Why,
};

impl WhyRow {
    /// The row of a why.
    #[must_use]
    pub fn new(why: &Why) -> Self {
        let text = |text: &String| plain(text.as_bytes());
        Self {
            line: why.line().as_ref().map(text),
            checks: why.checks.iter().map(check).collect(),
            told_by: match why.by {
                ToldBy::Code => "code",
                ToldBy::Place => "place",
                ToldBy::Numbers => "numbers",
            },
            are_all: why.are_all,
            missing: why.missing.as_ref().map(text),
        }
    }

    /// What is said in place of the line, where there is none.
    pub(super) fn not_known(&self) -> String {
        format!(
            "not known: {}",
            self.missing.as_deref().unwrap_or("no check was found")
        )
    }

    /// What is said behind the line: how it is known that it was this check, or that it is not known.
    pub(super) fn remark(&self) -> Option<&str> {
        match (self.checks.len(), self.told_by) {
            _ if !self.are_all => self.missing.as_deref(),
            (1, "place") => Some("told from other checks by where the error was made"),
            (1, "numbers") => Some("told from other checks by the recorded numbers"),
            _ => self.missing.as_deref(),
        }
    }
}

fn check(check: &Check) -> CheckRow {
    let term = |term: &crate::code::Term| TermRow {
        name: plain(term.name.as_bytes()),
        value: term.value,
    };
    CheckRow {
        address: format!("{:#x}", check.at),
        condition: plain(check.condition.as_bytes()),
        terms: check.terms.iter().map(term).collect(),
        limits: check.limits.clone(),
        holds: check.holds,
    }
}
