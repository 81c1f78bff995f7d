//! Space of a file system as limits.

use super::{LimitUse, Unit};
use crate::{
    evidence::{FileSystem, Space},
    text::plain,
};

/// Its blocks and inodes; what only the superuser may use counts as used, as df(1) has it.
#[must_use]
pub fn of_file_system(file_system: &FileSystem) -> Vec<LimitUse> {
    let point = plain(&file_system.point);
    let scope = match file_system.process {
        Some(pid) => format!("{point} as process {pid} sees it"),
        None => point,
    };
    let limit = |id: &str, unit: Unit, used: u64, all: u64| LimitUse {
        scope: scope.clone(),
        source: String::new(),
        ..LimitUse::new(id, unit, used, Some(all))
    };
    let FileSystem { blocks, inodes, .. } = file_system;
    let used = |space: &Space| space.total.saturating_sub(space.free);
    let mut found = Vec::new();
    if file_system.has_space() {
        let bytes = |number: u64| number.saturating_mul(blocks.unit_bytes);
        let all = used(blocks).saturating_add(blocks.available);
        found.push(limit(
            "fs:blocks",
            Unit::Bytes,
            bytes(used(blocks)),
            bytes(all),
        ));
    }
    if inodes.total > 0 {
        found.push(limit(
            "fs:inodes",
            Unit::Each("inodes"),
            used(inodes),
            inodes.total,
        ));
    }
    found
}
