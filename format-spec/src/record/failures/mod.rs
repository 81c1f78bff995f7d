//! Failing syscalls, whole: the first of each (syscall, errno, process), then a bounded rate of them.

mod columns;
mod decode;
mod encode;
mod version_1;

use super::{Layout, Record};
use crate::{
    DecodeError,
    claims::{PATH_LEN, ROW_LEN},
};

/// Failures in the order of their arrival.
///
/// Version 2 stores of each row what differs from the row before of the same thread, and of its arguments what differs
/// from those of the last call of the same kind: in a storm little more than the time is left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Failures {
    /// One row for each failure.
    pub rows: Vec<Failure>,
}

/// One syscall that returned an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Failure {
    /// When it returned.
    pub time_ns: u64,
    /// Syscall number of the recorded architecture.
    pub syscall: u32,
    /// errno, 1 to 4095.
    pub errno: u16,
    /// Whether the kernel never entered the syscall: no `sys_enter` came before (seccomp does that).
    pub not_entered: bool,
    /// Process id (thread group id) in the initial pid namespace.
    pub tgid: u32,
    /// Thread id in the initial pid namespace.
    pub pid: u32,
    /// Real user id in the initial user namespace.
    pub uid: u32,
    /// cgroup v2 id: the inode number of its directory.
    pub cgroup: u64,
    /// Name of the thread, at most 15 bytes.
    #[cfg_attr(feature = "json", serde(serialize_with = "crate::json::bytes"))]
    pub comm: Vec<u8>,
    /// The six argument registers.
    pub args: [u64; 6],
    /// Arguments that are strings in user memory.
    pub paths: Vec<PathArgument>,
    /// Facts by number, see [`super::FactTable`].
    pub facts: Vec<(u16, u64)>,
}

/// A string argument.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct PathArgument {
    /// Which argument, 0 to 5.
    pub argument: u8,
    /// The string without its NUL.
    #[cfg_attr(feature = "json", serde(serialize_with = "crate::json::bytes"))]
    pub bytes: Vec<u8>,
    /// Whether the recorder cut it.
    pub truncated: bool,
}

const _: () = assert!(size_of::<Failure>() <= ROW_LEN && size_of::<PathArgument>() <= PATH_LEN);

impl Record for Failures {
    const TYPE: u16 = 5;
    const LAYOUT: Layout = Layout {
        version: 2,
        revision: 0,
    };

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        encode::encode(&self.rows, out)
    }

    fn decode(payload: &[u8], layout: Layout) -> Result<Self, DecodeError> {
        let rows = match layout.version {
            1 => version_1::decode(payload, layout.revision > 0),
            _ => decode::decode(payload, layout.revision > Self::LAYOUT.revision),
        };
        rows.map(|rows| Self { rows })
    }
}
