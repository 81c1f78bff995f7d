//! x86-64, instruction by instruction.

use format_spec::record::Architecture::X86_64;

use super::assembled::{AT, look};

#[test]
fn arithmetic_on_the_carry_decides() {
    let evidence = look(
        X86_64,
        &[
            0xf3, 0x0f, 0x1e, 0xfa, // endbr64
            0x53, // push rbx
            0x8b, 0x05, 0xf1, 0x0f, 0x00, 0x00, // mov eax, [rip + 0xff1]
            0x39, 0xc7, // cmp edi, eax
            0x19, 0xc0, // sbb eax, eax
            0xf7, 0xd0, // not eax
            0x83, 0xe0, 0xe4, // and eax, -28
            0x5b, // pop rbx
            0xc3, // ret
        ],
    );
    let [limit] = evidence.variables.as_slice() else {
        panic!("one variable: {evidence:?}")
    };
    assert_eq!((limit.address, limit.sysctls.len()), (AT + 0x0ffc, 0));
    assert_eq!(limit.effect.decides, [-28, 0]);
    assert_eq!(evidence.errnos, [28]);
}

#[test]
fn a_comparison_with_memory_reads_it() {
    let evidence = look(
        X86_64,
        &[
            0x39, 0x3d, 0xfa, 0x0f, 0x00, 0x00, // cmp [rip + 0xffa], edi
            0x76, 0x03, // jbe 1f
            0x31, 0xc0, // xor eax, eax
            0xc3, // ret
            0xb8, 0xf5, 0xff, 0xff, 0xff, // 1: mov eax, -11
            0xc3, // ret
        ],
    );
    assert_eq!(evidence.variables[0].sysctls, ["fs.limit"]);
    assert_eq!(evidence.variables[0].effect.decides, [-11, 0]);
}

/// `call` or `jmp` at `offset` of the function, to `to`.
fn branch(opcode: u8, offset: u64, to: u64) -> Vec<u8> {
    let distance = to.wrapping_sub(AT + offset + 5).to_le_bytes();
    [&[opcode], &distance[..4]].concat()
}

#[test]
fn a_call_by_way_of_a_stub_is_one_by_pointer() {
    let mut code = vec![
        0xf3, 0x0f, 0x1e, 0xfa, // endbr64
        0x48, 0x8b, 0x07, // mov rax, [rdi]
    ];
    code.extend(branch(0xe8, 7, 0x300)); // call __x86_indirect_thunk_rax
    code.extend(branch(0xe8, 12, 0x200)); // call inc_ucount
    code.push(0xc3); // ret
    let evidence = look(X86_64, &code);
    let [by_pointer, direct] = evidence.calls.as_slice() else {
        panic!("two calls: {evidence:?}")
    };
    assert_eq!((by_pointer.target, &by_pointer.name), (None, &None));
    assert_eq!(direct.target, Some(0x200));
    let mut code = vec![0x48, 0x8b, 0x07]; // mov rax, [rdi]
    code.extend(branch(0xe9, 3, 0x300)); // jmp __x86_indirect_thunk_rax
    let evidence = look(X86_64, &code);
    assert_eq!(evidence.calls[0].target, None);
    assert!(evidence.calls[0].effect.returned);
}

#[test]
fn the_hook_of_the_tracer_is_no_call() {
    for pad in [&[][..], &[0xf3, 0x0f, 0x1e, 0xfa]] {
        let mut code = pad.to_vec();
        code.extend(branch(0xe8, pad.len() as u64, 0x9_0000));
        code.extend(branch(0xe8, pad.len() as u64 + 5, 0x200));
        code.push(0xc3);
        let targets: Vec<_> = look(X86_64, &code)
            .calls
            .iter()
            .map(|call| call.target)
            .collect();
        assert_eq!(targets, [Some(0x200)]);
    }
}
