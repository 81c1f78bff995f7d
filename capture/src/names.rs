//! Names and numbers of syscalls and errnos of the architecture that this recorder is built for.

use syscalls::{Errno, Sysno};

/// A name in the crate's table for arm64, and the one that the kernel and everybody else uses.
const USUAL: (&str, &str) = ("fstatat", "newfstatat");

/// The syscall's name; `syscall_N` for one that is newer than this recorder.
pub(crate) fn syscall_name(number: u32) -> String {
    match Sysno::new(number as usize) {
        Some(sysno) if sysno.name() == USUAL.0 => USUAL.1.to_owned(),
        Some(sysno) => sysno.name().to_owned(),
        None => format!("syscall_{number}"),
    }
}

/// The syscall's number, from its name or from its number in decimal.
pub(crate) fn syscall_number(name: &str) -> Option<u32> {
    if let Ok(number) = name.parse() {
        return Some(number);
    }
    let own = if name == USUAL.1 { USUAL.0 } else { name };
    let sysno: Sysno = name.parse().or_else(|_| own.parse()).ok()?;
    u32::try_from(sysno.id()).ok()
}

/// All syscall names.
pub(crate) fn syscall_names() -> impl Iterator<Item = &'static str> {
    Sysno::iter().map(|sysno| sysno.name())
}

/// The errno's name; `errno N` for one that user space should not see.
pub(crate) fn errno_name(errno: u16) -> String {
    match Errno::new(errno.into()).name() {
        Some(name) => name.to_owned(),
        None => format!("errno {errno}"),
    }
}

/// The errno, from its name or from its number in decimal.
pub(crate) fn errno_number(name: &str) -> Option<u16> {
    if let Ok(number) = name.parse() {
        return (1..4096).contains(&number).then_some(number);
    }
    // Names that stand for the number of another one.
    let name = match name {
        "EWOULDBLOCK" => "EAGAIN",
        "EDEADLOCK" => "EDEADLK",
        "ENOTSUP" => "EOPNOTSUPP",
        name => name,
    };
    (1..4096).find(|&number| Errno::new(number.into()).name() == Some(name))
}

/// All errno names.
pub(crate) fn errno_names() -> impl Iterator<Item = &'static str> {
    (1..4096).filter_map(|number| Errno::new(number).name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        for name in ["mount", "openat", "clone3", "newfstatat"] {
            assert_eq!(syscall_name(syscall_number(name).unwrap()), name);
        }
        assert_eq!(syscall_number("mountt"), None);
        assert_eq!(syscall_name(999), "syscall_999");
        assert_eq!(errno_number("ENOSPC"), Some(28));
        assert_eq!(errno_number("EWOULDBLOCK"), Some(11));
        assert_eq!(errno_number("28"), Some(28));
        assert_eq!(errno_number("0"), None);
        assert_eq!(errno_name(28), "ENOSPC");
        assert_eq!(errno_name(4000), "errno 4000");
    }
}
