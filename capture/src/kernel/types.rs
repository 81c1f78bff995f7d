//! Names for what the code of functions loads: their parameters, and the structures that these point to.

use std::collections::HashSet;

use format_spec::record::{Prototype, TypeLayouts, Types};

use super::{Kernel, btf::Btf};

/// Most structures beyond the usual ones whose fields are sent in one recording.
const MAX_STRUCTURES: usize = 64;

/// How deep structures within them are opened.
const DEPTH: usize = 2;

/// Most fields of such a structure.
const MAX_FIELDS: usize = 200;

/// The prototypes of `functions` and of those that they call, and layouts of the structures that the former are given and `known` does not have yet: at
/// first the usual ones, whose pointers are then sent too.
pub(super) fn of(
    kernel: &Kernel,
    btf: &Btf,
    (functions, called): (&[u64], &[u64]),
    known: &mut HashSet<String>,
) -> Option<(Types, TypeLayouts)> {
    let mut types = Types::default();
    if known.is_empty() {
        for structure in Btf::structures() {
            known.insert(structure.to_owned());
            types.pointers.extend(btf.pointers(structure));
        }
    }
    let usual = Btf::structures().count();
    let mut new: Vec<String> = Vec::new();
    let own = functions.iter().map(|&address| (address, true));
    let others = called.iter().map(|&address| (address, false));
    for (address, has_code) in own.chain(others) {
        let found = kernel.containing(address);
        let image = found.filter(|found| found.module.is_none() && found.address == address);
        let Some(found) = image else {
            continue;
        };
        let Some((parameters, returns_to)) = btf.prototype(found.name) else {
            continue;
        };
        for to in parameters.iter().map(|parameter| &parameter.to) {
            let room = has_code && known.len() < usual + MAX_STRUCTURES;
            if room && !to.is_empty() && known.insert(to.clone()) {
                new.push(to.clone());
            }
        }
        types.functions.push(Prototype {
            address: address.wrapping_sub(kernel.base()),
            parameters,
            returns_to,
        });
    }
    let layouts = btf.layouts_of(new.iter().map(|name| (name.as_str(), DEPTH)), MAX_FIELDS);
    for structure in &new {
        types.pointers.extend(btf.pointers(structure));
    }
    Some((types, layouts))
}
