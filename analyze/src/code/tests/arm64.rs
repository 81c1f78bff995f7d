//! arm64, instruction by instruction.

use format_spec::record::Architecture::Aarch64;

use super::{
    super::{Certainty, Root},
    assembled::{AT, look},
};

fn code(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[test]
fn a_selection_by_the_flags_decides() {
    let evidence = look(
        Aarch64,
        &code(&[
            0xaa1e_03e9, // mov  x9, x30
            0x97ff_ffc0, // bl   the tracer's hook: changes nothing
            0xd503_233f, // paciasp
            0xb000_0002, // adrp x2, 0x9000
            0x2a00_03e1, // mov  w1, w0
            0xb940_0042, // ldr  w2, [x2]
            0x6b02_003f, // cmp  w1, w2
            0x1280_0360, // mov  w0, #-28
            0x1a80_33e0, // csel w0, wzr, w0, lo
            0xd65f_03c0, // ret
        ]),
    );
    let [limit] = evidence.variables.as_slice() else {
        panic!("one variable: {evidence:?}")
    };
    assert_eq!(
        (limit.address, limit.sysctls.as_slice()),
        (AT + 0x1000, &["fs.limit".to_owned()][..])
    );
    assert_eq!(limit.effect.decides, [-28, 0]);
    assert_eq!(evidence.errnos, [28]);
    assert!(evidence.calls.is_empty());
}

#[test]
fn a_chain_goes_through_the_stack_and_a_call() {
    let evidence = look(
        Aarch64,
        &code(&[
            0xd538_4100, // mrs  x0, sp_el0
            0xf943_ec01, // ldr  x1, [x0, #0x7d8]       task->signal
            0xa9be_7bfd, // stp  x29, x30, [sp, #-32]!
            0xf900_0be1, // str  x1, [sp, #16]
            0x5280_0122, // mov  w2, #9
            0x97ff_e07b, // bl   inc_ucount
            0xf940_0be3, // ldr  x3, [sp, #16]
            0xb400_00c0, // cbz  x0, 1f
            0xf941_9064, // ldr  x4, [x3, #0x320]       signal->rlim[7].rlim_cur
            0xf101_909f, // cmp  x4, #100
            0x5400_00a8, // b.hi 2f
            0x1280_02e0, // mov  w0, #-24
            0x1400_0004, // b    3f
            0x1280_0360, // 1: mov w0, #-28
            0x1400_0002, // b    3f
            0x5280_0000, // 2: mov w0, #0
            0xa8c2_7bfd, // 3: ldp x29, x30, [sp], #32
            0xd65f_03c0, // ret
        ]),
    );
    let [call] = evidence.calls.as_slice() else {
        panic!("one call: {evidence:?}")
    };
    assert_eq!(
        (call.name.as_deref(), call.arguments[2]),
        (Some("inc_ucount"), Some(9))
    );
    assert_eq!(call.effect.decides, [-28]);
    let [limit] = evidence.fields.as_slice() else {
        panic!("one field: {evidence:?}")
    };
    assert_eq!(
        (limit.chain.root, limit.chain.offsets.as_slice()),
        (Root::Current, &[0x7d8, 0x320][..])
    );
    assert_eq!(limit.candidates[0].certainty, Certainty::Chain);
    assert_eq!(limit.candidates[0].ids, ["rlimit:NOFILE"]);
    assert_eq!(limit.effect.decides, [-24, 0]);
    assert_eq!(
        (evidence.errnos.clone(), evidence.compared_constants.clone()),
        (vec![24, 28], vec![100])
    );
}

#[test]
fn a_loop_ends() {
    // The counter would take every value: mov w0, #0; 1: add w0, w0, #1; cmp w0, w1; b.ne 1b; ret
    let evidence = look(
        Aarch64,
        &code(&[
            0x5280_0000,
            0x1100_0400,
            0x6b01_001f,
            0x54ff_ffc1,
            0xd65f_03c0,
        ]),
    );
    assert!(evidence.errnos.is_empty());
}

#[test]
fn nothing_follows_a_function_that_does_not_return() {
    // cbz w0, 1f; bl panic; mov w0, #-5; ret; 1: mov w0, #-7; ret
    let evidence = look(
        Aarch64,
        &code(&[
            0x3400_0080,
            0x97ff_e03f,
            0x1280_0080,
            0xd65f_03c0,
            0x1280_00c0,
            0xd65f_03c0,
        ]),
    );
    assert_eq!(evidence.errnos, [7]);
}

#[test]
fn the_stack_protector_never_fails() {
    let evidence = look(
        Aarch64,
        &code(&[
            0xd538_4100, // mrs  x0, sp_el0
            0xd100_83ff, // sub  sp, sp, #32
            0xf942_8001, // ldr  x1, [x0, #0x500]      task->stack_canary
            0xf900_07e1, // str  x1, [sp, #8]
            0x1280_0080, // mov  w0, #-5
            0xd538_4102, // mrs  x2, sp_el0
            0xf940_07e3, // ldr  x3, [sp, #8]
            0xf942_8041, // ldr  x1, [x2, #0x500]
            0xeb01_0063, // subs x3, x3, x1
            0xd280_0001, // mov  x1, #0
            0x5400_0061, // b.ne 1f
            0x9100_83ff, // add  sp, sp, #32
            0xd65f_03c0, // ret
            0x97ff_e0b3, // 1: bl  a function without a name
            0x1280_00c0, // mov  w0, #-7
            0xd65f_03c0, // ret
        ]),
    );
    assert_eq!(evidence.errnos, [5]);
}

#[test]
fn the_hook_of_the_tracer_is_no_call_behind_a_landing_pad() {
    let call = |at: u64, to: u64| {
        let words = u32::try_from((to.wrapping_sub(AT + at) / 4) & 0x03ff_ffff).unwrap();
        0x9400_0000 | words
    };
    let pads: [&[u32]; 3] = [&[], &[0xd503_245f], &[0xd503_233f]]; // none, bti c, paciasp
    // Where a probe stands on the first instruction, brk #4.
    let firsts = [0xaa1e_03e9, 0xd420_0080]; // mov x9, x30
    let starts = pads.iter().map(|pad| (*pad, firsts[0]));
    for (pad, first) in starts.chain([(pads[0], firsts[1])]) {
        let at = 4 * pad.len() as u64;
        let mut words = pad.to_vec();
        words.push(first);
        words.push(call(at + 4, 0x9_0000)); // bl ftrace_caller
        words.push(call(at + 8, 0x200)); // bl inc_ucount
        words.push(0xd65f_03c0); // ret
        let code: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        let targets: Vec<_> = look(Aarch64, &code)
            .calls
            .iter()
            .map(|call| call.target)
            .collect();
        assert_eq!(targets, [Some(0x200)], "{pad:x?}");
    }
}
