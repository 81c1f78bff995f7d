//! Return values onto a function graph: the graph says who called whom, another recording of the same failure says
//! what was returned.

use std::collections::HashSet;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{CallTree, ReturnRun};

/// Gives the calls of `tree` the values of `run` by lining up the order in which functions returned.
///
/// Returns the share of the run's returns that found their call, 0 to 1. Calls in interrupts take no part.
pub fn assign(tree: &mut CallTree, run: &ReturnRun) -> f64 {
    let probed: HashSet<u64> = run.hits.iter().map(|hit| hit.function).collect();
    let calls: Vec<usize> = tree
        .by_return()
        .into_iter()
        .filter(|&index| {
            let call = &tree.calls()[index];
            !call.interrupt && probed.contains(&call.function)
        })
        .collect();
    let called: Vec<u64> = calls
        .iter()
        .map(|&index| tree.calls()[index].function)
        .collect();
    let returned: Vec<u64> = run.hits.iter().map(|hit| hit.function).collect();
    let mut matched = 0usize;
    let mut values = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &called, &returned) {
        let DiffOp::Equal {
            old_index,
            new_index,
            len,
        } = op
        else {
            continue;
        };
        for step in 0..len {
            if let Some(value) = run.hits[new_index + step].value {
                values.push((calls[old_index + step], value));
            }
        }
        matched += len;
    }
    tree.set_values(values);
    share(matched, returned.len())
}

fn share(part: usize, whole: usize) -> f64 {
    let clip = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    if whole == 0 {
        0.0
    } else {
        clip(part) / clip(whole)
    }
}
