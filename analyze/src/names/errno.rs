//! errno names and texts of Linux, the same on arm64 and x86-64 (`include/uapi/asm-generic/errno.h`).

use syscalls::Errno;

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
        assert_eq!(errno_name(28), "ENOSPC");
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
