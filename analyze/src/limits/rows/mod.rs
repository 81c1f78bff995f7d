//! The limits, by what they hold for.

mod host;
mod ipc;
mod network;
mod process;
mod ucounts;
mod user;

use super::row::Row;

/// `CAP_IPC_LOCK`.
const IPC_LOCK: u32 = 14;
/// `CAP_SYS_ADMIN`.
const SYS_ADMIN: u32 = 21;
/// `CAP_SYS_RESOURCE`.
const SYS_RESOURCE: u32 = 24;

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Row> {
    [
        process::ROWS,
        user::ROWS,
        ucounts::ROWS,
        host::ROWS,
        ipc::ROWS,
        network::ROWS,
    ]
    .into_iter()
    .flatten()
}
