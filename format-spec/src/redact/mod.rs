//! Pseudonyms in place of what names a host, its users and its work (feature `redact`).
//!
//! Everything is replaced by something of the same kind, and the same by the same: paths keep their depth and the
//! names that every system has, addresses their form and their special values, ids their length. What a rule
//! compares stays comparable, so that a redacted bundle has the culprit that the original has. The key decides the
//! pseudonyms; without it nobody can tell whether a guess is right.
//!
//! What is not known to be public is replaced, or dropped. Public are numbers: of processes, users, syscalls, arguments,
//! sizes and times; words that every system has, and files in which the kernel alone writes (`public/`); what the
//! kernel's log says in its own words; names of kernel functions and modules, and code.

mod address;
mod command;
mod files;
mod kernel_log;
mod mounts;
mod name;
mod network;
mod path;
mod records;
mod secrets;
mod text;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use records::Redact;

/// What was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub enum Kind {
    /// The name of the host, or its domain.
    HostName,
    /// A name in a path that is not the system's own, of a user's folder, a container or a control group too.
    PathName,
    /// The name of a thread or program.
    ThreadName,
    /// An IPv4 or IPv6 address.
    IpAddress,
    /// A hardware address.
    MacAddress,
    /// An id: of a container, machine, boot, or any long hexadecimal number in a name.
    Id,
    /// A word of a command line, of a label or of a setting.
    Word,
    /// The value of what looks like an environment variable.
    Environment,
    /// A mail address.
    MailAddress,
    /// A kernel address in a text.
    KernelAddress,
    /// The name of a network interface.
    Interface,
    /// What a message of the kernel's log says besides the kernel's own words.
    LogText,
}

impl Kind {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HostName => "host names",
            Self::PathName => "names in paths",
            Self::ThreadName => "names of threads",
            Self::IpAddress => "IP addresses",
            Self::MacAddress => "hardware addresses",
            Self::Id => "ids",
            Self::Word => "words of command lines and labels",
            Self::Environment => "values of environment variables",
            Self::MailAddress => "mail addresses",
            Self::KernelAddress => "kernel addresses",
            Self::Interface => "names of network interfaces",
            Self::LogText => "texts in the kernel's log",
        }
    }
}

/// Replaces, and counts what it replaced.
///
/// ```
/// use format_spec::{record::{Failure, PathArgument}, redact::{Redact, Redactor}};
///
/// let mut redactor = Redactor::new([7; 32]);
/// let mut failures = format_spec::record::Failures { rows: vec![Failure {
///     paths: vec![PathArgument { argument: 1, bytes: b"/home/alice/tmp".to_vec(), truncated: false }],
///     ..Failure::default()
/// }] };
/// failures.redact(&mut redactor);
/// let path = String::from_utf8_lossy(&failures.rows[0].paths[0].bytes).into_owned();
/// assert!(path.starts_with("/home/") && path.ends_with("/tmp") && !path.contains("alice"));
/// ```
#[derive(Debug)]
pub struct Redactor {
    key: [u8; 32],
    /// Host names that were seen: they are replaced wherever they stand.
    hosts: BTreeSet<Vec<u8>>,
    replaced: BTreeMap<Kind, BTreeMap<Vec<u8>, u64>>,
    /// Octets of addresses that were asked for, by what stands in front of them.
    octets: HashMap<Vec<u8>, u8>,
}

impl Redactor {
    /// A redactor whose pseudonyms are those of `key`: 32 random bytes, kept secret or thrown away.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            key,
            hosts: BTreeSet::new(),
            replaced: BTreeMap::new(),
            octets: HashMap::new(),
        }
    }

    /// How many different strings of each kind were replaced, and how often.
    #[must_use]
    pub fn report(&self) -> Vec<(Kind, usize, u64)> {
        let kinds = self.replaced.iter();
        kinds
            .map(|(&kind, strings)| (kind, strings.len(), strings.values().sum()))
            .collect()
    }

    /// The strings that were replaced: for a check that none is left. They are as secret as the bundle.
    pub fn originals(&self) -> impl Iterator<Item = (Kind, &[u8])> {
        let kinds = self.replaced.iter();
        kinds.flat_map(|(&kind, strings)| {
            strings.keys().map(move |string| (kind, string.as_slice()))
        })
    }

    fn note(&mut self, kind: Kind, original: &[u8]) {
        let strings = self.replaced.entry(kind).or_default();
        *strings.entry(original.to_vec()).or_default() += 1;
    }

    /// Keyed bytes that stand for `original`.
    fn keyed(&self, domain: &[u8], original: &[u8]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&[u8::try_from(domain.len()).unwrap_or(u8::MAX)]);
        hasher.update(domain).update(original);
        *hasher.finalize().as_bytes()
    }
}
