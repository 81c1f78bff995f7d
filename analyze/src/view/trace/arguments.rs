//! A failing call as strace(1) writes it: `mount("overlay", "/mnt", "overlay", MS_NOSUID, "lowerdir=/a")`.

use std::fmt::Write as _;

use format_spec::record::{Architecture, Failure};

use super::tables::{self, Kind};
use crate::{load::Bundle, names::syscall_name, text::plain};

/// `AT_FDCWD` (`include/uapi/linux/fcntl.h`).
const AT_FDCWD: i32 = -100;

/// Flags with which open(2) takes a mode (`O_CREAT`, `__O_TMPFILE`, the same on arm64 and x86-64).
const CREATES: u64 = 0o100 | 0o20_000_000;

/// The call with its arguments.
pub(crate) fn call(bundle: &Bundle, failure: &Failure) -> String {
    let architecture = bundle.architecture();
    let name = syscall_name(architecture, failure.syscall);
    let unknown = [const { Kind::Hex }; 6];
    let mut kinds = tables::arguments(&name).unwrap_or(&unknown);
    let creates = match name.as_str() {
        "open" => failure.args[1] & CREATES != 0,
        "openat" => failure.args[2] & CREATES != 0,
        _ => true,
    };
    if !creates {
        kinds = kinds.split_last().map_or(kinds, |(_, rest)| rest);
    }
    let arguments = kinds
        .iter()
        .zip(failure.args)
        .enumerate()
        .map(|(place, (kind, value))| {
            let string = failure
                .paths
                .iter()
                .find(|string| usize::from(string.argument) == place);
            match string {
                Some(string) => quoted(&string.bytes, string.truncated),
                None => number(kind, value, architecture),
            }
        });
    let arguments: Vec<String> = arguments.collect();
    format!("{name}({})", arguments.join(", "))
}

/// A string in quotes, with the escapes of C; `...` behind one that the recorder cut.
fn quoted(bytes: &[u8], truncated: bool) -> String {
    let mut text = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                '\n' => text.push_str("\\n"),
                '\t' => text.push_str("\\t"),
                '\r' => text.push_str("\\r"),
                other => text.push_str(&plain(other.encode_utf8(&mut [0; 4]).as_bytes())),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text.push('"');
    if truncated {
        text.push_str("...");
    }
    text
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the kernel looks at the lower half of a 32-bit argument alone"
)]
fn number(kind: &Kind, value: u64, architecture: Architecture) -> String {
    let low = value as u32;
    match kind {
        Kind::Folder if low.cast_signed() == AT_FDCWD => "AT_FDCWD".into(),
        Kind::Descriptor | Kind::Folder | Kind::Int => low.cast_signed().to_string(),
        Kind::Unsigned => low.to_string(),
        Kind::Pointer if value == 0 => "NULL".into(),
        Kind::Pointer | Kind::Hex => format!("{value:#x}"),
        Kind::Octal => format!("{:#05o}", low & 0o177_777).replacen("0o", "0", 1),
        Kind::Long => value.cast_signed().to_string(),
        Kind::UnsignedLong => value.to_string(),
        Kind::Names(sets) => names(sets, value, architecture),
    }
}

/// A value by the names of its sets: one of a first set, flags of the others.
fn names(sets: &[&str], value: u64, architecture: Architecture) -> String {
    let sets: Vec<(&str, tables::Set)> = sets
        .iter()
        .map(|&name| (name, tables::set(name, architecture)))
        .collect();
    let flags = sets.iter().filter(|(_, set)| !set.one);
    let all = flags
        .flat_map(|(_, set)| &set.members)
        .fold(0, |all, (_, bits)| all | bits);
    let mut words: Vec<String> = Vec::new();
    let mut rest = value;
    for (name, set) in &sets {
        if set.one {
            let wanted = value & !all & u64::from(u32::MAX);
            let known = set.members.iter().find(|(_, number)| *number == wanted);
            words.push(known.map_or_else(|| bare(wanted), |(name, _)| (*name).to_owned()));
            rest = value & all;
            continue;
        }
        rest = special(name, rest, &mut words);
        for (member, bits) in &set.members {
            if *bits != 0 && rest & bits == *bits {
                words.push((*member).to_owned());
                rest &= !bits;
            }
        }
    }
    if rest != 0 {
        words.push(format!("{rest:#x}"));
    }
    if words.is_empty() {
        let none = match sets.first() {
            Some(("prot", _)) => "PROT_NONE",
            Some(("access", _)) => "F_OK",
            _ => "0",
        };
        words.push(none.into());
    }
    words.join("|")
}

/// A number without a name: a small one in decimal, as most are counted from 0.
fn bare(number: u64) -> String {
    if number < 256 {
        number.to_string()
    } else {
        format!("{number:#x}")
    }
}

/// Takes from `rest` what is a number among flags: open's access mode, clone's signal.
fn special(set: &str, rest: u64, words: &mut Vec<String>) -> u64 {
    match set {
        "open" => {
            let mode = ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"];
            words.push(mode[usize::try_from(rest & 3).unwrap_or(0)].into());
            rest & !3 & u64::from(u32::MAX)
        }
        "clone" => {
            let signal = tables::set("signal=", Architecture::Aarch64);
            let name = signal
                .members
                .iter()
                .find(|(_, number)| *number == rest & 0xff);
            if let Some((name, _)) = name {
                words.push((*name).into());
                return rest & !0xff;
            }
            rest
        }
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Recording;

    fn written(syscall: u32, args: [u64; 6], strings: &[(u8, &str)]) -> String {
        let mut recording = Recording::new();
        recording.fail(syscall, 28, "x", 1).args = args;
        for (argument, text) in strings {
            recording.path(*argument, text);
        }
        let bundle = recording.load();
        call(&bundle, &bundle.failures[0])
    }

    #[test]
    fn flags_and_paths_have_their_names() {
        let strings = [
            (0, "overlay"),
            (1, "/mnt/\"x\"\n"),
            (2, "overlay"),
            (4, "lowerdir=/a"),
        ];
        assert_eq!(
            written(40, [1, 2, 3, 0x1002, 5, 0], &strings),
            r#"mount("overlay", "/mnt/\"x\"\n", "overlay", MS_NOSUID|MS_BIND, "lowerdir=/a")"#
        );
        assert_eq!(
            written(56, [0xffff_ff9c, 1, 0o40101, 0o644, 0, 0], &[(1, "/x")]),
            r#"openat(AT_FDCWD, "/x", O_WRONLY|O_CREAT|O_DIRECTORY, 0644)"#
        );
        assert_eq!(
            written(56, [u64::MAX - 99, 1, 0, 7, 0, 0], &[(1, "relative")]),
            r#"openat(AT_FDCWD, "relative", O_RDONLY)"#
        );
    }

    #[test]
    fn numbers_are_of_their_types() {
        assert_eq!(
            written(198, [1, 0x80002, 0, 9, 9, 9], &[]),
            "socket(AF_UNIX, SOCK_DGRAM|SOCK_CLOEXEC, 0)"
        );
        assert_eq!(
            written(220, [0x2000_0011, 0, 0, 0, 0, 0], &[]),
            "clone(SIGCHLD|CLONE_NEWPID, NULL, NULL, NULL, NULL)"
        );
        assert_eq!(
            written(226, [0, 4096, 0, 0, 0, 0], &[]),
            "mprotect(0, 4096, PROT_NONE)"
        );
        assert_eq!(written(57, [u64::MAX, 0, 0, 0, 0, 0], &[]), "close(-1)");
        assert!(written(5000, [1; 6], &[]).starts_with("syscall 5000(0x1, "));
    }
}
