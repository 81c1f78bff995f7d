//! How much of a limit a failing call asks for.

use format_spec::record::Failure;

use crate::{
    evidence::{LimitUse, sysctl},
    load::Bundle,
    names::syscall_name,
};

/// EPERM and EAGAIN, which memory that may not be locked is refused with; other limits on memory say ENOMEM.
const LOCKING: [u16; 2] = [1, 11];

/// `prot` and `flags` of mmap(2) and mprotect(2), the same on arm64 and x86-64 (`include/uapi/asm-generic/mman*.h`).
const PROT_WRITE: u64 = 0x2;
const MAP_TYPE: u64 = 0x3;
const MAP_PRIVATE: u64 = 0x2;
const MAP_ANONYMOUS: u64 = 0x20;
const MAP_LOCKED: u64 = 0x2000;
const MAP_NORESERVE: u64 = 0x4000;
const MAP_HUGETLB: u64 = 0x4_0000;

/// Where mmap(2) and shmget(2) keep the binary logarithm of a size of huge pages, 6 bits; 0 is the default size.
const HUGE_SHIFT: u64 = 26;

/// `SHM_HUGETLB` and `SHM_NORESERVE` (`include/uapi/linux/shm.h`).
const SHM_HUGETLB: u64 = 0o4000;
const SHM_NORESERVE: u64 = 0o10000;

/// `MREMAP_DONTUNMAP`: the old mapping stays.
const MREMAP_DONTUNMAP: u64 = 4;

/// `CLONE_VM` (`include/uapi/linux/sched.h`): no memory is copied.
const CLONE_VM: u64 = 0x100;

/// Mappings that mremap(2) must have room for when it moves one (`prep_move_vma`, before 6.16 `move_vma`, `mm/mremap.c`).
const MOVED_MAPPINGS: u64 = 4;

/// Syscalls with an argument that is an amount, which one, of which limit, and what that counts where it has several rows.
const AMOUNTS: [(&str, usize, &str, &str); 16] = [
    ("add_key", 3, "sysctl:kernel.keys.maxbytes", ""),
    ("add_key", 3, "sysctl:kernel.keys.root_maxbytes", ""),
    ("fallocate", 3, "rlimit:FSIZE", ""),
    ("ftruncate", 1, "rlimit:FSIZE", ""),
    ("io_setup", 0, "sysctl:fs.aio-max-nr", ""),
    ("mlock", 1, "rlimit:MEMLOCK", ""),
    ("mlock2", 1, "rlimit:MEMLOCK", ""),
    ("msgsnd", 2, "sysctl:kernel.msgmax", ""),
    ("pwrite64", 2, "rlimit:FSIZE", ""),
    ("semget", 1, "sysctl:kernel.sem", "semaphores"),
    ("semget", 1, "sysctl:kernel.sem", "semaphores in one set"),
    ("semop", 2, "sysctl:kernel.sem", "semaphore operations"),
    ("semtimedop", 2, "sysctl:kernel.sem", "semaphore operations"),
    ("shmget", 1, "sysctl:kernel.shmmax", ""),
    ("truncate", 1, "rlimit:FSIZE", ""),
    ("write", 2, "rlimit:FSIZE", ""),
];

/// How much of `limit` the call of `failure` asks for, in the limit's own unit; 1 where its arguments do not say, and 0
/// where they say that it asks for nothing of it.
#[must_use]
pub fn demand(bundle: &Bundle, failure: &Failure, limit: &LimitUse) -> u64 {
    let name = syscall_name(bundle.architecture(), failure.syscall);
    let call = Call { bundle, failure };
    let bytes = match name.as_str() {
        "mmap" => call.mmap(&limit.id),
        "mprotect" => call.mprotect(&limit.id),
        "mremap" => call.mremap(&limit.id),
        "shmget" => call.shmget(&limit.id),
        "fork" | "vfork" | "clone" => call.fork(&name, &limit.id),
        _ => None,
    };
    let given = || {
        let mut amounts = AMOUNTS.iter();
        let (_, argument, ..) = amounts.find(|(of, _, id, unit)| {
            *of == name && *id == limit.id && (unit.is_empty() || *unit == limit.unit)
        })?;
        // Nothing of what is counted one by one is asked for by none of it.
        failure.args.get(*argument).map(|&amount| amount.max(1))
    };
    let Some(amount) = bytes.or_else(given) else {
        return 1;
    };
    if limit.unit.starts_with("pages") {
        return amount.div_ceil(bundle.page_size_bytes().max(1));
    }
    amount
}

/// A failing call. Amounts are bytes, but for limits that count something else one by one; `None` for not known.
#[derive(Debug, Clone, Copy)]
struct Call<'a> {
    bundle: &'a Bundle,
    failure: &'a Failure,
}

impl Call<'_> {
    /// `do_mmap` and `mmap_region` (`mm/mmap.c`, since 6.13 `mm/vma.c`).
    fn mmap(self, id: &str) -> Option<u64> {
        let [_, length, prot, flags, ..] = self.failure.args;
        let has = |flag: u64| flags & flag != 0;
        let is_writable = prot & PROT_WRITE != 0;
        let is_private = flags & MAP_TYPE == MAP_PRIVATE;
        Some(match id {
            "rlimit:AS" => length,
            // `is_data_mapping`, `mm/internal.h`.
            "rlimit:DATA" if is_private && is_writable => length,
            "rlimit:DATA" => 0,
            "rlimit:MEMLOCK" if has(MAP_LOCKED) || self.is_locking() => length,
            "rlimit:MEMLOCK" => 0,
            "sysctl:vm.overcommit_memory" => {
                let reserves = !has(MAP_NORESERVE) || self.never_overcommits();
                // `accountable_mapping`; shared anonymous memory is a file of shmem, and is accounted as one.
                let counts = is_private && is_writable || !is_private && has(MAP_ANONYMOUS);
                if reserves && counts && !has(MAP_HUGETLB) {
                    length
                } else {
                    0
                }
            }
            "sysctl:vm.nr_hugepages" if has(MAP_HUGETLB) => self.huge_pages(length, flags)?,
            "sysctl:vm.nr_hugepages" if has(MAP_ANONYMOUS) => 0,
            _ => return None,
        })
    }

    /// `mprotect_fixup` (`mm/mprotect.c`): what becomes writable counts.
    fn mprotect(self, id: &str) -> Option<u64> {
        let [_, length, prot, ..] = self.failure.args;
        let written = if prot & PROT_WRITE != 0 { length } else { 0 };
        match id {
            "rlimit:DATA" | "sysctl:vm.overcommit_memory" => Some(written),
            "rlimit:AS" | "rlimit:MEMLOCK" => Some(0),
            _ => None,
        }
    }

    /// `mremap` (`mm/mremap.c`): what it grows by, or the whole where the old mapping stays.
    fn mremap(self, id: &str) -> Option<u64> {
        let [_, old, new, flags, ..] = self.failure.args;
        let stays = flags & MREMAP_DONTUNMAP != 0;
        let growth = if stays { new } else { new.saturating_sub(old) };
        match id {
            "rlimit:AS" | "rlimit:DATA" | "sysctl:vm.overcommit_memory" => Some(growth),
            "rlimit:MEMLOCK" if self.is_locking() => Some(growth),
            "rlimit:MEMLOCK" => Some(0),
            "sysctl:vm.max_map_count" => Some(MOVED_MAPPINGS),
            _ => None,
        }
    }

    /// `newseg` (`ipc/shm.c`).
    fn shmget(self, id: &str) -> Option<u64> {
        let [_, size, flags, ..] = self.failure.args;
        let is_huge = flags & SHM_HUGETLB != 0;
        match id {
            "sysctl:kernel.shmall" => Some(size.max(1)),
            "sysctl:vm.nr_hugepages" if is_huge => self.huge_pages(size, flags),
            "sysctl:vm.nr_hugepages" => Some(0),
            "sysctl:vm.overcommit_memory" => {
                let reserves = flags & SHM_NORESERVE == 0 || self.never_overcommits();
                Some(if reserves && !is_huge { size } else { 0 })
            }
            _ => None,
        }
    }

    /// `dup_mmap` (`kernel/fork.c`, since 6.18 `mm/mmap.c`): private writable memory is reserved once more, of all
    /// mappings together; limits on memory are not asked.
    fn fork(self, name: &str, id: &str) -> Option<u64> {
        let shares = match name {
            "clone" => self.failure.args[0] & CLONE_VM != 0,
            name => name == "vfork",
        };
        match id {
            "rlimit:AS"
            | "rlimit:DATA"
            | "rlimit:STACK"
            | "rlimit:MEMLOCK"
            | "sysctl:vm.max_map_count" => Some(0),
            "sysctl:vm.overcommit_memory" if shares => Some(0),
            "sysctl:vm.overcommit_memory" => {
                let pages = |name| self.bundle.fact(self.failure, name);
                let copied = pages("mm.data_vm")?.saturating_add(pages("mm.stack_vm")?);
                Some(copied.saturating_mul(self.bundle.page_size_bytes()))
            }
            _ => None,
        }
    }

    /// Huge pages of the default size, whose pool `vm.nr_hugepages` is (`hstate_sizelog`, `include/linux/hugetlb.h`):
    /// none where the call asks for another size.
    fn huge_pages(self, bytes: u64, flags: u64) -> Option<u64> {
        let views = self.bundle.snapshots.nearest(self.failure.time_ns);
        let default = views.iter().find_map(|view| {
            let lines = view.text("/proc/meminfo")?.lines();
            let mut sizes = lines.filter_map(|line| line.strip_prefix("Hugepagesize:"));
            let kib: u64 = sizes.next()?.split_whitespace().next()?.parse().ok()?;
            kib.checked_mul(1024).filter(|&size| size > 0)
        })?;
        let size = match flags >> HUGE_SHIFT & 0x3f {
            0 => default,
            logarithm => 1u64 << logarithm,
        };
        Some(if size == default {
            bytes.div_ceil(size)
        } else {
            0
        })
    }

    /// Whether it was refused as locked memory is.
    fn is_locking(self) -> bool {
        LOCKING.contains(&self.failure.errno)
    }

    /// `OVERCOMMIT_NEVER` (`include/uapi/linux/mman.h`): what asks for no reserve is accounted too.
    fn never_overcommits(self) -> bool {
        sysctl(self.bundle, Some(self.failure), "vm.overcommit_memory") == Some(2)
    }
}

#[cfg(test)]
mod tests {
    use format_spec::record::Phase;

    use super::*;
    use crate::testing::Recording;

    const GIB: u64 = 1 << 30;
    const ENOMEM: u16 = 12;
    const EAGAIN: u16 = 11;

    /// What a call with these arguments asks of a limit; numbers of arm64.
    fn asked(syscall: u32, errno: u16, args: [u64; 6], id: &str, unit: &str) -> u64 {
        asked_on("0\n", syscall, errno, args, id, unit)
    }

    fn asked_on(
        overcommit: &str,
        syscall: u32,
        errno: u16,
        args: [u64; 6],
        id: &str,
        unit: &str,
    ) -> u64 {
        let mut recording = Recording::new();
        recording.fail(syscall, errno, "program", 50).args = args;
        recording.fact("mm.data_vm", 100);
        recording.fact("mm.stack_vm", 10);
        let files = [
            (
                "/proc/meminfo",
                "MemTotal: 9 kB\nHugepagesize:    2048 kB\n",
            ),
            ("/proc/sys/vm/overcommit_memory", overcommit),
        ];
        recording.snapshot(Phase::Failure, 60, &files);
        let limit = LimitUse {
            id: id.into(),
            scope: String::new(),
            unit: unit.into(),
            usage: 0,
            limit: Some(1),
            at_failure: true,
            spared: false,
            source: String::new(),
        };
        let bundle = recording.load();
        demand(&bundle, &bundle.failures[0], &limit)
    }

    fn mmap(errno: u16, length: u64, prot: u64, flags: u64, id: &str) -> u64 {
        asked(222, errno, [0, length, prot, flags, 0, 0], id, "bytes")
    }

    #[test]
    fn a_mapping_that_is_only_reserved_asks_for_address_space_alone() {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        let of = |id| mmap(ENOMEM, 64 * GIB, 0, flags, id);
        assert_eq!(of("rlimit:AS"), 64 * GIB);
        assert_eq!(of("rlimit:MEMLOCK"), 0);
        assert_eq!(of("rlimit:DATA"), 0);
        assert_eq!(of("sysctl:vm.overcommit_memory"), 0);
        assert_eq!(of("sysctl:vm.max_map_count"), 1);
        assert_eq!(of("sysctl:vm.nr_hugepages"), 0);
    }

    #[test]
    fn a_writable_private_mapping_asks_for_memory() {
        let of = |flags, id| mmap(ENOMEM, GIB, PROT_WRITE, MAP_ANONYMOUS | flags, id);
        assert_eq!(of(MAP_PRIVATE, "rlimit:DATA"), GIB);
        assert_eq!(of(MAP_PRIVATE, "sysctl:vm.overcommit_memory"), GIB);
        assert_eq!(of(1, "rlimit:DATA"), 0);
        assert_eq!(of(1, "sysctl:vm.overcommit_memory"), GIB);
        let no_reserve = [0, GIB, PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, 0, 0];
        let id = "sysctl:vm.overcommit_memory";
        assert_eq!(asked_on("1\n", 222, ENOMEM, no_reserve, id, "bytes"), 0);
        assert_eq!(asked_on("2\n", 222, ENOMEM, no_reserve, id, "bytes"), GIB);
    }

    #[test]
    fn memory_is_locked_by_flag_or_by_what_it_is_refused_with() {
        let of = |errno, flags| mmap(errno, GIB, 0, MAP_PRIVATE | flags, "rlimit:MEMLOCK");
        assert_eq!(of(EAGAIN, MAP_LOCKED), GIB);
        assert_eq!(of(EAGAIN, 0), GIB);
        assert_eq!(of(ENOMEM, 0), 0);
    }

    #[test]
    fn huge_pages_are_counted_in_their_own_pool() {
        let of = |flags, length| {
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | flags;
            mmap(ENOMEM, length, PROT_WRITE, flags, "sysctl:vm.nr_hugepages")
        };
        assert_eq!(of(0, GIB), 512);
        assert_eq!(of(21 << HUGE_SHIFT, (2 << 20) + 1), 2);
        // The pool of 1 GiB pages is another.
        assert_eq!(of(30 << HUGE_SHIFT, GIB), 0);
        let shm = [0, GIB, SHM_HUGETLB, 0, 0, 0];
        let id = "sysctl:vm.nr_hugepages";
        assert_eq!(asked(194, ENOMEM, shm, id, "huge pages"), 512);
    }

    #[test]
    fn a_mapping_grows_by_the_difference() {
        let mremap =
            |errno, flags, id, unit| asked(216, errno, [0, GIB, 3 * GIB, flags, 0, 0], id, unit);
        assert_eq!(mremap(ENOMEM, 1, "rlimit:AS", "bytes"), 2 * GIB);
        assert_eq!(
            mremap(ENOMEM, MREMAP_DONTUNMAP, "rlimit:AS", "bytes"),
            3 * GIB
        );
        assert_eq!(mremap(ENOMEM, 1, "rlimit:MEMLOCK", "bytes"), 0);
        assert_eq!(mremap(EAGAIN, 1, "rlimit:MEMLOCK", "bytes"), 2 * GIB);
        assert_eq!(mremap(ENOMEM, 1, "sysctl:vm.max_map_count", "mappings"), 4);
    }

    #[test]
    fn a_fork_reserves_what_it_copies() {
        let clone = |flags, id| asked(220, ENOMEM, [flags, 0, 0, 0, 0, 0], id, "bytes");
        assert_eq!(clone(17, "sysctl:vm.overcommit_memory"), 110 * 4096);
        assert_eq!(clone(CLONE_VM, "sysctl:vm.overcommit_memory"), 0);
        assert_eq!(clone(17, "rlimit:AS"), 0);
        assert_eq!(clone(17, "cgroup:pids.max"), 1);
    }

    #[test]
    fn amounts_are_of_their_own_limit() {
        let key = [0, 0, 0, 500, 0, 0];
        assert_eq!(
            asked(217, 122, key, "sysctl:kernel.keys.maxbytes", "bytes"),
            500
        );
        assert_eq!(asked(217, 122, key, "rlimit:MEMLOCK", "bytes"), 1);
        assert_eq!(
            asked(217, 122, key, "sysctl:kernel.keys.maxkeys", "keys"),
            1
        );
        let set = [0, 40, 0, 0, 0, 0];
        let sem = |unit| asked(190, 28, set, "sysctl:kernel.sem", unit);
        assert_eq!((sem("semaphores"), sem("semaphore sets")), (40, 1));
        let segment = [0, 5 * 4096 + 1, 0, 0, 0, 0];
        let of = |id, unit| asked(194, 28, segment, id, unit);
        assert_eq!(of("sysctl:kernel.shmall", "pages of shared memory"), 6);
        assert_eq!(of("sysctl:kernel.shmmax", "bytes"), 5 * 4096 + 1);
    }
}
