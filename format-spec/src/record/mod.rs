//! The records: what one frame holds. One file each.
//!
//! Records that are few and rich are bincode; records that are many are columnar.
//! Kernel addresses in records are relative to the kernel image: the address minus that of `_text`, wrapping.
//! Times are nanoseconds of CLOCK_MONOTONIC unless a field says otherwise.

mod any;
mod closing;
mod code;
mod counts;
mod ctl_tables;
mod event_formats;
mod exits;
mod facts;
mod failures;
mod ftrace_pages;
mod manifest;
mod probes;
mod snapshot;
mod symbols;
mod type_layouts;
mod types;
mod zoom;

pub use any::{AnyRecord, type_name};
pub use closing::{CUT, Closing, Cost, Drop, EndReason};
pub use code::{Code, FunctionCode};
pub use counts::{Count, CountUpdates, Counts};
pub use ctl_tables::{CtlEntry, CtlTables};
pub use event_formats::{EventFormatFile, EventFormats};
pub use exits::{Exit, Exits};
pub use facts::{FactDefinition, FactTable, FactUnit};
pub use failures::{Failure, Failures, PathArgument};
pub use ftrace_pages::FtracePages;
pub use manifest::{Ability, AbilityState, Architecture, Armed, Clocks, Host, Manifest, Missing};
pub use probes::{Probe, ProbeKind, Probes};
pub use snapshot::{Content, Entry, Phase, Snapshot};
pub use symbols::{ReturnType, Symbol, Symbols};
pub use type_layouts::{FieldLayout, TypeLayouts};
pub use types::{Parameter, PointerField, Prototype, Types};
pub use zoom::{Pass, Zoom, ZoomEnd};

use bincode::{Decode, Encode};

use crate::{DecodeError, codec};

/// Which layout the bytes of a record follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Version, from 1: another one is another layout.
    pub version: u8,
    /// Revision of that version, from 0: a later one only appends fields (bincode) or columns (columnar), which an
    /// earlier reader passes over.
    pub revision: u8,
}

/// A record: one type of frame.
pub trait Record: Sized {
    /// Frame type. 1 to 0x7fff are of this specification, 0x8000 to 0xfffe are free for experiments.
    const TYPE: u16;
    /// Layout that [`Record::encode`] writes; versions from 1 up to its version can be read, of any revision.
    const LAYOUT: Layout = Layout {
        version: 1,
        revision: 0,
    };

    /// Appends the record's bytes.
    ///
    /// # Errors
    /// When [`Record::decode`] would refuse them: a count is over its bound, or the record takes too much memory.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DecodeError>;

    /// Reads the record that `payload` holds.
    ///
    /// # Errors
    /// When the bytes do not follow the layout, or a count is over its bound.
    fn decode(payload: &[u8], layout: Layout) -> Result<Self, DecodeError>;
}

/// A record that is written in bincode.
trait Plain: Encode + Decode<()> {
    const TYPE: u16;

    /// Number of elements of all lists in the record, those within elements included.
    fn elements(&self) -> usize;
}

impl<T: Plain> Record for T {
    const TYPE: u16 = <T as Plain>::TYPE;

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        codec::encode_bounded(self, self.elements(), out)
    }

    fn decode(payload: &[u8], layout: Layout) -> Result<Self, DecodeError> {
        codec::decode(payload, layout.revision > Self::LAYOUT.revision)
    }
}
