//! The only place that uses zstd.

use zstd::{bulk, zstd_safe};

use crate::DecodeError;

/// zstd level: 3 is the default of zstd itself, about 300 MB/s on one core.
const LEVEL: i32 = 3;

/// Payloads below this many bytes are stored as they are: a zstd frame would not be smaller.
const LEAST_COMPRESSED: usize = 64;

/// Magic number of a zstd frame that is not a skippable one.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// `payload` as one zstd frame; `None` when that would not be smaller.
pub(crate) fn deflate(payload: &[u8]) -> std::io::Result<Option<Vec<u8>>> {
    if payload.len() < LEAST_COMPRESSED {
        return Ok(None);
    }
    let stored = bulk::compress(payload, LEVEL)?;
    Ok(Some(stored).filter(|stored| stored.len() < payload.len()))
}

/// The `raw_len` bytes that `stored`, one zstd frame, stands for.
///
/// # Errors
/// When it is not one zstd frame, or not of that length: never more memory than `raw_len` is taken for the output.
pub(crate) fn inflate(stored: &[u8], raw_len: usize) -> Result<Vec<u8>, DecodeError> {
    let error = |what: String| DecodeError::Zstd(what);
    if !stored.starts_with(&MAGIC) {
        return Err(error("no zstd frame".to_owned()));
    }
    match zstd_safe::find_frame_compressed_size(stored) {
        Ok(len) if len == stored.len() => {}
        Ok(len) => {
            let more = stored.len().saturating_sub(len);
            return Err(error(format!("{more} bytes behind the zstd frame")));
        }
        Err(code) => return Err(error(zstd_safe::get_error_name(code).to_owned())),
    }
    let payload =
        bulk::decompress(stored, raw_len).map_err(|failure| error(failure.to_string()))?;
    if payload.len() != raw_len {
        return Err(error(format!("{} bytes, not {raw_len}", payload.len())));
    }
    Ok(payload)
}
