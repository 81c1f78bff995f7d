//! Columns: many small rows stored field by field, so that like stands next to like under zstd.
//!
//! A columnar payload is a varint row count, a varint column count, then each column as a varint length and its
//! bytes. Within a column, values are LEB128 varints; signed ones are zigzag first; deltas are against the
//! previous row.

use crate::{
    DecodeError,
    bounds::{MAX_COLUMNS, MAX_ROWS},
};

/// Appends `value` as an unsigned LEB128 varint, 1 to 10 bytes.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
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
        put_varint(
            &mut self.bytes,
            zigzag(value.wrapping_sub(self.previous).cast_signed()),
        );
        self.previous = value;
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
        let value = self.take()?;
        T::try_from(value)
            .map_err(|_| DecodeError::malformed(format!("{field} {value} is too large")))
    }

    /// The next value of a column of differences.
    pub(crate) fn take_delta(&mut self) -> Result<u64, DecodeError> {
        let delta = unzigzag(self.take()?);
        self.previous = self.previous.wrapping_add(delta.cast_unsigned());
        Ok(self.previous)
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
    pub(crate) fn left(&self) -> usize {
        self.bytes.len()
    }
}

/// Splits a columnar payload into its row count and `N` columns; further columns, of a later version, are dropped.
pub(crate) fn read_columns<const N: usize>(
    payload: &[u8],
) -> Result<(usize, [ColumnReader<'_>; N]), DecodeError> {
    let mut reader = ColumnReader::new(payload);
    let rows: usize = reader.take_as("row count")?;
    if rows > MAX_ROWS {
        return Err(DecodeError::Bound {
            what: "row count",
            found: rows as u64,
            bound: MAX_ROWS as u64,
        });
    }
    let columns: usize = reader.take_as("column count")?;
    if columns < N || columns > MAX_COLUMNS {
        return Err(DecodeError::malformed(format!(
            "{columns} columns where {N} are due"
        )));
    }
    let mut out = [const {
        ColumnReader {
            bytes: &[],
            previous: 0,
        }
    }; N];
    for column in &mut out {
        *column = ColumnReader::new(reader.take_bytes()?);
    }
    if out.first().is_some_and(|first| first.left() < rows) {
        return Err(DecodeError::malformed("more rows than bytes"));
    }
    Ok((rows, out))
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
            let (rows, [mut plain, mut delta]) = read_columns::<2>(&payload).unwrap();
            prop_assert_eq!(rows, values.len());
            for value in values {
                prop_assert_eq!(plain.take().unwrap(), value);
                prop_assert_eq!(delta.take_delta().unwrap(), value);
            }
        }

        #[test]
        fn any_bytes_are_total(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok((_, [mut column])) = read_columns::<1>(&bytes) {
                while column.take_bytes().is_ok() {}
            }
        }
    }
}
