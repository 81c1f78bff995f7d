//! A made-up kernel: functions with addresses, and traces of what they do.

use format_spec::record::{ReturnType, Symbol};

use crate::load::{Event, EventKind, SymbolTable, TraceStream};

/// Distance of the functions of the made-up kernel, in bytes.
const SPACING: u64 = 0x100;

/// Functions by name, and the clock of the trace being made.
#[derive(Debug, Default)]
pub(crate) struct Kernel {
    symbols: Vec<Symbol>,
    pub(crate) events: Vec<Event>,
    pub(crate) cpu: u32,
    pub(crate) pid: u32,
    pub(crate) flags: u8,
    time_ns: u64,
    depth: u32,
}

impl Kernel {
    /// A task with thread id 100 on processor 0.
    pub(crate) fn new() -> Self {
        Self {
            pid: 100,
            ..Self::default()
        }
    }

    /// The address of a function; made up as one that returns `int` when it is new.
    pub(crate) fn function(&mut self, name: &str) -> u64 {
        self.returning(name, ReturnType::Signed(32))
    }

    /// The address of a function; made up with that return type when it is new.
    pub(crate) fn returning(&mut self, name: &str, returns: ReturnType) -> u64 {
        if let Some(known) = self.symbols.iter().find(|symbol| symbol.name == name) {
            return known.address;
        }
        let address = SPACING * (self.symbols.len() as u64 + 1);
        self.symbols.push(Symbol {
            address,
            size: SPACING,
            kind: b't',
            name: name.into(),
            module: None,
            returns,
        });
        address
    }

    /// The functions so far.
    pub(crate) fn symbols(&self) -> Vec<Symbol> {
        self.symbols.clone()
    }

    /// The functions so far, as a table.
    pub(crate) fn table(&self) -> SymbolTable {
        SymbolTable::new(self.symbols.clone())
    }

    /// The events so far, as a stream of session 1.
    pub(crate) fn stream(&self) -> TraceStream {
        TraceStream::of(1, &self.events)
    }

    pub(crate) fn push(&mut self, kind: EventKind) {
        self.time_ns += 100;
        let Self {
            time_ns,
            cpu,
            pid,
            flags,
            ..
        } = *self;
        self.events.push(Event {
            time_ns,
            cpu,
            pid,
            flags,
            kind,
        });
    }

    pub(crate) fn enter(&mut self, name: &str) {
        let function = self.function(name);
        let depth = self.depth;
        self.push(EventKind::Entry {
            function,
            depth,
            arguments: Box::default(),
        });
        self.depth += 1;
    }

    pub(crate) fn leave(&mut self, name: &str) {
        self.leave_with(name, None);
    }

    pub(crate) fn leave_with(&mut self, name: &str, value: Option<i64>) {
        let function = self.function(name);
        self.depth = self.depth.saturating_sub(1);
        let depth = self.depth;
        let value = value.map(i64::cast_unsigned);
        let end_ns = self.time_ns + 100;
        self.push(EventKind::Exit {
            function,
            depth,
            start_ns: 0,
            end_ns,
            overrun: 0,
            value,
        });
    }

    /// A whole call without children, in a graph.
    pub(crate) fn call(&mut self, name: &str) {
        self.enter(name);
        self.leave(name);
    }

    /// A whole call without children that returned `value`, in a graph with return values.
    pub(crate) fn returned(&mut self, name: &str, value: i64) {
        self.enter(name);
        self.leave_with(name, Some(value));
    }

    pub(crate) fn syscall_enter(&mut self, id: i64) {
        self.push(EventKind::SyscallEnter {
            id,
            arguments: Box::new([0; 6]),
        });
    }

    pub(crate) fn syscall_exit(&mut self, id: i64, result: i64) {
        self.push(EventKind::SyscallExit { id, result });
    }

    /// A return probe's event: `name` returned `value` to `caller`.
    pub(crate) fn probe(&mut self, name: &str, caller: &str, value: i64) {
        let function = self.function(name);
        let caller = self.function(caller) + 0x10;
        self.push(EventKind::Return {
            function,
            caller,
            value: Some(value.cast_unsigned()),
        });
    }

    /// The event of a probe within `name` that is about to return `value`, with the stack of its callers, innermost first.
    pub(crate) fn caught(&mut self, name: &str, callers: &[&str], value: i64) {
        let place = self.function(name) + 0x20;
        self.push(EventKind::Return {
            function: place,
            caller: 0,
            value: Some(value.cast_unsigned()),
        });
        let mut stack = vec![place];
        stack.extend(callers.iter().map(|caller| self.function(caller) + 0x10));
        self.push(EventKind::Stack(stack.into()));
    }

    /// A return probe's event with the stack of its callers, innermost first.
    pub(crate) fn probe_with_stack(&mut self, name: &str, callers: &[&str], value: i64) {
        self.probe(name, callers[0], value);
        let mut stack = vec![self.function(name)];
        stack.extend(callers.iter().map(|caller| self.function(caller) + 0x10));
        self.push(EventKind::Stack(stack.into()));
    }
}
