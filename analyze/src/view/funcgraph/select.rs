//! Which events of the function graph are shown, and at which depth.

use std::collections::HashMap;

use clap::Args;

use crate::{
    load::{Event, EventKind, SymbolTable, TraceStream},
    names::base_name,
};

/// What is shown.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Only the calls of this function, without suffixes such as .isra.0, and what they call
    pub function: Option<String>,
    /// Only so many levels of calls
    #[arg(short = 'm', long, value_name = "LEVELS")]
    pub max_depth: Option<u32>,
    /// Only this thread
    #[arg(short, long)]
    pub pid: Option<u32>,
}

/// The events that are shown, with their depths.
pub(super) fn shown(
    symbols: &SymbolTable,
    options: &Options,
    stream: &TraceStream,
) -> Vec<(Event, u32)> {
    let mut selector = Selector::new(symbols, options);
    let shown = stream.events().filter_map(|event| {
        let depth = selector.depth(&event)?;
        Some((event, depth))
    });
    shown.collect()
}

/// Which events are shown, and at which depth.
struct Selector<'a> {
    symbols: &'a SymbolTable,
    options: &'a Options,
    /// Depth of the selected call that each task is in.
    within: HashMap<u32, u32>,
}

impl<'a> Selector<'a> {
    fn new(symbols: &'a SymbolTable, options: &'a Options) -> Self {
        Self {
            symbols,
            options,
            within: HashMap::new(),
        }
    }

    /// The depth below the selected function, or below the outermost one; `None` for what is not shown.
    fn depth(&mut self, event: &Event) -> Option<u32> {
        if self.options.pid.is_some_and(|pid| pid != event.pid) {
            return None;
        }
        let (own, function) = match event.kind {
            EventKind::Entry {
                function, depth, ..
            } => (depth, Some(function)),
            EventKind::Exit { depth, .. } => (depth, None),
            _ => return self.root(event.pid).map(|_| 0),
        };
        let root = match self.options.function {
            Some(_) => self.selected(event.pid, own, function),
            None => Some(0),
        };
        let shown = own.checked_sub(root?)?;
        let too_deep = self.options.max_depth.is_some_and(|most| shown >= most);
        (!too_deep).then_some(shown)
    }

    /// Depth of the selected call that an entry into `function` or a return, at depth `own`, belongs to.
    fn selected(&mut self, pid: u32, own: u32, function: Option<u64>) -> Option<u32> {
        // At the depth of the selected call, or above: it is over, even if its return was lost.
        let root = self
            .root(pid)
            .filter(|&root| own > root || function.is_none() && own == root);
        let begins = || function.is_some_and(|function| self.is_wanted(function));
        let root = root.or_else(|| begins().then_some(own));
        let ends = function.is_none() && root == Some(own);
        match root.filter(|_| !ends) {
            Some(root) => self.within.insert(pid, root),
            None => self.within.remove(&pid),
        };
        root
    }

    /// Depth of the call that the task is in and that is shown.
    fn root(&self, pid: u32) -> Option<u32> {
        match self.options.function {
            Some(_) => self.within.get(&pid).copied(),
            None => Some(0),
        }
    }

    fn is_wanted(&self, function: u64) -> bool {
        let name = self.symbols.name(function);
        let wanted = self.options.function.as_ref();
        wanted.is_some_and(|wanted| name == *wanted || base_name(&name) == wanted)
    }
}
