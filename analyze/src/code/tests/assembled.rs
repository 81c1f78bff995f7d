//! Small functions put together by hand.

use std::sync::Arc;

use format_spec::record::{Architecture, CtlEntry, FieldLayout, FunctionCode, ReturnType, Symbol};

use super::super::{FunctionEvidence, Kernel, references};

/// Where the functions are: a variable of the sysctl `fs.limit` is 0x1000 further on.
pub(super) const AT: u64 = 0x8000;

/// What the code of a function at [`AT`] shows. `panic` is at 0x100, `inc_ucount` at 0x200, a stub for calls by rax at
/// 0x300.
pub(super) fn look(architecture: Architecture, bytes: &[u8]) -> Arc<FunctionEvidence> {
    references(&kernel(architecture, bytes), AT).unwrap()
}

/// The kernel of [`look`].
pub(super) fn kernel(architecture: Architecture, bytes: &[u8]) -> Kernel {
    let symbol = |address, name: &str| Symbol {
        address,
        size: 0x10,
        kind: b'T',
        name: name.into(),
        module: None,
        returns: ReturnType::Unknown,
    };
    let symbols = [
        symbol(0x100, "panic"),
        symbol(0x200, "inc_ucount"),
        symbol(0x300, "__x86_indirect_thunk_rax"),
        symbol(AT, "function"),
    ];
    let code = [FunctionCode {
        address: AT,
        bytes: bytes.to_vec(),
    }];
    let limit = CtlEntry {
        data: AT + 0x1000,
        paths: vec!["fs.limit".into()],
        size: 4,
        symbol: None,
    };
    let field = |structure: &str, field: &str, offset| FieldLayout {
        structure: structure.into(),
        field: field.into(),
        offset,
        size: 8,
    };
    let fields = [
        field("task_struct", "signal", 0x7d8),
        field("signal_struct", "rlim[7].rlim_cur", 0x320),
    ];
    Kernel::new(&symbols, &code, &[limit], &fields, architecture)
}
