//! A record whose type only the frame tells.

use std::io::Write;

use super::*;
use crate::{Frame, Reader, WriteError, Writer};

macro_rules! every_record {
    ($($record:ident $name:literal),* $(,)?) => {
        /// A record of any type that this version knows.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[cfg_attr(feature = "json", derive(serde::Serialize), serde(untagged))]
        #[allow(clippy::large_enum_variant, reason = "one at a time is in memory")]
        pub enum AnyRecord {
            $(#[doc = concat!("[`", stringify!($record), "`].")] $record($record),)*
        }

        impl AnyRecord {
            /// The record in `frame`.
            ///
            /// # Errors
            /// As [`Reader::decode`], and for a type that is not known.
            pub fn decode(reader: &Reader<'_>, frame: &Frame) -> Result<Self, DecodeError> {
                match frame.header.frame_type {
                    $(<$record as Record>::TYPE => reader.decode(frame).map(Self::$record),)*
                    found => Err(DecodeError::Type { expected: 0, found }),
                }
            }

            /// Appends the record to `stream`, as [`Writer::write`] does.
            ///
            /// # Errors
            /// As [`Writer::write`].
            pub fn write<W: Write>(&self, writer: &mut Writer<W>, stream: u32) -> Result<u64, WriteError> {
                match self {
                    $(Self::$record(record) => writer.write(stream, record),)*
                }
            }
        }

        /// The name that SPEC.md gives to a frame type; `None` for one that is not known.
        #[must_use]
        pub fn type_name(frame_type: u16) -> Option<&'static str> {
            match frame_type {
                $(<$record as Record>::TYPE => Some($name),)*
                _ => None,
            }
        }
    };
}

every_record! {
    Manifest "manifest",
    Closing "closing",
    Counts "counts",
    FactTable "fact table",
    Failures "failures",
    Snapshot "snapshot",
    FtracePages "ftrace pages",
    EventFormats "event formats",
    Probes "probes",
    Symbols "symbols",
    Zoom "zoom",
    Code "code",
    CtlTables "sysctl tables",
    TypeLayouts "type layouts",
    Exits "exits",
    CountUpdates "count updates",
    Types "types",
}
