//! The failing calls of each kind: all of them merged, and one of them whole.

use serde::Serialize;

use super::{icicle::Icicle, merged::Merged, names::Names, since_ms, start_ns};
use crate::{
    diagnosis::Diagnosis,
    graph::{self, CallTree, Source},
    load::Bundle,
    names::errno_name,
    origin::{Task, failing_trees},
    report::Report,
    text::plain,
};

/// Kinds of failures that are shown.
const MAX_KINDS: usize = 8;

/// The failing calls of one kind.
#[derive(Debug, Serialize)]
pub(super) struct Calls {
    /// `mount ENOSPC by dockerd`.
    title: String,
    /// Name of the errno.
    errno: String,
    /// How the calls were recorded.
    source: &'static str,
    /// Calls that are merged.
    count: usize,
    /// Names of kernel functions.
    functions: Names,
    merged: Merged,
    /// One of them, whole.
    call: Icicle,
    /// When that one ended, milliseconds from the start of the recording.
    ended_ms: u64,
    /// Its thread.
    pid: u32,
    /// Whether parts of it were lost.
    lossy: bool,
}

/// The calls of all kinds of which a trace was recorded, that of the answer first.
pub(super) fn all(bundle: &Bundle, diagnosis: &Diagnosis, report: &Report) -> Vec<Calls> {
    let mut kinds: Vec<usize> = (0..diagnosis.failures.len()).collect();
    kinds.sort_by_key(|&index| Some(index) != diagnosis.subject);
    let kinds = kinds.into_iter();
    kinds
        .filter_map(|index| one(bundle, diagnosis, report, &diagnosis.calls, index))
        .take(MAX_KINDS)
        .collect()
}

fn one(
    bundle: &Bundle,
    diagnosis: &Diagnosis,
    report: &Report,
    recorded: &graph::Calls,
    index: usize,
) -> Option<Calls> {
    let group = diagnosis.failures.get(index)?;
    let task = Task {
        syscall: group.syscall,
        errno: group.errno,
        threads: &group.threads,
    };
    let origin = report.origins.iter().find(|row| row.failure == index);
    let path = origin.map(|origin| origin.path.as_slice());
    let trees = failing_trees(bundle, recorded, &task, path);
    // The one that is shown whole: nothing lost, and with the origin in it.
    let path = path.unwrap_or_default();
    let shown = trees.iter().min_by_key(|tree| {
        let leads_there = super::merged::path_in(tree, path, &bundle.symbols).is_some();
        (!leads_there, tree.lossy)
    })?;
    let mut functions = Names::default();
    Some(Calls {
        title: format!(
            "{} {} by {}",
            group.syscall_name,
            group.errno_name(),
            plain(&group.comm)
        ),
        errno: errno_name(group.errno),
        source: source(shown),
        count: trees.len(),
        merged: Merged::new(&trees, path, bundle, &mut functions),
        call: Icicle::new(shown, path, bundle, &mut functions),
        functions,
        ended_ms: since_ms(start_ns(bundle, diagnosis), shown.ended_ns),
        pid: shown.pid,
        lossy: shown.lossy,
    })
}

fn source(tree: &CallTree) -> &'static str {
    let valued = || tree.has_values();
    match tree.source {
        Source::Graph if valued() => "function graph with return values",
        Source::Graph => "function graph",
        Source::Returns => "return probes",
        Source::Sentinels => "stacks of return probes",
    }
}
