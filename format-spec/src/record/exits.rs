//! When the processes that had failures ended, and how.

use super::{Layout, Record};
use crate::{
    DecodeError,
    claims::ROW_LEN,
    columns::{ColumnWriter, check_used, claim_rows, read_columns, write_columns},
};

/// Processes that ended: of those alone of which a failure was recorded whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Exits {
    /// One row for each process.
    pub rows: Vec<Exit>,
}

/// The end of one process: of its last thread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Exit {
    /// When.
    pub time_ns: u64,
    /// Process id (thread group id) in the initial pid namespace.
    pub tgid: u32,
    /// What waitpid(2) tells its parent: see [`crate::linux::wait`].
    pub status: i32,
}

const COLUMNS: usize = 3;

const _: () = assert!(size_of::<Exit>() <= ROW_LEN);

impl Record for Exits {
    const TYPE: u16 = 15;

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        claim_rows(self.rows.len())?;
        let mut columns: [ColumnWriter; COLUMNS] = Default::default();
        let [time, tgid, status] = &mut columns;
        for row in &self.rows {
            time.put_delta(row.time_ns);
            tgid.put_delta(row.tgid.into());
            status.put(row.status.cast_unsigned().into());
        }
        write_columns(out, self.rows.len(), &columns);
        Ok(())
    }

    fn decode(payload: &[u8], layout: Layout) -> Result<Self, DecodeError> {
        let may_have_more = layout.revision > Self::LAYOUT.revision;
        let (len, _, mut columns) = read_columns::<COLUMNS>(payload, may_have_more)?;
        let [time, tgid, status] = &mut columns;
        let mut rows = Vec::with_capacity(len);
        for _ in 0..len {
            rows.push(Exit {
                time_ns: time.take_delta()?,
                tgid: tgid.take_delta_as("tgid")?,
                status: status.take_as::<u32>("status")?.cast_signed(),
            });
        }
        check_used(&columns)?;
        Ok(Self { rows })
    }
}
