//! A proptest strategy for every record.

use format_spec::record::*;
use proptest::{collection::vec, option, prelude::*};

/// A record with a strategy for its values.
pub trait Sample: Record + Clone + PartialEq + std::fmt::Debug {
    /// Values over the whole range of every field.
    fn strategy() -> BoxedStrategy<Self>;
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z_/.]{0,12}", any::<String>()]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[a-z]{0,8}".prop_map(String::into_bytes),
        vec(any::<u8>(), 0..40)
    ]
}

/// Numbers around every boundary of both varints.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..300u64,
        any::<u64>(),
        (0..64u32, -2..3i64).prop_map(|(shift, near)| (1u64 << shift).wrapping_add_signed(near)),
    ]
}

fn number32() -> impl Strategy<Value = u32> {
    number().prop_map(|wide| u32::try_from(wide & 0xffff_ffff).expect("masked"))
}

fn number16() -> impl Strategy<Value = u16> {
    number().prop_map(|wide| u16::try_from(wide & 0xffff).expect("masked"))
}

impl Sample for Manifest {
    fn strategy() -> BoxedStrategy<Self> {
        let architecture = prop_oneof![Just(Architecture::Aarch64), Just(Architecture::X86_64)];
        let host = (
            [text(), text(), text(), text(), text()],
            (architecture, number32(), number32(), number()),
        );
        let host = host.prop_map(
            |(texts, (architecture, cpus, page_size_bytes, memory_bytes))| {
                let [
                    hostname,
                    kernel_release,
                    kernel_version,
                    os_release,
                    boot_id,
                ] = texts;
                Host {
                    hostname,
                    kernel_release,
                    kernel_version,
                    os_release,
                    architecture,
                    cpus,
                    page_size_bytes,
                    memory_bytes,
                    boot_id,
                }
            },
        );
        let clocks =
            [number(), number(), number()].prop_map(|[realtime_ns, monotonic_ns, boottime_ns]| {
                Clocks {
                    realtime_ns,
                    monotonic_ns,
                    boottime_ns,
                }
            });
        let state = prop_oneof![
            Just(AbilityState::Available),
            Just(AbilityState::Missing),
            Just(AbilityState::Denied)
        ];
        let ability = (text(), state, text()).prop_map(|(name, state, detail)| Ability {
            name,
            state,
            detail,
        });
        let armed = (text(), text()).prop_map(|(what, detail)| Armed { what, detail });
        let missing = (text(), text()).prop_map(|(what, why)| Missing { what, why });
        (
            (text(), vec(text(), 0..4), host, clocks),
            (option::of(number()), number()),
            (vec(ability, 0..4), vec(armed, 0..4), vec(missing, 0..4)),
        )
            .prop_map(
                |(
                    (tool_version, command_line, host, clocks),
                    (duration_ns, max_size_bytes),
                    (abilities, armed, missing),
                )| Self {
                    tool_version,
                    command_line,
                    host,
                    clocks,
                    duration_ns,
                    max_size_bytes,
                    abilities,
                    armed,
                    missing,
                },
            )
            .boxed()
    }
}

impl Sample for Closing {
    fn strategy() -> BoxedStrategy<Self> {
        let reason = prop_oneof![
            Just(EndReason::Time),
            Just(EndReason::Command),
            any::<i32>().prop_map(EndReason::Signal),
            Just(EndReason::Size),
            text().prop_map(EndReason::Error),
        ];
        let cost = (
            [number(), number(), number(), number()],
            [option::of(number()), option::of(number())],
        )
            .prop_map(
                |(
                    [user_ns, system_ns, peak_memory_bytes, graph_armed_ns],
                    [bpf_run_ns, bpf_runs],
                )| Cost {
                    user_ns,
                    system_ns,
                    peak_memory_bytes,
                    bpf_run_ns,
                    bpf_runs,
                    graph_armed_ns,
                },
            );
        let drop =
            (text(), text(), number()).prop_map(|(what, why, count)| Drop { what, why, count });
        (
            number(),
            reason,
            option::of(prop_oneof![-130..130i32, any::<i32>()]),
            cost,
            vec(drop, 0..4),
            vec(text(), 0..3),
        )
            .prop_map(
                |(ended_ns, reason, command_status, cost, drops, not_restored)| Self {
                    ended_ns,
                    reason,
                    command_status,
                    cost,
                    drops,
                    not_restored,
                },
            )
            .boxed()
    }
}

impl Sample for Counts {
    fn strategy() -> BoxedStrategy<Self> {
        let row = (
            number32(),
            number16(),
            number32(),
            bytes(),
            [number(), number(), number()],
        );
        let row = row.prop_map(
            |(syscall, errno, tgid, comm, [count, first_ns, last_ns])| Count {
                syscall,
                errno,
                tgid,
                comm,
                count,
                first_ns,
                last_ns,
            },
        );
        vec(row, 0..20).prop_map(|rows| Self { rows }).boxed()
    }
}

impl Sample for FactTable {
    fn strategy() -> BoxedStrategy<Self> {
        let unit = prop_oneof![
            Just(FactUnit::Count),
            Just(FactUnit::Bytes),
            Just(FactUnit::Pages),
            Just(FactUnit::Id),
            Just(FactUnit::Bits)
        ];
        let fact =
            (number16(), text(), unit, text()).prop_map(|(id, name, unit, path)| FactDefinition {
                id,
                name,
                unit,
                path,
            });
        vec(fact, 0..5).prop_map(|facts| Self { facts }).boxed()
    }
}

impl Sample for Failures {
    fn strategy() -> BoxedStrategy<Self> {
        let path =
            (any::<u8>(), bytes(), any::<bool>()).prop_map(|(argument, bytes, truncated)| {
                PathArgument {
                    argument,
                    bytes,
                    truncated,
                }
            });
        let row = (
            (
                number(),
                prop_oneof![Just(40u32), number32()],
                prop_oneof![Just(28u16), number16()],
                any::<bool>(),
            ),
            // Threads and arguments come again.
            (
                number32(),
                prop_oneof![0..3u32, number32()],
                number32(),
                number(),
            ),
            (
                prop_oneof![Just(b"dockerd".to_vec()), bytes()],
                [number(), number(), number(), number(), number(), number()],
            ),
            (
                vec(path, 0..3),
                vec((prop_oneof![0..4u16, any::<u16>()], number()), 0..5),
            ),
        );
        let row = row.prop_map(
            |(
                (time_ns, syscall, errno, not_entered),
                (tgid, pid, uid, cgroup),
                (comm, args),
                (paths, facts),
            )| Failure {
                time_ns,
                syscall,
                errno,
                not_entered,
                tgid,
                pid,
                uid,
                cgroup,
                comm,
                args,
                paths,
                facts,
            },
        );
        vec(row, 0..20).prop_map(|rows| Self { rows }).boxed()
    }
}

impl Sample for Snapshot {
    fn strategy() -> BoxedStrategy<Self> {
        let phase = prop_oneof![Just(Phase::Start), Just(Phase::Failure), Just(Phase::End)];
        let statfs = [
            number(),
            number(),
            number(),
            number(),
            number(),
            number(),
            number(),
            number(),
        ];
        let content = prop_oneof![
            (bytes(), any::<bool>())
                .prop_map(|(bytes, truncated)| Content::File { bytes, truncated }),
            bytes().prop_map(Content::Link),
            vec(bytes(), 0..4).prop_map(Content::Directory),
            number().prop_map(Content::EntryCount),
            statfs.prop_map(
                |[
                    fs_type,
                    block_size_bytes,
                    blocks,
                    blocks_free,
                    blocks_available,
                    inodes,
                    inodes_free,
                    flags,
                ]| {
                    Content::StatFs {
                        fs_type,
                        block_size_bytes,
                        blocks,
                        blocks_free,
                        blocks_available,
                        inodes,
                        inodes_free,
                        flags,
                    }
                }
            ),
            Just(Content::Unchanged),
            number16().prop_map(Content::Error),
        ];
        let entry = (bytes(), content).prop_map(|(path, content)| Entry { path, content });
        (number32(), phase, number(), number(), vec(entry, 0..12))
            .prop_map(|(number, phase, started_ns, ended_ns, entries)| Self {
                number,
                phase,
                started_ns,
                ended_ns,
                entries,
            })
            .boxed()
    }
}

/// Events as the function graph and others write them, and everything else that may stand between them.
fn page() -> impl Strategy<Value = Vec<u8>> {
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

impl Sample for FtracePages {
    fn strategy() -> BoxedStrategy<Self> {
        let page = prop_oneof![4 => page(), 1 => vec(any::<u8>(), 0..300)];
        (number32(), number32(), vec(page, 0..4))
            .prop_map(|(cpu, session, pages)| Self {
                cpu,
                session,
                pages,
            })
            .boxed()
    }
}

impl Sample for EventFormats {
    fn strategy() -> BoxedStrategy<Self> {
        let file = (text(), text(), text()).prop_map(|(system, name, text)| EventFormatFile {
            system,
            name,
            text,
        });
        (text(), vec(file, 0..4))
            .prop_map(|(header_page, events)| Self {
                header_page,
                events,
            })
            .boxed()
    }
}

impl Sample for Probes {
    fn strategy() -> BoxedStrategy<Self> {
        let kind = prop_oneof![
            Just(ProbeKind::Kretprobe),
            Just(ProbeKind::Fprobe),
            Just(ProbeKind::Kprobe)
        ];
        let probe =
            (text(), text(), kind, number32()).prop_map(|(event, function, kind, session)| Probe {
                event,
                function,
                kind,
                session,
            });
        vec(probe, 0..5).prop_map(|probes| Self { probes }).boxed()
    }
}

impl Sample for Symbols {
    fn strategy() -> BoxedStrategy<Self> {
        let returns = prop_oneof![
            Just(ReturnType::Unknown),
            Just(ReturnType::Void),
            Just(ReturnType::Bool),
            any::<u8>().prop_map(ReturnType::Signed),
            any::<u8>().prop_map(ReturnType::Unsigned),
            Just(ReturnType::Pointer),
            Just(ReturnType::Aggregate),
        ];
        let symbol = (
            number(),
            number(),
            any::<u8>(),
            text(),
            option::of(text()),
            returns,
        )
            .prop_map(|(address, size, kind, name, module, returns)| Symbol {
                address,
                size,
                kind,
                name,
                module,
                returns,
            });
        vec(symbol, 0..12)
            .prop_map(|symbols| Self { symbols })
            .boxed()
    }
}

impl Sample for Zoom {
    fn strategy() -> BoxedStrategy<Self> {
        let end = prop_oneof![
            Just(ZoomEnd::Enough),
            Just(ZoomEnd::Time),
            Just(ZoomEnd::Bytes),
            Just(ZoomEnd::Recording),
            Just(ZoomEnd::Error)
        ];
        (
            (
                number32(),
                prop_oneof![Just(Pass::Graph), Just(Pass::Returns)],
                number32(),
                number16(),
            ),
            (vec(text(), 0..3), vec(number32(), 0..3), text()),
            [number(), number(), number(), number(), number()],
            end,
        )
            .prop_map(
                |((number, pass, syscall, errno), (functions, pids, tier), numbers, end)| {
                    let [started_ns, armed_ns, ended_ns, failures, lost_events] = numbers;
                    Self {
                        number,
                        pass,
                        syscall,
                        errno,
                        functions,
                        pids,
                        started_ns,
                        armed_ns,
                        ended_ns,
                        end,
                        failures,
                        lost_events,
                        tier,
                    }
                },
            )
            .boxed()
    }
}

impl Sample for Code {
    fn strategy() -> BoxedStrategy<Self> {
        let function =
            (number(), bytes()).prop_map(|(address, bytes)| FunctionCode { address, bytes });
        vec(function, 0..5)
            .prop_map(|functions| Self { functions })
            .boxed()
    }
}

impl Sample for CtlTables {
    fn strategy() -> BoxedStrategy<Self> {
        let entry = (
            number(),
            vec(text(), 0..3),
            number32(),
            option::of((text(), number())),
        )
            .prop_map(|(data, paths, size, symbol)| CtlEntry {
                data,
                paths,
                size,
                symbol,
            });
        vec(entry, 0..5)
            .prop_map(|entries| Self { entries })
            .boxed()
    }
}

impl Sample for TypeLayouts {
    fn strategy() -> BoxedStrategy<Self> {
        let field = (text(), text(), number32(), number32()).prop_map(
            |(structure, field, offset, size)| FieldLayout {
                structure,
                field,
                offset,
                size,
            },
        );
        vec(field, 0..5).prop_map(|fields| Self { fields }).boxed()
    }
}
