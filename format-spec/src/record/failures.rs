//! Failing syscalls, whole: the first of each (syscall, errno, process), then a bounded rate of them.

use std::collections::HashMap;

use super::{Layout, Record};
use crate::{
    DecodeError,
    claims::{FACT_LEN, PATH_LEN, ROW_LEN},
    columns::{
        ColumnWriter, DictionaryReader, DictionaryWriter, check_used, claim_rows, narrow,
        read_columns, write_columns,
    },
};

/// Failures in the order of their arrival.
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

const COLUMNS: usize = 23;

const _: () = assert!(size_of::<Failure>() <= ROW_LEN && size_of::<PathArgument>() <= PATH_LEN);

/// What a row's arguments and facts are differences to: those of the last row of the same syscall, the last value
/// of the same fact. A storm repeats itself, and most differences are 0.
#[derive(Default)]
struct Before {
    args: HashMap<u32, [u64; 6]>,
    facts: HashMap<u16, u64>,
}

impl Record for Failures {
    const TYPE: u16 = 5;

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let mut claims = claim_rows(self.rows.len())?;
        let mut columns: [ColumnWriter; COLUMNS] = Default::default();
        let [
            time,
            syscall,
            errno,
            flags,
            tgid,
            pid,
            uid,
            cgroup,
            rest @ ..,
        ] = &mut columns;
        let [comm, comms, a0, a1, a2, a3, a4, a5, rest @ ..] = rest;
        let [path_count, path_head, path, paths, fact_count, fact, value] = rest;
        let mut before = Before::default();
        let mut names = DictionaryWriter::default();
        let mut strings = DictionaryWriter::default();
        for row in &self.rows {
            time.put_delta(row.time_ns);
            syscall.put(row.syscall.into());
            errno.put(row.errno.into());
            flags.put(row.not_entered.into());
            tgid.put_delta(row.tgid.into());
            pid.put_difference(row.pid.into(), row.tgid.into());
            uid.put(row.uid.into());
            cgroup.put_delta(row.cgroup);
            names.put(comm, comms, &row.comm, &mut claims)?;
            let args = before.args.entry(row.syscall).or_default();
            let columns = [&mut *a0, &mut *a1, &mut *a2, &mut *a3, &mut *a4, &mut *a5];
            for ((column, &arg), before) in columns.into_iter().zip(&row.args).zip(args) {
                column.put_difference(arg, *before);
                *before = arg;
            }
            claims.claim(row.paths.len(), PATH_LEN)?;
            path_count.put(row.paths.len() as u64);
            for string in &row.paths {
                path_head.put(u64::from(string.argument) << 1 | u64::from(string.truncated));
                strings.put(path, paths, &string.bytes, &mut claims)?;
            }
            claims.claim(row.facts.len(), FACT_LEN)?;
            fact_count.put(row.facts.len() as u64);
            for &(id, number) in &row.facts {
                fact.put(id.into());
                let before = before.facts.entry(id).or_default();
                value.put_difference(number, *before);
                *before = number;
            }
        }
        write_columns(out, self.rows.len(), &columns);
        Ok(())
    }

    fn decode(payload: &[u8], layout: Layout) -> Result<Self, DecodeError> {
        let may_have_more = layout.revision > Self::LAYOUT.revision;
        let (len, mut claims, mut columns) = read_columns::<COLUMNS>(payload, may_have_more)?;
        let [
            time,
            syscall,
            errno,
            flags,
            tgid,
            pid,
            uid,
            cgroup,
            rest @ ..,
        ] = &mut columns;
        let [comm, comms, a0, a1, a2, a3, a4, a5, rest @ ..] = rest;
        let [path_count, path_head, path, paths, fact_count, fact, value] = rest;
        let mut before = Before::default();
        let mut names = DictionaryReader::default();
        let mut strings = DictionaryReader::default();
        let mut rows = Vec::with_capacity(len);
        for _ in 0..len {
            let mut row = Failure {
                time_ns: time.take_delta()?,
                syscall: syscall.take_as("syscall")?,
                errno: errno.take_as("errno")?,
                not_entered: match flags.take()? {
                    0 => false,
                    1 => true,
                    other => return Err(DecodeError::malformed(format!("flags {other:#x}"))),
                },
                tgid: tgid.take_delta_as("tgid")?,
                uid: uid.take_as("uid")?,
                cgroup: cgroup.take_delta()?,
                comm: names.take(comm, comms, &mut claims)?,
                ..Failure::default()
            };
            row.pid = pid.take_difference_as(row.tgid.into(), "pid")?;
            let args = before.args.entry(row.syscall).or_default();
            let columns = [&mut *a0, &mut *a1, &mut *a2, &mut *a3, &mut *a4, &mut *a5];
            for (column, before) in columns.into_iter().zip(&mut *args) {
                *before = column.take_difference(*before)?;
            }
            row.args = *args;
            for _ in 0..path_count.take()? {
                claims.claim(1, PATH_LEN)?;
                let head = path_head.take()?;
                row.paths.push(PathArgument {
                    argument: narrow(head >> 1, "argument number")?,
                    truncated: head & 1 != 0,
                    bytes: strings.take(path, paths, &mut claims)?,
                });
            }
            for _ in 0..fact_count.take()? {
                claims.claim(1, FACT_LEN)?;
                let id = fact.take_as("fact")?;
                let before = before.facts.entry(id).or_default();
                *before = value.take_difference(*before)?;
                row.facts.push((id, *before));
            }
            rows.push(row);
        }
        check_used(&columns)?;
        Ok(Self { rows })
    }
}
