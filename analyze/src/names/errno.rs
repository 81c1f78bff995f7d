//! errno names and texts of Linux, the same on arm64 and x86-64 (`include/uapi/asm-generic/errno.h`).

use syscalls::Errno;

/// Operation not permitted.
pub const EPERM: u16 = 1;
/// No such file or directory.
pub const ENOENT: u16 = 2;
/// No such device or address.
pub const ENXIO: u16 = 6;
/// Argument list too long.
pub const E2BIG: u16 = 7;
/// Resource temporarily unavailable.
pub const EAGAIN: u16 = 11;
/// Cannot allocate memory.
pub const ENOMEM: u16 = 12;
/// Permission denied.
pub const EACCES: u16 = 13;
/// Device or resource busy.
pub const EBUSY: u16 = 16;
/// Invalid cross-device link.
pub const EXDEV: u16 = 18;
/// Invalid argument.
pub const EINVAL: u16 = 22;
/// Too many open files in system.
pub const ENFILE: u16 = 23;
/// Too many open files.
pub const EMFILE: u16 = 24;
/// Text file busy.
pub const ETXTBSY: u16 = 26;
/// File too large.
pub const EFBIG: u16 = 27;
/// No space left on device.
pub const ENOSPC: u16 = 28;
/// Read-only file system.
pub const EROFS: u16 = 30;
/// Message too long.
pub const EMSGSIZE: u16 = 90;
/// Address already in use.
pub const EADDRINUSE: u16 = 98;
/// Cannot assign requested address.
pub const EADDRNOTAVAIL: u16 = 99;
/// No buffer space available.
pub const ENOBUFS: u16 = 105;
/// Disk quota exceeded.
pub const EDQUOT: u16 = 122;

/// Texts of the C library where they differ from the comments of the kernel header: what users saw on their screen.
const C_LIBRARY: [(i32, &str); 22] = [
    (5, "Input/output error"),
    (9, "Bad file descriptor"),
    (11, "Resource temporarily unavailable"),
    (12, "Cannot allocate memory"),
    (18, "Invalid cross-device link"),
    (23, "Too many open files in system"),
    (25, "Inappropriate ioctl for device"),
    (33, "Numerical argument out of domain"),
    (34, "Numerical result out of range"),
    (35, "Resource deadlock avoided"),
    (37, "No locks available"),
    (38, "Function not implemented"),
    (40, "Too many levels of symbolic links"),
    (75, "Value too large for defined data type"),
    (93, "Protocol not supported"),
    (95, "Operation not supported"),
    (98, "Address already in use"),
    (99, "Cannot assign requested address"),
    (107, "Transport endpoint is not connected"),
    (113, "No route to host"),
    (116, "Stale file handle"),
    (122, "Disk quota exceeded"),
];

/// The name of `errno`, for example `ENOSPC`; `errno 200` for a number that Linux does not use.
#[must_use]
pub fn errno_name(errno: u16) -> String {
    let known = Errno::new(errno.into()).name();
    known.map_or_else(|| format!("errno {errno}"), str::to_owned)
}

/// What the C library says for `errno`, for example `No space left on device`.
#[must_use]
pub fn errno_text(errno: u16) -> &'static str {
    let number = i32::from(errno);
    let own = C_LIBRARY.iter().find(|(known, _)| *known == number);
    own.map(|(_, text)| *text)
        .or_else(|| Errno::new(number).description())
        .unwrap_or("Unknown error")
}

/// The number of an errno's name, in any case; `None` for a name that Linux does not have.
#[must_use]
pub fn errno_number(name: &str) -> Option<u16> {
    (1..4096).find(|&errno| {
        Errno::new(errno.into())
            .name()
            .is_some_and(|known| known.eq_ignore_ascii_case(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts() {
        assert_eq!(errno_name(ENOSPC), "ENOSPC");
        assert_eq!(errno_name(EDQUOT), "EDQUOT");
        assert_eq!(errno_text(28), "No space left on device");
        assert_eq!(errno_text(11), "Resource temporarily unavailable");
        assert_eq!(errno_name(4000), "errno 4000");
        assert_eq!(errno_text(4000), "Unknown error");
    }

    #[test]
    fn numbers() {
        assert_eq!(errno_number("enospc"), Some(28));
        assert_eq!(errno_number("ENOTSUPP"), Some(524));
        assert_eq!(errno_number("ENONSENSE"), None);
    }
}
