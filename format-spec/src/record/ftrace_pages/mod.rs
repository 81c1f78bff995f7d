//! Sub-buffers of an ftrace ring buffer as `per_cpu/cpuN/trace_pipe_raw` gave them.

mod decode;
mod encode;
mod event;
mod model;
mod modes;

use bincode::{Decode, Encode};

use super::{Layout, Record};
use crate::{DecodeError, codec};

/// Consecutive sub-buffers of one processor of one trace buffer. The frame's stream number names the buffer.
///
/// The layout within is the kernel's own, described by [`super::EventFormats`], but for one thing: kernel text
/// addresses are made relative to the image by [`crate::ftrace::rebase`].
///
/// Version 2 stores the pages split into columns, a fifteenth of their size, and gives them back byte for byte. Records
/// of a mebibyte of pages compress well; each record starts anew.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct FtracePages {
    /// Processor.
    pub cpu: u32,
    /// The zoom or probe session that they belong to: [`super::Zoom::number`], or 0 for what was armed from the start.
    pub session: u32,
    /// The sub-buffers, each cut behind its last byte in use.
    #[cfg_attr(feature = "json", serde(serialize_with = "crate::json::byte_strings"))]
    pub pages: Vec<Vec<u8>>,
}

impl Record for FtracePages {
    const TYPE: u16 = 7;
    const LAYOUT: Layout = Layout {
        version: 2,
        revision: 0,
    };

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        encode::encode(self, out)
    }

    fn decode(payload: &[u8], layout: Layout) -> Result<Self, DecodeError> {
        match layout.version {
            1 => codec::decode(payload, layout.revision > 0),
            _ => decode::decode(payload, layout.revision > Self::LAYOUT.revision),
        }
    }
}
