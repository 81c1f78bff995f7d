//! Where the calls of what failed before part from the calls after.

use std::collections::HashSet;

use serde::Serialize;

use super::Recorded;
use crate::{
    graph::CallTree,
    names::{base_name, syscall_name},
    origin::Origin,
};

/// Two ways that begin alike.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Parting {
    /// Syscall.
    pub syscall: String,
    /// Functions of both ways, outermost first.
    pub common: Vec<String>,
    /// How it went on before, up to the function that said no.
    pub before: Vec<String>,
    /// How it goes on after: to another function that says no, or to what the last common function calls.
    pub after: Vec<String>,
    /// What the second recording tells of that call.
    pub seen: Seen,
}

/// What a recording tells of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Seen {
    /// It fails, and how.
    Failing,
    /// It succeeds, and how.
    Succeeding,
    /// Nothing: it was not traced.
    Nothing,
}

/// Functions that are named behind the parting where the call succeeds.
const NAMED: usize = 8;

/// The parting; `None` when it is not known where the error began before.
pub(super) fn parting(before: &Recorded<'_>, after: &Recorded<'_>) -> Option<Parting> {
    let index = before.diagnosis.subject?;
    let group = before.diagnosis.failures.get(index)?;
    let origin = |recorded: &Recorded<'_>, index: usize| -> Option<Origin> {
        let mut origins = recorded.diagnosis.origins.iter();
        let found = origins.find(|(of, _)| *of == index);
        found.map(|(_, origin)| origin.clone())
    };
    let path = origin(before, index)?.path;
    let syscall = syscall_name(before.bundle.architecture(), group.syscall);
    // The same error first, then another error of the same program, then of any.
    let mut failing: Vec<(u8, Vec<String>)> = after
        .diagnosis
        .failures
        .iter()
        .enumerate()
        .filter(|(_, other)| other.syscall_name == syscall)
        .filter_map(|(index, other)| {
            let rank = u8::from(other.errno != group.errno) + u8::from(other.comm != group.comm);
            Some((rank, origin(after, index)?.path))
        })
        .collect();
    failing.sort_by_key(|(rank, _)| *rank);
    if let Some((_, other)) = failing.into_iter().next() {
        return Some(part(syscall, &path, &other, Seen::Failing));
    }
    let successful = after.diagnosis.calls.graphs.iter().find(|tree| {
        let number = tree
            .syscall
            .map(|number| syscall_name(after.bundle.architecture(), number));
        number.as_ref() == Some(&syscall) && tree.result.is_some_and(|result| result >= 0)
    });
    Some(match successful {
        Some(tree) => {
            let way = way(tree, &path, after);
            part(syscall, &path, &way, Seen::Succeeding)
        }
        None => part(syscall, &path, &[], Seen::Nothing),
    })
}

/// The way of a successful call along `path` as far as it goes, then what the last function on it calls.
fn way(tree: &CallTree, path: &[String], recorded: &Recorded<'_>) -> Vec<String> {
    let name = |index: usize| recorded.bundle.symbols.name(tree.calls()[index].function);
    let mut way = Vec::new();
    let mut level: Vec<usize> = tree.roots().collect();
    for wanted in path {
        let Some(&found) = level
            .iter()
            .find(|&&index| base_name(&name(index)) == base_name(wanted))
        else {
            break;
        };
        way.push(name(found));
        level = tree.children(found).collect();
    }
    let mut known = HashSet::new();
    let called = level
        .into_iter()
        .filter(|&index| !tree.calls()[index].interrupt)
        .map(name);
    way.extend(called.filter(|name| known.insert(name.clone())).take(NAMED));
    way
}

fn part(syscall: String, before: &[String], after: &[String], seen: Seen) -> Parting {
    let same = |(a, b): &(&String, &String)| base_name(a) == base_name(b);
    let common = before.iter().zip(after).take_while(same).count();
    Parting {
        syscall,
        common: before[..common].to_vec(),
        before: before[common..].to_vec(),
        after: after[common..].to_vec(),
        seen,
    }
}
