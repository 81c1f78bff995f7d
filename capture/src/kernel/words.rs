//! The image's data, word by word.

use super::{Kallsyms, Kcore, KcoreError};

/// Bytes read at a time.
const CHUNK: usize = 1 << 20;

/// Hands each aligned 8-byte word of the image's data that is an address within its text to `each`.
///
/// # Errors
/// When the image cannot be read. Without `_stext` and `_etext` there are no words.
pub(super) fn into_text(
    symbols: &Kallsyms,
    kcore: &Kcore,
    mut each: impl FnMut(u64),
) -> Result<(), KcoreError> {
    let named = |name| Some(symbols.named(name).next()?.address);
    let (Some(start), Some(text_end)) = (named("_stext"), named("_etext")) else {
        return Ok(());
    };
    let Some(segment) = kcore.segment(start) else {
        return Ok(());
    };
    let end = segment.address.saturating_add(segment.len);
    let mut chunk = vec![0; CHUNK];
    let mut at = text_end.next_multiple_of(8);
    while at < end {
        let len = usize::try_from(end - at).map_or(CHUNK, |left| left.min(CHUNK));
        kcore.read(at, &mut chunk[..len])?;
        let (words, _) = chunk[..len].as_chunks::<8>();
        for word in words {
            let word = u64::from_le_bytes(*word);
            if (start..text_end).contains(&word) {
                each(word);
            }
        }
        at += len as u64;
    }
    Ok(())
}
