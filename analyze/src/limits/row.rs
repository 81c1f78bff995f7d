//! One limit: what is counted against what, and for whom.

use super::{
    moment::{Moment, UNLIMITED},
    term::{Read, Term},
};
use crate::evidence::{LimitUse, Nearness};

/// One limit of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Culprit id, `class:name`.
    pub(super) id: &'static str,
    /// What is counted, in the plural.
    pub(super) unit: &'static str,
    /// For whom it holds.
    pub(super) scope: Scope,
    /// How much is used.
    pub(super) usage: Term,
    /// How much may be used.
    pub(super) limit: Term,
    /// Whether the number of the use is only a lower bound of it.
    pub(super) at_least: bool,
    /// What the use cannot be more than, where its own number is a lower bound.
    pub(super) at_most: Option<Term>,
    /// Whether what is counted stays when the process that made it ends.
    pub(super) lasting: bool,
    /// Whether a limit of 0 is none.
    pub(super) zero_is_none: bool,
    /// Numbers of the capabilities (`include/uapi/linux/capability.h`) each of which frees from the limit, in the
    /// initial user namespace.
    pub(super) exempt: &'static [u32],
    /// Whether the user 0 of the initial user namespace is free from the limit, whatever its capabilities.
    pub(super) spares_root: bool,
    /// The row only holds while this number is that.
    pub(super) only: Option<(Term, u64)>,
}

/// For whom a limit holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Host,
    Process,
    /// One user everywhere.
    User,
    /// One user in the user namespace of the task.
    UserInNamespace,
    /// The file that the call is about.
    File,
    /// The recorder's network namespace, when the failing task is in it too.
    Network,
    /// A namespace: what it is called, the fact with its number.
    Namespace(&'static str, &'static str),
}

/// A row with the ordinary answers to all questions.
pub(super) const fn row(
    id: &'static str,
    unit: &'static str,
    scope: Scope,
    usage: Term,
    limit: Term,
) -> Row {
    Row {
        id,
        unit,
        scope,
        usage,
        limit,
        at_least: false,
        at_most: None,
        lasting: false,
        zero_is_none: false,
        exempt: &[],
        spares_root: false,
        only: None,
    }
}

impl Row {
    pub(super) const fn at_least(self) -> Self {
        Self {
            at_least: true,
            ..self
        }
    }

    pub(super) const fn at_most(self, term: Term) -> Self {
        Self {
            at_most: Some(term),
            ..self
        }
    }

    pub(super) const fn lasting(self) -> Self {
        Self {
            lasting: true,
            ..self
        }
    }

    pub(super) const fn zero_is_none(self) -> Self {
        Self {
            zero_is_none: true,
            ..self
        }
    }

    pub(super) const fn exempt(self, exempt: &'static [u32]) -> Self {
        Self { exempt, ..self }
    }

    pub(super) const fn spares_root(self) -> Self {
        Self {
            spares_root: true,
            ..self
        }
    }

    pub(super) const fn only(self, term: Term, value: u64) -> Self {
        Self {
            only: Some((term, value)),
            ..self
        }
    }

    /// Use and limit at the failing moment; `None` when the recording does not show both.
    pub(super) fn read(&self, moment: &Moment<'_>) -> Option<LimitUse> {
        if let Some((term, value)) = self.only
            && moment.read(&term)?.value != value
        {
            return None;
        }
        let usage = moment.read(&self.usage)?;
        let limit = moment.read(&self.limit)?.value;
        let spared = is_exempt(moment, self.exempt)
            || self.spares_root && moment.failure.is_some_and(|failure| failure.uid == 0);
        let none = limit == UNLIMITED || (self.zero_is_none && limit == 0) || spared;
        let found = LimitUse {
            id: self.id.into(),
            scope: self.scope.words(moment)?,
            unit: self.unit.into(),
            usage: usage.value,
            limit: (!none).then_some(limit),
            at_failure: usage.read == Read::AtFailure,
            spared,
            source: match usage.read {
                Read::AtFailure | Read::Always => "read at the failure".into(),
                Read::Alive | Read::Gone => "read in the snapshot nearest to the failure".into(),
            },
        };
        let is_gone = usage.read == Read::Gone && !self.lasting;
        let may_be_more = self.at_least || (is_gone && !self.outlasts_one(&found));
        let unclear = may_be_more && found.limit.is_some() && found.nearness(1) == Nearness::Far;
        if !unclear {
            return Some(found);
        }
        // What cannot be more than that is far from the limit all the same.
        let most = moment.read(&self.at_most?)?;
        let found = LimitUse {
            usage: most.value,
            at_failure: most.read == Read::AtFailure,
            ..found
        };
        (found.nearness(1) == Nearness::Far).then_some(found)
    }
}

impl Row {
    /// Whether the use says something though the process that failed is gone: one process has not held half of what
    /// the whole host may have.
    fn outlasts_one(&self, found: &LimitUse) -> bool {
        let half = found.limit.map_or(u64::MAX, |limit| limit / 2);
        self.scope == Scope::Host && found.usage < half
    }
}

impl Scope {
    fn words(self, moment: &Moment<'_>) -> Option<String> {
        let failure = moment.failure;
        let comm = moment.comm();
        Some(match self {
            Self::Host => "the whole host".into(),
            Self::Process => format!("process {} ({comm})", failure?.tgid),
            Self::User => format!("all processes of uid {}", failure?.uid),
            Self::UserInNamespace => {
                let uid = failure?.uid;
                match moment.fact("ns.user") {
                    Some(number) => format!("user namespace {number} (uid {uid})"),
                    None => format!("all processes of uid {uid}"),
                }
            }
            Self::File => format!("the file that {comm} writes to"),
            Self::Network if moment.is_elsewhere_in_network() => return None,
            Self::Network => match moment.fact("ns.net") {
                Some(number) => format!("network namespace {number}"),
                None => "the recorder's network namespace".into(),
            },
            Self::Namespace(name, fact) => match moment.fact(fact) {
                Some(number) => format!("{name} {number} ({comm})"),
                None => format!("the {name} of the recorder"),
            },
        })
    }
}

/// Whether the failing task has one of the capabilities in the initial user namespace.
fn is_exempt(moment: &Moment<'_>, capabilities: &[u32]) -> bool {
    let (Some(held), Some(0)) = (
        moment.fact("cred.cap_effective"),
        moment.fact("user_ns.level"),
    ) else {
        return false;
    };
    capabilities
        .iter()
        .any(|&number| held.checked_shr(number).unwrap_or(0) & 1 == 1)
}
