//! The `.etz` bundle format: what `capture` writes and `analyze` reads.
//!
//! A bundle is a [file header](container::FileHeader), then self-delimiting [frames](container::FrameHeader),
//! each with its own checksum and its own zstd payload, then, after a clean close, an
//! [index](container::Index) and a [trailer](container::Trailer). It is valid from byte 0 on: a file cut
//! anywhere is readable up to its last whole frame. `SPEC.md` describes every byte.
//!
//! # Writing
//!
//! ```
//! use format_spec::{Writer, record::{Count, Counts}};
//!
//! let mut writer = Writer::new(Vec::new(), [7; 16], 1_700_000_000_000_000_000)?;
//! let counts = Counts { rows: vec![Count { syscall: 40, errno: 28, tgid: 812, comm: b"dockerd".into(), count: 3, first_ns: 5, last_ns: 9, cgroup: 2248, processes: 1 }] };
//! writer.write(0, &counts)?;
//! let bytes = writer.finish()?;
//! # Ok::<(), format_spec::WriteError>(())
//! ```
//!
//! # Reading
//!
//! ```
//! # use format_spec::{Writer, record::Counts};
//! # let mut writer = Writer::new(Vec::new(), [7; 16], 0)?;
//! # writer.write(0, &Counts::default())?;
//! # let bytes = writer.finish()?;
//! use format_spec::Reader;
//!
//! let reader = Reader::new(&bytes)?;
//! for frame in reader.frames_of::<Counts>() {
//!     let counts: Counts = reader.decode(frame)?;
//!     assert!(counts.rows.is_empty());
//! }
//! assert!(reader.damage().is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

pub mod bounds;
pub mod container;
pub mod ftrace;
#[cfg(feature = "json")]
pub mod json;
pub mod linux;
pub mod record;
#[cfg(feature = "redact")]
pub mod redact;

mod claims;
mod codec;
mod columns;
mod compression;
mod error;
mod reader;
mod writer;

pub use error::{DecodeError, ReadError, WriteError};
pub use reader::{Damage, DetachedFrame, Frame, Reader};
pub use writer::{StreamSize, Writer};
