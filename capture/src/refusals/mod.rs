//! Where a function refuses: the instructions that make an errno which the function then returns.
//!
//! A hot function cannot have a return probe. But no call that succeeds runs these instructions: a probe on one of
//! them costs nothing until the function fails. On arm64 GCC and Clang make `-ENOSPC` by one `mov w0, #-28` (MOVN).
//! That it is returned is proven by following the code from there: on every way it reaches a return in `x0`. Where
//! that cannot be proven, there is no probe.

mod step;

use std::collections::HashSet;

use step::{Next, step};

use crate::{
    kernel::{Kernel, KernelSymbol},
    tracefs::RefusalLine,
};

/// Functions that never return, of those that any function may call (`tools/objtool/noreturns.h`; `__fortify_panic` is
/// `fortify_panic` since 6.10): what stands behind such a call belongs to another way.
const NEVER_RETURN: [&str; 4] = [
    "__fortify_panic",
    "__stack_chk_fail",
    "fortify_panic",
    "panic",
];

/// Refusals are searched for in the code of one architecture.
const HAS_REFUSALS: bool = cfg!(target_arch = "aarch64");

/// Most instructions that are followed from one place.
const MAX_STEPS: usize = 2000;

/// A place in a function's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Bytes from the start of the function.
    pub(crate) offset: u32,
    /// The errno, positive.
    pub(crate) errno: u16,
    /// Whether the function has a stack frame there. Without one its caller is missing from the stack.
    pub(crate) has_frame: bool,
}

impl Refusal {
    /// The probe on this place of `function`; `None` where it cannot be named to the kernel.
    pub(crate) fn line(
        &self,
        kernel: &Kernel,
        function: &KernelSymbol<'_>,
        event: String,
    ) -> Option<RefusalLine> {
        Some(RefusalLine {
            event,
            place: further(&kernel.probe_place(function)?, self.offset)?,
            errno: self.errno,
        })
    }
}

/// The places in `function` where one of `errnos` is made and then returned.
pub(crate) fn of(kernel: &Kernel, function: &KernelSymbol<'_>, errnos: &[u16]) -> Vec<Refusal> {
    if !HAS_REFUSALS {
        return Vec::new();
    }
    let code = kernel.code([function.address]);
    // Of code that was cut, the ways cannot be followed to their ends.
    let whole =
        |code: &&format_spec::record::FunctionCode| code.bytes.len() as u64 == function.size;
    let code = code.functions.first().filter(whole);
    code.map_or_else(Vec::new, |code| {
        let never_returns = |distance: isize| {
            let target = function.address.wrapping_add_signed(distance as i64 * 4);
            let called = kernel.containing(target);
            called.is_some_and(|called| NEVER_RETURN.contains(&called.name))
        };
        let found = find(&code.bytes, errnos, never_returns);
        for refusal in &found {
            let offset = refusal.offset as usize;
            let instruction = code.bytes.get(offset..offset + 4);
            if let Some(instruction) = instruction.and_then(|bytes| bytes.try_into().ok()) {
                let address = function.address + u64::from(refusal.offset);
                kernel.keep_instruction(address, instruction);
            }
        }
        found
    })
}

/// The place `offset` bytes behind `place`: a symbol, with an offset or without.
fn further(place: &str, offset: u32) -> Option<String> {
    match place.split_once('+') {
        Some((symbol, start)) => {
            let start: u64 = start.parse().ok()?;
            Some(format!("{symbol}+{}", start + u64::from(offset)))
        }
        None => Some(format!("{place}+{offset}")),
    }
}

/// The places in `code` (arm64, little endian, from the function's start) where one of `errnos` is made and then
/// returned. `never_returns` tells of a function that is called, by its distance from the start in instructions, whether
/// it never returns.
fn find(code: &[u8], errnos: &[u16], never_returns: impl Fn(isize) -> bool) -> Vec<Refusal> {
    let (words, _) = code.as_chunks::<4>();
    let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let mut places = Vec::new();
    for (index, &word) in words.iter().enumerate() {
        if let Some((register, errno)) = made(word)
            && errnos.contains(&errno)
            && let Some(has_frame) = returned(&words, index + 1, (register, errno), &never_returns)
            && let Ok(offset) = u32::try_from(index * 4)
        {
            places.push(Refusal {
                offset,
                errno,
                has_frame,
            });
        }
    }
    places
}

/// The register and the errno of `mov register, #-errno`: MOVN without a shift, in its 32-bit and 64-bit form.
fn made(word: u32) -> Option<(u32, u16)> {
    let is_movn = word & 0x7fe0_0000 == 0x1280_0000;
    let errno = u16::try_from((word >> 5 & 0xffff) + 1).ok()?;
    is_movn.then_some((word & 31, errno))
}

/// Follows the code from `start` on. `Some` when every way reaches a return with the errno that `register` has, in
/// `x0`: and whether the stack frame is taken down on every way.
fn returned(
    words: &[u32],
    start: usize,
    (register, errno): (u32, u16),
    never_returns: &impl Fn(isize) -> bool,
) -> Option<bool> {
    let value = -i64::from(errno);
    let mut seen = HashSet::new();
    let mut waiting = vec![(start, 1_u32 << register, false)];
    let mut frames = Vec::new();
    while let Some(place) = waiting.pop() {
        let (at, holders, frame_down) = place;
        if !seen.insert(place) {
            continue;
        }
        let Some(&word) = words.get(at) else {
            // Behind the end: only a call that never returns, such as __stack_chk_fail, is followed by that.
            if words.last().copied().is_some_and(step::is_call) && at == words.len() {
                continue;
            }
            return None;
        };
        if holders == 0 || seen.len() > MAX_STEPS {
            return None;
        }
        let target = step::called(word).map(|distance| distance + at.cast_signed());
        if target.is_some_and(never_returns) {
            continue;
        }
        let frame_down = frame_down || step::is_frame_down(word);
        let (next, holders) = step(word, holders, value);
        match next {
            Next::Return if holders & 1 == 1 => frames.push(frame_down),
            Next::Return | Next::Unknown => return None,
            Next::Stop => {}
            Next::On => waiting.push((at + 1, holders, frame_down)),
            Next::To(distance) | Next::OnOrTo(distance) => {
                if matches!(next, Next::OnOrTo(_)) {
                    waiting.push((at + 1, holders, frame_down));
                }
                let target = at.checked_add_signed(distance);
                let target = target.filter(|&target| target < words.len())?;
                waiting.push((target, holders, frame_down));
            }
        }
    }
    (!frames.is_empty()).then(|| frames.iter().all(|&down| down))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// The end of `alloc_fd` as a compiler writes it: an error below the branch that skips it, or a callee's.
    const ENDING: [u32; 12] = [
        0x6b16_027f, // cmp w19, w22
        0x5400_0063, // b.cc +12
        0x1280_02e1, // mov w1, #-24
        0x1400_0003, // b +12
        0x9400_0000, // bl
        0x2a00_03e1, // mov w1, w0
        0x9102_0300, // add x0, x24, #0x80
        0x089f_fc1f, // stlrb wzr, [x0]
        0x2a01_03e0, // mov w0, w1
        0xa8c6_7bfd, // ldp x29, x30, [sp], #96
        0xd503_23bf, // autiasp
        0xd65f_03c0, // ret
    ];

    #[test]
    fn places_are_added_up() {
        assert_eq!(further("_stext+4096", 24).unwrap(), "_stext+4120");
        assert_eq!(further("ext4:f", 24).unwrap(), "ext4:f+24");
        assert_eq!(further("_stext+x", 24), None);
    }

    #[test]
    fn finds_where_the_errno_is_made() {
        let found = find(&code(&ENDING), &[24], |_| false);
        let refusal = Refusal {
            offset: 8,
            errno: 24,
            has_frame: true,
        };
        assert_eq!(found, [refusal]);
        assert_eq!(find(&code(&ENDING), &[28], |_| false), []);
    }

    #[test]
    fn an_errno_that_is_set_in_advance_is_not_it() {
        // error = -EMFILE; if (…) goto out; error = 0; out: return error;
        let advance = [
            0x1280_02e0, // mov w0, #-24
            0x6b16_027f, // cmp w19, w22
            0x5400_0042, // b.cs +8
            0x5280_0000, // mov w0, #0
            0xd65f_03c0, // ret
        ];
        assert_eq!(find(&code(&advance), &[24], |_| false), []);
    }

    #[test]
    fn a_call_leaves_only_what_it_saves() {
        let kept = |register: u32| {
            [
                0x1280_0360 | register,       // mov wN, #-28
                0x9400_0000,                  // bl
                0x2a00_03e0 | register << 16, // mov w0, wN
                0xd65f_03c0,                  // ret
            ]
        };
        let found = find(&code(&kept(19)), &[28], |_| false);
        assert!(found.len() == 1 && !found[0].has_frame);
        assert_eq!(find(&code(&kept(1)), &[28], |_| false), []);
    }

    #[test]
    fn what_compares_the_error_goes_one_way() {
        let checked = [
            0x1280_0360, // mov w0, #-28
            0x3500_0060, // cbnz w0, +12
            0x5280_0000, // mov w0, #0
            0xd65f_03c0, // ret
            0x37f8_0040, // tbnz w0, #31, +8
            0xd420_0000, // brk
            0xd65f_03c0, // ret
        ];
        assert_eq!(find(&code(&checked), &[28], |_| false).len(), 1);
    }

    #[test]
    fn what_stands_behind_a_call_that_never_returns_is_another_way() {
        let canary = [
            0x9280_04f4, // mov x20, #-40
            0x5400_0061, // b.ne +12
            0xaa14_03e0, // mov x0, x20
            0xd65f_03c0, // ret
            0x9400_0064, // bl +400
            0x5280_0000, // mov w0, #0
            0xd65f_03c0, // ret
        ];
        let found = find(&code(&canary), &[40], |target| target == 104);
        assert_eq!(found.len(), 1);
        assert_eq!(find(&code(&canary), &[40], |_| false), []);
    }

    #[test]
    fn cut_code_proves_nothing() {
        for len in 0..ENDING.len() {
            assert_eq!(
                find(&code(&ENDING[..len]), &[24], |_| false),
                [],
                "{len} instructions"
            );
        }
    }
}
