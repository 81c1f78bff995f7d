//! A proptest strategy for every record.

use format_spec::record::*;
use proptest::{collection::vec, option, prelude::*};

use super::sub_buffers::page;

/// A record with a strategy for its values.
pub trait Sample: Record + Clone + PartialEq + std::fmt::Debug {
    /// Values over the whole range of every field.
    fn strategy() -> BoxedStrategy<Self>;
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z_/.]{0,12}", any::<String>()]
}

pub(super) fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[a-z]{0,8}".prop_map(String::into_bytes),
        vec(any::<u8>(), 0..40)
    ]
}

/// Numbers around every boundary of both varints.
pub(super) fn number() -> impl Strategy<Value = u64> {
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

/// A structure whose fields each have a strategy.
macro_rules! structure {
    ($name:ident { $($field:ident $(: $strategy:expr)?,)+ }) => {
        structure!(@ $name [$($field)+] (Just(())) (_) $($field $(: $strategy)?,)+)
    };
    // In pairs within pairs, since tuples of strategies end at twelve.
    (@ $name:ident [$($all:ident)+] ($known:expr) ($names:pat)) => {
        $known.prop_map(|$names| $name { $($all),+ })
    };
    (@ $name:ident [$($all:ident)+] ($known:expr) ($names:pat) $field:ident, $($rest:tt)*) => {
        structure!(@ $name [$($all)+] ($known) ($names) $field: $field, $($rest)*)
    };
    (@ $name:ident [$($all:ident)+] ($known:expr) ($names:pat) $field:ident: $strategy:expr, $($rest:tt)*) => {
        structure!(@ $name [$($all)+] (($known, $strategy)) (($names, $field)) $($rest)*)
    };
}

impl Sample for Manifest {
    fn strategy() -> BoxedStrategy<Self> {
        let host = structure!(Host {
            hostname: text(),
            kernel_release: text(),
            kernel_version: text(),
            os_release: text(),
            architecture: prop_oneof![Just(Architecture::Aarch64), Just(Architecture::X86_64)],
            cpus: number32(),
            page_size_bytes: number32(),
            memory_bytes: number(),
            boot_id: text(),
        });
        let clocks = structure!(Clocks {
            realtime_ns: number(),
            monotonic_ns: number(),
            boottime_ns: number(),
        });
        let state = prop_oneof![
            Just(AbilityState::Available),
            Just(AbilityState::Missing),
            Just(AbilityState::Denied)
        ];
        let ability = structure!(Ability {
            name: text(),
            state,
            detail: text(),
        });
        let armed = structure!(Armed {
            what: text(),
            detail: text(),
        });
        let missing = structure!(Missing {
            what: text(),
            why: text(),
        });
        structure!(Self {
            tool_version: text(),
            command_line: vec(text(), 0..4),
            host,
            clocks,
            duration_ns: option::of(number()),
            max_size_bytes: number(),
            abilities: vec(ability, 0..4),
            armed: vec(armed, 0..4),
            missing: vec(missing, 0..4),
        })
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
        let cost = structure!(Cost {
            user_ns: number(),
            system_ns: number(),
            peak_memory_bytes: number(),
            bpf_run_ns: option::of(number()),
            bpf_runs: option::of(number()),
            graph_armed_ns: number(),
        });
        let drop = structure!(Drop {
            what: text(),
            why: text(),
            count: number(),
        });
        structure!(Self {
            ended_ns: number(),
            reason,
            command_status: option::of(prop_oneof![-130..130i32, any::<i32>()]),
            cost,
            drops: vec(drop, 0..4),
            not_restored: vec(text(), 0..3),
        })
        .boxed()
    }
}

fn count() -> impl Strategy<Value = Count> {
    structure!(Count {
        syscall: number32(),
        errno: number16(),
        tgid: number32(),
        comm: bytes(),
        count: number(),
        first_ns: number(),
        last_ns: number(),
        cgroup: number(),
        processes: number32(),
    })
}

impl Sample for Counts {
    fn strategy() -> BoxedStrategy<Self> {
        vec(count(), 0..20).prop_map(|rows| Self { rows }).boxed()
    }
}

impl Sample for CountUpdates {
    fn strategy() -> BoxedStrategy<Self> {
        vec(count(), 0..20).prop_map(|rows| Self { rows }).boxed()
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
        let fact = structure!(FactDefinition {
            id: number16(),
            name: text(),
            unit,
            path: text(),
        });
        vec(fact, 0..5).prop_map(|facts| Self { facts }).boxed()
    }
}

impl Sample for Failures {
    fn strategy() -> BoxedStrategy<Self> {
        let path = structure!(PathArgument {
            argument: any::<u8>(),
            bytes: bytes(),
            truncated: any::<bool>(),
        });
        // Kinds, threads and facts come again.
        let row = structure!(Failure {
            time_ns: number(),
            syscall: prop_oneof![Just(40u32), number32()],
            errno: prop_oneof![Just(28u16), number16()],
            not_entered: any::<bool>(),
            tgid: number32(),
            pid: prop_oneof![0..3u32, number32()],
            uid: number32(),
            cgroup: number(),
            comm: prop_oneof![Just(b"dockerd".to_vec()), bytes()],
            args: [number(), number(), number(), number(), number(), number()],
            paths: vec(path, 0..3),
            facts: vec((prop_oneof![0..4u16, any::<u16>()], number()), 0..5),
        });
        vec(row, 0..20).prop_map(|rows| Self { rows }).boxed()
    }
}

impl Sample for Snapshot {
    fn strategy() -> BoxedStrategy<Self> {
        use Content::{File, StatFs};

        let content = prop_oneof![
            structure!(File {
                bytes: bytes(),
                truncated: any::<bool>(),
            }),
            bytes().prop_map(Content::Link),
            vec(bytes(), 0..4).prop_map(Content::Directory),
            number().prop_map(Content::EntryCount),
            structure!(StatFs {
                fs_type: number(),
                block_size_bytes: number(),
                blocks: number(),
                blocks_free: number(),
                blocks_available: number(),
                inodes: number(),
                inodes_free: number(),
                flags: number(),
            }),
            Just(Content::Unchanged),
            number16().prop_map(Content::Error),
        ];
        let entry = structure!(Entry {
            path: bytes(),
            content,
        });
        structure!(Self {
            number: number32(),
            phase: prop_oneof![Just(Phase::Start), Just(Phase::Failure), Just(Phase::End)],
            started_ns: number(),
            ended_ns: number(),
            entries: vec(entry, 0..12),
        })
        .boxed()
    }
}

impl Sample for FtracePages {
    fn strategy() -> BoxedStrategy<Self> {
        let page = prop_oneof![4 => page(), 1 => vec(any::<u8>(), 0..300)];
        structure!(Self {
            cpu: number32(),
            session: number32(),
            pages: vec(page, 0..4),
        })
        .boxed()
    }
}

impl Sample for EventFormats {
    fn strategy() -> BoxedStrategy<Self> {
        let file = structure!(EventFormatFile {
            system: text(),
            name: text(),
            text: text(),
        });
        structure!(Self {
            header_page: text(),
            events: vec(file, 0..4),
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
        let probe = structure!(Probe {
            event: text(),
            function: text(),
            kind,
            session: number32(),
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
        let symbol = structure!(Symbol {
            address: number(),
            size: number(),
            kind: any::<u8>(),
            name: text(),
            module: option::of(text()),
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
        structure!(Self {
            number: number32(),
            pass: prop_oneof![Just(Pass::Graph), Just(Pass::Returns)],
            syscall: number32(),
            errno: number16(),
            functions: vec(text(), 0..3),
            pids: vec(number32(), 0..3),
            started_ns: number(),
            armed_ns: number(),
            ended_ns: number(),
            end,
            failures: number(),
            lost_events: number(),
            tier: text(),
        })
        .boxed()
    }
}

impl Sample for Code {
    fn strategy() -> BoxedStrategy<Self> {
        let function = structure!(FunctionCode {
            address: number(),
            bytes: bytes(),
        });
        vec(function, 0..5)
            .prop_map(|functions| Self { functions })
            .boxed()
    }
}

impl Sample for CtlTables {
    fn strategy() -> BoxedStrategy<Self> {
        let entry = structure!(CtlEntry {
            data: number(),
            paths: vec(text(), 0..3),
            size: number32(),
            symbol: option::of((text(), number())),
        });
        vec(entry, 0..5)
            .prop_map(|entries| Self { entries })
            .boxed()
    }
}

impl Sample for TypeLayouts {
    fn strategy() -> BoxedStrategy<Self> {
        let field = structure!(FieldLayout {
            structure: text(),
            field: text(),
            offset: number32(),
            size: number32(),
        });
        vec(field, 0..5).prop_map(|fields| Self { fields }).boxed()
    }
}

impl Sample for Types {
    fn strategy() -> BoxedStrategy<Self> {
        let parameter = structure!(Parameter {
            name: text(),
            to: text(),
        });
        let function = structure!(Prototype {
            address: number(),
            parameters: vec(parameter, 0..4),
            returns_to: text(),
        });
        let pointer = structure!(PointerField {
            structure: text(),
            offset: number32(),
            to: text(),
        });
        (vec(function, 0..4), vec(pointer, 0..4))
            .prop_map(|(functions, pointers)| Self {
                functions,
                pointers,
            })
            .boxed()
    }
}

impl Sample for Exits {
    fn strategy() -> BoxedStrategy<Self> {
        let row = structure!(Exit {
            time_ns: number(),
            tgid: number32(),
            status: prop_oneof![0..0x1_0000i32, any::<i32>()],
        });
        vec(row, 0..20).prop_map(|rows| Self { rows }).boxed()
    }
}
