//! The origins of one kind of failure, from everything that was recorded of it.

use super::{
    Below, How, Origin, Site,
    by_code::{self, Maker},
    inferred,
    innocent::Innocent,
    makers::Makers,
    places::{Made, Places},
    recorded::{Head, Recorded, Task},
    tally::Tally,
    walk::{Found, Walk},
    watched::Watched,
};
use crate::{
    code::Kernel,
    graph::{CallTree, Calls, Hit, Outcome, ReturnRun, with_values},
    load::Bundle,
    names::syscall_of_entry,
};

/// Most successful trees that a failing one is lined up with.
const MAX_SUCCESSFUL: usize = 4;

/// errnos of security modules: EPERM and EACCES.
const REFUSALS: [u16; 2] = [1, 13];

/// Functions of the origin that are named as its neighbourhood.
const MAX_CALLED: usize = 5;

/// Where that error began, the best known origin first; empty when nothing was recorded of it.
#[must_use]
pub fn origins(bundle: &Bundle, calls: &Calls, kernel: &Kernel, task: &Task<'_>) -> Vec<Origin> {
    let recorded = Recorded {
        bundle,
        calls,
        task,
    };
    let makers = Makers::new(kernel, &bundle.symbols);
    let watched = Watched::new(&recorded, &makers);
    let places = Places::new(&recorded);
    let mut tally = Tally::default();
    recorded.sentinels(&watched, &mut tally);
    recorded.graphs(&watched, &places, &mut tally);
    let by_values = [How::Place, How::ReturnValues, How::SyscallItself];
    if !by_values.iter().any(|&how| tally.has(how)) {
        recorded.bare_returns(&watched, &places, &mut tally);
    }
    if tally.is_empty() {
        recorded.places(&places, &mut tally);
    }
    if tally.is_empty() {
        recorded.refusals(&watched, &mut tally);
    }
    if tally.is_empty() {
        recorded.inferred(&watched, &mut tally);
    }
    tally.finish()
}

impl Recorded<'_> {
    fn sentinels(&self, watched: &Watched<'_>, tally: &mut Tally) {
        let mut inner = Tally::default();
        for run in self.failing(&self.calls.sentinels, Head::of_run) {
            let tree = self.recent(run).stack_tree(&self.bundle.symbols);
            if !self.is_of_syscall(&tree) {
                continue;
            }
            let walk = Walk {
                tree: &tree,
                symbols: &self.bundle.symbols,
            };
            match walk.find(self.task.errno) {
                Some(found) => {
                    let mut origin = self.origin(watched, &tree, found, How::Sentinel);
                    origin.site.places = caught(run, &origin);
                    tally.add(origin);
                }
                // Another errno below: it was replaced on its way up, by a function that is not watched.
                None => {
                    if let Some((errno, found)) = walk.find_any() {
                        let mut origin = self.origin(watched, &tree, found, How::Sentinel);
                        origin.errno = errno;
                        inner.add(origin);
                    }
                }
            }
        }
        if !tally.has(How::Sentinel) {
            *tally = inner;
        }
    }

    /// Where a sentinel said no by NULL or false, and nothing else is known of the failure.
    fn refusals(&self, watched: &Watched<'_>, tally: &mut Tally) {
        for run in self.failing(&self.calls.sentinels, Head::of_run) {
            let tree = self.recent(run).stack_tree(&self.bundle.symbols);
            let walk = Walk {
                tree: &tree,
                symbols: &self.bundle.symbols,
            };
            if let Some(found) = walk.of_refusal().filter(|_| self.is_of_syscall(&tree)) {
                tally.add(self.origin(watched, &tree, found, How::Sentinel));
            }
        }
    }

    fn graphs(&self, watched: &Watched<'_>, places: &Places, tally: &mut Tally) {
        let runs = self.failing(&self.calls.returns, Head::of_run);
        for tree in self.failing(&self.calls.graphs, Head::of_tree) {
            let Some(tree) = with_values(tree, &runs) else {
                continue;
            };
            let walk = Walk {
                tree: &tree,
                symbols: &self.bundle.symbols,
            };
            if let Some(found) = walk.find(self.task.errno).or_else(|| walk.of_root()) {
                tally.add(self.told_by_values(watched, places, &walk, found));
            }
        }
    }

    /// The origin that return values tell, or the one below it that was caught making the error, or that the code of the
    /// function found leads to from there.
    fn told_by_values(
        &self,
        watched: &Watched<'_>,
        places: &Places,
        walk: &Walk<'_>,
        found: Found,
    ) -> Origin {
        let tree = walk.tree;
        let at = found.path.last().copied();
        let made = at.and_then(|at| places.below(tree, at, walk.symbols, watched.makers));
        if let Some(below) = made {
            let mut origin = self.origin(watched, tree, found, How::Place);
            origin.how = How::Place;
            origin.below = Below::Watched;
            origin.site.places = below.place.into_iter().collect();
            if !below.path.is_empty() {
                let names = below
                    .path
                    .iter()
                    .map(|&function| walk.symbols.name(function));
                origin.path.extend(names);
                let above = origin.site.way();
                let way = above.iter().chain(&below.path).copied();
                origin.site = Site {
                    places: std::mem::take(&mut origin.site.places),
                    ..Site::behind(&way.collect::<Vec<u64>>())
                };
                origin.function = origin.path.last().cloned().unwrap_or_default();
                origin.translated = None;
                origin.told.clear();
                origin.called.clear();
            }
            return origin;
        }
        match at
            .and_then(|at| by_code::maker(watched.makers, tree, walk.symbols, at, self.task.errno))
        {
            Some(Maker::Call(at)) => self.origin(watched, tree, walk.found(at), How::Code),
            Some(Maker::Unseen { caller, function }) => {
                let mut origin = self.origin(watched, tree, walk.found(caller), How::Code);
                origin.function = walk.symbols.name(function);
                let mut way = origin.site.way();
                way.push(walk.symbols.start(function));
                origin.site = Site::behind(&way);
                origin.below = watched.below_unseen(function, self.task.errno);
                origin.path.push(origin.function.clone());
                origin.called.clear();
                origin.how = How::Code;
                origin
            }
            None => self.origin(watched, tree, found, How::ReturnValues),
        }
    }

    fn bare_returns(&self, watched: &Watched<'_>, places: &Places, tally: &mut Tally) {
        for run in self.failing(&self.calls.returns, Head::of_run) {
            let tree = run.tree(&self.bundle.symbols);
            let walk = Walk {
                tree: &tree,
                symbols: &self.bundle.symbols,
            };
            if let Some(found) = walk.find(self.task.errno) {
                tally.add(self.told_by_values(watched, places, &walk, found));
            }
        }
    }

    /// Where the error was made, when nothing else is known of the failing calls.
    fn places(&self, places: &Places, tally: &mut Tally) {
        let symbols = &self.bundle.symbols;
        for Made { path, place } in places.paths() {
            let site = Site {
                places: place.iter().copied().collect(),
                ..Site::behind(path)
            };
            let path: Vec<String> = path
                .iter()
                .map(|&function| symbols.name(function))
                .collect();
            let path = from_entry(path);
            tally.add(Origin {
                function: path.last().cloned().unwrap_or_default(),
                site,
                errno: self.task.errno,
                path,
                how: How::Place,
                failures: 1,
                translated: None,
                told: Vec::new(),
                called: Vec::new(),
                below: Below::Watched,
            });
        }
    }

    fn inferred(&self, watched: &Watched<'_>, tally: &mut Tally) {
        let makers = watched.makers;
        let innocent = Innocent::new(self, makers);
        let symbols = &self.bundle.symbols;
        let successful: Vec<&CallTree> = self
            .calls
            .graphs
            .iter()
            .filter(|tree| {
                tree.syscall == Some(self.task.syscall)
                    && tree.result.is_some_and(|result| result >= 0)
                    && !tree.lossy
            })
            .take(MAX_SUCCESSFUL)
            .collect();
        for tree in self.failing(&self.calls.graphs, Head::of_tree) {
            let suspect = |at| inferred::suspect(tree, at, |function| innocent.has(function));
            let aligned = successful
                .iter()
                .find_map(|other| inferred::by_alignment(tree, other, symbols))
                .map(suspect);
            if let Some(root) = tree.roots().last() {
                let deepest = suspect(inferred::by_cleanup(tree, aligned.unwrap_or(root), symbols));
                let by_hook = || inferred::by_hook(tree, deepest, &successful, symbols);
                let refused = REFUSALS.contains(&self.task.errno);
                let at = refused.then(by_hook).flatten().unwrap_or_else(|| {
                    let makes = |function| makers.makes(function, self.task.errno);
                    inferred::by_code(tree, aligned, deepest, makes, |function| {
                        makers.asks(function)
                    })
                });
                let found = Found {
                    path: tree.path(at),
                    translated: None,
                    told: Vec::new(),
                };
                let how = if found.path.len() > 1 {
                    How::Inferred
                } else {
                    How::SyscallItself
                };
                tally.add(self.origin(watched, tree, found, how));
            }
        }
    }

    fn origin(&self, watched: &Watched<'_>, tree: &CallTree, found: Found, how: How) -> Origin {
        let symbols = &self.bundle.symbols;
        let name = |&index: &usize| symbols.name(tree.calls()[index].function);
        let path = from_entry(found.path.iter().map(name).collect());
        let at = found.path.last().copied();
        let called: Vec<usize> = at
            .into_iter()
            .flat_map(|at| tree.children(at))
            .filter(|&index| !tree.calls()[index].interrupt)
            .collect();
        let first = called.len().saturating_sub(MAX_CALLED);
        let function = path.last().cloned().unwrap_or_default();
        let how = if syscall_of_entry(&function).is_some() {
            How::SyscallItself
        } else {
            how
        };
        let below = at.map_or(Below::NotKnown, |at| {
            watched.below(tree, at, self.task.errno)
        });
        let start = |&index: &usize| symbols.start(tree.calls()[index].function);
        let way: Vec<u64> = found.path.iter().map(start).collect();
        Origin {
            function,
            site: Site::behind(&way),
            errno: self.task.errno,
            path,
            how,
            failures: 1,
            translated: found.translated,
            told: found.told,
            called: called[first..].iter().map(name).collect(),
            below,
        }
    }
}

/// The instructions at which the probes of a run caught the origin making its error.
fn caught(run: &ReturnRun, origin: &Origin) -> Vec<u64> {
    let is_it = |hit: &&Hit| {
        let value = hit.value.map(u64::cast_signed);
        let errno = value.and_then(|value| Outcome::of_result(value).errno());
        Some(hit.function) == origin.site.address && errno == Some(origin.errno)
    };
    let own = run.hits.iter().rev().filter(is_it);
    own.filter_map(|hit| hit.place).take(1).collect()
}

/// A stack goes on above the syscall's entry, into the exception vectors.
fn from_entry(mut path: Vec<String>) -> Vec<String> {
    let entry = path
        .iter()
        .position(|step| syscall_of_entry(step).is_some());
    path.drain(..entry.unwrap_or(0));
    path
}
