//! Memory: `do_mmap` and `mmap_region` (`mm/mmap.c`, since 6.13 `mm/vma.c`), `mprotect_fixup` (`mm/mprotect.c`),
//! `mm/mremap.c`, `mm/mlock.c`, `newseg` (`ipc/shm.c`), `dup_mmap` (`kernel/fork.c`, since 6.18 `mm/mmap.c`).

use super::Demand;
use crate::limits::{
    call::{CLONE_VM, Call, Kind},
    check::{EAGAIN, EPERM},
};

/// `prot` and `flags` of mmap(2) and mprotect(2), the same on arm64 and x86-64 (`include/uapi/asm-generic/mman*.h`).
const PROT_WRITE: u64 = 0x2;
const MAP_TYPE: u64 = 0x3;
const MAP_PRIVATE: u64 = 0x2;
const MAP_FIXED: u64 = 0x10;
const MAP_ANONYMOUS: u64 = 0x20;
const MAP_LOCKED: u64 = 0x2000;
const MAP_NORESERVE: u64 = 0x4000;
const MAP_HUGETLB: u64 = 0x4_0000;

/// `MCL_CURRENT`: what is mapped already.
const MCL_CURRENT: u64 = 1;

/// Where mmap(2) and shmget(2) keep the binary logarithm of a size of huge pages, 6 bits; 0 is the default size.
const HUGE_SHIFT: u64 = 26;

/// `SHM_HUGETLB` and `SHM_NORESERVE` (`include/uapi/linux/shm.h`).
const SHM_HUGETLB: u64 = 0o4000;
const SHM_NORESERVE: u64 = 0o10000;

/// `MREMAP_MAYMOVE`; `MREMAP_DONTUNMAP`: the old mapping stays.
const MREMAP_DONTUNMAP: u64 = 4;

/// Mappings that mremap(2) must have room for when it moves one (`prep_move_vma`, before 6.16 `move_vma`).
const MOVED_MAPPINGS: u64 = 4;

/// `RLIMIT_AS`, `may_expand_vm`: what is mapped more.
pub(in crate::limits) fn address_space(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::Mmap { length, .. } => Demand::of(call.in_pages(length)),
        Kind::Mremap { .. } => growth(call),
        Kind::Mprotect { .. } | Kind::Munmap | Kind::Mlock { .. } | Kind::Mlockall { .. } => {
            Demand::Nothing
        }
        Kind::Clone { .. } => Demand::Nothing,
        _ => Demand::Unknown,
    }
}

/// `RLIMIT_DATA`, `may_expand_vm`: private memory that can be written (`is_data_mapping`, `mm/internal.h`).
pub(in crate::limits) fn data(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::Mmap {
            length,
            prot,
            flags,
        } if is_private(flags) && prot & PROT_WRITE != 0 => Demand::of(call.in_pages(length)),
        Kind::Mmap { .. } => Demand::Nothing,
        // What becomes writable counts.
        Kind::Mprotect { length, prot } if prot & PROT_WRITE != 0 => {
            Demand::of(call.in_pages(length))
        }
        Kind::Mprotect { .. } => Demand::Nothing,
        _ => address_space(call),
    }
}

/// `RLIMIT_STACK`: what grows by page faults, and what execve(2) copies; no mapping asks for it.
pub(in crate::limits) const fn stack(call: &Call<'_>) -> Demand {
    if call.is_of_memory() || call.is_clone() {
        Demand::Nothing
    } else {
        Demand::Unknown
    }
}

/// `RLIMIT_MEMLOCK` by process, `mm->locked_vm`: memory that mlock(2), `MAP_LOCKED` or `MCL_FUTURE` locks. The last one is
/// known by what it is refused with: `EAGAIN` (`mlock_future_ok`, `mm/mmap.c`), while other limits on memory say `ENOMEM`.
pub(in crate::limits) fn locked(call: &Call<'_>) -> Demand {
    let is_locking = call.failure.errno == EAGAIN;
    match call.kind {
        Kind::Mlock { length } => Demand::of(call.in_pages(length)),
        Kind::Mlockall { flags } if flags & MCL_CURRENT != 0 => {
            // All that is mapped, less what is locked already.
            let pages = |name| call.fact(name);
            let (Some(all), Some(locked)) = (pages("mm.total_vm"), pages("mm.locked_vm")) else {
                return Demand::Unknown;
            };
            let more = all.saturating_sub(locked);
            Demand::of(more.saturating_mul(call.page_size_bytes()))
        }
        Kind::Mmap { length, flags, .. } if flags & MAP_LOCKED != 0 || is_locking => {
            Demand::of(call.in_pages(length))
        }
        Kind::Mremap { .. } if is_locking => growth(call),
        Kind::Mmap { .. }
        | Kind::Mremap { .. }
        | Kind::Mprotect { .. }
        | Kind::Munmap
        | Kind::Mlockall { .. }
        | Kind::Clone { .. }
        | Kind::IoUring
        | Kind::Shmctl => Demand::Nothing,
        _ => Demand::Unknown,
    }
}

/// `RLIMIT_MEMLOCK` by user, `user->locked_vm`: the buffers of perf events (`perf_mmap`, `kernel/events/core.c`, which
/// refuses with `EPERM`), of io_uring and of XDP sockets.
pub(in crate::limits) fn locked_by_user(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::Mmap { length, flags, .. }
            if call.failure.errno == EPERM && flags & (MAP_LOCKED | MAP_ANONYMOUS) == 0 =>
        {
            Demand::of(call.in_pages(length))
        }
        Kind::Shmctl | Kind::Clone { .. } => Demand::Nothing,
        _ if call.is_of_memory() => Demand::Nothing,
        _ => Demand::Unknown,
    }
}

/// `RLIMIT_MEMLOCK` by user and user namespace: shared memory that is locked (`user_shm_lock`, `mm/mlock.c`).
pub(in crate::limits) const fn locked_shared(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::Clone { .. } | Kind::IoUring => Demand::Nothing,
        _ if call.is_of_memory() => Demand::Nothing,
        _ => Demand::Unknown,
    }
}

/// `__vm_enough_memory` (`mm/util.c`): what may have to be kept in memory or swap.
pub(in crate::limits) fn committed(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::Mmap {
            length,
            prot,
            flags,
        } => {
            let reserves = flags & MAP_NORESERVE == 0 || call.never_overcommits();
            // `accountable_mapping`; shared anonymous memory is a file of shmem, and is accounted as one.
            let counts = match is_private(flags) {
                true => prot & PROT_WRITE != 0,
                false => flags & MAP_ANONYMOUS != 0,
            };
            if reserves && counts && flags & MAP_HUGETLB == 0 {
                Demand::of(call.in_pages(length))
            } else {
                Demand::Nothing
            }
        }
        Kind::Mprotect { .. } => data(call),
        Kind::Mremap { .. } => growth(call),
        Kind::Munmap | Kind::Mlock { .. } | Kind::Mlockall { .. } => Demand::Nothing,
        Kind::Shmget { size, flags } => {
            let reserves = flags & SHM_NORESERVE == 0 || call.never_overcommits();
            if reserves && flags & SHM_HUGETLB == 0 {
                Demand::of(call.in_pages(size))
            } else {
                Demand::Nothing
            }
        }
        Kind::Clone { flags } => match (flags, copied(call)) {
            (Some(flags), _) if flags & CLONE_VM != 0 => Demand::Nothing,
            (Some(_), Some(bytes)) => Demand::of(bytes),
            _ => Demand::Unknown,
        },
        _ => Demand::Unknown,
    }
}

/// `__vm_enough_memory` under the heuristic asks of each mapping by itself, and so does a fork.
pub(in crate::limits) fn committed_at_once(call: &Call<'_>) -> Demand {
    match call.kind {
        // Which mapping is the largest is not known, only what all are together.
        Kind::Clone { .. } => Demand::Unknown,
        _ => committed(call),
    }
}

/// `vm.max_map_count`: mappings.
pub(in crate::limits) const fn mappings(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::Mremap { .. } => Demand::Exactly(MOVED_MAPPINGS),
        Kind::Clone { .. } => Demand::Nothing,
        _ if call.is_of_memory() => Demand::Exactly(1),
        _ => Demand::Unknown,
    }
}

/// Whether it is a mapping that takes the place of none: `do_mmap` alone compares, and lets one more than the limit be.
pub(in crate::limits) const fn is_new_mapping(call: &Call<'_>) -> bool {
    matches!(call.kind, Kind::Mmap { flags, .. } if flags & MAP_FIXED == 0)
}

/// Huge pages of the default size, whose pool `vm.nr_hugepages` is (`hstate_sizelog`, `include/linux/hugetlb.h`): none
/// where the call asks for another size.
pub(in crate::limits) fn huge_pages(call: &Call<'_>) -> Demand {
    let (bytes, flags, is_huge) = match call.kind {
        Kind::Mmap { length, flags, .. } if flags & MAP_HUGETLB != 0 => (length, flags, true),
        // A file may be of hugetlbfs.
        Kind::Mmap { flags, .. } if flags & MAP_ANONYMOUS == 0 => return Demand::Unknown,
        Kind::Shmget { size, flags } => (size, flags, flags & SHM_HUGETLB != 0),
        Kind::Clone { .. } => return Demand::Nothing,
        _ if call.is_of_memory() => return Demand::Nothing,
        _ => return Demand::Unknown,
    };
    if !is_huge {
        return Demand::Nothing;
    }
    let Some(default) = default_huge_page(call) else {
        return Demand::Unknown;
    };
    match flags >> HUGE_SHIFT & 0x3f {
        0 => Demand::of(bytes.div_ceil(default)),
        logarithm if 1u64 << logarithm == default => Demand::of(bytes.div_ceil(default)),
        _ => Demand::Nothing,
    }
}

/// Size of a huge page of the default pool, in bytes.
fn default_huge_page(call: &Call<'_>) -> Option<u64> {
    let views = call.bundle.snapshots.nearest(call.failure.time_ns);
    views.iter().find_map(|view| {
        let mut lines = view.text("/proc/meminfo")?.lines();
        let size = lines.find_map(|line| line.strip_prefix("Hugepagesize:"))?;
        let kib: u64 = size.split_whitespace().next()?.parse().ok()?;
        kib.checked_mul(1024).filter(|&size| size > 0)
    })
}

/// What a mapping grows by, or the whole where the old one stays.
fn growth(call: &Call<'_>) -> Demand {
    let Kind::Mremap { old, new, flags } = call.kind else {
        return Demand::Nothing;
    };
    let (old, new) = (call.in_pages(old), call.in_pages(new));
    let stays = flags & MREMAP_DONTUNMAP != 0;
    Demand::of(if stays { new } else { new.saturating_sub(old) })
}

/// Private writable memory, which a fork reserves once more, of all mappings together, in bytes.
fn copied(call: &Call<'_>) -> Option<u64> {
    let pages = call
        .fact("mm.data_vm")?
        .saturating_add(call.fact("mm.stack_vm")?);
    Some(pages.saturating_mul(call.page_size_bytes()))
}

const fn is_private(flags: u64) -> bool {
    flags & MAP_TYPE == MAP_PRIVATE
}
