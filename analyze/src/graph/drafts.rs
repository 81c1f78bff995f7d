//! Calls while their tree is being built.

use super::tree::{Call, CallTree, NONE, Source};

/// Calls in the order in which they became known. The children of a call, and the outermost calls, are lists that are
/// linked from the last to the first, so that a caller that becomes known late takes over the last ones at once.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    calls: Vec<Call>,
    links: Vec<Link>,
    roots: Last,
    values: Vec<(u32, u64)>,
    arguments: Vec<(u32, Box<[u64]>)>,
}

/// The last of a list of siblings.
#[derive(Debug, Clone, Copy)]
struct Last(u32);

/// Where a call stands among the others.
#[derive(Debug, Clone, Copy, Default)]
struct Link {
    children: Last,
    /// The sibling before it.
    before: Last,
}

impl Default for Last {
    fn default() -> Self {
        Self(NONE)
    }
}

impl Drafts {
    /// Whether there is no call.
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// A new call, which stands nowhere yet; its index.
    pub(super) fn push(&mut self, call: Call) -> u32 {
        let index = u32::try_from(self.calls.len()).unwrap_or(NONE);
        self.calls.push(call);
        self.links.push(Link::default());
        index
    }

    pub(super) fn get(&self, index: u32) -> &Call {
        &self.calls[index as usize]
    }

    pub(super) fn get_mut(&mut self, index: u32) -> &mut Call {
        &mut self.calls[index as usize]
    }

    pub(super) fn set_value(&mut self, index: u32, value: Option<u64>) {
        self.values.extend(value.map(|value| (index, value)));
    }

    pub(super) fn set_arguments(&mut self, index: u32, arguments: &[u64]) {
        if !arguments.is_empty() {
            self.arguments.push((index, arguments.into()));
        }
    }

    /// The last call under `parent`, or the last outermost one.
    pub(super) fn last_child(&self, parent: Option<u32>) -> Option<u32> {
        let Last(last) = parent.map_or(self.roots, |parent| self.links[parent as usize].children);
        (last != NONE).then_some(last)
    }

    /// Puts a call that stands nowhere yet behind the others under `parent`.
    pub(super) fn attach(&mut self, parent: Option<u32>, child: u32) {
        let last = self.list(parent);
        let before = std::mem::replace(last, Last(child));
        self.links[child as usize].before = before;
    }

    /// Puts `caller`, which stands nowhere yet, under `parent`, and under it the last of the calls there for which
    /// `made` holds.
    pub(super) fn adopt(
        &mut self,
        parent: Option<u32>,
        caller: u32,
        made: impl Fn(u32, &Call) -> bool,
    ) {
        let Last(last) = *self.list(parent);
        let mut first = NONE;
        let mut rest = last;
        while rest != NONE && made(rest, self.get(rest)) {
            first = rest;
            Last(rest) = self.links[rest as usize].before;
        }
        if first != NONE {
            self.links[first as usize].before = Last(NONE);
            self.links[caller as usize].children = Last(last);
            *self.list(parent) = Last(rest);
        }
        self.attach(parent, caller);
    }

    fn list(&mut self, parent: Option<u32>) -> &mut Last {
        match parent {
            Some(parent) => &mut self.links[parent as usize].children,
            None => &mut self.roots,
        }
    }

    /// The tree, laid out in order of entry. Calls that stand nowhere are left out.
    pub(super) fn finish(mut self, source: Source) -> CallTree {
        let first = self.place();
        self.links = Vec::new();
        let placed = |(index, it)| Some((self.calls[index as usize].place.checked_sub(first)?, it));
        let mut values: Vec<(u32, u64)> = self.values.drain(..).filter_map(placed).collect();
        values.sort_unstable_by_key(|&(index, _)| index);
        let placed = |(index, it)| Some((self.calls[index as usize].place.checked_sub(first)?, it));
        let mut arguments: Vec<_> = self.arguments.drain(..).filter_map(placed).collect();
        arguments.sort_unstable_by_key(|&(index, _): &(u32, Box<[u64]>)| index);
        self.calls.retain(|call| call.place >= first);
        self.calls.sort_unstable_by_key(|call| call.place);
        for call in &mut self.calls {
            call.end -= first;
        }
        CallTree::new(source, self.calls, values, arguments)
    }

    /// Gives each call that stands somewhere its place in the order of entry, and where the calls within it end; the
    /// first place. Goes from the last call to the first, as the lists are linked. The stack is explicit: recorded depth
    /// must not decide how deep this program recurses.
    fn place(&mut self) -> u32 {
        let mut place = u32::try_from(self.calls.len()).unwrap_or(NONE);
        let mut stack: Vec<Step> = vec![Step::Enter(self.roots)];
        while let Some(step) = stack.pop() {
            match step {
                Step::Enter(Last(NONE)) => {}
                Step::Enter(Last(index)) => {
                    stack.push(Step::Leave { index, end: place });
                    stack.push(Step::Enter(self.links[index as usize].children));
                }
                Step::Leave { index, end } => {
                    place -= 1;
                    let call = self.get_mut(index);
                    (call.place, call.end) = (place, end);
                    stack.push(Step::Enter(self.links[index as usize].before));
                }
            }
        }
        place
    }
}

/// What is to be done next on the way from the last call to the first.
enum Step {
    /// The calls of a list.
    Enter(Last),
    /// A call whose children are done: they end before `end`.
    Leave { index: u32, end: u32 },
}
