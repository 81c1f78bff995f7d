//! Mutations of bundles that leave checksums and lengths right: blind ones hardly ever come past them.

use format_spec::{Frame, Reader, Writer, container::FLAG_ZSTD};
use libfuzzer_sys::fuzzer_mutate;

/// Most bytes that a payload grows by.
const GROWTH: usize = 256;

/// Mutates what is inside of one frame, or leaves out, doubles or moves the frame; every eighth time the file itself,
/// blindly. The signature is libFuzzer's: the first `size` bytes of `data` are a bundle, `max_size` may be filled.
pub fn bundle(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let seed = seed as usize;
    let mutated = if seed.is_multiple_of(8) {
        None
    } else {
        frames(&data[..size], seed / 8)
    };
    match mutated {
        Some(file) if file.len() <= max_size => {
            data[..file.len()].copy_from_slice(&file);
            file.len()
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
}

/// The bundle with one of its frames changed; `None` when it is none, or damaged.
fn frames(file: &[u8], seed: usize) -> Option<Vec<u8>> {
    let reader = Reader::new(file).ok()?;
    let header = reader.header();
    let mut writer = Writer::new(Vec::new(), header.id, header.created_ns).ok()?;
    let mut order: Vec<&Frame> = reader.frames().iter().collect();
    let chosen = seed.checked_rem(order.len())?;
    let what = seed / order.len();
    let mut inside = None;
    match what % 32 {
        0 => drop(order.remove(chosen)),
        1 => order.insert(chosen, order[chosen]),
        2 => order.swap(chosen, what / 32 % reader.frames().len()),
        _ => inside = Some(chosen),
    }
    for (number, frame) in order.into_iter().enumerate() {
        if inside != Some(number) {
            writer
                .copy(&frame.header, reader.stored(frame).ok()?)
                .ok()?;
            continue;
        }
        let mut payload = reader.payload(frame).ok()?;
        let len = payload.len();
        payload.resize(len + GROWTH, 0);
        let len = fuzzer_mutate(&mut payload, len, len + GROWTH);
        payload.truncate(len);
        let mut header = frame.header;
        header.flags &= !FLAG_ZSTD;
        header.raw_len = u32::try_from(len).ok()?;
        writer.copy(&header, &payload).ok()?;
    }
    writer.finish().ok()
}
