//! Files of /proc and /sys, and the recorder's own tables, whose columns tell what is a name.

use std::sync::LazyLock;

use super::{Kind, Redactor, network::table_of};

/// Files that stay as they are.
static PUBLIC: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let lines = include_str!("public/files.txt").lines();
    lines.filter(|line| !line.starts_with('#')).collect()
});

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

/// What the last column of such a table is called: its head is public.
const HEADS: [&[u8]; 5] = [b"path", b"Path", b"folder", b"name", b"text"];

/// Tables with words in the columns in front: names of extended attributes, types of file systems.
const WORDY: [&[u8]; 2] = [b"etz:paths", b"etz:unanswered"];

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
            let is_wordy = WORDY.contains(&path);
            return self.lines(bytes, |redactor, line| {
                let (front, new) = redactor.row(line, columns, rest);
                match is_wordy && new != line {
                    true => [redactor.strict(front), new].concat(),
                    false => [front, &new].concat(),
                }
            });
        }
        if let Some(table) = table_of(path) {
            return self.table(table, bytes);
        }
        match path {
            b"/proc/cmdline" | b"/proc/bootconfig" => {
                return self.lines(bytes, Self::kernel_command);
            }
            b"/proc/sys/net/core/netdev_rss_key" => return self.mac(bytes.trim_ascii()),
            // What the recorder itself says.
            b"etz:left-out" => return self.text(bytes),
            b"etz:users" | b"etz:mount-users" => return bytes.to_vec(),
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
        if is_of_process && path.ends_with(b"/stat") && path != b"/proc/stat" {
            return self.stat(bytes);
        }
        if public_pattern(path).is_some() {
            return bytes.to_vec();
        }
        self.strict(bytes)
    }

    pub(super) fn lines(
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

    /// Leading columns, and what stands for the name behind them, which may hold spaces.
    fn row<'l>(&mut self, line: &'l [u8], columns: usize, rest: Rest) -> (&'l [u8], Vec<u8>) {
        let (front, name) = line.split_at(behind(line, columns));
        if HEADS.contains(&name) && !front.is_empty() {
            return (b"", line.to_vec());
        }
        let new = match rest {
            Rest::Path => match name.strip_prefix(b"@") {
                Some(name) => [b"@".to_vec(), self.path(name)].concat(),
                None => self.path(name),
            },
            Rest::Thread => self.name(Kind::ThreadName, name),
            Rest::Message => self.message(name),
        };
        (front, new)
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

/// The pattern of a file in which the kernel alone writes.
pub(super) fn public_pattern(path: &[u8]) -> Option<&'static str> {
    let mut patterns = PUBLIC.iter().copied();
    patterns.find(|pattern| is_like(path, pattern))
}

/// Whether a path is of a pattern: `*` is one name, `**` at the end any number of them.
fn is_like(path: &[u8], pattern: &str) -> bool {
    let mut names = path.split(|&byte| byte == b'/');
    for due in pattern.split('/') {
        match (due, names.next()) {
            ("**", Some(_)) => return true,
            ("*", Some(_)) => {}
            (due, Some(name)) if name == due.as_bytes() => {}
            _ => return false,
        }
    }
    names.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_of_whole_names() {
        for (path, pattern, due) in [
            ("/proc/7/limits", "/proc/*/limits", true),
            ("/proc/7/x/limits", "/proc/*/limits", false),
            ("/proc/limits", "/proc/*/limits", false),
            ("/sys/kernel/mm/a/b", "/sys/kernel/mm/**", true),
            ("/sys/kernel/mm", "/sys/kernel/mm/**", false),
            ("/proc/meminfo2", "/proc/meminfo", false),
        ] {
            assert_eq!(is_like(path.as_bytes(), pattern), due, "{path}");
        }
    }
}
