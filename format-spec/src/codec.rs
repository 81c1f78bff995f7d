//! The only place that uses bincode: its 2.0.1 standard encoding, within [`MAX_DECODED_LEN`].
//!
//! SPEC.md writes the encoding out, so that no reader needs the crate.

use bincode::{Decode, Encode, config};

use crate::{
    DecodeError,
    bounds::MAX_DECODED_LEN,
    claims::{Claims, ELEMENT_LEN},
};

/// Appends `record`, whose lists have so many elements in all, to `out`.
///
/// # Errors
/// When a reader may refuse the record for the memory that it takes.
pub(crate) fn encode_bounded<T: Encode>(
    record: &T,
    elements: usize,
    out: &mut Vec<u8>,
) -> Result<(), DecodeError> {
    let start = out.len();
    encode(record, out);
    let mut claims = Claims::default();
    claims.claim(elements, ELEMENT_LEN)?;
    claims.claim(out.len() - start, 1)
}

/// Appends `record` to `out`.
pub(crate) fn encode<T: Encode>(record: &T, out: &mut Vec<u8>) {
    match bincode::encode_to_vec(record, config::standard()) {
        Ok(bytes) => out.extend_from_slice(&bytes),
        Err(error) => unreachable!("encoding into memory has no error to give: {error}"),
    }
}

/// Reads one record that fills `bytes`, or begins them when `may_have_more`.
pub(crate) fn decode<T: Decode<()>>(bytes: &[u8], may_have_more: bool) -> Result<T, DecodeError> {
    let config = config::standard().with_limit::<MAX_DECODED_LEN>();
    match bincode::decode_from_slice(bytes, config) {
        Ok((record, read)) if read == bytes.len() || may_have_more => Ok(record),
        Ok((_, read)) => Err(DecodeError::malformed(format!(
            "{} bytes left over",
            bytes.len() - read
        ))),
        Err(bincode::error::DecodeError::LimitExceeded) => Err(DecodeError::Bound {
            what: "memory for the record",
            bound: MAX_DECODED_LEN as u64,
        }),
        Err(error) => Err(DecodeError::malformed(error.to_string())),
    }
}
