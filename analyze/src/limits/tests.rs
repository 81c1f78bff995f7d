//! The table against recordings that are made up.

use format_spec::record::Phase;

use super::{LimitUse, Nearness, table};
use crate::{load::Bundle, testing::Recording};

fn limits(bundle: &Bundle) -> Vec<LimitUse> {
    table(bundle, bundle.failures.last())
}

fn texts(limits: &[LimitUse], id: &str) -> Vec<String> {
    let own = limits.iter().filter(|limit| limit.id == id);
    own.map(|limit| limit.text()).collect()
}

#[test]
fn mounts_are_counted_at_the_failure() {
    let mut recording = Recording::new();
    recording.fail(40, 28, "dockerd", 50);
    recording.fact("mnt_ns.mounts", 31);
    recording.fact("ns.mnt", 4_026_531_841);
    recording.snapshot(Phase::Failure, 60, &[("/proc/sys/fs/mount-max", "31\n")]);
    let bundle = recording.load();
    let limits = limits(&bundle);
    assert_eq!(
        texts(&limits, "sysctl:fs.mount-max"),
        [
            "31 mounts + 1 or more asked for > 31 (fs.mount-max) in mount namespace 4026531841 (dockerd)"
        ]
    );
    assert!(limits.iter().all(|limit| limit.at_failure));
}

#[test]
fn a_user_is_counted_in_its_namespace() {
    let mut recording = Recording::new();
    recording.fail(26, 24, "watcher", 50).uid = 1000;
    for (name, value) in [
        ("ns.user", 4_026_531_837),
        ("user_ns.level", 0),
        ("ucount.inotify_instances", 128),
        ("ucount_max.inotify_instances", 128),
    ] {
        recording.fact(name, value);
    }
    let bundle = recording.load();
    let found = limits(&bundle);
    let text = |setting: &str| {
        let scope = "user namespace 4026531837 (uid 1000)";
        [format!(
            "128 inotify instances >= 128 ({setting}) in {scope}"
        )]
    };
    // One limit with two names: `fs.` is that of the initial user namespace.
    let (initial, own) = (
        "fs.inotify.max_user_instances",
        "user.max_inotify_instances",
    );
    assert_eq!(texts(&found, &format!("sysctl:{initial}")), text(initial));
    assert_eq!(texts(&found, &format!("sysctl:{own}")), [""; 0]);

    let level = recording
        .facts
        .iter()
        .find(|fact| fact.name == "user_ns.level");
    let level = level.map(|fact| fact.id);
    for fact in &mut recording.failures[0].facts {
        if Some(fact.0) == level {
            fact.1 = 1;
        }
    }
    let bundle = recording.load();
    let found = limits(&bundle);
    assert_eq!(texts(&found, &format!("sysctl:{initial}")), [""; 0]);
    assert_eq!(texts(&found, &format!("sysctl:{own}")), text(own));
}

#[test]
fn what_a_process_that_is_gone_held_is_not_known() {
    let threads = [
        ("/proc/loadavg", "0.00 0.01 0.05 2/114 1201\n"),
        ("/proc/sys/kernel/threads-max", "200\n"),
    ];
    let mut recording = Recording::new();
    recording.fail(220, 11, "forks", 50);
    recording.snapshot(Phase::End, 60, &threads);
    let bundle = recording.load();
    assert!(limits(&bundle).is_empty());

    let alive = [
        threads[0],
        threads[1],
        ("/proc/100/status", "Name:\tforks\n"),
    ];
    recording.snapshots.clear();
    recording.snapshot(Phase::Failure, 60, &alive);
    let bundle = recording.load();
    assert_eq!(
        texts(&limits(&bundle), "sysctl:kernel.threads-max"),
        ["114 threads < 200 (kernel.threads-max) in the whole host"]
    );

    let full = [("/proc/loadavg", "0 0 0 2/200 9\n"), threads[1]];
    recording.snapshots.clear();
    recording.snapshot(Phase::End, 60, &full);
    let bundle = recording.load();
    assert_eq!(limits(&bundle).len(), 1);
}

#[test]
fn capabilities_free_from_limits() {
    let mut recording = Recording::new();
    recording.fail(220, 11, "forks", 50).uid = 1000;
    for (name, value) in [
        ("ucount.rlimit_nproc", 50),
        ("rlimit.NPROC", 50),
        ("user_ns.level", 0),
        ("cred.cap_effective", 0),
    ] {
        recording.fact(name, value);
    }
    let bundle = recording.load();
    let limit = |bundle: &Bundle| {
        let found = limits(bundle);
        let nproc = found.iter().find(|limit| limit.id == "rlimit:NPROC");
        nproc.and_then(LimitUse::limit)
    };
    assert_eq!(limit(&bundle), Some(50));
    // CAP_SYS_RESOURCE.
    if let Some(last) = recording.failures[0].facts.last_mut() {
        last.1 = 1 << 24;
    }
    assert_eq!(limit(&recording.load()), None);
}

#[test]
fn a_descriptor_table_is_only_known_to_hold_so_many() {
    let open = |next: u64| {
        let mut recording = Recording::new();
        recording.fail(56, 24, "server", 50);
        recording.fact("files.next_fd", next);
        recording.fact("rlimit.NOFILE", 32);
        texts(&limits(&recording.load()), "rlimit:NOFILE")
    };
    assert_eq!(
        open(32),
        ["32 descriptors + 1 asked for > 32 (RLIMIT_NOFILE) in process 100 (server)"]
    );
    assert!(open(4).is_empty());
}

#[test]
fn control_groups_are_read_up_to_the_root() {
    let mut recording = Recording::new();
    recording.fail(220, 11, "forks", 50);
    let files = [
        ("/proc/100/status", "Name:\tforks\n"),
        ("/proc/100/cgroup", "0::/box/inner\n"),
        ("/sys/fs/cgroup/box/inner/pids.max", "max\n"),
        ("/sys/fs/cgroup/box/inner/pids.current", "7\n"),
        ("/sys/fs/cgroup/box/pids.max", "10\n"),
        ("/sys/fs/cgroup/box/pids.current", "10\n"),
        ("/sys/fs/cgroup/box/cgroup.max.depth", "1\n"),
        ("/sys/fs/cgroup/other/pids.max", "3\n"),
        ("/sys/fs/cgroup/other/pids.current", "3\n"),
    ];
    recording.snapshot(Phase::Failure, 60, &files);
    let bundle = recording.load();
    let found = limits(&bundle);
    assert_eq!(
        texts(&found, "cgroup:pids.max"),
        [
            "7 processes and threads + 1 asked for, unlimited (pids.max) in cgroup /box/inner",
            "10 processes and threads + 1 asked for > 10 (pids.max) in cgroup /box"
        ]
    );
    assert_eq!(
        texts(&found, "cgroup:cgroup.max.depth"),
        ["1 of 1 levels (cgroup.max.depth) in cgroup /box, of which the call asks for none"]
    );
}

#[test]
fn a_group_is_not_mistaken_for_one_in_a_container_that_is_called_alike() {
    let limits_with = |more: &[(&str, &str)]| {
        let mut recording = Recording::new();
        recording.fail(220, 11, "sshd", 50);
        let inner = "/sys/fs/cgroup/docker/ab12/system.slice/ssh.service";
        let (max, current) = (format!("{inner}/pids.max"), format!("{inner}/pids.current"));
        let mut files = vec![
            ("/proc/100/status", "Name:\tsshd\n"),
            ("/proc/100/cgroup", "0::/system.slice/ssh.service\n"),
            (max.as_str(), "5\n"),
            (current.as_str(), "5\n"),
        ];
        files.extend(more);
        recording.snapshot(Phase::Failure, 60, &files);
        texts(&limits(&recording.load()), "cgroup:pids.max")
    };
    let own = [
        ("/sys/fs/cgroup/system.slice/ssh.service/pids.max", "1000\n"),
        (
            "/sys/fs/cgroup/system.slice/ssh.service/pids.current",
            "3\n",
        ),
    ];
    assert_eq!(
        limits_with(&own),
        [
            "3 processes and threads + 1 asked for <= 1000 (pids.max) in cgroup /system.slice/ssh.service"
        ]
    );
    // Nothing is known of its own group: the other one's numbers are not its numbers.
    assert!(limits_with(&[]).is_empty());
    let mounts = [(
        "/proc/self/mountinfo",
        "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    )];
    assert!(limits_with(&mounts).is_empty());
    let all = [own[0], own[1], mounts[0]];
    assert_eq!(limits_with(&all), limits_with(&own));
}

#[test]
fn root_without_capabilities_is_spared_by_the_limit_on_processes() {
    let of = |uid| {
        let mut recording = Recording::new();
        recording.fail(220, 11, "forks", 50).uid = uid;
        // What Docker leaves of them.
        recording.fact("cred.cap_effective", 0xa804_25fb);
        recording.fact("user_ns.level", 0);
        recording.fact("ucount.rlimit_nproc", 64);
        recording.fact("rlimit.NPROC", 64);
        texts(&limits(&recording.load()), "rlimit:NPROC")
    };
    let full = "64 processes and threads + 1 asked for > 64 (RLIMIT_NPROC) in all processes of uid";
    let free = "the failing task is free from this limit (uid 0 of the initial user namespace)";
    assert_eq!(of(0), [format!("{full} 0: {free}")]);
    assert_eq!(of(1000), [format!("{full} 1000")]);
}

#[test]
fn sockets_of_other_namespaces_use_no_ports_of_this_one() {
    let of = |sockstat: &str| {
        let mut recording = Recording::new();
        recording.fail(203, 99, "client", 50);
        let files = [
            ("/proc/net/sockstat", sockstat),
            ("/proc/sys/net/ipv4/ip_local_port_range", "40000\t40009\n"),
        ];
        recording.snapshot(Phase::Failure, 60, &files);
        texts(
            &limits(&recording.load()),
            "sysctl:net.ipv4.ip_local_port_range",
        )
    };
    let udp = "UDP: inuse 1 mem 1\n";
    assert!(
        of(&format!(
            "TCP: inuse 2 orphan 0 tw 1 alloc 900 mem 1\n{udp}"
        ))
        .is_empty()
    );
    let full = of(&format!(
        "TCP: inuse 8 orphan 0 tw 2 alloc 900 mem 1\n{udp}"
    ));
    assert!(full[0].starts_with("10 sockets"), "{full:?}");
}

/// A process of a container whose PID namespace has 20 numbers, with its cursor at `cursor`, on a host that has 900.
fn container(cursor: u64, host_cursor: u64) -> Vec<LimitUse> {
    let mut recording = Recording::new();
    recording.fail(220, 11, "forks", 50);
    for (name, value) in [
        ("ns.pid_for_children", 4_026_532_100),
        ("pid_ns.level", 1),
        ("pid_ns.allocated", (1 << 31) + 20),
        ("pid_ns.cursor", cursor),
        ("pid_ns.parent.inum", 4_026_531_836),
        ("pid_ns.parent.allocated", (1 << 31) + 900),
        ("pid_ns.parent.cursor", host_cursor),
    ] {
        recording.fact(name, value);
    }
    let files = [("/proc/sys/kernel/pid_max", "1000\n")];
    recording.snapshot(Phase::Failure, 60, &files);
    limits(&recording.load())
}

#[test]
fn a_process_needs_a_number_in_each_pid_namespace_above_its_own() {
    let found = container(21, 400);
    assert_eq!(
        texts(&found, "sysctl:kernel.pid_max"),
        [
            "20 process ids + 1 reserved + 1 asked for <= 1000 (kernel.pid_max) in PID namespace 4026532100 (forks)",
            "900 process ids + 300 reserved + 1 asked for > 1000 (kernel.pid_max) in PID namespace 4026531836, 1 above that of forks",
        ]
    );
}

#[test]
fn low_process_ids_are_given_until_the_search_has_passed_them() {
    let host = |cursor| {
        let found = container(21, cursor);
        let host = found
            .iter()
            .rfind(|limit| limit.id == "sysctl:kernel.pid_max");
        host.map(LimitUse::nearness)
    };
    assert_eq!(host(301), Some(Nearness::At));
    assert_eq!(host(300), Some(Nearness::Near));
}

#[test]
fn the_user_namespace_above_limits_who_made_the_one_below() {
    let above = |used: u64, level: u64| {
        let mut recording = Recording::new();
        recording.fail(97, 28, "sandbox", 50).args = [0x1000_0000, 0, 0, 0, 0, 0];
        for (name, value) in [
            ("ns.user", 4_026_532_200),
            ("user_ns.level", level),
            ("ucount.user_namespaces", 0),
            ("ucount_max.user_namespaces", 0x7fff_ffff),
            ("user_ns.parent.inum", 4_026_531_837),
            ("ucount.parent.user_namespaces", used),
            ("ucount_max.parent.user_namespaces", 8),
        ] {
            recording.fact(name, value);
        }
        let found = limits(&recording.load());
        let own = found
            .iter()
            .filter(|limit| limit.id == "sysctl:user.max_user_namespaces");
        own.map(LimitUse::nearness).collect::<Vec<_>>()
    };
    assert_eq!(above(8, 1), [Nearness::Far, Nearness::At]);
    assert_eq!(above(3, 1), [Nearness::Far, Nearness::Far]);
    // In the initial namespace there is none above.
    assert_eq!(above(8, 0), [Nearness::Far]);
}

#[test]
fn of_two_limits_on_keys_the_one_that_is_full_with_what_is_asked_for_is_it() {
    let near = |line: &str, payload: u64| {
        let mut recording = Recording::new();
        recording.fail(217, 122, "keyctl", 50).uid = 1000;
        recording.failures[0].args[3] = payload;
        recording.path(0, "user");
        recording.path(1, "token");
        recording.snapshot(Phase::Failure, 60, &[("/proc/key-users", line)]);
        let found = limits(&recording.load());
        let of = |id: &str| {
            let own = found.iter().find(|limit| limit.id == id);
            own.map(LimitUse::nearness)
        };
        assert_eq!(of("sysctl:kernel.keys.root_maxkeys"), None);
        (
            of("sysctl:kernel.keys.maxkeys"),
            of("sysctl:kernel.keys.maxbytes"),
        )
    };
    let (far, at) = (Some(Nearness::Far), Some(Nearness::At));
    assert_eq!(
        near(" 1000: 200 200/200 200/200 9000/20000\n", 100),
        (at, far)
    );
    assert_eq!(
        near(" 1000: 20 20/20 20/200 15000/20000\n", 5000),
        (far, at)
    );
    // A description of 5 characters, and the zero behind it.
    assert_eq!(
        near(" 1000: 20 20/20 20/200 15000/20000\n", 4994),
        (far, Some(Nearness::Far))
    );
}

#[test]
fn root_has_limits_on_keys_of_its_own() {
    let of = |uid: u32| {
        let mut recording = Recording::new();
        recording.fail(217, 122, "keyctl", 50).uid = uid;
        let text = "    0: 9 9/9 9/1000000 300/25000000\n 1000: 9 9/9 9/200 300/20000\n";
        let files = [("/proc/key-users", text)];
        recording.snapshot(Phase::Failure, 60, &files);
        let found = limits(&recording.load());
        let keys = found.iter().filter(|limit| limit.id.contains("maxkeys"));
        keys.map(|limit| limit.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(of(0), ["sysctl:kernel.keys.root_maxkeys"]);
    assert_eq!(of(1000), ["sysctl:kernel.keys.maxkeys"]);
}

#[test]
fn the_group_at_the_failure_counts_wherever_the_process_is_now() {
    let mut recording = Recording::new();
    recording.fail(220, 11, "forks", 50).cgroup = 7;
    let files = [
        ("/proc/100/status", "Name:\tforks\n"),
        ("/proc/100/cgroup", "0::/\n"),
        (
            "etz:cgroups",
            "id folder\n1 /sys/fs/cgroup/\n7 /sys/fs/cgroup/batch\n",
        ),
        ("/sys/fs/cgroup/batch/pids.max", "5\n"),
        ("/sys/fs/cgroup/batch/pids.current", "5\n"),
    ];
    recording.snapshot(Phase::Failure, 60, &files);
    assert_eq!(
        texts(&limits(&recording.load()), "cgroup:pids.max"),
        ["5 processes and threads + 1 asked for > 5 (pids.max) in cgroup /batch"]
    );
}

#[test]
fn the_recorder_reads_every_fact_that_a_record_names() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = folder.join("../capture/src/sources/syscalls/facts/table.rs");
    let recorded = std::fs::read_to_string(table).unwrap();
    let named = super::table::all().flat_map(super::record::Record::facts);
    let missing: Vec<_> = named
        .filter(|name| !recorded.contains(&format!("\"{name}\"")))
        .collect();
    assert_eq!(missing, [""; 0]);
}
