//! Events to the bytes of sub-buffers, and the format files that describe them: as a 6.12 kernel prints them.

use std::iter;

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

/// An event as its format file describes it.
struct Definition {
    id: u16,
    system: &'static str,
    name: &'static str,
    /// Declaration, offset, size, and 1 when it is signed. An array stands last.
    fields: &'static [(&'static str, usize, usize, u8)],
}

const ENTRY: Definition = Definition {
    id: 11,
    system: "ftrace",
    name: "funcgraph_entry",
    fields: &[("unsigned long func", 8, 8, 0), ("int depth", 16, 4, 1)],
};

const EXIT: Definition = Definition {
    id: 10,
    system: "ftrace",
    name: "funcgraph_exit",
    fields: &[
        ("unsigned long func", 8, 8, 0),
        ("int depth", 16, 4, 1),
        ("unsigned int overrun", 20, 4, 0),
        ("unsigned long long calltime", 24, 8, 0),
        ("unsigned long long rettime", 32, 8, 0),
    ],
};

const EXIT_WITH_VALUE: Definition = Definition {
    id: 12,
    system: "ftrace",
    name: "funcgraph_exit",
    fields: &[
        ("unsigned long func", 8, 8, 0),
        ("unsigned long retval", 16, 8, 0),
        ("int depth", 24, 4, 1),
        ("unsigned int overrun", 28, 4, 0),
        ("unsigned long long calltime", 32, 8, 0),
        ("unsigned long long rettime", 40, 8, 0),
    ],
};

const STACK: Definition = Definition {
    id: 4,
    system: "ftrace",
    name: "kernel_stack",
    fields: &[("int size", 8, 4, 1), ("unsigned long caller[]", 16, 0, 0)],
};

const SYSCALL_ENTER: Definition = Definition {
    id: 300,
    system: "raw_syscalls",
    name: "sys_enter",
    fields: &[("long id", 8, 8, 1), ("unsigned long args[6]", 16, 48, 0)],
};

const SYSCALL_EXIT: Definition = Definition {
    id: 299,
    system: "raw_syscalls",
    name: "sys_exit",
    fields: &[("long id", 8, 8, 1), ("long ret", 16, 8, 1)],
};

const RETURN: Definition = Definition {
    id: 2000,
    system: "etz",
    name: "returned",
    fields: &[
        ("unsigned long __probe_func", 8, 8, 0),
        ("unsigned long __probe_ret_ip", 16, 8, 0),
        ("u64 ret", 24, 8, 0),
    ],
};

impl Definition {
    fn file(&self) -> EventFormatFile {
        let fields: String = self
            .fields
            .iter()
            .map(|(field, offset, size, signed)| {
                format!("\tfield:{field};\toffset:{offset};\tsize:{size};\tsigned:{signed};\n")
            })
            .collect();
        let &Self {
            id, system, name, ..
        } = self;
        EventFormatFile {
            system: system.into(),
            name: name.into(),
            text: format!("name: {name}\nID: {id}\nformat:\n{COMMON}{fields}"),
        }
    }

    /// Appends the values of the fields; those that are left over are elements of the array.
    fn put(&self, bytes: &mut Vec<u8>, values: &[u64]) {
        let fields = self.fields.iter().map(Some).chain(iter::repeat(None));
        for (value, field) in values.iter().zip(fields) {
            let mut size = 8;
            if let Some(&(_, offset, own, _)) = field {
                bytes.resize(offset, 0);
                size = if own == 4 { 4 } else { 8 };
            }
            bytes.extend(&value.to_le_bytes()[..size]);
        }
    }
}

/// The format files.
pub(super) fn formats() -> EventFormats {
    let events = [
        ENTRY,
        EXIT,
        EXIT_WITH_VALUE,
        STACK,
        SYSCALL_ENTER,
        SYSCALL_EXIT,
        RETURN,
    ];
    EventFormats {
        header_page: HEADER_PAGE.into(),
        events: events.iter().map(Definition::file).collect(),
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

/// The event's own bytes.
fn record(event: &Event) -> Vec<u8> {
    let Some((definition, values)) = values(&event.kind) else {
        return Vec::new();
    };
    let mut bytes = definition.id.to_le_bytes().to_vec();
    bytes.extend([event.flags, 0]);
    bytes.extend(event.pid.to_le_bytes());
    definition.put(&mut bytes, &values);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

/// What stands in the fields, in their order.
fn values(kind: &EventKind) -> Option<(Definition, Vec<u64>)> {
    Some(match kind {
        &EventKind::Entry {
            function, depth, ..
        } => (ENTRY, vec![function, depth.into()]),
        &EventKind::Exit {
            function,
            depth,
            start_ns,
            end_ns,
            overrun,
            value,
        } => {
            let mut values = vec![function, depth.into(), overrun.into(), start_ns, end_ns];
            match value {
                Some(value) => {
                    values.insert(1, value);
                    (EXIT_WITH_VALUE, values)
                }
                None => (EXIT, values),
            }
        }
        EventKind::Stack(callers) => {
            let mut values = vec![callers.len() as u64];
            values.extend(callers);
            (STACK, values)
        }
        EventKind::SyscallEnter { id, arguments } => {
            let mut values = vec![id.cast_unsigned()];
            values.extend(arguments);
            (SYSCALL_ENTER, values)
        }
        EventKind::SyscallExit { id, result } => {
            let values = vec![id.cast_unsigned(), result.cast_unsigned()];
            (SYSCALL_EXIT, values)
        }
        EventKind::Return {
            function,
            caller,
            value,
        } => {
            let values = vec![*function, *caller, value.unwrap_or(0)];
            (RETURN, values)
        }
        EventKind::Lost { .. } => return None,
    })
}
