//! Limits of the network, in the recorder's own network namespace.

use crate::limits::{
    row::{Row, Scope, row},
    term::Term::{Constant, Labelled, Less, Plus, Rows, Sysctl},
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
    // One port serves many connections, but never more ports are taken than there are sockets.
    row(
        "sysctl:net.ipv4.ip_local_port_range",
        "local ports, by sockets that may hold one,",
        SCOPE,
        Plus(
            &Labelled(SOCKSTAT, "TCP:", "alloc"),
            &Plus(
                &Labelled(SOCKSTAT, "TCP:", "tw"),
                &Labelled(SOCKSTAT, "UDP:", "inuse"),
            ),
        ),
        Plus(
            &Less(
                &Sysctl("net.ipv4.ip_local_port_range", 1),
                &Sysctl("net.ipv4.ip_local_port_range", 0),
            ),
            &Constant(1),
        ),
    ),
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
