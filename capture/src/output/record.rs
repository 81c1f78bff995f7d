//! What sentinels and zooms record, on its way to the bundle.

use format_spec::record::{
    Code, CtlTables, EventFormats, FtracePages, Probes, Symbols, TypeLayouts, Types,
    Zoom as ZoomRecord,
};

/// A record for the bundle.
#[derive(Debug)]
pub(crate) enum Output {
    /// Formats: before the pages that need them.
    EventFormats(EventFormats),
    /// Sub-buffers; `stream` names the trace buffer.
    FtracePages {
        /// Stream number of the frame.
        stream: u32,
        /// The sub-buffers.
        pages: FtracePages,
    },
    /// Probes: before the pages that need them.
    Probes(Probes),
    /// Symbols.
    Symbols(Symbols),
    /// A zoom that ended.
    Zoom(ZoomRecord),
    /// Code of functions.
    Code(Code),
    /// Sysctls and their variables.
    CtlTables(CtlTables),
    /// Layouts of structures.
    TypeLayouts(TypeLayouts),
    /// Prototypes of functions, and where pointers lead.
    Types(Types),
}

impl Output {
    /// Bytes of the sub-buffers; 0 for what is none.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::FtracePages { pages, .. } => pages.pages.iter().map(Vec::len).sum(),
            _ => 0,
        }
    }
}

/// Where records go.
pub(crate) type Sink<'a> = &'a mut dyn FnMut(Output);
