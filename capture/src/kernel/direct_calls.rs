//! Where machine code calls or jumps to directly, without a decoder: a guess that symbols confirm.

/// Targets of what looks like a direct call, or jump to another function, in `code`, which lies at `address`.
///
/// arm64: `bl` and `b`, the instruction's lower 26 bits being the distance in words.
#[cfg(target_arch = "aarch64")]
pub(super) fn targets(code: &[u8], address: u64) -> impl Iterator<Item = u64> {
    let words = (0u64..).zip(code.as_chunks::<4>().0);
    words.filter_map(move |(index, word)| {
        let word = u32::from_le_bytes(*word);
        let distance = i64::from((word << 6).cast_signed() >> 6) * 4;
        let is_call = word >> 26 == 0b10_0101 || word >> 26 == 0b00_0101;
        is_call.then(|| (address + 4 * index).wrapping_add_signed(distance))
    })
}

/// Targets of what looks like a direct call, or jump to another function, in `code`, which lies at `address`.
///
/// x86-64: the bytes `e8` and `e9` with the four behind them as the distance; they may stand anywhere.
#[cfg(target_arch = "x86_64")]
pub(super) fn targets(code: &[u8], address: u64) -> impl Iterator<Item = u64> {
    let places = (0u64..).zip(code.windows(5));
    places.filter_map(move |(index, bytes)| {
        let distance = i32::from_le_bytes(bytes[1..].try_into().ok()?);
        let is_call = matches!(bytes[0], 0xe8 | 0xe9);
        is_call.then(|| (address + index + 5).wrapping_add_signed(distance.into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_arch = "aarch64")]
    fn calls_reach_both_ways() {
        // nop; bl +8; b -4
        let code = [0xd503_201fu32, 0x9400_0002, 0x17ff_ffff].map(u32::to_le_bytes);
        let found: Vec<_> = targets(code.as_flattened(), 0x1000).collect();
        assert_eq!(found, [0x100c, 0x1004]);
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn calls_reach_both_ways() {
        // nop; call +0x10; jmp -6
        let code = [0x90, 0xe8, 0x10, 0, 0, 0, 0xe9, 0xfa, 0xff, 0xff, 0xff];
        let found: Vec<_> = targets(&code, 0x1000).collect();
        assert_eq!(found, [0x1016, 0x1005]);
    }
}
