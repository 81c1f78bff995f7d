//! The only place that uses bincode: its 2.0.1 standard encoding, within [`MAX_DECODED_LEN`].
//!
//! SPEC.md writes the encoding out, so that no reader needs the crate.

use bincode::{Decode, Encode, config};

use crate::{DecodeError, bounds::MAX_DECODED_LEN};

/// Appends `record` to `out`.
pub(crate) fn encode<T: Encode>(record: &T, out: &mut Vec<u8>) {
    match bincode::encode_to_vec(record, config::standard()) {
        Ok(bytes) => out.extend_from_slice(&bytes),
        Err(error) => unreachable!("encoding into memory has no error to give: {error}"),
    }
}

/// Reads one record that fills `bytes`.
pub(crate) fn decode<T: Decode<()>>(bytes: &[u8]) -> Result<T, DecodeError> {
    let config = config::standard().with_limit::<MAX_DECODED_LEN>();
    match bincode::decode_from_slice(bytes, config) {
        Ok((record, read)) if read == bytes.len() => Ok(record),
        Ok((_, read)) => Err(DecodeError::malformed(format!(
            "{} bytes left over",
            bytes.len() - read
        ))),
        Err(error) => Err(DecodeError::malformed(error.to_string())),
    }
}
