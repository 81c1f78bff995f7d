//! Memory of a process, of a user, of the host.

use crate::limits::{
    Relation::{Above, AtLeast},
    Unit::{Bytes, Each},
    check::{Check, EAGAIN, ENOMEM, EPERM, before, sum},
    demand::memory,
    exemption::IPC_LOCK,
    record::{Record, limit},
    scope::Scope::{Host, Process, User, UserInNamespace},
    term::Term::{Constant, Either, Fact, Less, Named, OrZero, Pages, Plus, Rlimit, Sysctl, Times},
};

/// `may_expand_vm` (`mm/mmap.c`, since 6.16 `mm/vma.c`) says true or false to those behind it.
const EXPANDS: &[Check] = &[sum(
    &[
        "may_expand_vm",
        "mmap_region",
        "__mmap_region",
        "__mmap_prepare",
        "__mmap_setup",
        "vma_to_resize",
        "check_prep_vma",
        "do_brk_flags",
        "acct_stack_growth",
        "mprotect_fixup",
    ],
    ENOMEM,
    Above,
)];

const MEMINFO: &str = "/proc/meminfo";

pub(super) const RECORDS: &[Record] = &[
    // `mlock_fixup` and `mmap` count in `locked_vm`.
    limit(
        "rlimit:MEMLOCK",
        Bytes,
        Process,
        Pages(&Fact("mm.locked_vm")),
        Either(&Fact("rlimit.MEMLOCK"), &Rlimit("Max locked memory")),
    )
    .checks(&[
        sum(
            &[
                "mlock_future_ok",
                "mlock_future_check",
                "do_mmap",
                "vma_to_resize",
                "check_prep_vma",
                "check_brk_limits",
            ],
            EAGAIN,
            Above,
        )
        .of(|call| call.failure.errno == EAGAIN),
        sum(&["do_mlock", "sys_mlockall"], ENOMEM, Above),
    ])
    .demand(memory::locked)
    .exempt(&[IPC_LOCK]),
    // `user_shm_lock` (mm/mlock.c) counts pages, whatever the limit's unit.
    limit(
        "rlimit:MEMLOCK",
        Bytes,
        UserInNamespace,
        Pages(&Fact("ucount.rlimit_memlock")),
        Either(&Fact("rlimit.MEMLOCK"), &Rlimit("Max locked memory")),
    )
    .demand(memory::locked_shared)
    .exempt(&[IPC_LOCK]),
    // io_uring, perf, XDP sockets (`user->locked_vm`).
    limit(
        "rlimit:MEMLOCK",
        Bytes,
        User,
        Pages(&Fact("user.locked_pages")),
        Either(&Fact("rlimit.MEMLOCK"), &Rlimit("Max locked memory")),
    )
    .checks(&[
        sum(&["__io_account_mem", "io_account_mem"], ENOMEM, Above),
        sum(&["perf_mmap"], EPERM, Above),
    ])
    .demand(memory::locked_by_user)
    .exempt(&[IPC_LOCK]),
    limit(
        "rlimit:AS",
        Bytes,
        Process,
        Pages(&Fact("mm.total_vm")),
        Either(&Fact("rlimit.AS"), &Rlimit("Max address space")),
    )
    .checks(EXPANDS)
    .demand(memory::address_space),
    limit(
        "rlimit:DATA",
        Bytes,
        Process,
        Pages(&Fact("mm.data_vm")),
        Either(&Fact("rlimit.DATA"), &Rlimit("Max data size")),
    )
    .checks(EXPANDS)
    .demand(memory::data),
    limit(
        "rlimit:STACK",
        Bytes,
        Process,
        Pages(&Fact("mm.stack_vm")),
        Either(&Fact("rlimit.STACK"), &Rlimit("Max stack size")),
    )
    .demand(memory::stack)
    .at_least(),
    limit(
        "sysctl:vm.max_map_count",
        Each("mappings"),
        Process,
        Fact("mm.map_count"),
        Sysctl("vm.max_map_count", 0),
    )
    .checks(&[
        before(&["do_mmap"], ENOMEM, Above).of(memory::is_new_mapping),
        sum(
            &["split_vma", "__split_vma", "move_vma", "prep_move_vma"],
            ENOMEM,
            Above,
        ),
    ])
    .demand(memory::mappings),
    limit(
        "sysctl:vm.overcommit_memory",
        Bytes,
        Host,
        Times(&Named(MEMINFO, "Committed_AS:"), 1024),
        Times(&Named(MEMINFO, "CommitLimit:"), 1024),
    )
    .checks(&[sum(&["__vm_enough_memory"], ENOMEM, AtLeast)])
    .demand(memory::committed)
    .only(Sysctl("vm.overcommit_memory", 0), 2),
    // The heuristic refuses what memory and swap together could never hold.
    limit(
        "sysctl:vm.overcommit_memory",
        Bytes,
        Host,
        Constant(0),
        Times(
            &Plus(
                &Named(MEMINFO, "MemTotal:"),
                &OrZero(&Named(MEMINFO, "SwapTotal:")),
            ),
            1024,
        ),
    )
    .checks(&[sum(&["__vm_enough_memory"], ENOMEM, Above)])
    .demand(memory::committed_at_once)
    .only(Sysctl("vm.overcommit_memory", 0), 0),
    // Pages that are reserved are free ones. Surplus pages are in the total, and in what may be made of them.
    limit(
        "sysctl:vm.nr_hugepages",
        Each("huge pages"),
        Host,
        Plus(
            &Less(
                &Named(MEMINFO, "HugePages_Total:"),
                &Named(MEMINFO, "HugePages_Free:"),
            ),
            &Named(MEMINFO, "HugePages_Rsvd:"),
        ),
        Plus(
            &Less(
                &Named(MEMINFO, "HugePages_Total:"),
                &OrZero(&Named(MEMINFO, "HugePages_Surp:")),
            ),
            &OrZero(&Sysctl("vm.nr_overcommit_hugepages", 0)),
        ),
    )
    .checks(&[sum(
        &["hugetlb_acct_memory", "gather_surplus_pages"],
        ENOMEM,
        Above,
    )])
    .demand(memory::huge_pages),
];
