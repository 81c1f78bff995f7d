//! Failing syscalls, whole: the first of each (syscall, errno, process), then a bounded rate of them.

use super::Record;
use crate::{
    DecodeError,
    bounds::MAX_ROWS,
    columns::{ColumnWriter, read_columns, write_columns},
};

/// Failures in the order of their arrival.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failures {
    /// One row for each failure.
    pub rows: Vec<Failure>,
}

/// One syscall that returned an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
pub struct PathArgument {
    /// Which argument, 0 to 5.
    pub argument: u8,
    /// The string without its NUL.
    pub bytes: Vec<u8>,
    /// Whether the recorder cut it.
    pub truncated: bool,
}

const COLUMNS: usize = 18;

impl Record for Failures {
    const TYPE: u16 = 5;

    fn encode(&self, out: &mut Vec<u8>) {
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
            comm,
            rest @ ..,
        ] = &mut columns;
        let (args, [path_count, paths, fact_values]) = rest.split_at_mut(6) else {
            return;
        };
        for row in &self.rows {
            time.put_delta(row.time_ns);
            syscall.put(row.syscall.into());
            errno.put(row.errno.into());
            flags.put(row.not_entered.into());
            tgid.put_delta(row.tgid.into());
            pid.put(row.pid.wrapping_sub(row.tgid).into());
            uid.put(row.uid.into());
            cgroup.put(row.cgroup);
            comm.put_bytes(&row.comm);
            for (column, &value) in args.iter_mut().zip(&row.args) {
                column.put_delta(value);
            }
            path_count.put(row.paths.len() as u64);
            for path in &row.paths {
                paths.put(u64::from(path.argument) << 1 | u64::from(path.truncated));
                paths.put_bytes(&path.bytes);
            }
            fact_values.put(row.facts.len() as u64);
            for &(id, value) in &row.facts {
                fact_values.put(id.into());
                fact_values.put(value);
            }
        }
        write_columns(out, self.rows.len(), &columns);
    }

    fn decode(payload: &[u8], _version: u16) -> Result<Self, DecodeError> {
        let (len, mut columns) = read_columns::<COLUMNS>(payload)?;
        let [
            time,
            syscall,
            errno,
            flags,
            tgid,
            pid,
            uid,
            cgroup,
            comm,
            rest @ ..,
        ] = &mut columns;
        let (args, [path_count, paths, fact_values]) = rest.split_at_mut(6) else {
            return Err(DecodeError::malformed("columns"));
        };
        let mut rows = Vec::with_capacity(len.min(MAX_ROWS / 16));
        for _ in 0..len {
            let mut row = Failure {
                time_ns: time.take_delta()?,
                syscall: syscall.take_as("syscall")?,
                errno: errno.take_as("errno")?,
                not_entered: flags.take()? & 1 != 0,
                tgid: u32::try_from(tgid.take_delta()?)
                    .map_err(|_| DecodeError::malformed("tgid is too large"))?,
                uid: uid.take_as("uid")?,
                cgroup: cgroup.take()?,
                comm: comm.take_bytes()?.to_vec(),
                ..Failure::default()
            };
            row.pid = row.tgid.wrapping_add(pid.take_as("pid")?);
            for (column, value) in args.iter_mut().zip(&mut row.args) {
                *value = column.take_delta()?;
            }
            for _ in 0..path_count.take()? {
                let head = paths.take()?;
                row.paths.push(PathArgument {
                    argument: u8::try_from(head >> 1)
                        .map_err(|_| DecodeError::malformed("argument number is too large"))?,
                    truncated: head & 1 != 0,
                    bytes: paths.take_bytes()?.to_vec(),
                });
            }
            for _ in 0..fact_values.take()? {
                row.facts
                    .push((fact_values.take_as("fact")?, fact_values.take()?));
            }
            rows.push(row);
        }
        Ok(Self { rows })
    }
}
