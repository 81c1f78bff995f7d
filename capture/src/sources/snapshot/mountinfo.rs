//! The lines of mountinfo (proc_pid_mountinfo(5)).

use std::{ffi::OsString, os::unix::ffi::OsStringExt, path::PathBuf};

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// `major:minor` of the file system.
    pub(super) device: String,
    /// Where it is mounted, as the process sees it.
    pub(super) point: PathBuf,
    /// Type of the file system.
    pub(super) fs_type: String,
    /// Options of the file system; for cgroup v1, its controllers are among them.
    pub(super) super_options: String,
}

/// Reads all lines; malformed ones are passed over.
pub(super) fn parse(text: &str) -> Vec<Mount> {
    text.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let mut left = left.split(' ').skip(2);
    let device = left.next()?.to_owned();
    let point = unescape(left.nth(1)?);
    let mut right = right.split(' ');
    let fs_type = right.next()?.to_owned();
    Some(Mount {
        device,
        point,
        fs_type,
        super_options: right.nth(1).unwrap_or_default().to_owned(),
    })
}

/// Undoes `\040` and the like (`mangle_path`, `fs/seq_file.c`).
fn unescape(text: &str) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let octal = (byte == b'\\')
            .then(|| after.get(..3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match octal {
            Some(value) => {
                bytes.push(value);
                rest = &after[3..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_line() {
        let text = "36 35 98:0 /mnt1 /my\\040mount rw,noatime master:1 - ext3 /dev/root rw,errors=continue\nnonsense\n";
        let mounts = parse(text);
        assert_eq!(mounts.len(), 1);
        assert_eq!(mounts[0].device, "98:0");
        assert_eq!(mounts[0].point, PathBuf::from("/my mount"));
        assert_eq!(mounts[0].fs_type, "ext3");
        assert_eq!(mounts[0].super_options, "rw,errors=continue");
    }

    #[test]
    fn odd_escapes_stay() {
        assert_eq!(unescape("/a\\9"), PathBuf::from("/a\\9"));
        assert_eq!(unescape("\\134"), PathBuf::from("\\"));
    }
}
