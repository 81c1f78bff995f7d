//! Who has the port that a failing call found in use.

use std::net::{Ipv4Addr, Ipv6Addr};

use format_spec::record::Failure;

use crate::load::Bundle;

/// The recorder's table of sockets bound to such ports.
const TABLE: &str = "etz:port-holders";

/// Column heads of the table; a recorder that writes others is not understood.
const HEAD: &str = "net_ns protocol local_address state uid inode pid";

/// `AF_INET` and `AF_INET6` (`include/linux/socket.h`).
const INET: [u64; 2] = [2, 10];

/// States of TCP as `/proc/net/tcp` writes them (`include/net/tcp_states.h`).
const LISTEN: &str = "0A";
const TIME_WAIT: &str = "06";

/// A socket bound to a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortHolder {
    /// `tcp`, `udp6`, …
    pub protocol: String,
    /// Address and port.
    pub address: String,
    /// Inode number of the network namespace.
    pub namespace: u64,
    /// Whether it listens, or is a socket of UDP, which always does.
    pub listens: bool,
    /// Whether it is the rest of a connection that nobody has open (`TIME_WAIT`).
    pub waits: bool,
    /// Its owner.
    pub uid: u32,
    /// Its inode.
    pub inode: u64,
    /// A process that has it open, and its name.
    pub process: Option<(u32, String)>,
}

impl PortHolder {
    /// In words: `tcp 127.0.0.53:53 (listening), held by process 81 (dnsmasq)`.
    #[must_use]
    pub fn text(&self) -> String {
        let state = match (self.listens, self.waits) {
            (true, _) => "listening",
            (_, true) => "TIME_WAIT",
            _ => "connected",
        };
        let Self {
            protocol,
            address,
            uid,
            ..
        } = self;
        match &self.process {
            Some((pid, name)) => {
                format!("{protocol} {address} ({state}), held by process {pid} ({name})")
            }
            None if self.waits => format!("{protocol} {address} ({state}), of no process"),
            None => format!("{protocol} {address} ({state}), of uid {uid}"),
        }
    }
}

/// The port that the call was given, of IPv4 or IPv6; 0 when the kernel is to choose.
#[must_use]
pub fn port(bundle: &Bundle, failure: &Failure) -> Option<u16> {
    let family = bundle.fact(failure, "address.family")?;
    let port = u16::try_from(bundle.fact(failure, "address.port")?).ok()?;
    // It was read as it stands in memory: the high byte first.
    INET.contains(&family).then(|| port.swap_bytes())
}

/// The sockets that are bound to `port` in the network namespace of the failing process; those that listen first.
#[must_use]
pub fn port_holders(bundle: &Bundle, failure: &Failure, port: u16) -> Vec<PortHolder> {
    let namespace = bundle.fact(failure, "ns.net");
    let views = bundle.snapshots.nearest(failure.time_ns);
    let found = views.iter().find_map(|view| {
        let rows = view.rows(TABLE, HEAD)?.filter_map(|row| {
            let (found, found_port) = row_of(row)?;
            let is_it = found_port == port && namespace.is_none_or(|own| own == found.namespace);
            let name = |pid: u32| view.comm(pid).unwrap_or_else(|| "?".into());
            is_it.then(|| PortHolder {
                process: found.process.map(|(pid, _)| (pid, name(pid))),
                ..found
            })
        });
        let rows: Vec<PortHolder> = rows.collect();
        (!rows.is_empty()).then_some(rows)
    });
    let mut found = found.unwrap_or_default();
    found.sort_by_key(|holder| (!holder.listens, holder.waits));
    found
}

fn row_of(row: &str) -> Option<(PortHolder, u16)> {
    let words: Vec<&str> = row.split(' ').collect();
    let &[namespace, protocol, local, state, uid, inode, pid] = &words[..] else {
        return None;
    };
    let (digits, port) = local.rsplit_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let holder = PortHolder {
        protocol: protocol.to_owned(),
        address: address(digits, port)?,
        namespace: namespace.parse().ok()?,
        listens: state == LISTEN || protocol.starts_with("udp"),
        waits: state == TIME_WAIT,
        uid: uid.parse().ok()?,
        inode: inode.parse().ok()?,
        process: pid.parse().ok().map(|pid| (pid, String::new())),
    };
    Some((holder, port))
}

/// Words of 32 bits, each as a little-endian processor prints it (`net/ipv4/tcp_ipv4.c`, `get_tcp4_sock`).
fn address(digits: &str, port: u16) -> Option<String> {
    let word = |at: usize| u32::from_str_radix(digits.get(at..at + 8)?, 16).ok();
    match digits.len() {
        8 => Some(format!("{}:{port}", Ipv4Addr::from(word(0)?.swap_bytes()))),
        32 => {
            let mut bytes = [0; 16];
            for (place, four) in bytes.chunks_mut(4).enumerate() {
                four.copy_from_slice(&word(8 * place)?.to_le_bytes());
            }
            Some(format!("[{}]:{port}", Ipv6Addr::from(bytes)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_whatever_they_hold() {
        let row = "4026531840 tcp 3500007F:0035 0A 0 9999 81";
        let (holder, port) = row_of(row).unwrap();
        assert_eq!((holder.address.as_str(), port), ("127.0.0.53:53", 53));
        assert_eq!(
            holder.text(),
            "tcp 127.0.0.53:53 (listening), held by process 81 ()"
        );
        for cut in 0..row.len() {
            let _ = row_of(&row[..cut]);
        }
        let loopback = "00000000000000000000000001000000";
        assert_eq!(address(loopback, 80).as_deref(), Some("[::1]:80"));
        assert_eq!(address("0\u{e9}0000000", 80), None);
        let (holder, _) = row_of("1 tcp 0100007F:1F90 06 0 0 -").unwrap();
        assert_eq!(
            holder.text(),
            "tcp 127.0.0.1:8080 (TIME_WAIT), of no process"
        );
    }
}
