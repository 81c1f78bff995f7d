//! The lines of `/proc/PID/mountinfo` (proc_pid_mountinfo(5); `fs/proc_namespace.c`, `show_mountinfo`, alike from 6.1
//! to 7.2):
//!
//! ```text
//! 36 35 98:0 /root /mount\040point rw,noatime master:1 - ext3 /dev/root rw,errors=continue
//! ```

/// One mount, as the process sees it.
///
/// Text is what the kernel wrote, its escapes included; bytes that are not UTF-8 are U+FFFD in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Number of the mount, the host's: no other mount of any namespace has it while this one is there.
    pub id: u32,
    /// Number of the mount that it is mounted on.
    pub parent: u32,
    /// Device of the file system, `major:minor`.
    pub device: String,
    /// Where it is mounted: a path, with the kernel's escapes undone.
    pub point: Vec<u8>,
    /// Options of the mount, for example `ro,nosuid`.
    pub options: String,
    /// Whether what is mounted in it goes to its peers too (`shared:N` among the optional fields).
    pub shared: bool,
    /// Type of the file system.
    pub fs_type: String,
    /// What is mounted.
    pub source: String,
    /// Options of the file system, for example `rw,size=64k`; of cgroup v1, its controllers are among them.
    pub super_options: String,
}

impl Mount {
    /// Reads a line, without its end; `None` when it is not one of mountinfo.
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = line.split(|&byte| byte == b' ');
        let id = number(fields.next()?)?;
        let parent = number(fields.next()?)?;
        let device = text(fields.next()?);
        let point = unescape(fields.nth(1)?);
        let options = text(fields.next()?);
        // Fields like `shared:3`, as many as there are, end with a hyphen.
        let mut shared = false;
        loop {
            match fields.next()? {
                b"-" => break,
                field => shared |= field.starts_with(b"shared:"),
            }
        }
        Some(Self {
            id,
            parent,
            device,
            point,
            options,
            shared,
            fs_type: text(fields.next()?),
            source: fields.next().map(text).unwrap_or_default(),
            super_options: fields.next().map(text).unwrap_or_default(),
        })
    }

    /// Whether the mount, or the file system on it, has that option.
    #[must_use]
    pub fn has(&self, option: &str) -> bool {
        self.itself_has(option) || self.file_system_has(option)
    }

    /// Whether the mount itself has that option.
    #[must_use]
    pub fn itself_has(&self, option: &str) -> bool {
        self.options.split(',').any(|own| own == option)
    }

    /// Whether the file system on it has that option, wherever it is mounted.
    #[must_use]
    pub fn file_system_has(&self, option: &str) -> bool {
        self.super_options.split(',').any(|own| own == option)
    }
}

/// The mounts of a mountinfo in order: a later one on the same point hides an earlier one. Other lines are passed over.
pub fn mounts(mountinfo: &[u8]) -> impl Iterator<Item = Mount> {
    let lines = mountinfo.split(|&byte| byte == b'\n');
    lines.filter_map(Mount::parse)
}

fn number(field: &[u8]) -> Option<u32> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

fn text(field: &[u8]) -> String {
    String::from_utf8_lossy(field).into_owned()
}

/// Undoes `\040` and the like: blanks, tabs, line ends and backslashes of paths (`seq_path_root`, `mangle_path`,
/// `fs/seq_file.c`).
fn unescape(mut escaped: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(escaped.len());
    while let Some((&first, behind)) = escaped.split_first() {
        let digits = behind.split_at_checked(3).filter(|_| first == b'\\');
        let code = digits.and_then(|(digits, rest)| Some((octal(digits)?, rest)));
        let (byte, rest) = code.unwrap_or((first, behind));
        bytes.push(byte);
        escaped = rest;
    }
    bytes
}

fn octal(digits: &[u8]) -> Option<u8> {
    let add = |sum: u32, &digit: &u8| Some(sum * 8 + char::from(digit).to_digit(8)?);
    u8::try_from(digits.iter().try_fold(0, add)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINE: &[u8] =
        b"36 35 98:0 /root /my\\040mount rw,noatime master:1 - ext3 /dev/root rw,errors=continue";

    #[test]
    fn reads_a_line() {
        let mount = Mount::parse(LINE).unwrap();
        let expected = Mount {
            id: 36,
            parent: 35,
            device: "98:0".into(),
            point: b"/my mount".into(),
            options: "rw,noatime".into(),
            shared: false,
            fs_type: "ext3".into(),
            source: "/dev/root".into(),
            super_options: "rw,errors=continue".into(),
        };
        assert_eq!(mount, expected);
        assert!(mount.has("noatime") && mount.has("errors=continue") && !mount.has("atime"));
        assert!(mount.itself_has("noatime") && !mount.file_system_has("noatime"));
    }

    #[test]
    fn other_lines_are_passed_over() {
        let text = [LINE, b"nonsense", b"1 0 8:1 / / rw - ", b""].join(&b'\n');
        let types: Vec<_> = mounts(&text).map(|mount| mount.fs_type).collect();
        assert_eq!(types, ["ext3", ""]);
    }

    #[test]
    fn a_source_without_a_name_is_empty() {
        let mount = Mount::parse(b"1 0 0:5 / /a rw shared:2 -  rw").unwrap();
        assert_eq!((mount.fs_type.as_str(), mount.source.as_str()), ("", "rw"));
        assert!(mount.shared);
        let mount = Mount::parse(b"1 0 0:5 / /a rw - tmpfs  rw").unwrap();
        assert_eq!(
            (mount.source.as_str(), mount.super_options.as_str()),
            ("", "rw")
        );
    }

    #[test]
    fn what_is_no_escape_stays() {
        assert_eq!(unescape(b"/a\\9"), b"/a\\9");
        assert_eq!(unescape(b"\\+12\\777\\04"), b"\\+12\\777\\04");
        assert_eq!(unescape(b"\\134\\012"), b"\\\n");
    }

    proptest! {
        #[test]
        fn any_path_survives_the_kernels_escapes(path in prop::collection::vec(any::<u8>(), 0..40)) {
            let escape = |&byte: &u8| match byte {
                b' ' | b'\t' | b'\n' | b'\\' => format!("\\{byte:03o}").into_bytes(),
                plain => vec![plain],
            };
            let escaped: Vec<u8> = path.iter().flat_map(escape).collect();
            let line = [b"1 0 8:1 / ", &escaped[..], b" rw - ext4 /dev/vda rw"].concat();
            let found: Vec<_> = mounts(&line).map(|mount| mount.point).collect();
            prop_assert_eq!(found, [path]);
        }

        #[test]
        fn any_bytes_are_total(bytes in "[ \\n\\\\0-9/-]{0,60}", more in prop::collection::vec(any::<u8>(), 0..60)) {
            let text = [bytes.as_bytes(), &more].concat();
            prop_assert!(mounts(&text).count() <= text.split(|&byte| byte == b'\n').count());
        }
    }
}
