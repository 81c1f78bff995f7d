//! Limits of the network, in the recorder's own network namespace.

use crate::limits::{
    row::{Row, Scope, row},
    term::Term::{Constant, Labelled, Larger, Less, Plus, Rows, Sysctl},
};

/// Network files and sysctls are those of the recorder's network namespace.
const SCOPE: Scope = Scope::Network;

const SOCKSTAT: &str = "/proc/net/sockstat";

pub(super) const ROWS: &[Row] = &[
    row(
        "sysctl:net.netfilter.nf_conntrack_max",
        "tracked connections",
        SCOPE,
        Sysctl("net.netfilter.nf_conntrack_count", 0),
        Sysctl("net.netfilter.nf_conntrack_max", 0),
    )
    .lasting(),
    // Each protocol has all ports for itself. One port serves connections to many destinations: sockets are counted, and
    // that there are more of them than ports does not say that no port is left. `inuse` and `tw` are of this namespace, but
    // leave out what is bound and neither listens nor is connected; `alloc` is of the whole host (`sockstat_seq_show`,
    // net/ipv4/proc.c).
    row(
        "sysctl:net.ipv4.ip_local_port_range",
        "sockets to the local ports, which several can share,",
        SCOPE,
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
    .at_least(),
    row(
        "sysctl:net.ipv4.tcp_mem",
        "pages of TCP buffers",
        Scope::Host,
        Labelled(SOCKSTAT, "TCP:", "mem"),
        Sysctl("net.ipv4.tcp_mem", 2),
    ),
    // `neigh_alloc` (net/core/neighbour.c); entries of all network namespaces count, those of this one are visible.
    row(
        "sysctl:net.ipv4.neigh.default.gc_thresh3",
        "neighbours",
        Scope::Host,
        Rows("/proc/net/arp"),
        Sysctl("net.ipv4.neigh.default.gc_thresh3", 0),
    )
    .at_least(),
];
