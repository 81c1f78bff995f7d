//! How often each (syscall, errno, process) failed: exact, counted in the kernel.

use super::Record;
use crate::{
    DecodeError,
    columns::{ColumnWriter, read_columns, write_columns},
};

/// The counts since the recording began; a later record of the same bundle replaces an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// One row for each (syscall, errno, process).
    pub rows: Vec<Count>,
}

/// One (syscall, errno, process).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Syscall number of the recorded architecture.
    pub syscall: u32,
    /// errno, 1 to 4095.
    pub errno: u16,
    /// Process id (thread group id) in the initial pid namespace.
    pub tgid: u32,
    /// Name of the thread that failed first, at most 15 bytes.
    pub comm: Vec<u8>,
    /// Number of failures.
    pub count: u64,
    /// Time of the first one.
    pub first_ns: u64,
    /// Time of the last one.
    pub last_ns: u64,
}

impl Record for Counts {
    const TYPE: u16 = 3;

    fn encode(&self, out: &mut Vec<u8>) {
        let mut columns: [ColumnWriter; 7] = Default::default();
        let [syscall, errno, tgid, comm, count, first, last] = &mut columns;
        for row in &self.rows {
            syscall.put(row.syscall.into());
            errno.put(row.errno.into());
            tgid.put_delta(row.tgid.into());
            comm.put_bytes(&row.comm);
            count.put(row.count);
            first.put_delta(row.first_ns);
            last.put(row.last_ns.wrapping_sub(row.first_ns));
        }
        write_columns(out, self.rows.len(), &columns);
    }

    fn decode(payload: &[u8], _version: u16) -> Result<Self, DecodeError> {
        let (
            len,
            [
                mut syscall,
                mut errno,
                mut tgid,
                mut comm,
                mut count,
                mut first,
                mut last,
            ],
        ) = read_columns::<7>(payload)?;
        let mut rows = Vec::with_capacity(len.min(syscall.left()));
        for _ in 0..len {
            let first_ns = first.take_delta()?;
            rows.push(Count {
                syscall: syscall.take_as("syscall")?,
                errno: errno.take_as("errno")?,
                tgid: u32::try_from(tgid.take_delta()?)
                    .map_err(|_| DecodeError::malformed("tgid is too large"))?,
                comm: comm.take_bytes()?.to_vec(),
                count: count.take()?,
                first_ns,
                last_ns: first_ns.wrapping_add(last.take()?),
            });
        }
        Ok(Self { rows })
    }
}
