//! Which field a chain of loads may end at.

use super::{
    evidence::{Certainty, FieldCandidate},
    layouts::{Layouts, LimitField},
    value::{Chain, Root},
};

/// Structures whose limits are only ever reached by a pointer of known place: `task->signal`, `ucounts->ns`.
const ALWAYS_POINTED_TO: [&str; 2] = ["signal_struct", "user_namespace"];

/// Candidates for the last load of `chain`, of `size` bytes, the surest first. Where something sure is known, what is
/// less sure is left out.
pub(super) fn candidates(layouts: &Layouts, chain: &Chain, size: u8) -> Vec<FieldCandidate> {
    let Some((&last, before)) = chain.offsets.split_last() else {
        return Vec::new();
    };
    let Ok(last) = u32::try_from(last) else {
        return Vec::new();
    };
    let fits: Vec<&LimitField> = layouts
        .limits_at(last)
        .iter()
        .filter(|field| field.size == u32::from(size))
        .collect();
    if fits.is_empty() {
        return Vec::new();
    }
    if chain.root == Root::Current
        && let Some(structure) = follow(layouts, before)
    {
        let exact = fits.iter().filter(|field| field.structure == structure);
        return exact
            .map(|field| candidate(field, Certainty::Chain))
            .collect();
    }
    let pointed: Vec<&str> = match before.last().map(|&offset| u32::try_from(offset)) {
        Some(Ok(offset)) => layouts.pointees_at(offset).collect(),
        _ => Vec::new(),
    };
    let by_pointer = fits
        .iter()
        .filter(|field| pointed.contains(&field.structure.as_str()));
    let mut found: Vec<_> = by_pointer
        .map(|field| candidate(field, Certainty::Pointer))
        .collect();
    if found.is_empty() {
        let others = fits
            .iter()
            .filter(|field| !ALWAYS_POINTED_TO.contains(&field.structure.as_str()));
        found.extend(others.map(|field| candidate(field, Certainty::Offset)));
    }
    found.sort();
    found.dedup();
    found
}

/// The structure that loads at these offsets lead to from the current task.
fn follow<'a>(layouts: &'a Layouts, offsets: &[i64]) -> Option<&'a str> {
    offsets
        .iter()
        .try_fold("task_struct", |structure, &offset| {
            layouts.pointee(structure, u32::try_from(offset).ok()?)
        })
}

fn candidate(field: &LimitField, certainty: Certainty) -> FieldCandidate {
    FieldCandidate {
        certainty,
        structure: field.structure.clone(),
        field: field.field.clone(),
        ids: field.ids.clone(),
    }
}
