//! Offsets in kernel structures as names of limits.

use std::collections::{BTreeMap, HashMap};

use format_spec::record::{CtlEntry, FieldLayout};

use super::{
    pointees::{INSTANCES, pointee},
    ucounts,
};

/// Names of resource limits by number (`include/uapi/asm-generic/resource.h`, all architectures of this tool).
const RLIMITS: [&str; 16] = [
    "CPU",
    "FSIZE",
    "DATA",
    "STACK",
    "CORE",
    "RSS",
    "NPROC",
    "NOFILE",
    "MEMLOCK",
    "AS",
    "LOCKS",
    "SIGPENDING",
    "MSGQUEUE",
    "NICE",
    "RTPRIO",
    "RTTIME",
];

/// Least number of fields that must agree with sysctls before a structure's first instance is taken as found.
const LEAST_VOTES: usize = 3;

/// A field that holds a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LimitField {
    pub(super) structure: String,
    pub(super) field: String,
    /// Size, in bytes.
    pub(super) size: u32,
    /// Culprit ids, `class:name`.
    pub(super) ids: Vec<String>,
}

/// The fields that matter, by offset.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    /// Limits by offset.
    limits: HashMap<u32, Vec<LimitField>>,
    /// Structure that the pointer at an offset of a structure points to.
    pointers: HashMap<(String, u32), &'static str>,
    /// Culprit ids of limits in the first instances of structures, by address, where the field's name tells them.
    named: HashMap<u64, Vec<String>>,
}

impl Layouts {
    pub(super) fn new(fields: &[FieldLayout], sysctls: &[CtlEntry]) -> Self {
        let mut layouts = Self::default();
        let by_address = by_address(sysctls);
        let mut bases: HashMap<&str, Option<u64>> = HashMap::new();
        for field in fields {
            let structure = field.structure.as_str();
            if let Some(to) = pointee(structure, &field.field) {
                layouts
                    .pointers
                    .insert((structure.to_owned(), field.offset), to);
            }
            let base = *bases
                .entry(structure)
                .or_insert_with(|| instance(structure, fields, sysctls, &by_address));
            let mut ids = named(structure, &field.field);
            // A sysctl whose variable is the structure itself is about something within.
            if ids.is_empty()
                && let Some(base) = base
                && field.offset > 0
            {
                let address = base.wrapping_add(field.offset.into());
                let paths = by_address.get(&address).into_iter().flatten();
                ids.extend(paths.map(|path| format!("sysctl:{path}")));
            } else if let Some(base) = base {
                let address = base.wrapping_add(field.offset.into());
                layouts.named.insert(address, ids.clone());
            }
            if !ids.is_empty() {
                layouts
                    .limits
                    .entry(field.offset)
                    .or_default()
                    .push(LimitField {
                        structure: field.structure.clone(),
                        field: field.field.clone(),
                        size: field.size,
                        ids,
                    });
            }
        }
        layouts
    }

    /// Whether the sysctl `path` is known to set another variable than the one at `address`.
    pub(super) fn is_elsewhere(&self, path: &str, address: u64) -> bool {
        let is_it = |id: &String| id.strip_prefix("sysctl:") == Some(path);
        let has = |ids: &Vec<String>| ids.iter().any(is_it);
        !self.named.get(&address).is_some_and(has) && self.named.values().any(has)
    }

    /// The limits at `offset` of any structure.
    pub(super) fn limits_at(&self, offset: u32) -> &[LimitField] {
        self.limits.get(&offset).map_or(&[], Vec::as_slice)
    }

    /// Culprit ids of the limit in the field of `structure` at `offset`.
    pub(super) fn ids(&self, structure: &str, offset: i64, size: u8) -> &[String] {
        let at = u32::try_from(offset).map_or(&[][..], |offset| self.limits_at(offset));
        let is_it =
            |field: &&LimitField| field.structure == structure && field.size == u32::from(size);
        at.iter().find(is_it).map_or(&[], |field| &field.ids)
    }

    /// What the pointer at `offset` of `structure` points to.
    pub(super) fn pointee(&self, structure: &str, offset: u32) -> Option<&'static str> {
        self.pointers.get(&(structure.to_owned(), offset)).copied()
    }

    /// What a pointer at `offset` of any structure may point to.
    pub(super) fn pointees_at(&self, offset: u32) -> impl Iterator<Item = &'static str> {
        let at = self
            .pointers
            .iter()
            .filter(move |((_, own), _)| *own == offset);
        at.map(|(_, to)| *to)
    }
}

/// Ids that follow from the field's name alone.
fn named(structure: &str, field: &str) -> Vec<String> {
    let element = |array: &str| {
        let rest = field.strip_prefix(array)?.strip_prefix('[')?;
        let (number, rest) = rest.split_once(']')?;
        Some((number.parse::<usize>().ok()?, rest))
    };
    match structure {
        "signal_struct" => match element("rlim") {
            Some((number, ".rlim_cur" | ".rlim_max")) => RLIMITS
                .get(number)
                .map(|name| format!("rlimit:{name}"))
                .into_iter()
                .collect(),
            _ => Vec::new(),
        },
        "user_namespace" => match element("ucount_max") {
            Some((number, _)) => ucounts::ids(number as u64),
            None => Vec::new(),
        },
        // Per namespace from 6.14 on (kernel/pid_namespace.c); its table is filled in when a namespace is made.
        "pid_namespace" if field == "pid_max" => vec!["sysctl:kernel.pid_max".into()],
        _ => Vec::new(),
    }
}

fn by_address(sysctls: &[CtlEntry]) -> HashMap<u64, Vec<String>> {
    let mut found: HashMap<u64, Vec<String>> = HashMap::new();
    for entry in sysctls {
        let paths = found.entry(entry.data).or_default();
        paths.extend(entry.paths.iter().cloned());
        paths.sort();
        paths.dedup();
    }
    found
}

/// Address of the first instance of a structure, such as `init_net`: its sysctls' variables lie in it.
///
/// Where data symbols are missing the fields vote: each field and each sysctl of like name give one address, and
/// the right one is given again and again.
fn instance(
    structure: &str,
    fields: &[FieldLayout],
    sysctls: &[CtlEntry],
    by_address: &HashMap<u64, Vec<String>>,
) -> Option<u64> {
    let (_, symbol) = INSTANCES.iter().find(|(own, _)| *own == structure)?;
    let named = sysctls.iter().find_map(|entry| {
        let (name, offset) = entry.symbol.as_ref()?;
        (name == symbol).then(|| entry.data.wrapping_sub(*offset))
    });
    if named.is_some() {
        return named;
    }
    let mut votes: BTreeMap<u64, usize> = BTreeMap::new();
    for field in fields.iter().filter(|field| field.structure == structure) {
        let name = normal(field.field.rsplit('.').next().unwrap_or_default());
        let ids = self::named(structure, &field.field);
        for (&address, paths) in by_address {
            let fits = paths.iter().any(|path| {
                let last = normal(path.rsplit('.').next().unwrap_or_default());
                let is_named = ids
                    .iter()
                    .any(|id| id.strip_prefix("sysctl:") == Some(path));
                is_named || last.len() > 4 && name.ends_with(&last)
            });
            if fits {
                *votes
                    .entry(address.wrapping_sub(field.offset.into()))
                    .or_default() += 1;
            }
        }
    }
    let (&base, &most) = votes.iter().max_by_key(|&(_, &count)| count)?;
    let rival = votes
        .iter()
        .filter(|&(&address, _)| address != base)
        .map(|(_, &count)| count)
        .max();
    (most >= LEAST_VOTES && rival.unwrap_or(0) * 2 <= most).then_some(base)
}

fn normal(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}
