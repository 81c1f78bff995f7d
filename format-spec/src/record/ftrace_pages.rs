//! Sub-buffers of an ftrace ring buffer as `per_cpu/cpuN/trace_pipe_raw` gave them.

use bincode::{Decode, Encode};

/// Consecutive sub-buffers of one processor of one trace buffer. The frame's stream number names the buffer.
///
/// The layout within is the kernel's own, described by [`super::EventFormats`], but for one thing: kernel text
/// addresses are made relative to the image by [`crate::ftrace::rebase`].
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

impl super::Plain for FtracePages {
    const TYPE: u16 = 7;

    fn elements(&self) -> usize {
        self.pages.len()
    }
}
