//! What calls ask for, one case each: numbers of syscalls are those of arm64.

use format_spec::record::Phase;

use crate::{
    limits::{LimitUse, table},
    names::errno::{EAGAIN, ENOMEM, EPERM},
    names::syscall_number,
    testing::Recording,
};
use format_spec::record::Architecture;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A process with a little of everything, and a host with every limit.
fn recording(syscall: &str, errno: u16, args: [u64; 6]) -> Recording {
    let mut recording = Recording::new();
    let number = syscall_number(Architecture::Aarch64, syscall).unwrap();
    recording.fail(number, errno, "program", 50).args = args;
    recording.failures[0].uid = 1000;
    for (name, value) in [
        ("mm.total_vm", 1000),
        ("mm.data_vm", 100),
        ("mm.stack_vm", 10),
        ("mm.locked_vm", 16),
        ("mm.map_count", 20),
        ("user_ns.level", 0),
        ("ucount.rlimit_nproc", 5),
        ("ucount.rlimit_memlock", 0),
        ("user.locked_pages", 0),
        ("user.pipe_pages", 100),
        ("files.next_fd", 31),
        ("rlimit.NOFILE", 32),
        ("rlimit.NPROC", 50),
        ("rlimit.AS", GIB),
        ("rlimit.DATA", GIB),
        ("rlimit.MEMLOCK", MIB),
        ("ipc_ns.shm_pages", 0),
        ("ipc_ns.semaphores", 0),
    ] {
        recording.fact(name, value);
    }
    for kind in ["user", "net"] {
        recording.fact(&format!("ucount.{kind}_namespaces"), 4);
        recording.fact(&format!("ucount_max.{kind}_namespaces"), 4);
    }
    recording
}

fn limits(recording: &mut Recording, overcommit: &str) -> Vec<LimitUse> {
    let files = [
        ("/proc/100/status", "Name:\tprogram\n"),
        (
            "/proc/meminfo",
            "MemTotal: 1048576 kB\nSwapTotal: 0 kB\nCommitLimit: 524288 kB\nCommitted_AS: 1024 kB\n\
             HugePages_Total: 4\nHugePages_Free: 4\nHugePages_Rsvd: 0\nHugepagesize: 2048 kB\n",
        ),
        ("/proc/key-users", " 1000:     5 5/5 3/200 60/20000\n"),
        ("/proc/loadavg", "0 0 0 2/114 1201\n"),
        ("/proc/sys/vm/overcommit_memory", overcommit),
        ("/proc/sys/vm/max_map_count", "65530\n"),
        ("/proc/sys/kernel/threads-max", "200\n"),
        ("/proc/sys/kernel/sem", "250 32000 32 128\n"),
        ("/proc/sys/kernel/shmall", "9999999\n"),
        ("/proc/sys/kernel/shmmax", "9999999\n"),
        ("/proc/sys/kernel/msgmax", "8192\n"),
        ("/proc/sys/fs/pipe-user-pages-soft", "16384\n"),
    ];
    recording.snapshot(Phase::Failure, 60, &files);
    let bundle = recording.load();
    table(&bundle, bundle.failures.last())
}

/// What the call asks of the limits of an id, by order of the table; 0 for nothing.
fn asked_of(limits: &[LimitUse], id: &str) -> Vec<u64> {
    let own = limits.iter().filter(|limit| limit.id == id);
    own.map(|limit| match limit.is_asked {
        true => limit
            .comparison
            .asked
            .map_or(1, crate::limits::Asked::least),
        false => 0,
    })
    .collect()
}

/// What the call asks of the one limit of that id.
fn asked(syscall: &str, errno: u16, args: [u64; 6], id: &str) -> u64 {
    let found = asked_of(&limits(&mut recording(syscall, errno, args), "0\n"), id);
    let [one] = found[..] else {
        panic!("{id}: {found:?}")
    };
    one
}

/// What it asks of the limit on locked memory of the process, of the user in the namespace, and of the user.
fn asked_to_lock(syscall: &str, errno: u16, args: [u64; 6]) -> [u64; 3] {
    let found = limits(&mut recording(syscall, errno, args), "0\n");
    asked_of(&found, "rlimit:MEMLOCK").try_into().unwrap()
}

const PRIVATE: u64 = 0x2;
const SHARED: u64 = 0x1;
const ANONYMOUS: u64 = 0x20;
const LOCKED: u64 = 0x2000;
const NORESERVE: u64 = 0x4000;
const HUGETLB: u64 = 0x4_0000;
const WRITE: u64 = 0x2;

fn mmap(length: u64, prot: u64, flags: u64) -> [u64; 6] {
    [0, length, prot, flags, u64::MAX, 0]
}

#[test]
fn a_mapping_that_is_only_reserved_asks_for_address_space_alone() {
    let args = mmap(64 * GIB, 0, PRIVATE | ANONYMOUS | NORESERVE);
    let found = limits(&mut recording("mmap", ENOMEM, args), "0\n");
    let of = |id| asked_of(&found, id);
    assert_eq!(of("rlimit:AS"), [64 * GIB]);
    assert_eq!(of("rlimit:MEMLOCK"), [0, 0, 0]);
    assert_eq!(of("rlimit:DATA"), [0]);
    assert_eq!(of("sysctl:vm.overcommit_memory"), [0]);
    assert_eq!(of("sysctl:vm.nr_hugepages"), [0]);
    assert_eq!(of("rlimit:NPROC"), [0]);
    assert_eq!(of("sysctl:kernel.threads-max"), [0]);
}

#[test]
fn the_limit_on_mappings_is_what_a_reserved_mapping_meets_when_it_is_full() {
    let args = mmap(64 * GIB, 0, PRIVATE | ANONYMOUS | NORESERVE);
    let near = |mappings| {
        let mut recording = Recording::new();
        recording.fail(222, ENOMEM, "program", 50).args = args;
        for (name, value) in [
            ("mm.map_count", mappings),
            ("mm.locked_vm", 16),
            ("rlimit.MEMLOCK", MIB),
        ] {
            recording.fact(name, value);
        }
        let files = [("/proc/sys/vm/max_map_count", "65530\n")];
        recording.snapshot(Phase::Failure, 60, &files);
        let bundle = recording.load();
        let found = table(&bundle, bundle.failures.last());
        let of = |id: &str| found.iter().find(|limit| limit.id == id).unwrap().clone();
        (of("sysctl:vm.max_map_count"), of("rlimit:MEMLOCK"))
    };
    use crate::limits::Nearness::{At, Far, Near};
    // `do_mmap` lets one more than the limit be, and compares before it adds.
    let (mappings, locked) = near(65531);
    assert_eq!((mappings.nearness(), locked.nearness()), (At, Far));
    assert_eq!(
        mappings.text(),
        "65531 mappings > 65530 (vm.max_map_count) in process 100 (program)"
    );
    assert_eq!(near(65530).0.nearness(), Near);
}

#[test]
fn a_writable_private_mapping_asks_for_memory() {
    let of = |prot, flags, id| asked("mmap", ENOMEM, mmap(GIB, prot, flags | ANONYMOUS), id);
    assert_eq!(of(WRITE, PRIVATE, "rlimit:DATA"), GIB);
    assert_eq!(of(0, PRIVATE, "rlimit:DATA"), 0);
    assert_eq!(of(WRITE, SHARED, "rlimit:DATA"), 0);
    let committed = "sysctl:vm.overcommit_memory";
    assert_eq!(of(WRITE, PRIVATE, committed), GIB);
    assert_eq!(of(WRITE, SHARED, committed), GIB);
    assert_eq!(of(WRITE, PRIVATE | HUGETLB, committed), 0);
    // Whole pages are asked for.
    let odd = mmap(4097, WRITE, PRIVATE | ANONYMOUS);
    assert_eq!(asked("mmap", ENOMEM, odd, "rlimit:AS"), 8192);
}

#[test]
fn without_overcommit_what_asks_for_no_reserve_is_accounted_too() {
    let args = mmap(GIB, WRITE, PRIVATE | ANONYMOUS | NORESERVE);
    let of = |overcommit| {
        let found = limits(&mut recording("mmap", ENOMEM, args), overcommit);
        asked_of(&found, "sysctl:vm.overcommit_memory")
    };
    assert_eq!((of("0\n"), of("2\n")), (vec![0], vec![GIB]));
}

#[test]
fn memory_is_locked_by_flag_or_by_what_it_is_refused_with() {
    let of = |errno, flags| asked_to_lock("mmap", errno, mmap(GIB, 0, PRIVATE | flags));
    assert_eq!(of(EAGAIN, LOCKED | ANONYMOUS), [GIB, 0, 0]);
    // `MCL_FUTURE`.
    assert_eq!(of(EAGAIN, ANONYMOUS), [GIB, 0, 0]);
    assert_eq!(of(ENOMEM, ANONYMOUS), [0, 0, 0]);
    // The buffer of a perf event is locked for the user.
    assert_eq!(of(EPERM, 0), [0, 0, GIB]);
    assert_eq!(
        asked_to_lock("mlock", ENOMEM, [0, 5000, 0, 0, 0, 0])[0],
        8192
    );
    // All that is mapped and not locked.
    let all = asked_to_lock("mlockall", ENOMEM, [1, 0, 0, 0, 0, 0]);
    assert_eq!(all, [984 * 4096, 0, 0]);
    assert_eq!(
        asked_to_lock("mlockall", ENOMEM, [2, 0, 0, 0, 0, 0]),
        [0, 0, 0]
    );
}

#[test]
fn huge_pages_are_counted_in_their_own_pool() {
    let id = "sysctl:vm.nr_hugepages";
    let of = |size: u64, length| {
        let flags = PRIVATE | ANONYMOUS | HUGETLB | size << 26;
        asked("mmap", ENOMEM, mmap(length, WRITE, flags), id)
    };
    assert_eq!(of(0, GIB), 512);
    assert_eq!(of(21, 2 * MIB + 1), 2);
    // The pool of 1 GiB pages is another.
    assert_eq!(of(30, GIB), 0);
    let segment = |flags| asked("shmget", ENOMEM, [0, GIB, flags, 0, 0, 0], id);
    assert_eq!((segment(0o4000), segment(0)), (512, 0));
}

#[test]
fn a_mapping_grows_by_the_difference() {
    let args = |flags| [0, GIB, 3 * GIB, flags, 0, 0];
    let of = |flags, id| asked("mremap", ENOMEM, args(flags), id);
    assert_eq!(of(1, "rlimit:AS"), 2 * GIB);
    assert_eq!(of(1, "sysctl:vm.overcommit_memory"), 2 * GIB);
    // `MREMAP_DONTUNMAP`: the old one stays.
    assert_eq!(of(1 | 4, "rlimit:AS"), 3 * GIB);
    assert_eq!(asked_to_lock("mremap", ENOMEM, args(1)), [0, 0, 0]);
    assert_eq!(asked_to_lock("mremap", EAGAIN, args(1)), [2 * GIB, 0, 0]);
    // What becomes smaller asks for no memory, but may need mappings.
    let shrinks = [0, GIB, 4096, 0, 0, 0];
    assert_eq!(asked("mremap", ENOMEM, shrinks, "rlimit:AS"), 0);
    assert_eq!(of(1, "sysctl:vm.max_map_count"), 4);
}

#[test]
fn a_fork_reserves_what_it_copies() {
    let found = |syscall, flags, overcommit| {
        let args = [flags, 0, 0, 0, 0, 0];
        let mut recording = recording(syscall, ENOMEM, args);
        let found = limits(&mut recording, overcommit);
        asked_of(&found, "sysctl:vm.overcommit_memory")
    };
    assert_eq!(found("clone", 17, "2\n"), [110 * 4096]);
    // `CLONE_VM`: nothing is copied.
    assert_eq!(found("clone", 0x100 | 17, "2\n"), [0]);
    // Under the heuristic each mapping is asked for by itself, and which are there is not known.
    assert_eq!(found("clone", 17, "0\n"), [1]);
    // The flags of clone3 are in memory.
    assert_eq!(found("clone3", 0, "2\n"), [1]);
    assert_eq!(
        asked_to_lock("clone", ENOMEM, [17, 0, 0, 0, 0, 0]),
        [0, 0, 0]
    );
    assert_eq!(asked("clone", EAGAIN, [17; 6], "rlimit:NPROC"), 1);
}

#[test]
fn the_flags_of_clone3_are_those_that_were_recorded() {
    let of = |flags| {
        let mut recording = recording("clone3", ENOMEM, [0x1000, 88, 0, 0, 0, 0]);
        recording.fact("clone_args.flags", flags);
        let found = limits(&mut recording, "2\n");
        let of = |id| asked_of(&found, id);
        (
            of("sysctl:vm.overcommit_memory"),
            of("sysctl:user.max_user_namespaces"),
        )
    };
    assert_eq!(of(0x100), (vec![0], vec![0]));
    assert_eq!(of(0x1000_0000), (vec![110 * 4096], vec![1]));
}

#[test]
fn only_the_namespaces_that_are_made_are_asked_for() {
    let of = |flags: u64, id| asked("unshare", 28, [flags, 0, 0, 0, 0, 0], id);
    let (user, net) = (0x1000_0000, 0x4000_0000);
    assert_eq!(of(user, "sysctl:user.max_user_namespaces"), 1);
    assert_eq!(of(user, "sysctl:user.max_net_namespaces"), 0);
    assert_eq!(of(user | net, "sysctl:user.max_net_namespaces"), 1);
    let socket = [2, 1, 0, 0, 0, 0];
    assert_eq!(
        asked("socket", 24, socket, "sysctl:user.max_net_namespaces"),
        0
    );
}

#[test]
fn a_key_asks_for_its_description_and_payload() {
    let mut recording = recording("add_key", 122, [0, 0, 0, 500, 0, 0]);
    recording.path(0, "user");
    recording.path(1, "session");
    let found = limits(&mut recording, "0\n");
    assert_eq!(asked_of(&found, "sysctl:kernel.keys.maxbytes"), [500 + 8]);
    assert_eq!(asked_of(&found, "sysctl:kernel.keys.maxkeys"), [1]);
    assert_eq!(asked_of(&found, "rlimit:AS"), [1]);
}

#[test]
fn system_v_objects_ask_for_what_they_are() {
    let set = [0, 40, 0, 0, 0, 0];
    let found = limits(&mut recording("semget", 28, set), "0\n");
    let sem: Vec<(&str, bool, u64)> = found
        .iter()
        .filter(|limit| limit.id == "sysctl:kernel.sem")
        .map(|limit| {
            let asked = limit
                .comparison
                .asked
                .map_or(1, crate::limits::Asked::least);
            (limit.unit().name(), limit.is_asked, asked)
        })
        .collect();
    assert_eq!(
        sem,
        [
            ("semaphores", true, 40),
            ("semaphore operations", false, 0),
            ("semaphores in one set", true, 40)
        ]
    );
    let segment = [0, 5 * 4096 + 1, 0, 0, 0, 0];
    let of = |id| asked("shmget", 28, segment, id);
    assert_eq!(of("sysctl:kernel.shmall"), 6);
    assert_eq!(of("sysctl:kernel.shmmax"), 5 * 4096 + 1);
    assert_eq!(of("sysctl:kernel.msgmax"), 0);
}

#[test]
fn a_pair_of_descriptors_does_not_fit_where_one_does() {
    let near = |syscall| {
        let found = limits(&mut recording(syscall, 24, [0; 6]), "0\n");
        let nofile = found.iter().find(|limit| limit.id == "rlimit:NOFILE");
        nofile.map(LimitUse::text)
    };
    let text = "31 descriptors + 2 asked for > 32 (RLIMIT_NOFILE) in process 100 (program)";
    assert_eq!(near("pipe2").as_deref(), Some(text));
    assert_eq!(near("socketpair").as_deref(), Some(text));
}

#[test]
fn a_pipe_that_grows_asks_for_the_pages_it_has_not() {
    let id = "sysctl:fs.pipe-user-pages-soft";
    let of = |bytes| asked("fcntl", EPERM, [3, 1031, bytes, 0, 0, 0], id);
    assert_eq!(of(256 * 4096), 240);
    assert_eq!(of(200 * 4096), 240);
}
