//! Paths.

use super::{Kind, Redactor, files::public_pattern};

/// Below one of these in /proc/sys/net, names are those of interfaces.
const OF_INTERFACES: [&[u8]; 2] = [b"conf", b"neigh"];

/// The folder of control groups.
const GROUPS: &[u8] = b"/sys/fs/cgroup";

impl Redactor {
    /// A path, absolute or not: names that are not public are replaced one by one.
    pub(super) fn path(&mut self, path: &[u8]) -> Vec<u8> {
        let mut known = public_pattern(path).unwrap_or_default().split('/');
        let mut is_whole = false;
        // Modules and settings have the kernel's names.
        let is_setting = path.starts_with(b"/proc/sys/") || path.starts_with(b"/sys/module/");
        let mut before: &[u8] = b"";
        let parts: Vec<Vec<u8>> = path
            .split(|&byte| byte == b'/')
            .map(|name| {
                // What the kernel calls its own files; below control groups are their users' names.
                let due = known.next().unwrap_or("*");
                is_whole |= due == "**" && !path.starts_with(GROUPS);
                let new = match is_setting {
                    _ if is_whole || due.as_bytes() == name => name.to_vec(),
                    true if OF_INTERFACES.contains(&before) => self.interface(name),
                    true => name.to_vec(),
                    false => self.name(Kind::PathName, name),
                };
                before = name;
                new
            })
            .collect();
        parts.join(&b'/')
    }

    /// A string that was passed to a system call: mostly a path, else options of a mount, or any name.
    pub(super) fn string_argument(&mut self, bytes: &[u8]) -> Vec<u8> {
        match bytes.iter().any(|byte| matches!(byte, b'=' | b',')) && !bytes.starts_with(b"/") {
            true => self.options(bytes),
            false => self.path(bytes),
        }
    }
}
