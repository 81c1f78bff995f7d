//! The memory that a record claims, counted alike by writers and readers (SPEC.md, 5.3 and 6.4).

use crate::{DecodeError, bounds::MAX_DECODED_LEN};

/// What one element of a list claims: more than any takes in memory.
pub(crate) const ELEMENT_LEN: usize = 128;

/// What a row of a columnar record claims: more than any takes in memory.
pub(crate) const ROW_LEN: usize = 256;

/// What a path argument claims.
pub(crate) const PATH_LEN: usize = 32;

/// What a fact claims.
pub(crate) const FACT_LEN: usize = 16;

/// What a string of a dictionary claims, besides its bytes in each row that holds it.
pub(crate) const STRING_LEN: usize = 16;

/// Bytes claimed so far, at most [`MAX_DECODED_LEN`].
#[derive(Debug, Default)]
pub(crate) struct Claims(usize);

impl Claims {
    /// Claims room for `count` values of `len` bytes each.
    pub(crate) fn claim(&mut self, count: usize, len: usize) -> Result<(), DecodeError> {
        let claimed = count
            .checked_mul(len)
            .and_then(|bytes| bytes.checked_add(self.0));
        match claimed {
            Some(claimed) if claimed <= MAX_DECODED_LEN => {
                self.0 = claimed;
                Ok(())
            }
            _ => Err(DecodeError::Bound {
                what: "memory for the record",
                bound: MAX_DECODED_LEN as u64,
            }),
        }
    }
}
