//! A proptest strategy for the sub-buffers of ftrace.

use proptest::{collection::vec, prelude::*};

use super::samples::{bytes, number};

/// Events as the function graph and others write them, and everything else that may stand between them.
pub(super) fn page() -> impl Strategy<Value = Vec<u8>> {
    let pid = || prop_oneof![Just(7u32), 1..4u32];
    let function = || prop_oneof![(0..6u64).prop_map(|number| number << 8), number()];
    let near = || prop_oneof![(0..3000u64).prop_map(|ns| 1_000_000 + ns), number()];
    let header = |type_len: u32, delta: u32| (delta << 5 | type_len).to_le_bytes().to_vec();
    let entry =
        (0..999u32, pid(), function(), 0..5u32).prop_map(move |(delta, pid, function, depth)| {
            let common = [header(5, delta), 11u32.to_le_bytes().to_vec()].concat();
            [
                &common[..],
                &pid.to_le_bytes(),
                &function.to_le_bytes(),
                &depth.to_le_bytes(),
            ]
            .concat()
        });
    let exit = (0..999u32, pid(), function(), 0..5u32, near(), near());
    let exit = exit.prop_map(move |(delta, pid, function, depth, called, returned)| {
        let common = [header(9, delta), 10u32.to_le_bytes().to_vec()].concat();
        let call = [function.to_le_bytes(), u64::from(depth).to_le_bytes()].concat();
        let times = [called.to_le_bytes(), returned.to_le_bytes()].concat();
        [&common[..], &pid.to_le_bytes(), &call, &times].concat()
    });
    let other = (0..29u32, 0..(1u32 << 27), vec(any::<u32>(), 29)).prop_map(
        move |(type_len, delta, mut words)| {
            let count = if type_len == 0 { 3 } else { type_len as usize };
            words.truncate(count);
            let words: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            let length = if type_len == 0 {
                16u32.to_le_bytes().to_vec()
            } else {
                Vec::new()
            };
            [header(type_len, delta), length, words].concat()
        },
    );
    let special = (
        prop_oneof![Just(29u32), Just(30), Just(31)],
        0..(1u32 << 27),
        0..20u32,
    )
        .prop_map(move |(type_len, delta, word)| {
            [header(type_len, delta), word.to_le_bytes().to_vec()].concat()
        });
    let event = prop_oneof![6 => entry, 6 => exit, 1 => other, 1 => special];
    let flags = prop_oneof![Just(0u64), Just(1 << 31), Just(3 << 30), Just(!0 << 31)];
    (
        near(),
        flags,
        vec(event, 0..40),
        prop_oneof![Just(Vec::new()), bytes()],
    )
        .prop_map(|(time, flags, events, tail)| {
            let events = events.concat();
            let commit = events.len() as u64 | flags;
            [
                &time.to_le_bytes()[..],
                &commit.to_le_bytes(),
                &events,
                &tail,
            ]
            .concat()
        })
}
