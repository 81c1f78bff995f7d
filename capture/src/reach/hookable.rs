//! Functions that ftrace can hook, and where each stands in `available_filter_functions`.
//!
//! `set_ftrace_filter` takes such a position, from 1, and finds the function without a walk (`add_rec_by_index` in
//! `kernel/trace/ftrace.c`, since 5.1). `available_filter_functions_addrs` (since 6.5) has addresses too; before,
//! names are lined up with kallsyms: the image's functions come first, then each module's, each by rising address.

use std::{collections::HashMap, fs};

use crate::{kernel::Kernel, tracefs::Tracefs};

/// What can be hooked.
#[derive(Debug)]
pub(super) struct Hookable {
    positions: HashMap<u64, u32>,
    modules: String,
}

impl Hookable {
    /// Reads the list.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub(super) fn load(kernel: &Kernel, tracefs: &Tracefs) -> Result<Self, String> {
        let modules = modules();
        let with_addresses = tracefs.read("available_filter_functions_addrs");
        let positions = match with_addresses {
            Ok(text) => by_address(&text, |address| Some(kernel.containing(address)?.address)),
            Err(_) => {
                let text = tracefs
                    .read("available_filter_functions")
                    .map_err(|error| error.to_string())?;
                by_name(&text, |name, module, after| {
                    let named = kernel.functions_named(name);
                    named
                        .filter(|found| found.module == module && found.address > after)
                        .map(|found| found.address)
                        .min()
                })
            }
        };
        if positions.is_empty() {
            return Err("tracefs lists no functions that can be hooked".into());
        }
        Ok(Self { positions, modules })
    }

    /// Position of the function that starts at `address`.
    pub(super) fn position(&self, address: u64) -> Option<u32> {
        self.positions.get(&address).copied()
    }

    /// All of them.
    pub(super) fn functions(&self) -> impl Iterator<Item = u64> {
        self.positions.keys().copied()
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

/// Lines such as `ffff800080010000 do_mount [module]`. The address may lie a few bytes behind the function's start.
fn by_address(text: &str, start: impl Fn(u64) -> Option<u64>) -> HashMap<u64, u32> {
    let lines = (1..).zip(text.lines());
    let found = lines.filter_map(|(position, line)| {
        let (address, _) = line.split_once(' ')?;
        let address = u64::from_str_radix(address, 16).ok()?;
        Some((start(address)?, position))
    });
    found.collect()
}

/// Lines such as `do_mount [module]`; `find` gives the address of the first function of that name in that module
/// (none: the image) behind an address.
fn by_name(text: &str, find: impl Fn(&str, Option<&str>, u64) -> Option<u64>) -> HashMap<u64, u32> {
    let mut positions = HashMap::new();
    let mut module_before = None;
    let mut before = 0;
    for (position, line) in (1..).zip(text.lines()) {
        let (name, module) = line.split_once(' ').unwrap_or((line, ""));
        let module = Some(module.trim_matches(['[', ']'])).filter(|name| !name.is_empty());
        if module != module_before {
            (module_before, before) = (module, 0);
        }
        // A name that is not found is one of the placeholders for functions that are not there.
        if let Some(address) = find(name, module, before) {
            positions.insert(address, position);
            before = address;
        }
    }
    positions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_one() {
        let text =
            "ffff800080010004 open\nffff800080010044 show\nffff80007c000004 show [overlay]\n";
        let positions = by_address(text, |address| Some(address & !0xf));
        assert_eq!(positions[&0xffff_8000_8001_0040], 2);
        assert_eq!(positions[&0xffff_8000_7c00_0000], 3);
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
        let positions = by_name(text, find);
        let expected = [(0x100, 1), (0x200, 2), (0x300, 4), (0x50, 5)];
        assert_eq!(positions, HashMap::from(expected));
    }
}
