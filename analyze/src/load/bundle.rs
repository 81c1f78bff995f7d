//! The model that everything after loading works on.

use std::collections::HashMap;

use format_spec::record::{
    Architecture, Closing, Count, CtlEntry, Exit, FactDefinition, Failure, FieldLayout,
    FunctionCode, Manifest, Probe, Types, Zoom,
};

use super::{Loss, Snapshots, SymbolTable, TraceStream};

/// A whole bundle. Any part may be missing; what is missing is in `losses`.
#[derive(Debug, Default)]
pub struct Bundle {
    /// The file itself.
    pub file: FileInfo,
    /// Who recorded what, where.
    pub manifest: Option<Manifest>,
    /// How the recording ended; `None` when it was cut.
    pub closing: Option<Closing>,
    /// How often each (syscall, errno, process) failed, exact.
    pub counts: Vec<Count>,
    /// What the facts of failures are, by id.
    pub facts: HashMap<u16, FactDefinition>,
    /// Failing syscalls, whole, by time.
    pub failures: Vec<Failure>,
    /// When the processes of these ended, and how, by time.
    pub exits: Vec<Exit>,
    /// What procfs, sysfs and statfs said.
    pub snapshots: Snapshots,
    /// The zooms, by number.
    pub zooms: Vec<Zoom>,
    /// The probes that gave return values.
    pub probes: Vec<Probe>,
    /// The ring buffers, by (session, stream).
    pub trace: Vec<TraceStream>,
    /// Kernel functions.
    pub symbols: SymbolTable,
    /// Machine code, by address.
    pub code: Vec<FunctionCode>,
    /// Which variable each sysctl sets, by address.
    pub ctl_entries: Vec<CtlEntry>,
    /// Where the fields of kernel structures are.
    pub fields: Vec<FieldLayout>,
    /// What functions are given, and where pointers in these structures lead.
    pub types: Types,
    /// What is not in the bundle, or not whole.
    pub losses: Vec<Loss>,
}

/// The file itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileInfo {
    /// Length, in bytes.
    pub len: usize,
    /// Whole frames.
    pub frames: usize,
    /// Creation time, nanoseconds since 1970-01-01 UTC.
    pub created_ns: u64,
    /// Random id of the bundle.
    pub id: [u8; 16],
}

impl Bundle {
    /// The recorded architecture; arm64 when the manifest is missing, as most bundles are.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        self.manifest
            .as_ref()
            .map_or(Architecture::Aarch64, |manifest| manifest.host.architecture)
    }

    /// Size of a page of the recorded host, in bytes.
    #[must_use]
    pub fn page_size_bytes(&self) -> u64 {
        self.manifest
            .as_ref()
            .map_or(4096, |manifest| manifest.host.page_size_bytes.into())
    }

    /// The fact `name` of a failure, for example `mnt_ns.mounts`.
    #[must_use]
    pub fn fact(&self, failure: &Failure, name: &str) -> Option<u64> {
        let named = |id: &u16| self.facts.get(id).is_some_and(|fact| fact.name == name);
        failure
            .facts
            .iter()
            .find(|(id, _)| named(id))
            .map(|&(_, value)| value)
    }

    /// The streams of one session.
    pub fn session(&self, number: u32) -> impl Iterator<Item = &TraceStream> {
        self.trace
            .iter()
            .filter(move |stream| stream.session == number)
    }
}
