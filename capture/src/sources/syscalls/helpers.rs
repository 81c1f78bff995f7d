//! The recorder's helper processes, whose failures are not the host's.

use std::sync::{Arc, Mutex, PoisonError};

use aya::maps::{Array, MapData};

/// Tells the kernel programs which processes they are; its clones tell the same programs.
#[derive(Clone, Default)]
pub(crate) struct Helpers(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// The guard, and the process that takes snapshots; 0 for none.
    tgids: [u32; 2],
    /// `None` until the programs are loaded.
    map: Option<Array<MapData, [u32; 2]>>,
}

impl Helpers {
    /// The guard.
    pub(crate) fn guard(&self, tgid: u32) {
        self.set(0, tgid);
    }

    /// The process that takes snapshots, in place of the one before.
    pub(crate) fn snapshots(&self, tgid: u32) {
        self.set(1, tgid);
    }

    /// The programs are loaded.
    pub(super) fn loaded(&self, map: Array<MapData, [u32; 2]>) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.map = Some(map);
        inner.tell();
    }

    fn set(&self, at: usize, tgid: u32) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.tgids[at] = tgid;
        inner.tell();
    }
}

impl Inner {
    fn tell(&mut self) {
        if let Some(map) = &mut self.map {
            // An element of an array is always there.
            let _ = map.set(0, self.tgids, 0);
        }
    }
}
