//! Why an error was returned, in one line of the kernel's own logic: the check that decided, as its code has it, with the
//! recorded numbers put in. No rule is asked.

mod facts;

use format_spec::record::Failure;

pub use facts::facts;

use crate::{
    code::{Asked, Check, Kernel, Recorded, ToldBy, checks, references},
    graph::Outcome,
    load::Bundle,
    names::errno_name,
    origin::{Origin, Site, Told},
};

/// Most functions that are named as those that may have said it.
const MAX_NAMED: usize = 4;

/// Most checks that are written into the line.
const MAX_CHECKS: usize = 3;

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The function that returned the error.
    pub function: String,
    /// The error.
    pub errno: u16,
    /// The checks that may have returned it; one where it is known which.
    pub checks: Vec<Check>,
    /// What tells that it was these.
    pub by: ToldBy,
    /// Whether no other way to the error is known in its code.
    pub are_all: bool,
    /// What it takes to say more and is not there; `None` when nothing is missing.
    pub missing: Option<String>,
}

impl Why {
    /// Why the function in which an error began returned it.
    #[must_use]
    pub fn of(
        bundle: &Bundle,
        kernel: &Kernel,
        origin: &Origin,
        failure: Option<&Failure>,
    ) -> Self {
        let function = (origin.function.as_str(), &origin.site);
        Self::new(
            bundle,
            kernel,
            function,
            origin.errno,
            failure,
            &origin.told,
        )
    }

    /// Why `function`, which starts at `site`, returned `errno` to the call that `failure` is; `told` is what its own
    /// calls were seen to return.
    #[must_use]
    pub fn new(
        bundle: &Bundle,
        kernel: &Kernel,
        (function, site): (&str, &Site),
        errno: u16,
        failure: Option<&Failure>,
        told: &[Told],
    ) -> Self {
        let mut why = Self {
            function: function.to_owned(),
            errno,
            checks: Vec::new(),
            by: ToldBy::Code,
            are_all: true,
            missing: None,
        };
        let Some(address) = site.address else {
            why.missing = Some(format!(
                "where {function} is in the kernel was not recorded"
            ));
            return why;
        };
        let returned = told.iter().filter_map(|told| {
            let value = number(told.outcome)?;
            Some((told.function.clone(), value))
        });
        let recorded = Recorded::new(bundle, failure, returned);
        let asked = Asked {
            address,
            errno,
            places: &site.places,
            callers: &site.callers,
        };
        match checks(kernel, &asked, &recorded) {
            None => why.missing = Some(format!("the code of {function} was not recorded")),
            Some(found) if found.list.is_empty() => why.missing = Some(why.told(kernel, address)),
            Some(found) => {
                why.checks = found.list;
                why.by = found.by;
                why.are_all = found.are_all;
                if !why.are_all {
                    let errno = errno_name(errno);
                    why.missing = Some(format!(
                        "{function} has other ways to {errno}, which are not followed"
                    ));
                } else if why.checks.len() > 1 {
                    why.missing = Some("code and record do not tell which of them it was".into());
                }
            }
        }
        why
    }

    /// What is said of a function whose code decides for no such error by itself.
    fn told(&self, kernel: &Kernel, address: u64) -> String {
        let function = &self.function;
        let errno = errno_name(self.errno);
        let Some(shown) = references(kernel, address) else {
            return format!("the code of {function} was not recorded");
        };
        if kernel.has_probes(address) {
            return format!("a probe stood on an instruction of {function} when its code was read");
        }
        if shown.errnos.contains(&self.errno) {
            return format!("no single comparison in {function} decides for {errno}");
        }
        let mut names: Vec<&str> = Vec::new();
        for call in shown.calls.iter().filter(|call| call.effect.returned) {
            let name = call.name.as_deref();
            let name = name.unwrap_or("a function called by pointer");
            if !names.contains(&name) {
                names.push(name);
            }
        }
        match names.len() {
            0 => format!("{function} makes no {errno} that its code shows"),
            1..=MAX_NAMED => format!(
                "{function} makes no {errno} itself: it returns what {} said",
                names.join(" or ")
            ),
            many => format!(
                "{function} makes no {errno} itself: it returns what one of {many} functions said"
            ),
        }
    }

    /// The checks in one line: `count_mounts: 12 (mnt_ns->nr_mounts) >= 12 (sysctl_mount_max) → -ENOSPC`; `None` when
    /// none is known.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        if self.checks.is_empty() {
            return None;
        }
        let more = self.checks.len().saturating_sub(MAX_CHECKS);
        let shown = self.checks.iter().take(MAX_CHECKS);
        let mut conditions: Vec<String> = shown.map(|check| check.condition.clone()).collect();
        if more > 0 {
            conditions.push(format!("{more} more"));
        }
        Some(format!(
            "{}: {} → -{}",
            self.function,
            conditions.join(", or "),
            errno_name(self.errno)
        ))
    }

    /// The check that decided; `None` where it is not known which.
    #[must_use]
    pub fn decided(&self) -> Option<&Check> {
        match self.checks.as_slice() {
            [one] if self.are_all => Some(one),
            _ => None,
        }
    }
}

/// A function's answer as its number.
fn number(outcome: Outcome) -> Option<i64> {
    match outcome {
        Outcome::Error(errno) => Some(-i64::from(errno)),
        Outcome::Null => Some(0),
        Outcome::Truth(truth) => Some(truth.into()),
        Outcome::Value(value) => Some(value),
        Outcome::Pointer => None,
    }
}
