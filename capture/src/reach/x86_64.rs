//! Direct calls in x86-64 code: `CALL`, `JMP` and `Jcc` with a 32-bit distance, and addresses as 32-bit immediates.
//!
//! Instructions have no fixed length, and this does not work it out: it takes every byte for an opcode. An edge
//! counts only when it leads to the very first byte of a function, and four random bytes do that once in ten thousand
//! times or less; such an edge costs a hook that is never hit. (Intel SDM, volume 2: E8, E9, 0F 80 to 0F 8F.)

use super::edges::Edge;

/// Hands each possible edge of `code`, which stands at `address`, to `each`.
pub(super) fn edges(code: &[u8], address: u64, mut each: impl FnMut(Edge)) {
    for (at, value) in code.windows(4).enumerate() {
        let value = i32::from_le_bytes([value[0], value[1], value[2], value[3]]);
        let end = address.wrapping_add(at as u64 + 4);
        let opcode = at.checked_sub(1).map(|before| code[before]);
        let is_long = at >= 2 && code[at - 2] == 0x0f;
        match opcode {
            Some(0xe8 | 0xe9) => each(Edge::Call(end.wrapping_add_signed(value.into()))),
            Some(0x80..=0x8f) if is_long => {
                each(Edge::Call(end.wrapping_add_signed(value.into())));
            }
            // The kernel's addresses are sign-extended (`-mcmodel=kernel`).
            _ if value < 0 => each(Edge::Taken(i64::from(value).cast_unsigned())),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_jumps_and_addresses() {
        let code = [
            0xe8, 0x0b, 0x00, 0x00, 0x00, // 1000: call 1010
            0x0f, 0x84, 0x01, 0x00, 0x00, 0x00, // 1005: je 100c
            0xe9, 0xf0, 0xff, 0xff, 0xff, // 100b: jmp 1000
            0x48, 0xc7, 0xc7, 0x40, 0x12, 0x00, 0x81, // 1010: mov rdi, 0xffffffff81001240
        ];
        let mut found = Vec::new();
        edges(&code, 0x1000, |edge| found.push(edge));
        for edge in [
            Edge::Call(0x1010),
            Edge::Call(0x100c),
            Edge::Call(0x1000),
            Edge::Taken(0xffff_ffff_8100_1240),
        ] {
            assert!(found.contains(&edge), "{edge:x?}");
        }
    }
}
