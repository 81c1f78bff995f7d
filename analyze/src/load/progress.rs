//! How far loading has come, for whoever shows it.

use std::sync::atomic::{AtomicUsize, Ordering};

use format_spec::Frame;

/// Bytes of frames that are decoded, of all. Another thread may look on.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicUsize,
    all: AtomicUsize,
}

impl Progress {
    /// Bytes of frames that are decoded.
    #[must_use]
    pub fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// Bytes of all frames; 0 until they are counted.
    #[must_use]
    pub fn all(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }

    pub(super) fn expect(&self, frames: &[Frame]) {
        let all = frames.iter().map(Frame::len).sum();
        self.all.store(all, Ordering::Relaxed);
    }

    pub(super) fn decoded(&self, frame: &Frame) {
        self.done.fetch_add(frame.len(), Ordering::Relaxed);
    }
}
