//! Descriptors, files and what they hold.

use super::Demand;
use crate::limits::call::{Call, Kind};

/// Descriptors: `alloc_fd`, `expand_files` (`fs/file.c`).
pub(in crate::limits) const fn descriptors(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::Open { descriptors } => Demand::Exactly(descriptors),
        Kind::Clone { .. } | Kind::Exec => Demand::Unknown,
        _ => super::unknown(call),
    }
}

/// Bytes behind the place where the call begins: `generic_write_check_limits` (`fs/read_write.c`), `inode_newsize_ok`
/// (`fs/attr.c`), `vfs_fallocate` (`fs/open.c`).
pub(in crate::limits) const fn size(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::Write { length } | Kind::Resize { length } => Demand::of(length),
        _ => super::unknown(call),
    }
}

/// Events: `ioctx_alloc` (`fs/aio.c`).
pub(in crate::limits) const fn events(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::IoSetup { events } => Demand::of(events),
        _ => super::unknown(call),
    }
}

/// Pages of a new pipe (`PIPE_DEF_BUFFERS`, `include/linux/pipe_fs_i.h`).
const NEW_PIPE_PAGES: u64 = 16;

/// Pages of pipes: `alloc_pipe_info` and `pipe_set_size` (`fs/pipe.c`). A pipe that grows has its first pages already.
pub(in crate::limits) fn pipe_pages(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::PipeSize { size } => {
            let pages = call.pages(size).checked_next_power_of_two();
            let more = pages.unwrap_or(u64::MAX).saturating_sub(NEW_PIPE_PAGES);
            Demand::Exactly(more.max(1))
        }
        _ => super::unknown(call),
    }
}
