//! Paths.

use super::{Kind, Redactor};

/// What lies below is the system's own.
const OWN: [&[u8]; 12] = [
    b"/proc",
    b"/sys",
    b"/dev",
    b"/usr",
    b"/bin",
    b"/sbin",
    b"/lib",
    b"/lib32",
    b"/lib64",
    b"/libx32",
    b"/boot/grub",
    b"/etc/ld.so.cache",
];

/// Except what lies below these, which others fill.
const OTHERS: [&[u8]; 14] = [
    b"/sys/fs/cgroup",
    b"/sys/fs/bpf",
    b"/sys/kernel/config",
    b"/sys/kernel/security/apparmor/policy",
    b"/usr/local",
    b"/usr/src",
    b"/usr/home",
    b"/dev/disk",
    b"/dev/mapper",
    b"/dev/shm",
    b"/dev/mqueue",
    b"/dev/hugepages",
    b"/proc/fs/nfsd",
    b"/proc/driver",
];

/// Below /proc/PID, these lead into the file system again.
const LINKS: [&[u8]; 2] = [b"root", b"cwd"];

impl Redactor {
    /// A path, absolute or not: names that are not the system's own are replaced one by one.
    pub(super) fn path(&mut self, path: &[u8]) -> Vec<u8> {
        let kept = own_len(path);
        let (own, others) = path.split_at(kept);
        let mut out = own.to_vec();
        for part in others.split_inclusive(|&byte| byte == b'/') {
            match part.strip_suffix(b"/") {
                Some(name) => {
                    out.extend(self.name(Kind::PathName, name));
                    out.push(b'/');
                }
                None => out.extend(self.name(Kind::PathName, part)),
            }
        }
        out
    }
}

/// How many bytes at the front of a path are the system's own.
fn own_len(path: &[u8]) -> usize {
    let below = |folder: &[u8]| {
        path.strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    if let Some(folder) = OTHERS.into_iter().find(|folder| below(folder)) {
        return folder.len();
    }
    if !OWN.into_iter().any(below) {
        return 0;
    }
    // /proc/PID/root/…, /proc/PID/cwd/…
    let mut at = 0;
    for (number, part) in path.split(|&byte| byte == b'/').enumerate() {
        at += part.len() + 1;
        if number == 3 && path.starts_with(b"/proc/") && LINKS.contains(&part) {
            return at.min(path.len());
        }
    }
    path.len()
}
