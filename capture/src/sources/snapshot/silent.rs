//! File systems that do not answer.

use std::collections::BTreeSet;

use super::mount_table::Mounted;

/// A file system that did not answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Silent {
    /// `major:minor`.
    pub(super) device: String,
    /// Its type.
    pub(super) fs_type: String,
    /// Where it is mounted.
    pub(super) point: Vec<u8>,
}

impl From<&Mounted> for Silent {
    fn from(mount: &Mounted) -> Self {
        Self {
            device: mount.device.clone(),
            fs_type: mount.fs_type.clone(),
            point: mount.point.clone(),
        }
    }
}

impl Silent {
    /// Its row in `etz:unanswered`; `asked` says whether it was asked.
    pub(super) fn row(&self, asked: bool) -> String {
        let asked = if asked { "yes" } else { "no" };
        let point = self.point.escape_ascii();
        format!("{} {} {asked} {point}\n", self.device, self.fs_type)
    }
}

/// File systems that must not be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Avoided {
    /// By device, `major:minor`.
    pub(super) devices: BTreeSet<String>,
    /// By type.
    pub(super) types: BTreeSet<String>,
}

impl Avoided {
    /// Whether that file system must not be asked: it did not answer, or several of its type did not.
    pub(super) fn has(&self, mount: &Mounted) -> bool {
        self.devices.contains(&mount.device) || self.types.contains(&mount.fs_type)
    }
}
