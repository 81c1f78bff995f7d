//! Events to the bytes of sub-buffers, and the format files that describe them: as a 6.12 kernel prints them.

use format_spec::record::{EventFormatFile, EventFormats, FtracePages};

use crate::load::{Event, EventKind};

const HEADER_PAGE: &str = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\
    \tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n\
    \tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n\
    \tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";

const COMMON: &str = "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\
    \tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n\
    \tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n\
    \tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n";

/// Each event's id, system, name and own fields: (declaration, offset, size, signed).
type Definition = (
    u16,
    &'static str,
    &'static str,
    &'static [(&'static str, usize, usize, u8)],
);

const EVENTS: [Definition; 7] = [
    (
        11,
        "ftrace",
        "funcgraph_entry",
        &[("unsigned long func", 8, 8, 0), ("int depth", 16, 4, 1)],
    ),
    (
        10,
        "ftrace",
        "funcgraph_exit",
        &[
            ("unsigned long func", 8, 8, 0),
            ("int depth", 16, 4, 1),
            ("unsigned int overrun", 20, 4, 0),
            ("unsigned long long calltime", 24, 8, 0),
            ("unsigned long long rettime", 32, 8, 0),
        ],
    ),
    (
        12,
        "ftrace",
        "funcgraph_exit",
        &[
            ("unsigned long func", 8, 8, 0),
            ("unsigned long retval", 16, 8, 0),
            ("int depth", 24, 4, 1),
            ("unsigned int overrun", 28, 4, 0),
            ("unsigned long long calltime", 32, 8, 0),
            ("unsigned long long rettime", 40, 8, 0),
        ],
    ),
    (
        4,
        "ftrace",
        "kernel_stack",
        &[("int size", 8, 4, 1), ("unsigned long caller[]", 16, 0, 0)],
    ),
    (
        300,
        "raw_syscalls",
        "sys_enter",
        &[("long id", 8, 8, 1), ("unsigned long args[6]", 16, 48, 0)],
    ),
    (
        299,
        "raw_syscalls",
        "sys_exit",
        &[("long id", 8, 8, 1), ("long ret", 16, 8, 1)],
    ),
    (
        2000,
        "etz",
        "returned",
        &[
            ("unsigned long __probe_func", 8, 8, 0),
            ("unsigned long __probe_ret_ip", 16, 8, 0),
            ("u64 ret", 24, 8, 0),
        ],
    ),
];

/// The format files.
pub(super) fn formats() -> EventFormats {
    let file = |&(id, system, name, fields): &Definition| {
        let fields: String = fields
            .iter()
            .map(|(field, offset, size, signed)| {
                format!("\tfield:{field};\toffset:{offset};\tsize:{size};\tsigned:{signed};\n")
            })
            .collect();
        EventFormatFile {
            system: system.into(),
            name: name.into(),
            text: format!("name: {name}\nID: {id}\nformat:\n{COMMON}{fields}"),
        }
    };
    EventFormats {
        header_page: HEADER_PAGE.into(),
        events: EVENTS.iter().map(file).collect(),
    }
}

/// One frame for each processor, with every event in a sub-buffer of its own kind of length.
pub(super) fn pages(session: u32, events: &[Event]) -> Vec<FtracePages> {
    let mut frames: Vec<FtracePages> = Vec::new();
    for event in events {
        let at = frames
            .iter()
            .position(|frame| frame.cpu == event.cpu)
            .unwrap_or_else(|| {
                frames.push(FtracePages {
                    cpu: event.cpu,
                    session,
                    pages: Vec::new(),
                });
                frames.len() - 1
            });
        frames[at].pages.push(page(event));
    }
    frames
}

/// A sub-buffer with that one event.
fn page(event: &Event) -> Vec<u8> {
    let record = record(event);
    let mut page = event.time_ns.to_le_bytes().to_vec();
    // `type_len` 0: the length stands in the first word, and counts that word.
    page.extend((record.len() as u64 + 8).to_le_bytes());
    page.extend(0u32.to_le_bytes());
    page.extend(u32::try_from(record.len() + 4).unwrap().to_le_bytes());
    page.extend(record);
    page
}

fn record(event: &Event) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut head = |id: u16| {
        bytes.extend(id.to_le_bytes());
        bytes.extend([event.flags, 0]);
        bytes.extend(event.pid.to_le_bytes());
    };
    match &event.kind {
        EventKind::Entry {
            function, depth, ..
        } => {
            head(11);
            bytes.extend(function.to_le_bytes());
            bytes.extend(depth.to_le_bytes());
            bytes.extend([0; 4]);
        }
        EventKind::Exit {
            function,
            depth,
            start_ns,
            end_ns,
            overrun,
            value,
        } => {
            head(if value.is_some() { 12 } else { 10 });
            bytes.extend(function.to_le_bytes());
            bytes.extend(value.iter().flat_map(|value| value.to_le_bytes()));
            bytes.extend(depth.to_le_bytes());
            bytes.extend(overrun.to_le_bytes());
            bytes.extend(start_ns.to_le_bytes());
            bytes.extend(end_ns.to_le_bytes());
        }
        EventKind::Stack(callers) => {
            head(4);
            bytes.extend(u32::try_from(callers.len()).unwrap().to_le_bytes());
            bytes.extend([0; 4]);
            bytes.extend(callers.iter().flat_map(|caller| caller.to_le_bytes()));
        }
        EventKind::SyscallEnter { id, arguments } => {
            head(300);
            bytes.extend(id.to_le_bytes());
            bytes.extend(arguments.iter().flat_map(|argument| argument.to_le_bytes()));
        }
        EventKind::SyscallExit { id, result } => {
            head(299);
            bytes.extend(id.to_le_bytes());
            bytes.extend(result.to_le_bytes());
        }
        EventKind::Return {
            function,
            caller,
            value,
        } => {
            head(2000);
            bytes.extend(function.to_le_bytes());
            bytes.extend(caller.to_le_bytes());
            bytes.extend(value.unwrap_or(0).to_le_bytes());
        }
        EventKind::Lost { .. } => {}
    }
    bytes
}
