//! Repeated strings, each stored once.

use std::collections::HashMap;

use super::{ColumnReader, ColumnWriter};
use crate::{
    DecodeError,
    claims::{Claims, STRING_LEN},
};

/// Strings by number: a number that was not used before is the next one, and brings its string.
#[derive(Debug, Default)]
pub(crate) struct DictionaryWriter<'a> {
    known: HashMap<&'a [u8], u64>,
}

impl<'a> DictionaryWriter<'a> {
    /// Appends the number of `string` to `numbers`, and the string to `strings` when it is new.
    pub(crate) fn put(
        &mut self,
        numbers: &mut ColumnWriter,
        strings: &mut ColumnWriter,
        string: &'a [u8],
        claims: &mut Claims,
    ) -> Result<(), DecodeError> {
        claims.claim(string.len(), 1)?;
        let next = self.known.len() as u64;
        let number = *self.known.entry(string).or_insert(next);
        numbers.put(number);
        if number == next {
            claims.claim(1, STRING_LEN)?;
            strings.put_bytes(string);
        }
        Ok(())
    }
}

/// Reads what [`DictionaryWriter`] wrote.
#[derive(Debug, Default)]
pub(crate) struct DictionaryReader<'a> {
    known: Vec<&'a [u8]>,
}

impl<'a> DictionaryReader<'a> {
    /// The next string; it is claimed once more by each row that holds it.
    pub(crate) fn take(
        &mut self,
        numbers: &mut ColumnReader<'a>,
        strings: &mut ColumnReader<'a>,
        claims: &mut Claims,
    ) -> Result<Vec<u8>, DecodeError> {
        let number: usize = numbers.take_as("number of a string")?;
        if number == self.known.len() {
            claims.claim(1, STRING_LEN)?;
            self.known.push(strings.take_bytes()?);
        }
        let string = self
            .known
            .get(number)
            .ok_or_else(|| DecodeError::malformed("number of a string that was not given"))?;
        claims.claim(string.len(), 1)?;
        Ok(string.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::columns::{check_used, read_columns, write_columns};

    proptest! {
        #[test]
        fn strings_survive(strings in prop::collection::vec("[ab]{0,2}", 0..30)) {
            let (mut numbers, mut texts) = (ColumnWriter::default(), ColumnWriter::default());
            let mut dictionary = DictionaryWriter::default();
            for string in &strings {
                dictionary.put(&mut numbers, &mut texts, string.as_bytes(), &mut Claims::default()).unwrap();
            }
            let mut payload = Vec::new();
            write_columns(&mut payload, strings.len(), &[numbers, texts]);
            let (_, _, mut columns) = read_columns::<2>(&payload, false).unwrap();
            let [numbers, texts] = &mut columns;
            let mut dictionary = DictionaryReader::default();
            for string in &strings {
                let read = dictionary.take(numbers, texts, &mut Claims::default()).unwrap();
                prop_assert_eq!(&read, string.as_bytes());
            }
            prop_assert!(check_used(&columns).is_ok());
        }
    }
}
