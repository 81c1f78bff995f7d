//! Who has the ports that failing calls found in use.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    bounded,
    collector::Collector,
    peers::{Namespace, Peers},
    pids,
};

/// Tables of sockets in a process's network namespace.
const TABLES: [&str; 4] = ["tcp", "tcp6", "udp", "udp6"];

/// Most bytes of one such table: about 50,000 sockets.
const TABLE_BYTES: usize = 8 << 20;

/// Most sockets that are told.
const MAX_SOCKETS: usize = 64;

/// Most processes that are told, and the longest time for the search for them.
const MAX_HOLDERS: usize = 64;
const TIME: Duration = Duration::from_millis(500);

/// A port that a failing call found in use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UsedPort {
    /// Processes in its network namespace, the best first: the one that failed, its parent.
    pub(crate) tgids: Vec<u32>,
    /// Inode number of that namespace.
    pub(crate) net_namespace: Option<u64>,
    /// The port.
    pub(crate) port: u16,
}

/// A socket on such a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Socket {
    namespace: u64,
    protocol: &'static str,
    /// Address and port as the kernel writes them.
    address: String,
    state: String,
    uid: String,
    inode: u64,
}

/// Takes the table of the sockets bound to these ports, each with the processes that have it open.
pub(super) fn collect(
    collector: &mut Collector<'_>,
    peers: &mut Peers,
    ports: &BTreeSet<UsedPort>,
) {
    let mut sockets = BTreeSet::new();
    for used in ports {
        let Some(pid) = living(used, peers) else {
            collector.leave_out("ports of network namespaces without a process");
            continue;
        };
        for protocol in TABLES {
            let path = PathBuf::from(format!("/proc/{pid}/net/{protocol}"));
            let table = bounded::read(&path, TABLE_BYTES).unwrap_or_default().0;
            let lines = table.split(|&byte| byte == b'\n');
            let rows = lines.filter_map(|line| std::str::from_utf8(line).ok());
            let namespace = pids::net_namespace(pid).unwrap_or(0);
            let found = rows.filter_map(|row| socket(row, namespace, protocol, used.port));
            let room = MAX_SOCKETS.saturating_sub(sockets.len());
            sockets.extend(found.take(room));
        }
    }
    if sockets.is_empty() {
        return;
    }
    let holders = holders(sockets.iter().map(|socket| socket.inode).collect());
    let mut rows = String::from("net_ns protocol local_address state uid inode pid\n");
    for socket in &sockets {
        let pid = holders
            .get(&socket.inode)
            .map_or("-".into(), u32::to_string);
        let Socket {
            namespace,
            protocol,
            address,
            state,
            uid,
            inode,
        } = socket;
        rows += &format!("{namespace} {protocol} {address} {state} {uid} {inode} {pid}\n");
    }
    collector.table("etz:port-holders", rows);
    for pid in holders.into_values().collect::<BTreeSet<_>>() {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        collector.file(folder.join("comm"));
        collector.file(folder.join("cgroup"));
        collector.link(folder.join("exe"));
    }
}

/// A living process in the network namespace of the port.
fn living(used: &UsedPort, peers: &mut Peers) -> Option<u32> {
    let is_in = |&pid: &u32| {
        let found = pids::net_namespace(pid);
        found.is_some() && (used.net_namespace.is_none() || found == used.net_namespace)
    };
    let known = used.tgids.iter().copied().find(is_in);
    known.or_else(|| peers.one_in(Namespace::Net, used.net_namespace?))
}

/// A row of such a table, if the socket is bound to `port`: number, local address, remote address, state, two queues,
/// timer, retransmissions, user, timeout, inode (`net/ipv4/tcp_ipv4.c`, `get_tcp4_sock`; `net/ipv4/udp.c`,
/// `udp4_format_sock`; alike from 6.1 to 7.2).
fn socket(row: &str, namespace: u64, protocol: &'static str, port: u16) -> Option<Socket> {
    let words: Vec<&str> = row.split_whitespace().collect();
    let &[_, local, _, state, _, _, _, uid, _, inode, ..] = &words[..] else {
        return None;
    };
    let (_, digits) = local.rsplit_once(':')?;
    (u16::from_str_radix(digits, 16).ok()? == port).then_some(Socket {
        namespace,
        protocol,
        address: local.to_owned(),
        state: state.to_owned(),
        uid: uid.to_owned(),
        inode: inode.parse().ok()?,
    })
}

/// One process that has each of the sockets open; a socket in `TIME_WAIT` has inode 0, and nobody has it.
fn holders(mut wanted: BTreeSet<u64>) -> BTreeMap<u64, u32> {
    let deadline = Instant::now() + TIME;
    let mut found = BTreeMap::new();
    wanted.remove(&0);
    for pid in pids::all_pids() {
        if wanted.is_empty() || found.len() >= MAX_HOLDERS || Instant::now() >= deadline {
            break;
        }
        let entries = fs::read_dir(format!("/proc/{pid}/fd"));
        for entry in entries.into_iter().flatten().filter_map(Result::ok) {
            let inode = fs::read_link(entry.path()).ok().as_deref().and_then(inode);
            if let Some(inode) = inode.filter(|inode| wanted.remove(inode)) {
                found.insert(inode, pid);
            }
        }
    }
    found
}

/// `socket:[1234]` is the descriptor's link of socket 1234.
fn inode(link: &Path) -> Option<u64> {
    let link = link.as_os_str().as_bytes();
    let digits = link.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::{net::UdpSocket, os::fd::AsRawFd, time::Duration};

    use format_spec::record::Content;

    use super::*;

    #[test]
    fn a_port_has_its_holder() {
        let bound = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = bound.local_addr().unwrap().port();
        let own = std::process::id();
        let used = UsedPort {
            tgids: vec![u32::MAX, own],
            net_namespace: pids::net_namespace(own),
            port,
        };
        let mut entries = Vec::new();
        let mut emit = |part: Vec<_>| {
            entries.extend(part);
            true
        };
        let mut seen = super::super::collector::Seen::new();
        let mut collector = Collector::new(&mut seen, Duration::from_secs(60), &mut emit);
        let mut peers = Peers::new(&[], std::iter::empty());
        collect(&mut collector, &mut peers, &[used].into());
        collector.finish();
        let Content::File { bytes, .. } = &entries[0].content else {
            panic!("{entries:?}")
        };
        let text = std::str::from_utf8(bytes).unwrap();
        let link = fs::read_link(format!("/proc/self/fd/{}", bound.as_raw_fd())).unwrap();
        let inode = inode(&link).unwrap();
        let end = format!(
            " udp 0100007F:{port:04X} 07 {} {inode} {own}\n",
            rustix::process::getuid().as_raw()
        );
        assert!(text.ends_with(&end), "{text}\n{end}");
    }

    #[test]
    fn rows_of_other_ports_are_passed_over() {
        let row = "  0: 0100007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 9999 1 00";
        let found = socket(row, 1, "tcp", 53).unwrap();
        assert_eq!((found.inode, found.state.as_str()), (9999, "0A"));
        assert_eq!(socket(row, 1, "tcp", 54), None);
        for cut in 0..row.len() {
            let _ = socket(&row[..cut], 1, "tcp", 53);
        }
    }
}
