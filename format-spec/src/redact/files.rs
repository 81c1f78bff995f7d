//! Files of /proc and /sys, and the recorder's own tables, whose columns tell what is a name.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Kind, Redactor};

/// What the rest of a line is, behind so many columns.
#[derive(Clone, Copy)]
enum Rest {
    Path,
    Thread,
    Message,
}

/// Tables by the end of their path: how many columns stand before the name.
const TABLES: [(&[u8], usize, Rest); 9] = [
    (b"etz:paths", 10, Rest::Path),
    (b"etz:folders", 3, Rest::Path),
    (b"etz:unanswered", 3, Rest::Path),
    (b"etz:deleted-files", 5, Rest::Path),
    (b"etz:cgroups", 1, Rest::Path),
    (b"etz:descriptors", 3, Rest::Thread),
    (b"/net/unix", 7, Rest::Path),
    (b"/proc/keys", 8, Rest::Thread),
    (b"etz:kmsg", 2, Rest::Message),
];

/// Tables of /proc/net with addresses in hexadecimal digits, and the columns that hold them.
const HEX_TABLES: [(&[u8], &[usize]); 16] = [
    (b"etz:port-holders", &[2]),
    (b"/net/route", &[1, 2]),
    (b"/net/rt_cache", &[1, 2, 7, 11]),
    (b"/net/tcp", &[1, 2]),
    (b"/net/tcp6", &[1, 2]),
    (b"/net/udp", &[1, 2]),
    (b"/net/udp6", &[1, 2]),
    (b"/net/udplite", &[1, 2]),
    (b"/net/udplite6", &[1, 2]),
    (b"/net/raw", &[1, 2]),
    (b"/net/raw6", &[1, 2]),
    (b"/net/icmp", &[1, 2]),
    (b"/net/icmp6", &[1, 2]),
    (b"/net/if_inet6", &[0]),
    (b"/net/ipv6_route", &[0, 2, 4]),
    (b"/net/anycast6", &[2]),
];

/// Files that hold one secret or name.
const NAMES: [&[u8]; 9] = [
    b"/proc/sys/kernel/hostname",
    b"/proc/sys/kernel/domainname",
    b"/comm",
    b"/attr/current",
    b"/attr/apparmor/current",
    b"/attr/exec",
    b"/attr/prev",
    b"stable_secret",
    b"tcp_fastopen_key",
];

impl Redactor {
    /// A file's content.
    pub(super) fn file(&mut self, path: &[u8], bytes: &[u8]) -> Vec<u8> {
        if path == b"/proc/sys/kernel/hostname" {
            self.learn_host(bytes);
        }
        if NAMES.iter().any(|name| path.ends_with(name)) {
            return self.lines(bytes, |redactor, line| redactor.name(Kind::Word, line));
        }
        if let Some(&(_, columns, rest)) = TABLES.iter().find(|table| path.ends_with(table.0)) {
            let columns = match path {
                // Older recordings have no column `mount`.
                b"etz:paths" => columns_before_last(bytes).unwrap_or(columns),
                _ => columns,
            };
            return self.lines(bytes, |redactor, line| redactor.row(line, columns, rest));
        }
        if let Some((_, columns)) = HEX_TABLES.iter().find(|table| path.ends_with(table.0)) {
            return self.lines(bytes, |redactor, line| redactor.hex_row(line, columns));
        }
        match path {
            b"/proc/cmdline" | b"/proc/bootconfig" => {
                return self.lines(bytes, |redactor, line| redactor.command(line));
            }
            b"/proc/sys/net/core/netdev_rss_key" => return self.mac(bytes.trim_ascii()),
            _ => {}
        }
        if path.ends_with(b"/mountinfo") {
            return self.lines(bytes, Self::mount);
        }
        let is_of_process = path.starts_with(b"/proc/");
        if is_of_process && path.ends_with(b"/status") {
            return self.lines(bytes, |redactor, line| {
                match line.strip_prefix(b"Name:\t") {
                    Some(name) => [b"Name:\t".to_vec(), redactor.thread(name)].concat(),
                    None => line.to_vec(),
                }
            });
        }
        if is_of_process && path.ends_with(b"/stat") {
            return self.stat(bytes);
        }
        self.text(bytes)
    }

    fn lines(
        &mut self,
        bytes: &[u8],
        mut line: impl FnMut(&mut Self, &[u8]) -> Vec<u8>,
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            match part.strip_suffix(b"\n") {
                Some(content) => {
                    out.extend(line(self, content));
                    out.push(b'\n');
                }
                None => out.extend(line(self, part)),
            }
        }
        out
    }

    /// Leading columns as they are, then a name that may hold spaces.
    fn row(&mut self, line: &[u8], columns: usize, rest: Rest) -> Vec<u8> {
        let at = behind(line, columns);
        let (front, name) = line.split_at(at);
        // The head of a table is public.
        let new = match rest {
            Rest::Path if name == b"path" || name == b"Path" || name == b"folder" => name.to_vec(),
            Rest::Path => match name.strip_prefix(b"@") {
                Some(name) => [b"@".to_vec(), self.path(name)].concat(),
                None => self.path(name),
            },
            Rest::Thread => self.name(Kind::ThreadName, name),
            // What the kernel passes to init stands on lines of its own (`init/main.c`, run_init_process).
            Rest::Message if front.ends_with(b"     ") => self.command(name),
            Rest::Message => self.message(name),
        };
        [front, &new].concat()
    }

    /// A message of the kernel's log. It repeats the kernel's command line, and what of it nobody knows.
    fn message(&mut self, message: &[u8]) -> Vec<u8> {
        const HEADS: [&[u8]; 2] = [b"ommand line: ", b"ommand line parameters "];
        let found = HEADS.iter().find_map(|head| {
            let at = message.windows(head.len()).position(|part| part == *head)?;
            Some(at + head.len())
        });
        let (front, command) = message.split_at(found.unwrap_or(message.len()));
        [self.text(front), self.command(command)].concat()
    }

    fn hex_row(&mut self, line: &[u8], columns: &[usize]) -> Vec<u8> {
        let mut out = Vec::with_capacity(line.len());
        let mut column = 0;
        for part in line.split_inclusive(u8::is_ascii_whitespace) {
            let len = part.trim_ascii_end().len();
            let (token, space) = part.split_at(len);
            if token.is_empty() {
                out.extend(space);
                continue;
            }
            if columns.contains(&column) {
                out.extend(self.hex_address(token));
            } else {
                out.extend(token);
            }
            out.extend(space);
            column += 1;
        }
        out
    }

    /// `36 35 98:0 /root /point options - type source options`: a source may be any name.
    fn mount(&mut self, line: &[u8]) -> Vec<u8> {
        let Some(at) = line.windows(3).position(|three| three == b" - ") else {
            return self.text(line);
        };
        let (front, behind) = line.split_at(at + 3);
        let mut out = self.text(front);
        for (number, word) in behind.split_inclusive(|&byte| byte == b' ').enumerate() {
            let name = word.trim_ascii_end();
            let is_name = number == 1 && !name.contains(&b'/');
            let new = if is_name {
                self.name(Kind::PathName, name)
            } else if number == 1 && !name.contains(&b':') {
                self.path(name)
            } else {
                self.text(name)
            };
            out.extend(new);
            out.extend(&word[name.len()..]);
        }
        out
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
            return token.to_vec();
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

    /// A command line: options stay, their values and arguments are replaced word by word.
    pub(super) fn command(&mut self, line: &[u8]) -> Vec<u8> {
        let words = line.split_inclusive(|&byte| byte == b' ');
        let words: Vec<_> = words.map(|word| self.argument(word)).collect();
        words.concat()
    }

    /// One word of a command line.
    pub(super) fn argument(&mut self, word: &[u8]) -> Vec<u8> {
        let (key, value) = match word.iter().position(|&byte| byte == b'=') {
            Some(at) => word.split_at(at + 1),
            None if word.starts_with(b"-") => (word, &b""[..]),
            None => (&b""[..], word),
        };
        let core = value.trim_ascii_end();
        let space = &value[core.len()..];
        let token = self.text(core);
        let new = if token == core && !core.starts_with(b"/") {
            self.name(Kind::Word, core)
        } else {
            token
        };
        [key, &new, space].concat()
    }

    /// `1 (name) S …`: a name may hold spaces and brackets.
    fn stat(&mut self, bytes: &[u8]) -> Vec<u8> {
        let open = bytes.iter().position(|&byte| byte == b'(');
        let close = bytes.iter().rposition(|&byte| byte == b')');
        match (open, close) {
            (Some(open), Some(close)) if open < close => {
                let name = self.thread(&bytes[open + 1..close]);
                [&bytes[..=open], &name, &bytes[close..]].concat()
            }
            _ => bytes.to_vec(),
        }
    }
}

/// How many columns the head of a table names before its last one.
fn columns_before_last(table: &[u8]) -> Option<usize> {
    let head = table.split(|&byte| byte == b'\n').next()?;
    let words = head.split(|&byte| byte == b' ').count();
    (words > 1).then_some(words - 1)
}

/// Where what follows so many columns begins.
fn behind(line: &[u8], columns: usize) -> usize {
    let mut at = 0;
    let skip =
        |at: usize, is: fn(&u8) -> bool| at + line[at..].iter().take_while(|byte| is(byte)).count();
    for _ in 0..columns {
        at = skip(at, u8::is_ascii_whitespace);
        at = skip(at, |byte| !byte.is_ascii_whitespace());
    }
    skip(at, u8::is_ascii_whitespace)
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
