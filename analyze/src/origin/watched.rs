//! Whether what an origin called was watched too; else the error may have come from below it.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap, HashSet},
};

use format_spec::record::ProbeKind;

use super::{
    Below,
    inferred::own,
    innocent::holds_errno,
    makers::Makers,
    recorded::{Head, Recorded},
};
use crate::{
    graph::{CallTree, Source},
    load::SymbolTable,
};

/// Most functions that are named as not watched.
const MAX_NAMED: usize = 8;

/// Most trees that are looked at for what the graph hooks.
const MAX_TREES: usize = 64;

/// What stands for whatever is called by a pointer.
const BY_POINTER: &str = "a function called by pointer";

/// Which functions were watched while a kind of failure was recorded.
pub(super) struct Watched<'a> {
    pub(super) makers: &'a Makers<'a>,
    symbols: &'a SymbolTable,
    /// Functions whose returns were probed while such a failure was caught.
    probed: HashSet<u64>,
    graphs: &'a [CallTree],
    /// Functions that the graphs of a session show: they would show them wherever they are called.
    hooked: RefCell<HashMap<u32, HashSet<u64>>>,
}

impl<'a> Watched<'a> {
    pub(super) fn new(recorded: &Recorded<'a>, makers: &'a Makers<'a>) -> Self {
        let Recorded { bundle, calls, .. } = *recorded;
        let runs = recorded.failing(&calls.returns, Head::of_run);
        let sessions: HashSet<u32> = runs.iter().map(|run| run.session).chain([0]).collect();
        let probes = bundle.probes.iter().filter(|probe| {
            probe.kind == ProbeKind::Kretprobe && sessions.contains(&probe.session)
        });
        let probed = probes.flat_map(|probe| bundle.symbols.named(&probe.function));
        Self {
            makers,
            symbols: &bundle.symbols,
            probed: probed.map(|symbol| symbol.address).collect(),
            graphs: &calls.graphs,
            hooked: RefCell::default(),
        }
    }

    /// Whether the call `at` of `tree` may have been told `errno` by a call that was not watched.
    pub(super) fn below(&self, tree: &CallTree, at: usize, errno: u16) -> Below {
        self.of(tree.calls()[at].function, errno, Some((tree, at)))
    }

    /// The same for a call of `function` that was not recorded itself.
    pub(super) fn below_unseen(&self, function: u64, errno: u16) -> Below {
        self.of(function, errno, None)
    }

    fn of(&self, function: u64, errno: u16, call: Option<(&CallTree, usize)>) -> Below {
        let Some(told) = self.makers.may_return(function) else {
            return Below::NotKnown;
        };
        // What it called itself, by function, and whether it is known what that said.
        let made: Vec<(u64, bool)> = call.map_or_else(Vec::new, |(tree, at)| {
            let known = |index: usize| {
                let start = self.symbols.start(tree.calls()[index].function);
                (start, tree.outcome(index, self.symbols).is_some())
            };
            own(tree, at).into_iter().map(known).collect()
        });
        let graph = call.filter(|(tree, _)| tree.source == Source::Graph);
        let session = graph.map(|(tree, _)| tree.session);
        let mut unwatched = BTreeSet::new();
        for target in &told {
            match target {
                Some(target) => {
                    if !self.is_watched(*target, errno, &made, session) {
                        unwatched.insert(self.symbols.name(*target));
                    }
                }
                None => {
                    let mut by_pointer = made
                        .iter()
                        .filter(|(start, _)| !told.contains(&Some(*start)))
                        .peekable();
                    if by_pointer.peek().is_none() || !by_pointer.all(|&(_, known)| known) {
                        unwatched.insert(BY_POINTER.to_owned());
                    }
                }
            }
        }
        let functions: Vec<String> = unwatched.into_iter().take(MAX_NAMED).collect();
        match self.makers.makes(function, errno) {
            _ if functions.is_empty() => Below::Watched,
            Some(true) => Below::NotAllWatched(functions),
            _ => Below::NotWatched(functions),
        }
    }

    /// Whether it is known that no call of `function` said `errno`, or that it cannot.
    fn is_watched(
        &self,
        function: u64,
        errno: u16,
        made: &[(u64, bool)],
        session: Option<u32>,
    ) -> bool {
        let start = self.symbols.start(function);
        let never = !holds_errno(self.symbols.returns(start))
            || self.makers.never_returns(start, errno)
            || is_errnoless(&self.symbols.name(start));
        if never {
            return true;
        }
        let mut calls = made.iter().filter(|(made, _)| *made == start).peekable();
        if calls.peek().is_some() {
            return calls.all(|&(_, known)| known);
        }
        self.probed.contains(&start) || session.is_some_and(|session| self.hooks(session, start))
    }

    /// Whether the graphs of a session hook the function that begins at `start`.
    fn hooks(&self, session: u32, start: u64) -> bool {
        let mut known = self.hooked.borrow_mut();
        let hooked = known.entry(session).or_insert_with(|| {
            let trees = self.graphs.iter().filter(|tree| tree.session == session);
            let calls = trees.take(MAX_TREES).flat_map(CallTree::calls);
            calls
                .map(|call| self.symbols.start(call.function))
                .collect()
        });
        hooked.contains(&start)
    }
}

/// Beginnings of the names of functions whose result has the type of one that can be an errno, and never is: allocators
/// return NULL when they fail (`mm/slub.c`, `mm/util.c`, `mm/vmalloc.c`), searches in bitmaps a number of bits
/// (`lib/find_bit.c`).
const ERRNOLESS: [&str; 8] = [
    "__kmalloc",
    "_find_",
    "kmalloc",
    "kmem_cache_alloc",
    "kmemdup",
    "kstrdup",
    "kvmalloc",
    "vmalloc",
];

fn is_errnoless(function: &str) -> bool {
    ERRNOLESS.iter().any(|start| function.starts_with(start))
}
