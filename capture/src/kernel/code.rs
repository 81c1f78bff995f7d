//! Machine code of functions, from `/proc/kcore`.

use format_spec::record::{Code, FunctionCode};

use super::{Kcore, KernelSymbol};

/// Most functions of one call.
const MAX_FUNCTIONS: usize = 64;

/// Most bytes of one function; longer ones are cut.
const MAX_FUNCTION_BYTES: u64 = 32 << 10;

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
