//! All limits, by subsystem. A new limit is one entry here.

mod cgroup;
mod files;
mod host;
mod ipc;
mod keys;
mod memory;
mod network;
mod processes;
mod ucounts;

use super::record::Record;

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Record> {
    [
        files::RECORDS,
        memory::RECORDS,
        processes::RECORDS,
        ucounts::RECORDS,
        keys::RECORDS,
        host::RECORDS,
        ipc::RECORDS,
        network::RECORDS,
        cgroup::RECORDS,
    ]
    .into_iter()
    .flatten()
}
