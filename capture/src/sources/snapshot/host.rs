//! Files that speak of the whole host.

use std::fs;

use super::collector::Collector;

/// Files under /proc. Network files are of the recorder's own network namespace. `cgroups` is not among them: to
/// read it makes recent kernels log that it is out of date.
const PROC: &[&str] = &[
    "buddyinfo",
    "cmdline",
    "config.gz",
    "consoles",
    "crypto",
    "devices",
    "diskstats",
    "filesystems",
    "key-users",
    "keys",
    "loadavg",
    "locks",
    "mdstat",
    "meminfo",
    "misc",
    "modules",
    "net/arp",
    "net/dev",
    "net/fib_trie",
    "net/fib_triestat",
    "net/icmp",
    "net/if_inet6",
    "net/ip_tables_names",
    "net/ip6_tables_names",
    "net/ipv6_route",
    "net/netlink",
    "net/netstat",
    "net/nf_conntrack_expect",
    "net/packet",
    "net/protocols",
    "net/route",
    "net/rt_cache",
    "net/snmp",
    "net/snmp6",
    "net/sockstat",
    "net/sockstat6",
    "net/softnet_stat",
    "net/stat/nf_conntrack",
    "net/unix",
    "pagetypeinfo",
    "partitions",
    "pressure/cpu",
    "pressure/io",
    "pressure/memory",
    "slabinfo",
    "stat",
    "swaps",
    "sysvipc/msg",
    "sysvipc/sem",
    "sysvipc/shm",
    "uptime",
    "version",
    "vmstat",
    "zoneinfo",
];

/// Files under /sys.
const SYS: &[&str] = &[
    "fs/selinux/enforce",
    "fs/selinux/mls",
    "kernel/mm/ksm/run",
    "kernel/mm/transparent_hugepage/enabled",
    "kernel/mm/transparent_hugepage/defrag",
    "kernel/security/lockdown",
    "kernel/security/lsm",
    "module/apparmor/parameters/enabled",
    "module/apparmor/parameters/mode",
    "module/nf_conntrack/parameters/hashsize",
    "module/kvm/parameters/halt_poll_ns",
    "module/loop/parameters/max_loop",
    "module/loop/parameters/max_part",
    "module/rcutree/parameters/blimit",
];

/// Folders under /sys of which all files are taken: huge pages and the parameters of modules that set limits.
const FOLDERS: &[&str] = &[
    "/sys/module/overlay/parameters",
    "/sys/module/fuse/parameters",
    "/sys/module/nfs/parameters",
    "/sys/module/nf_conntrack/parameters",
    "/sys/module/zswap/parameters",
    "/sys/module/apparmor/parameters",
    "/sys/module/yama/parameters",
    "/sys/module/module/parameters",
    "/sys/module/kernel/parameters",
];

/// Takes them all.
pub(super) fn collect(collector: &mut Collector<'_>) {
    for name in PROC {
        collector.file(format!("/proc/{name}"));
    }
    for name in SYS {
        collector.file(format!("/sys/{name}"));
    }
    for folder in FOLDERS {
        files_in(collector, folder);
    }
    let sizes = fs::read_dir("/sys/kernel/mm/hugepages");
    for size in sizes.into_iter().flatten().filter_map(Result::ok) {
        files_in(collector, &size.path().to_string_lossy());
    }
}

fn files_in(collector: &mut Collector<'_>, folder: &str) {
    let entries = fs::read_dir(folder);
    for entry in entries.into_iter().flatten().filter_map(Result::ok) {
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            collector.file(entry.path());
        }
    }
}
