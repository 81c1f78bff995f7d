//! Names of the numbers that the kernel program read from the failing task.

use bincode::{Decode, Encode};

/// What each fact of a [`super::Failure`] is: written once, before the first failure.
///
/// A fact is one integer reached from the failing task's `task_struct`, read at the moment of the failure, for
/// example the number of mounts in its mount namespace. The way to it was resolved against the running kernel's
/// BTF; a fact that this kernel does not have is not in the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct FactTable {
    /// The facts.
    pub facts: Vec<FactDefinition>,
}

impl super::Plain for FactTable {
    const TYPE: u16 = 4;

    fn elements(&self) -> usize {
        self.facts.len()
    }
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct FactDefinition {
    /// Number that failures refer to.
    pub id: u16,
    /// Stable name, for example `mnt_ns.mounts`, `rlimit.NOFILE` or `mm.map_count`.
    pub name: String,
    /// Unit.
    pub unit: FactUnit,
    /// The way from the task, for example `nsproxy->mnt_ns->nr_mounts`.
    pub path: String,
}

/// Unit of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub enum FactUnit {
    /// A number of things.
    Count,
    /// Bytes.
    Bytes,
    /// Pages of the host's page size.
    Pages,
    /// An id: of a user, process or namespace (the namespace's inode number).
    Id,
    /// A set of bits.
    Bits,
}
