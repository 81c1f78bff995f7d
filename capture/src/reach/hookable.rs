//! Functions that ftrace can hook, and where each stands in `available_filter_functions`.
//!
//! `set_ftrace_filter` takes such a position, from 1, and finds the function without a walk (`add_rec_by_index` in
//! `kernel/trace/ftrace.c`, since 5.1). `available_filter_functions_addrs` (since 6.5) has addresses too; before,
//! names are lined up with kallsyms: the image's functions come first, then each module's, each by rising address.

use std::fs;

use crate::{
    kernel::Kernel,
    tracefs::{Tracefs, TracefsError},
};

const WITH_ADDRESSES: &str = "available_filter_functions_addrs";
const NAMES: &str = "available_filter_functions";

type Positions = Vec<(u64, u32)>;

/// What can be hooked.
#[derive(Debug)]
pub(super) struct Hookable {
    /// (address, position), by rising address.
    positions: Positions,
    modules: String,
}

impl Hookable {
    /// Reads the list.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub(super) fn load(kernel: &Kernel, tracefs: &Tracefs) -> Result<Self, String> {
        let modules = modules();
        // Both are files of some MiB: read line by line.
        let positions = if tracefs.has(WITH_ADDRESSES) {
            let start = |address| Some(kernel.containing(address)?.address);
            by_address(|each| tracefs.lines(WITH_ADDRESSES, each), start)
        } else {
            let find = |name: &str, module: Option<&str>, after| {
                let named = kernel.functions_named(name);
                named
                    .filter(|found| found.module == module && found.address > after)
                    .map(|found| found.address)
                    .min()
            };
            by_name(|each| tracefs.lines(NAMES, each), find)
        };
        let mut positions = positions.map_err(|error| error.to_string())?;
        positions.sort_unstable();
        positions.dedup_by_key(|(address, _)| *address);
        if positions.is_empty() {
            return Err("tracefs lists no functions that can be hooked".into());
        }
        Ok(Self { positions, modules })
    }

    /// Position of the function that starts at `address`.
    pub(super) fn position(&self, address: u64) -> Option<u32> {
        let found = self
            .positions
            .binary_search_by_key(&address, |&(start, _)| start);
        found.ok().map(|at| self.positions[at].1)
    }

    /// All of them.
    pub(super) fn functions(&self) -> impl Iterator<Item = u64> {
        self.positions.iter().map(|&(address, _)| address)
    }

    /// Whether modules came or went since.
    pub(super) fn is_stale(&self) -> bool {
        self.modules != modules()
    }
}

/// Names and addresses of the loaded modules; not their use counts, which change all the time.
fn modules() -> String {
    let text = fs::read_to_string("/proc/modules").unwrap_or_default();
    let line = |line: &str| {
        let words: Vec<_> = line.split(' ').collect();
        format!("{} {}\n", words[0], words.last().unwrap_or(&""))
    };
    text.lines().map(line).collect()
}

/// `lines` hands each line to what it is given, such as `ffff800080010000 do_mount [module]`. The address may lie a few
/// bytes behind the function's start.
fn by_address(
    lines: impl FnOnce(&mut dyn FnMut(&str)) -> Result<(), TracefsError>,
    start: impl Fn(u64) -> Option<u64>,
) -> Result<Positions, TracefsError> {
    let mut positions = Vec::new();
    let mut position = 0;
    lines(&mut |line| {
        position += 1;
        let address = line.split_once(' ').map(|(address, _)| address);
        let address = address.and_then(|address| u64::from_str_radix(address, 16).ok());
        positions.extend(address.and_then(&start).map(|start| (start, position)));
    })?;
    Ok(positions)
}

/// Lines such as `do_mount [module]`; `find` gives the address of the first function of that name in that module
/// (none: the image) behind an address.
fn by_name(
    lines: impl FnOnce(&mut dyn FnMut(&str)) -> Result<(), TracefsError>,
    find: impl Fn(&str, Option<&str>, u64) -> Option<u64>,
) -> Result<Positions, TracefsError> {
    let mut positions = Vec::new();
    let mut position = 0;
    let mut module_before: Option<String> = None;
    let mut before = 0;
    lines(&mut |line| {
        position += 1;
        let (name, module) = line.split_once(' ').unwrap_or((line, ""));
        let module = Some(module.trim_matches(['[', ']'])).filter(|name| !name.is_empty());
        if module != module_before.as_deref() {
            (module_before, before) = (module.map(str::to_owned), 0);
        }
        // A name that is not found is one of the placeholders for functions that are not there.
        if let Some(address) = find(name, module, before) {
            positions.push((address, position));
            before = address;
        }
    })?;
    Ok(positions)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands on the lines of a text, as a file would.
    macro_rules! lines_of {
        ($text:expr) => {
            |each| {
                $text.lines().for_each(each);
                Ok(())
            }
        };
    }

    #[test]
    fn positions_count_from_one() {
        let text =
            "ffff800080010004 open\nffff800080010044 show\nffff80007c000004 show [overlay]\n";
        let positions = by_address(lines_of!(text), |address| Some(address & !0xf)).unwrap();
        let expected = [
            (0xffff_8000_8001_0000, 1),
            (0xffff_8000_8001_0040, 2),
            (0xffff_8000_7c00_0000, 3),
        ];
        assert_eq!(positions, expected);
    }

    #[test]
    fn functions_that_share_a_name_are_told_apart_by_their_order() {
        let symbols = [
            (0x100, "show", None),
            (0x200, "open", None),
            (0x300, "show", None),
            (0x400, "gone", None),
            (0x50, "show", Some("overlay")),
        ];
        let find = |name: &str, module: Option<&str>, after| {
            let all = symbols.iter().copied();
            let found = all.filter(|&(at, one, of)| at > after && one == name && of == module);
            found.map(|(at, ..)| at).min()
        };
        let text = "show\nopen\n__ftrace_invalid_address___8\nshow\nshow [overlay]\n";
        let positions = by_name(lines_of!(text), find).unwrap();
        assert_eq!(positions, [(0x100, 1), (0x200, 2), (0x300, 4), (0x50, 5)]);
    }
}
