//! Tables of /proc/net: addresses in hexadecimal digits, names of interfaces.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Kind, Redactor};

/// A table by the end of its path.
pub(super) struct Table {
    path: &'static [u8],
    /// Whether its first line names the columns.
    has_head: bool,
    /// Columns with addresses in hexadecimal digits.
    addresses: &'static [usize],
    /// The column with the name of an interface.
    interface: Option<usize>,
}

const fn table(
    path: &'static [u8],
    has_head: bool,
    addresses: &'static [usize],
    interface: Option<usize>,
) -> Table {
    Table {
        path,
        has_head,
        addresses,
        interface,
    }
}

/// Of `net/ipv4`, `net/ipv6` and `net/core/net-procfs.c`, 6.1 to 7.2.
const TABLES: [Table; 19] = [
    table(b"etz:port-holders", true, &[2], None),
    table(b"/net/route", true, &[1, 2, 7], Some(0)),
    table(b"/net/rt_cache", true, &[1, 2, 7, 11], Some(0)),
    table(b"/net/tcp", true, &[1, 2], None),
    table(b"/net/tcp6", true, &[1, 2], None),
    table(b"/net/udp", true, &[1, 2], None),
    table(b"/net/udp6", true, &[1, 2], None),
    table(b"/net/udplite", true, &[1, 2], None),
    table(b"/net/udplite6", true, &[1, 2], None),
    table(b"/net/raw", true, &[1, 2], None),
    table(b"/net/raw6", true, &[1, 2], None),
    table(b"/net/icmp", true, &[1, 2], None),
    table(b"/net/icmp6", true, &[1, 2], None),
    table(b"/net/if_inet6", false, &[0], Some(5)),
    table(b"/net/ipv6_route", false, &[0, 2, 4], Some(9)),
    table(b"/net/anycast6", false, &[2], Some(1)),
    table(b"/net/dev", true, &[], Some(0)),
    table(b"/net/arp", true, &[], Some(5)),
    table(b"/net/netlink", true, &[], None),
];

/// The table of that path.
pub(super) fn table_of(path: &[u8]) -> Option<&'static Table> {
    TABLES.iter().find(|table| path.ends_with(table.path))
}

impl Redactor {
    /// All of such a table.
    pub(super) fn table(&mut self, table: &Table, bytes: &[u8]) -> Vec<u8> {
        // That of /proc/net/dev takes two lines.
        let heads = match table.path {
            b"/net/dev" => 2,
            _ => usize::from(table.has_head),
        };
        let mut number = 0;
        self.lines(bytes, |redactor, line| {
            number += 1;
            match number <= heads {
                true => line.to_vec(),
                false => redactor.network_row(line, table),
            }
        })
    }

    fn network_row(&mut self, line: &[u8], table: &Table) -> Vec<u8> {
        let mut out = Vec::with_capacity(line.len());
        let mut column = 0;
        for part in line.chunk_by(|a, b| a.is_ascii_whitespace() == b.is_ascii_whitespace()) {
            if part[0].is_ascii_whitespace() {
                out.extend(part);
                continue;
            }
            out.extend(self.cell(part, column, table));
            column += 1;
        }
        out
    }

    fn cell(&mut self, cell: &[u8], column: usize, table: &Table) -> Vec<u8> {
        if table.addresses.contains(&column) {
            return self.hex_address(cell);
        }
        if table.interface == Some(column) {
            // In /proc/net/dev a colon ends it.
            let (name, colon) = match cell.strip_suffix(b":") {
                Some(name) => (name, &b":"[..]),
                None => (cell, &b""[..]),
            };
            return [&self.interface(name), colon].concat();
        }
        // States, flags, queues and pointers: hexadecimal digits, with or without `:`.
        let is_number = |byte: &u8| byte.is_ascii_hexdigit() || b":.x->*".contains(byte);
        match cell.iter().all(is_number) && cell.iter().any(u8::is_ascii_digit) {
            true if !is_six(cell) && !cell.contains(&b'.') => cell.to_vec(),
            _ => self.core(cell, true),
        }
    }

    /// `0100007F`, `0100007F:0050`, or 32 digits: words as the processor has them, little-endian, but in the tables
    /// of IPv6 without ports, which have the bytes in order (`net/ipv6/addrconf.c`, `if6_seq_show`).
    fn hex_address(&mut self, token: &[u8]) -> Vec<u8> {
        let end = token
            .iter()
            .position(|&byte| byte == b':')
            .unwrap_or(token.len());
        let (digits, port) = token.split_at(end);
        let Some(mut bytes) = unhex(digits) else {
            return self.words(Kind::Word, token);
        };
        let swap = |bytes: &mut Vec<u8>| {
            if bytes.len() == 4 || !port.is_empty() {
                bytes.chunks_mut(4).for_each(<[u8]>::reverse);
            }
        };
        swap(&mut bytes);
        if let Ok(octets) = <[u8; 4]>::try_from(bytes.as_slice()) {
            bytes = self.ipv4(Ipv4Addr::from(octets)).octets().to_vec();
        } else if let Ok(octets) = <[u8; 16]>::try_from(bytes.as_slice()) {
            bytes = self.ipv6(Ipv6Addr::from(octets)).octets().to_vec();
        } else {
            return token.to_vec();
        }
        swap(&mut bytes);
        let is_lower = digits.iter().any(u8::is_ascii_lowercase);
        let digit = |byte: &u8| match is_lower
            || digits.iter().all(u8::is_ascii_digit) && port.is_empty()
        {
            true => format!("{byte:02x}"),
            false => format!("{byte:02X}"),
        };
        let text: String = bytes.iter().map(digit).collect();
        [text.as_bytes(), port].concat()
    }
}

/// Six pairs of digits: a hardware address.
fn is_six(cell: &[u8]) -> bool {
    cell.split(|&byte| byte == b':').count() >= 6
}

fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() || !matches!(digits.len(), 8 | 32) {
        return None;
    }
    pairs
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
