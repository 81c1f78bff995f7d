//! Columns: many small rows stored field by field, so that like stands next to like under zstd.
//!
//! A columnar payload is a varint row count, a varint column count, then each column as a varint length and its
//! bytes. Within a column, values are LEB128 varints; signed ones are zigzag first; deltas are against the
//! previous row, or against the previous row of the same key. Repeated strings are numbers of a [dictionary].

mod dictionary;

use crate::{
    DecodeError,
    bounds::{MAX_COLUMNS, MAX_ROWS},
    claims::{Claims, ROW_LEN},
};

pub(crate) use dictionary::{DictionaryReader, DictionaryWriter};

/// Appends `value` as an unsigned LEB128 varint, 1 to 10 bytes.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// Small numbers for small differences of either sign.
pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// `value` as the narrower integer of its field.
pub(crate) fn narrow<T: TryFrom<u64>>(value: u64, field: &str) -> Result<T, DecodeError> {
    T::try_from(value).map_err(|_| DecodeError::malformed(format!("{field} {value} is too large")))
}

/// One column being written.
#[derive(Debug, Default)]
pub(crate) struct ColumnWriter {
    bytes: Vec<u8>,
    previous: u64,
}

impl ColumnWriter {
    /// Appends a value as it is.
    pub(crate) fn put(&mut self, value: u64) {
        put_varint(&mut self.bytes, value);
    }

    /// Appends the difference to the previous value put by this method.
    pub(crate) fn put_delta(&mut self, value: u64) {
        self.put_difference(value, self.previous);
        self.previous = value;
    }

    /// Appends the difference of `value` to `before`.
    pub(crate) fn put_difference(&mut self, value: u64, before: u64) {
        self.put(zigzag(value.wrapping_sub(before).cast_signed()));
    }

    /// Appends a length and that many bytes.
    pub(crate) fn put_bytes(&mut self, bytes: &[u8]) {
        put_varint(&mut self.bytes, bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }
}

/// Appends a columnar payload.
pub(crate) fn write_columns(out: &mut Vec<u8>, rows: usize, columns: &[ColumnWriter]) {
    put_varint(out, rows as u64);
    put_varint(out, columns.len() as u64);
    for column in columns {
        put_varint(out, column.bytes.len() as u64);
        out.extend_from_slice(&column.bytes);
    }
}

/// One column being read.
#[derive(Debug, Default)]
pub(crate) struct ColumnReader<'a> {
    bytes: &'a [u8],
    previous: u64,
}

impl<'a> ColumnReader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, previous: 0 }
    }

    /// The next value.
    pub(crate) fn take(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self
                .bytes
                .split_first()
                .ok_or_else(|| DecodeError::malformed("column is cut"))?;
            self.bytes = rest;
            if shift == 63 && byte > 1 {
                return Err(DecodeError::malformed("varint over 64 bits"));
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::malformed("varint over 64 bits"))
    }

    /// The next value, as the narrower integer of its field.
    pub(crate) fn take_as<T: TryFrom<u64>>(&mut self, field: &str) -> Result<T, DecodeError> {
        narrow(self.take()?, field)
    }

    /// The next value of a column of differences.
    pub(crate) fn take_delta(&mut self) -> Result<u64, DecodeError> {
        self.previous = self.take_difference(self.previous)?;
        Ok(self.previous)
    }

    /// The next value of a column of differences, as the narrower integer of its field.
    pub(crate) fn take_delta_as<T: TryFrom<u64>>(&mut self, field: &str) -> Result<T, DecodeError> {
        narrow(self.take_delta()?, field)
    }

    /// The next value of a column of differences to `before`.
    pub(crate) fn take_difference(&mut self, before: u64) -> Result<u64, DecodeError> {
        Ok(before.wrapping_add(unzigzag(self.take()?).cast_unsigned()))
    }

    /// The next value of a column of differences to `before`, as the narrower integer of its field.
    pub(crate) fn take_difference_as<T: TryFrom<u64>>(
        &mut self,
        before: u64,
        field: &str,
    ) -> Result<T, DecodeError> {
        narrow(self.take_difference(before)?, field)
    }

    /// The next length and that many bytes.
    pub(crate) fn take_bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let len: usize = self.take_as("length")?;
        let (bytes, rest) = self
            .bytes
            .split_at_checked(len)
            .ok_or_else(|| DecodeError::malformed("column is cut"))?;
        self.bytes = rest;
        Ok(bytes)
    }

    /// Bytes that are left: an upper bound of the values that can follow.
    fn left(&self) -> usize {
        self.bytes.len()
    }
}

/// Splits a columnar payload into its row count, what the rows claim, and `N` columns; with
/// `may_have_more`, columns of a later revision behind them are passed over.
pub(crate) fn read_columns<const N: usize>(
    payload: &[u8],
    may_have_more: bool,
) -> Result<(usize, Claims, [ColumnReader<'_>; N]), DecodeError> {
    let (rows, mut columns) = split_columns(payload, MAX_COLUMNS)?;
    let claims = claim_rows(rows)?;
    let found = columns.len();
    if may_have_more {
        columns.truncate(N);
    }
    let columns: [_; N] = columns
        .try_into()
        .map_err(|_| DecodeError::malformed(format!("{found} columns where {N} are due")))?;
    if columns.first().is_some_and(|first| first.left() < rows) {
        return Err(DecodeError::malformed("more rows than bytes"));
    }
    Ok((rows, claims, columns))
}

/// Splits a columnar payload into its row count and its columns, at most `most`.
pub(crate) fn split_columns(
    payload: &[u8],
    most: usize,
) -> Result<(usize, Vec<ColumnReader<'_>>), DecodeError> {
    let mut reader = ColumnReader::new(payload);
    let rows = reader.take_as("row count")?;
    let count: usize = reader.take_as("column count")?;
    if count > most {
        return Err(DecodeError::malformed(format!("{count} columns")));
    }
    let columns = (0..count)
        .map(|_| reader.take_bytes().map(ColumnReader::new))
        .collect::<Result<_, _>>()?;
    if reader.left() > 0 {
        return Err(DecodeError::malformed("bytes behind the last column"));
    }
    Ok((rows, columns))
}

/// Checks that every column was used up.
pub(crate) fn check_used(columns: &[ColumnReader<'_>]) -> Result<(), DecodeError> {
    if columns.iter().any(|column| column.left() > 0) {
        return Err(DecodeError::malformed("bytes behind the last row"));
    }
    Ok(())
}

/// Checks a row count against its bound, and claims that many rows.
pub(crate) fn claim_rows(rows: usize) -> Result<Claims, DecodeError> {
    if rows > MAX_ROWS {
        return Err(DecodeError::Bound {
            what: "rows",
            bound: MAX_ROWS as u64,
        });
    }
    let mut claims = Claims::default();
    claims.claim(rows, ROW_LEN)?;
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_survive(values in prop::collection::vec(any::<u64>(), 0..50)) {
            let mut plain = ColumnWriter::default();
            let mut delta = ColumnWriter::default();
            for &value in &values {
                plain.put(value);
                delta.put_delta(value);
            }
            let mut payload = Vec::new();
            write_columns(&mut payload, values.len(), &[plain, delta]);
            let (rows, _, [mut plain, mut delta]) = read_columns::<2>(&payload, false).unwrap();
            prop_assert_eq!(rows, values.len());
            for value in values {
                prop_assert_eq!(plain.take().unwrap(), value);
                prop_assert_eq!(delta.take_delta().unwrap(), value);
            }
        }

        #[test]
        fn any_bytes_are_total(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok((_, _, [mut column])) = read_columns::<1>(&bytes, true) {
                while column.take_bytes().is_ok() {}
            }
        }
    }
}
