//! How often each (syscall, errno, process) failed: exact, counted in the kernel.

use super::{Layout, Record};
use crate::{
    DecodeError,
    claims::{Claims, ROW_LEN},
    columns::{
        ColumnReader, ColumnWriter, DictionaryReader, DictionaryWriter, check_used, claim_rows,
        read_columns, write_columns,
    },
};

/// The counts since the recording began; a later record of the same bundle replaces an earlier one, and all
/// [updates](CountUpdates) before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Counts {
    /// One row for each (syscall, errno, process). All rows of a (syscall, errno) together are all its failures.
    pub rows: Vec<Count>,
}

/// Rows that are new, or other than they were: what is left of the counts when a recording is cut.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct CountUpdates {
    /// Each takes the place of the row with the same [`Count::key`]; one with a count of 0 takes it away.
    pub rows: Vec<Count>,
}

/// One (syscall, errno, process), or (syscall, errno) of several processes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Count {
    /// Syscall number of the recorded architecture.
    pub syscall: u32,
    /// errno, 1 to 4095.
    pub errno: u16,
    /// Process id (thread group id) in the initial pid namespace; 0 for several processes.
    pub tgid: u32,
    /// Name of the thread that failed first, at most 15 bytes; empty where processes are not told apart.
    #[cfg_attr(feature = "json", serde(serialize_with = "crate::json::bytes"))]
    pub comm: Vec<u8>,
    /// Number of failures.
    pub count: u64,
    /// Time of the first one.
    pub first_ns: u64,
    /// Time of the last one, known to one or two timer ticks (1 to 10 ms each).
    pub last_ns: u64,
    /// cgroup v2 id of that thread; 0 where it is not known.
    pub cgroup: u64,
    /// How many processes: 1 for the one of `tgid`, else those of this name and control group that have ended; 0 for any
    /// number of processes that are not told apart.
    pub processes: u32,
}

impl Count {
    /// What tells rows apart.
    #[must_use]
    pub fn key(&self) -> (u32, u16, u32, &[u8], u64) {
        let Self {
            syscall,
            errno,
            tgid,
            comm,
            cgroup,
            ..
        } = self;
        match tgid {
            0 => (*syscall, *errno, 0, comm, *cgroup),
            tgid => (*syscall, *errno, *tgid, &[], 0),
        }
    }
}

/// Columns of revision 0, which counts processes alone.
const COLUMNS_0: usize = 8;

/// Columns of revision 1.
const COLUMNS: usize = 10;

const _: () = assert!(size_of::<Count>() <= ROW_LEN);

impl Record for Counts {
    const TYPE: u16 = 3;
    const LAYOUT: Layout = Layout {
        version: 1,
        revision: 1,
    };

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        encode(&self.rows, out)
    }

    fn decode(payload: &[u8], layout: Layout) -> Result<Self, DecodeError> {
        let rows = match layout.revision {
            0 => decode_0(payload),
            revision => decode(payload, revision > Self::LAYOUT.revision),
        };
        rows.map(|rows| Self { rows })
    }
}

impl Record for CountUpdates {
    const TYPE: u16 = 16;

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        encode(&self.rows, out)
    }

    fn decode(payload: &[u8], layout: Layout) -> Result<Self, DecodeError> {
        let rows = decode(payload, layout.revision > Self::LAYOUT.revision)?;
        Ok(Self { rows })
    }
}

fn encode(rows: &[Count], out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let mut claims = claim_rows(rows.len())?;
    let mut columns: [ColumnWriter; COLUMNS] = Default::default();
    let [
        syscall,
        errno,
        tgid,
        comm,
        comms,
        count,
        first,
        last,
        cgroup,
        processes,
    ] = &mut columns;
    let mut names = DictionaryWriter::default();
    for row in rows {
        syscall.put(row.syscall.into());
        errno.put(row.errno.into());
        tgid.put_delta(row.tgid.into());
        names.put(comm, comms, &row.comm, &mut claims)?;
        count.put(row.count);
        first.put_delta(row.first_ns);
        last.put_difference(row.last_ns, row.first_ns);
        cgroup.put_delta(row.cgroup);
        processes.put(row.processes.into());
    }
    write_columns(out, rows.len(), &columns);
    Ok(())
}

fn decode(payload: &[u8], may_have_more: bool) -> Result<Vec<Count>, DecodeError> {
    let (len, mut claims, mut columns) = read_columns::<COLUMNS>(payload, may_have_more)?;
    let [first @ .., cgroup, processes] = &mut columns;
    let rows = take_rows(len, &mut claims, first, || {
        Ok((cgroup.take_delta()?, processes.take_as("processes")?))
    })?;
    check_used(&columns)?;
    Ok(rows)
}

fn decode_0(payload: &[u8]) -> Result<Vec<Count>, DecodeError> {
    let (len, mut claims, mut columns) = read_columns::<COLUMNS_0>(payload, false)?;
    let rows = take_rows(len, &mut claims, &mut columns, || Ok((0, 1)))?;
    check_used(&columns)?;
    Ok(rows)
}

/// Takes rows; `group` gives cgroup and processes of the next one.
fn take_rows(
    len: usize,
    claims: &mut Claims,
    columns: &mut [ColumnReader<'_>; COLUMNS_0],
    mut group: impl FnMut() -> Result<(u64, u32), DecodeError>,
) -> Result<Vec<Count>, DecodeError> {
    let [syscall, errno, tgid, comm, comms, count, first, last] = columns;
    let mut names = DictionaryReader::default();
    let mut rows = Vec::with_capacity(len);
    for _ in 0..len {
        let first_ns = first.take_delta()?;
        let (cgroup, processes) = group()?;
        rows.push(Count {
            syscall: syscall.take_as("syscall")?,
            errno: errno.take_as("errno")?,
            tgid: tgid.take_delta_as("tgid")?,
            comm: names.take(comm, comms, claims)?,
            count: count.take()?,
            first_ns,
            last_ns: last.take_difference(first_ns)?,
            cgroup,
            processes,
        });
    }
    Ok(rows)
}
