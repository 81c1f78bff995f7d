//! How often each (syscall, errno, process) failed: exact, counted in the kernel.

use super::{Layout, Record};
use crate::{
    DecodeError,
    claims::ROW_LEN,
    columns::{
        ColumnWriter, DictionaryReader, DictionaryWriter, check_used, claim_rows, read_columns,
        write_columns,
    },
};

/// The counts since the recording began; a later record of the same bundle replaces an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Counts {
    /// One row for each (syscall, errno, process).
    pub rows: Vec<Count>,
}

/// One (syscall, errno, process).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Count {
    /// Syscall number of the recorded architecture.
    pub syscall: u32,
    /// errno, 1 to 4095.
    pub errno: u16,
    /// Process id (thread group id) in the initial pid namespace.
    pub tgid: u32,
    /// Name of the thread that failed first, at most 15 bytes.
    #[cfg_attr(feature = "json", serde(serialize_with = "crate::json::bytes"))]
    pub comm: Vec<u8>,
    /// Number of failures.
    pub count: u64,
    /// Time of the first one.
    pub first_ns: u64,
    /// Time of the last one, known to one or two timer ticks (1 to 10 ms each).
    pub last_ns: u64,
}

const COLUMNS: usize = 8;

const _: () = assert!(size_of::<Count>() <= ROW_LEN);

impl Record for Counts {
    const TYPE: u16 = 3;

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let mut claims = claim_rows(self.rows.len())?;
        let mut columns: [ColumnWriter; COLUMNS] = Default::default();
        let [syscall, errno, tgid, comm, comms, count, first, last] = &mut columns;
        let mut names = DictionaryWriter::default();
        for row in &self.rows {
            syscall.put(row.syscall.into());
            errno.put(row.errno.into());
            tgid.put_delta(row.tgid.into());
            names.put(comm, comms, &row.comm, &mut claims)?;
            count.put(row.count);
            first.put_delta(row.first_ns);
            last.put_difference(row.last_ns, row.first_ns);
        }
        write_columns(out, self.rows.len(), &columns);
        Ok(())
    }

    fn decode(payload: &[u8], layout: Layout) -> Result<Self, DecodeError> {
        let may_have_more = layout.revision > Self::LAYOUT.revision;
        let (len, mut claims, mut columns) = read_columns::<COLUMNS>(payload, may_have_more)?;
        let [syscall, errno, tgid, comm, comms, count, first, last] = &mut columns;
        let mut names = DictionaryReader::default();
        let mut rows = Vec::with_capacity(len);
        for _ in 0..len {
            let first_ns = first.take_delta()?;
            rows.push(Count {
                syscall: syscall.take_as("syscall")?,
                errno: errno.take_as("errno")?,
                tgid: tgid.take_delta_as("tgid")?,
                comm: names.take(comm, comms, &mut claims)?,
                count: count.take()?,
                first_ns,
                last_ns: last.take_difference(first_ns)?,
            });
        }
        check_used(&columns)?;
        Ok(Self { rows })
    }
}
