//! Event ids to layouts, from the `format` files that the recorded kernel itself published.

use std::{collections::HashMap, sync::Arc};

use format_spec::{
    ftrace::{EventFormat, Field, PageFormat},
    record::{EventFormats, Probe},
};

use super::EventKind;

/// The layouts that hold at one place of the file. Ids of dynamic events are reused: later frames replace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layouts {
    /// Layout of a sub-buffer; `None` until a frame told it.
    pub(crate) page: Option<PageFormat>,
    by_id: HashMap<u16, Arc<Layout>>,
}

/// Where the fields of one event are.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) pid: Field,
    pub(crate) flags: Field,
    shape: Shape,
}

#[derive(Debug)]
enum Shape {
    Entry {
        function: Field,
        depth: Field,
        arguments: Option<Field>,
    },
    Exit(Box<ExitFields>),
    Return {
        function: Option<Field>,
        fallback: u64,
        caller: Option<Field>,
        value: Option<Field>,
    },
    Stack {
        caller: Field,
    },
    SyscallEnter {
        id: Field,
        arguments: Option<Field>,
    },
    SyscallExit {
        id: Field,
        result: Field,
    },
    Other,
}

#[derive(Debug)]
struct ExitFields {
    function: Field,
    depth: Field,
    start: Option<Field>,
    end: Option<Field>,
    overrun: Option<Field>,
    value: Option<Field>,
}

impl Layouts {
    /// Takes the formats of one frame over; returns what could not be read.
    pub(crate) fn add(
        &mut self,
        formats: &EventFormats,
        probes: &HashMap<&str, &Probe>,
        address_of: impl Fn(&str) -> u64,
    ) -> Vec<String> {
        let mut problems = Vec::new();
        if !formats.header_page.is_empty() {
            match PageFormat::parse(&formats.header_page) {
                Ok(page) => self.page = Some(page),
                Err(error) => problems.push(format!("events/header_page: {error}")),
            }
        }
        for file in &formats.events {
            let event = format!("{}/{}", file.system, file.name);
            let probe = probes
                .get(event.as_str())
                .map(|probe| address_of(&probe.function));
            match EventFormat::parse(&file.text) {
                Ok(format) => match Layout::new(&file.system, &format, probe) {
                    Some(layout) => {
                        self.by_id.insert(format.id, Arc::new(layout));
                    }
                    None => problems.push(format!("{event}: its format lacks a field")),
                },
                Err(error) => problems.push(format!("{event}: {error}")),
            }
        }
        problems
    }

    /// How many events have a layout.
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// The layout of the events with that id.
    pub(crate) fn get(&self, id: u16) -> Option<&Layout> {
        self.by_id.get(&id).map(AsRef::as_ref)
    }
}

impl Layout {
    fn new(system: &str, format: &EventFormat, probe: Option<u64>) -> Option<Self> {
        let field = |name: &str| format.field(name).cloned();
        let shape = match (system, format.name.as_str()) {
            ("ftrace", "funcgraph_entry" | "fgraph_retaddr_entry") => Shape::Entry {
                function: field("func")?,
                depth: field("depth")?,
                arguments: field("args").filter(|args| args.array),
            },
            ("ftrace", "funcgraph_exit") => Shape::Exit(Box::new(ExitFields {
                function: field("func")?,
                depth: field("depth")?,
                start: field("calltime"),
                end: field("rettime"),
                overrun: field("overrun"),
                value: field("retval"),
            })),
            ("ftrace", "kernel_stack") => Shape::Stack {
                caller: field("caller")?,
            },
            ("raw_syscalls", "sys_enter") => Shape::SyscallEnter {
                id: field("id")?,
                arguments: field("args"),
            },
            ("raw_syscalls", "sys_exit") => Shape::SyscallExit {
                id: field("id")?,
                result: field("ret")?,
            },
            // The events of one syscall alone; their arguments have a field each.
            ("syscalls", name) if name.starts_with("sys_enter_") => Shape::SyscallEnter {
                id: field("__syscall_nr")?,
                arguments: None,
            },
            ("syscalls", name) if name.starts_with("sys_exit_") => Shape::SyscallExit {
                id: field("__syscall_nr")?,
                result: field("ret")?,
            },
            _ if probe.is_some() || field("__probe_ret_ip").is_some() => Shape::Return {
                // A probe at a return names the function, one within it the instruction.
                function: field("__probe_func").or_else(|| field("__probe_ip")),
                fallback: probe.unwrap_or(0),
                caller: field("__probe_ret_ip"),
                value: value_of_probe(format),
            },
            _ => Shape::Other,
        };
        Some(Self {
            pid: field("common_pid")?,
            flags: field("common_flags")?,
            shape,
        })
    }

    /// Reads an event's own fields; `None` for events that the analyzer does not use, and for cut ones.
    pub(crate) fn read(&self, record: &[u8]) -> Option<EventKind> {
        Some(match &self.shape {
            Shape::Entry {
                function,
                depth,
                arguments,
            } => EventKind::Entry {
                function: word(function, record)?,
                depth: u32::try_from(depth.read(record)?).ok()?,
                arguments: words(arguments.as_ref(), record),
            },
            Shape::Exit(exit) => EventKind::Exit {
                function: word(&exit.function, record)?,
                depth: u32::try_from(exit.depth.read(record)?).ok()?,
                start_ns: optional(exit.start.as_ref(), record),
                end_ns: optional(exit.end.as_ref(), record),
                overrun: u32::try_from(optional(exit.overrun.as_ref(), record)).unwrap_or(u32::MAX),
                value: exit.value.as_ref().and_then(|value| word(value, record)),
            },
            Shape::Return {
                function,
                fallback,
                caller,
                value,
            } => EventKind::Return {
                function: match function {
                    Some(function) => word(function, record)?,
                    None => *fallback,
                },
                caller: optional(caller.as_ref(), record),
                value: value.as_ref().and_then(|value| word(value, record)),
            },
            Shape::Stack { caller } => EventKind::Stack(words(Some(caller), record)),
            Shape::SyscallEnter { id, arguments } => EventKind::SyscallEnter {
                id: id.read(record)?,
                arguments: words(arguments.as_ref(), record),
            },
            Shape::SyscallExit { id, result } => EventKind::SyscallExit {
                id: id.read(record)?,
                result: result.read(record)?,
            },
            Shape::Other => return None,
        })
    }
}

/// The field of a probe event that holds the return value: the first that the kernel did not add itself.
fn value_of_probe(format: &EventFormat) -> Option<Field> {
    let own = |field: &&Field| {
        !field.name.starts_with("common_") && !field.name.starts_with("__probe_") && !field.array
    };
    format.fields.iter().find(own).cloned()
}

fn word(field: &Field, record: &[u8]) -> Option<u64> {
    field.read(record).map(i64::cast_unsigned)
}

fn optional(field: Option<&Field>, record: &[u8]) -> u64 {
    field.and_then(|field| word(field, record)).unwrap_or(0)
}

/// An array of 64-bit words: of the field's size, or up to the record's end when it has none.
fn words(field: Option<&Field>, record: &[u8]) -> Box<[u64]> {
    let Some(field) = field else {
        return Box::default();
    };
    let end = match field.size {
        0 => record.len(),
        size => field.offset.saturating_add(size).min(record.len()),
    };
    let bytes = record.get(field.offset..end).unwrap_or_default();
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().map(|word| u64::from_le_bytes(*word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kprobe event with one value, as 6.12 formats it.
    const REFUSAL: &str = "name: s1\nID: 77\nformat:\n\
        \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\
        \tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n\
        \tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n\
        \tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n\
        \tfield:unsigned long __probe_ip;\toffset:8;\tsize:8;\tsigned:0;\n\
        \tfield:s32 ret;\toffset:16;\tsize:4;\tsigned:1;\n\n\
        print fmt: \"(%lx) ret=%d\", REC->__probe_ip, REC->ret\n";

    #[test]
    fn a_probe_within_a_function_tells_where_and_what() {
        let format = EventFormat::parse(REFUSAL).unwrap();
        let layout = Layout::new("etz", &format, Some(0x1000)).unwrap();
        let mut record = vec![77, 0, 0, 0, 9, 0, 0, 0];
        record.extend(0x10d8_u64.to_le_bytes());
        record.extend((-24_i32).to_le_bytes());
        let expected = EventKind::Return {
            function: 0x10d8,
            caller: 0,
            value: Some((-24_i64).cast_unsigned()),
        };
        assert_eq!(layout.read(&record), Some(expected));
    }
}
