//! The only place that uses bincode: its 2.0.1 standard encoding, within [`MAX_DECODED_LEN`].
//!
//! SPEC.md writes the encoding out, so that no reader needs the crate.

use bincode::{Decode, Encode, config};

use crate::{DecodeError, bounds::MAX_DECODED_LEN};

/// Payloads of up to this many bytes decode within [`MAX_DECODED_LEN`] whatever they hold: no element of a list
/// takes more than 128 bytes of memory or less than 1 byte of payload.
const ALWAYS_DECODES: usize = MAX_DECODED_LEN / 128;

/// Appends `record` to `out`.
///
/// # Errors
/// When a reader's bound on memory would keep it from decoding the record.
pub(crate) fn encode<T: Encode + Decode<()>>(
    record: &T,
    out: &mut Vec<u8>,
) -> Result<(), DecodeError> {
    let bytes = bincode::encode_to_vec(record, config::standard())
        .map_err(|error| DecodeError::malformed(error.to_string()))?;
    if bytes.len() > ALWAYS_DECODES {
        decode::<T>(&bytes, false)?;
    }
    out.extend_from_slice(&bytes);
    Ok(())
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
