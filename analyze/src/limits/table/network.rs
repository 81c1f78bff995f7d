//! Limits of the network, in the recorder's own network namespace.

use crate::limits::{
    Relation::{Above, AtLeast},
    Unit::{Each, Pages},
    check::{EADDRNOTAVAIL, ENOBUFS, ENOMEM, before, sum},
    demand::one,
    record::{Record, limit},
    scope::Scope::{Host, Network},
    term::Term::{Constant, Labelled, Larger, Less, Plus, Rows, Sysctl},
};

const SOCKSTAT: &str = "/proc/net/sockstat";

pub(super) const RECORDS: &[Record] = &[
    // `__nf_conntrack_alloc` (net/netfilter/nf_conntrack_core.c).
    limit(
        "sysctl:net.netfilter.nf_conntrack_max",
        Each("tracked connections"),
        Network,
        Sysctl("net.netfilter.nf_conntrack_count", 0),
        Sysctl("net.netfilter.nf_conntrack_max", 0),
    )
    .checks(&[sum(&["__nf_conntrack_alloc"], ENOMEM, Above)])
    .demand(one)
    .lasting(),
    // Each protocol has all ports for itself. One port serves connections to many destinations: sockets are counted, and
    // that there are more of them than ports does not say that no port is left. `inuse` and `tw` are of this namespace, but
    // leave out what is bound and neither listens nor is connected; `alloc` is of the whole host (`sockstat_seq_show`,
    // net/ipv4/proc.c).
    limit(
        "sysctl:net.ipv4.ip_local_port_range",
        Each("sockets to the local ports, which several can share,"),
        Network,
        Larger(
            &Plus(
                &Labelled(SOCKSTAT, "TCP:", "inuse"),
                &Labelled(SOCKSTAT, "TCP:", "tw"),
            ),
            &Labelled(SOCKSTAT, "UDP:", "inuse"),
        ),
        Plus(
            &Less(
                &Sysctl("net.ipv4.ip_local_port_range", 1),
                &Sysctl("net.ipv4.ip_local_port_range", 0),
            ),
            &Constant(1),
        ),
    )
    .checks(&[sum(
        &["__inet_hash_connect", "inet_csk_get_port"],
        EADDRNOTAVAIL,
        Above,
    )])
    .demand(one)
    .at_least(),
    limit(
        "sysctl:net.ipv4.tcp_mem",
        Pages("pages of TCP buffers"),
        Host,
        Labelled(SOCKSTAT, "TCP:", "mem"),
        Sysctl("net.ipv4.tcp_mem", 2),
    ),
    // `neigh_alloc` (net/core/neighbour.c); entries of all network namespaces count, those of this one are visible.
    limit(
        "sysctl:net.ipv4.neigh.default.gc_thresh3",
        Each("neighbours"),
        Host,
        Rows("/proc/net/arp"),
        Sysctl("net.ipv4.neigh.default.gc_thresh3", 0),
    )
    .checks(&[before(&["neigh_alloc"], ENOBUFS, AtLeast)])
    .demand(one)
    .at_least(),
];
