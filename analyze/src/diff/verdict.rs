//! Did the remedy work?

use format_spec::record::Failure;
use serde::Serialize;

use super::{
    Change, FailureChange, Recorded,
    failures::{change, per_second},
    tried::{Tried, long_enough, tried},
};
use crate::{
    failures::Group,
    names::{errno_name, errno_text, syscall_name},
    text::plain,
};

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// What failed fails no more.
    Worked,
    /// It fails at most half as often.
    Partly,
    /// It fails as before, or more.
    Failed,
    /// It fails no more that way, but another.
    Different,
    /// The recordings do not tell.
    Unclear,
}

/// The answer.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Verdict {
    /// In one word.
    pub outcome: Outcome,
    /// In one sentence.
    pub text: String,
    /// What to mind about it.
    pub caveat: Option<String>,
}

impl Recorded<'_> {
    /// The kind of failure that the diagnosis is about.
    pub(super) fn group(&self) -> Option<&Group> {
        self.diagnosis.failures.get(self.diagnosis.subject?)
    }

    /// The last failure of that kind that was recorded with facts, else the last one.
    pub(super) fn subject(&self) -> Option<&Failure> {
        let failures: Vec<&Failure> = self.group()?.failures(self.bundle).collect();
        let with_facts = failures
            .iter()
            .rev()
            .find(|failure| !failure.facts.is_empty());
        with_facts.or(failures.last()).copied()
    }

    /// How often `syscall` failed with `errno`, whoever called it: a program may be restarted under another name.
    fn count(&self, syscall: &str, errno: u16) -> u64 {
        let groups = self.diagnosis.failures.iter();
        let same = groups.filter(|group| group.syscall_name == syscall && group.errno == errno);
        same.map(|group| group.count).sum()
    }
}

/// The verdict on the kind of failure that the diagnosis of the first recording is about.
pub(super) fn verdict(
    before: &Recorded<'_>,
    after: &Recorded<'_>,
    changes: &[FailureChange],
) -> Verdict {
    let Some(group) = before.group() else {
        return Verdict {
            outcome: Outcome::Unclear,
            text: "nothing suspicious failed in the first recording".into(),
            caveat: None,
        };
    };
    let syscall = syscall_name(before.bundle.architecture(), group.syscall);
    let old = before.count(&syscall, group.errno);
    let new = after.count(&syscall, group.errno);
    let (own, errno) = (plain(&group.comm), errno_name(group.errno));
    let by_others = changes.iter().any(|row| {
        (&row.syscall, &row.errno) == (&syscall, &errno)
            && row.comm != own
            && row.before + row.after > 0
    });
    let others = if by_others { " and others" } else { "" };
    let what = format!("{syscall} {errno} by {own}{others}");
    let counts = format!(
        "{old} times in {:.0} s before ({:.2} a second), {new} times in {:.0} s after ({:.2} a second)",
        before.seconds,
        per_second(old, before.seconds),
        after.seconds,
        per_second(new, after.seconds),
    );
    let say = |outcome, word: &str, caveat: Option<String>| Verdict {
        outcome,
        text: format!("{what} {word}: {counts}"),
        caveat,
    };
    if new == 0 {
        let expected = per_second(old, before.seconds) * after.seconds;
        if expected < 3.0 {
            let caveat = format!(
                "at the rate of before it would have failed {expected:.1} times in the second recording: record longer"
            );
            return say(
                Outcome::Unclear,
                "did not come again, which may be chance",
                Some(caveat),
            );
        }
        let other = changes.iter().find(|row| {
            row.syscall == syscall
                && row.comm == plain(&group.comm)
                && row.change == Change::New
                && row.class != "normal"
        });
        if let Some(other) = other {
            let text = crate::names::errno_number(&other.errno).map_or("", errno_text);
            let caveat = format!(
                "{syscall} now fails with {} ({text}), {} times",
                other.errno, other.after
            );
            return say(
                Outcome::Different,
                "is gone, but another error has come",
                Some(caveat),
            );
        }
        return match tried(before, group, after) {
            Tried::Succeeded => say(Outcome::Worked, "is gone, and the call succeeds", None),
            Tried::Again => say(Outcome::Worked, "is gone", None),
            Tried::Steady => {
                let caveat = "failing calls alone are recorded: make sure that the second recording tried the same";
                say(Outcome::Worked, "is gone", Some(caveat.to_owned()))
            }
            Tried::NotKnown => {
                let caveat = format!(
                    "run what failed again, and record that: `capture -o after.etz -- COMMAND`, or for {:.0} s at least",
                    long_enough(before, group).ceil()
                );
                say(
                    Outcome::Unclear,
                    "did not come again, but nothing shows that it was tried",
                    Some(caveat),
                )
            }
        };
    }
    match change((old, before.seconds), (new, after.seconds)) {
        Change::Fewer => say(Outcome::Partly, "comes less often", None),
        Change::More => say(Outcome::Failed, "comes more often", None),
        _ => say(Outcome::Failed, "still comes", None),
    }
}
