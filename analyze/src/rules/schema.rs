//! The rule files as they are written.

use serde::Deserialize;

use super::{
    capabilities::CapabilityIs,
    mounts::MountIs,
    ranges::{ArgumentIs, BeyondIs, FactIs, FlagIs, SysctlIs, TextIs},
};

/// Beginnings of the names of facts that tell for whom limits and rights hold.
const SCOPES: [&str; 6] = [
    "cred.",
    "mnt_ns.owner_level",
    "pid_ns.level",
    "pid_ns.owner_level",
    "rlimit.",
    "user_ns.",
];

/// One file: the rules of one subsystem.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// The rules.
    #[serde(default)]
    pub rule: Vec<Rule>,
}

/// One rule: conditions, all of which must hold, and a conclusion.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Culprit id, `class:name`.
    pub id: String,
    /// The cause in a few words.
    pub title: String,
    /// errno of the syscall, any of them.
    pub errno: Vec<String>,
    /// The syscall, any of them; empty for any.
    #[serde(default)]
    pub syscall: Vec<String>,
    /// The function that first returned the error, any of them, without suffixes.
    #[serde(default)]
    pub origin: Vec<String>,
    /// One of these stands on the way from the syscall to the origin, or is the origin.
    #[serde(default)]
    pub path: Vec<String>,
    /// One of these was among the last functions that the origin called, or the one below it whose errno it replaced.
    #[serde(default)]
    pub called: Vec<String>,
    /// The origin's own errno, where it is translated on the way out.
    #[serde(default)]
    pub inner_errno: Vec<String>,
    /// What calls of the origin returned.
    #[serde(default)]
    pub predicate: Vec<PredicateIs>,
    /// Constant arguments of calls in the origin's code.
    #[serde(default)]
    pub constant: Vec<ConstantIs>,
    /// Syscall arguments.
    #[serde(default)]
    pub argument: Vec<ArgumentIs>,
    /// Flags of open(2).
    #[serde(default)]
    pub flag: Vec<FlagIs>,
    /// Names that the call was given.
    #[serde(default)]
    pub text: Vec<TextIs>,
    /// Syscall arguments that reach a fact of the failing task.
    #[serde(default)]
    pub beyond: Vec<BeyondIs>,
    /// Capabilities of the failing task.
    pub capability: Option<CapabilityIs>,
    /// Facts of the failing task.
    #[serde(default)]
    pub fact: Vec<FactIs>,
    /// Values of sysctls.
    #[serde(default)]
    pub sysctl: Vec<SysctlIs>,
    /// Type of the file system that the call is about, any of them.
    #[serde(default)]
    pub filesystem: Vec<String>,
    /// Attributes of the file that the call named, or of the folder that holds it.
    #[serde(default)]
    pub file: Vec<FileIs>,
    /// Mounts that the call is about.
    #[serde(default)]
    pub mount: Vec<MountIs>,
    /// Words of messages that the kernel logs when it refuses for this cause, any of them. That there is none says
    /// nothing: messages are limited in rate, and some come once.
    #[serde(default)]
    pub log: Vec<String>,
    /// Whether one of these messages must have come: only the words tell this cause from others of the same origin.
    #[serde(default)]
    pub logged: bool,
    /// Whether its conditions on arguments, facts, mounts and the like must be answered: without them its origin says
    /// nothing of this cause.
    #[serde(default)]
    pub answered: bool,
    /// Rows of the table of limits whose use is evidence.
    #[serde(default)]
    pub limit: Vec<String>,
    /// Whether a limit that is known and not near rules this out; by default so when `limit` is given.
    pub near: Option<bool>,
    /// The explanation, with placeholders.
    pub why: String,
    /// What to do, the first one first, with placeholders; a command between backticks (see [`super::Remedy`]).
    #[serde(default)]
    pub remedy: Vec<String>,
}

impl Rule {
    /// Conditions on facts: those of what was found, and those of which limits and rights hold for the task at all.
    pub(crate) fn facts(&self) -> (impl Iterator<Item = &FactIs>, impl Iterator<Item = &FactIs>) {
        let is_scope = |is: &&FactIs| SCOPES.iter().any(|scope| is.name.starts_with(scope));
        let found = self.fact.iter().filter(move |is| !is_scope(is));
        (found, self.fact.iter().filter(is_scope))
    }

    /// The conditions on what was found, facts, sysctls, files and mounts, in words.
    pub(crate) fn found_text(&self) -> String {
        let facts = self.facts().0.map(FactIs::text);
        let sysctls = self
            .sysctl
            .iter()
            .map(|is| format!("{} {}", is.name, is.range()));
        let beyond = self.beyond.iter().map(BeyondIs::text);
        let files = self.file.iter().map(FileIs::text);
        let mounts = self.mount.iter().map(MountIs::text);
        let all = facts
            .chain(sysctls)
            .chain(files)
            .chain(mounts)
            .chain(beyond);
        all.collect::<Vec<_>>().join(", ")
    }

    /// The conditions on what was asked for, and by whom, in words.
    pub(crate) fn asked_text(&self) -> String {
        let arguments = self
            .argument
            .iter()
            .map(|is| format!("argument {} {}", is.index, is.range()));
        let flags = self.flag.iter().map(|is| format!("{} is set", is.set));
        let texts = self.text.iter().map(TextIs::text);
        let types = (!self.filesystem.is_empty())
            .then(|| format!("file system is {}", self.filesystem.join(" or ")));
        let capabilities = self.capability.iter().map(CapabilityIs::text);
        let scopes = self.facts().1.map(FactIs::text);
        let all = arguments.chain(flags).chain(texts).chain(types);
        all.chain(capabilities)
            .chain(scopes)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// The file that the call named, or the folder that holds it, is of a certain kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileIs {
    /// Which of them.
    pub at: Place,
    /// Whether it is there.
    pub exists: Option<bool>,
    /// An attribute of statx(2) that it has: `immutable`, `append`, `verity`, `encrypted`.
    pub attribute: Option<String>,
    /// Bits of `st_mode` that are set, for example 0o1000 for sticky.
    pub mode_set: Option<u32>,
    /// Name of an extended attribute that it has.
    pub xattr: Option<String>,
}

/// Which file a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The file that the call named.
    Target,
    /// The folder that holds it, or would.
    Folder,
    /// Any of the two.
    Either,
    /// A symbolic link on the way to it.
    Link,
}

impl FileIs {
    fn text(&self) -> String {
        let place = match self.at {
            Place::Target => "the file",
            Place::Folder => "its folder",
            Place::Either => "the file or its folder",
            Place::Link => "a link on the way",
        };
        let is = [
            self.exists
                .map(|exists| if exists { "exists" } else { "does not exist" }.to_owned()),
            self.attribute.as_ref().map(|name| format!("is {name}")),
            self.mode_set.map(|bits| format!("has mode bits {bits:o}")),
            self.xattr.as_ref().map(|name| format!("has {name}")),
        ];
        let is: Vec<String> = is.into_iter().flatten().collect();
        format!("{place} {}", is.join(" and "))
    }
}

/// A callee of the origin returned something.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredicateIs {
    /// The callee, without suffixes.
    pub function: String,
    /// What it returned.
    pub returned: Returned,
}

/// What a predicate returned.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Returned {
    /// A NULL pointer.
    Null,
    /// 0 or false.
    Zero,
    /// Neither 0 nor false nor an errno.
    Nonzero,
    /// That errno, by name.
    Errno(String),
}

impl Returned {
    /// How it is worded.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Null => "NULL",
            Self::Zero => "0",
            Self::Nonzero => "not 0",
            Self::Errno(name) => name,
        }
    }
}

impl From<String> for Returned {
    fn from(name: String) -> Self {
        match name.as_str() {
            "null" => Self::Null,
            "zero" => Self::Zero,
            "nonzero" => Self::Nonzero,
            _ => Self::Errno(name),
        }
    }
}

/// The origin's code calls a function with a constant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstantIs {
    /// The callee, without suffixes.
    pub function: String,
    /// Which argument, from 0.
    pub argument: u8,
    /// The constant.
    pub value: u64,
}
