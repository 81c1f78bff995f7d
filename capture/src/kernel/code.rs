//! Machine code of functions, from `/proc/kcore`.

use std::collections::HashMap;

use format_spec::record::{Code, FunctionCode};

use super::{Kcore, KernelSymbol};

/// Most functions of one call.
const MAX_FUNCTIONS: usize = 64;

/// Most bytes of one function; longer ones are cut.
const MAX_FUNCTION_BYTES: u64 = 32 << 10;

/// What a probe within a function puts in the place of an instruction on arm64: `brk #4` (`KPROBES_BRK_IMM`,
/// `arch/arm64/include/asm/brk-imm.h`).
const PROBE: [u8; 4] = 0xd420_0080_u32.to_le_bytes();

/// Most bytes of one call.
const MAX_BYTES: u64 = 1 << 20;

/// The code of `functions`, each once, in their order, until a bound is reached. Those that cannot be read or whose
/// size is unknown are left out.
pub(super) fn read<'a>(
    kcore: &Kcore,
    functions: impl Iterator<Item = KernelSymbol<'a>>,
    base: u64,
) -> Code {
    let mut code = Code::default();
    let mut left = MAX_BYTES;
    for function in functions {
        let address = function.address.wrapping_sub(base);
        let known = code.functions.iter().any(|known| known.address == address);
        let len = function.size.min(MAX_FUNCTION_BYTES).min(left);
        if known || len == 0 || !function.is_text() {
            continue;
        }
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        if kcore.read(function.address, &mut bytes).is_err() {
            continue;
        }
        code.functions.push(FunctionCode { address, bytes });
        left -= len;
        if code.functions.len() == MAX_FUNCTIONS {
            break;
        }
    }
    code
}

/// Puts the instructions of `places`, by address (absolute), back where probes stand now.
pub(super) fn without_probes(code: &mut Code, base: u64, places: &HashMap<u64, [u8; 4]>) {
    for function in &mut code.functions {
        let start = function.address.wrapping_add(base);
        let (words, _) = function.bytes.as_chunks_mut::<4>();
        for (index, word) in words.iter_mut().enumerate() {
            if *word == PROBE
                && let Some(own) = places.get(&start.wrapping_add(4 * index as u64))
            {
                *word = *own;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_is_put_back_where_its_probe_stands() {
        let mov = 0x1280_0360_u32.to_le_bytes();
        let ret = 0xd65f_03c0_u32.to_le_bytes();
        let mut code = Code {
            functions: vec![FunctionCode {
                address: 0x100,
                bytes: [PROBE, PROBE, ret].concat(),
            }],
        };
        let base = 0xffff_8000_0000_0000;
        // Another tool's probe, and a place whose probe is gone again.
        let places = HashMap::from([(base + 0x100, mov), (base + 0x108, mov)]);
        without_probes(&mut code, base, &places);
        assert_eq!(code.functions[0].bytes, [mov, PROBE, ret].concat());
    }
}
