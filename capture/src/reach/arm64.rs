//! Direct calls in arm64 code: `BL`, `B` out of the function, and addresses made with `ADRP` and `ADD`.
//!
//! Encodings from the Arm Architecture Reference Manual (A64 base instructions). All instructions are 4 bytes, so
//! this reads every one of them; data between functions may look like a call, which costs a hook that is never hit.

use super::edges::Edge;

/// Hands each edge of `code`, which stands at `address`, to `each`.
pub(super) fn edges(code: &[u8], address: u64, mut each: impl FnMut(Edge)) {
    // What `ADRP` has put into each register.
    let mut pages: [Option<u64>; 32] = [None; 32];
    let (words, _) = code.as_chunks::<4>();
    for (word, pc) in words.iter().zip((address..).step_by(4)) {
        let word = u32::from_le_bytes(*word);
        if let Some(target) = branch(word, pc) {
            each(Edge::Call(target));
        } else if let Some(page) = adrp(word, pc) {
            pages[register(word, 0)] = Some(page);
        } else if let Some(offset) = add_immediate(word)
            && let Some(page) = pages[register(word, 5)]
        {
            each(Edge::Taken(page.wrapping_add(offset)));
        }
    }
}

/// Target of `BL` or `B`: 26 bits, in words.
fn branch(word: u32, pc: u64) -> Option<u64> {
    if word & 0x7c00_0000 != 0x1400_0000 {
        return None;
    }
    let offset = i64::from((word << 6).cast_signed() >> 6) * 4;
    Some(pc.wrapping_add_signed(offset))
}

/// What `ADRP` makes: 21 bits, in pages of 4 KiB.
fn adrp(word: u32, pc: u64) -> Option<u64> {
    if word & 0x9f00_0000 != 0x9000_0000 {
        return None;
    }
    let bits = (word >> 5 & 0x7_ffff) << 2 | word >> 29 & 3;
    let pages = i64::from((bits << 11).cast_signed() >> 11);
    Some((pc & !0xfff).wrapping_add_signed(pages << 12))
}

/// The unshifted immediate of a 64-bit `ADD`.
fn add_immediate(word: u32) -> Option<u64> {
    (word & 0xffc0_0000 == 0x9100_0000).then_some(u64::from(word >> 10 & 0xfff))
}

fn register(word: u32, at: u32) -> usize {
    (word >> at & 31) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(words: &[u32], address: u64) -> Vec<Edge> {
        let code: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut found = Vec::new();
        edges(&code, address, |edge| found.push(edge));
        found
    }

    /// Words as objdump shows them beside the instruction.
    #[test]
    fn branches() {
        // 1000: bl 1000 <f>; 1004: bl 0xffc; 1008: b 0x2008; 100c: ret; 1010: b.eq 0x1018; 1014: cbz x0, 0x101c
        let words = [
            0x9400_0000,
            0x97ff_fffe,
            0x1400_0400,
            0xd65f_03c0,
            0x5400_0040,
            0xb400_0040,
        ];
        let calls = [0x1000, 0xffc, 0x2008].map(Edge::Call);
        assert_eq!(all(&words, 0x1000), calls);
    }

    #[test]
    fn addresses_of_functions() {
        // adrp x1, +1 page; add x1, x1, #0x18; adrp x0, -1 page; add x2, x0, #0; add w3, w0, #1; add x4, x9, #1
        let words = [
            0xb000_0001,
            0x9100_6021,
            0xf0ff_ffe0,
            0x9100_0002,
            0x1100_0403,
            0x9100_0524,
        ];
        let taken = [0x5018, 0x3000].map(Edge::Taken);
        assert_eq!(all(&words, 0x4000), taken);
    }
}
