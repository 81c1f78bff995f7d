//! Error numbers and texts by name, as Linux has them on arm64 and x86-64.

use anyhow::{Context as _, Result};
use syscalls::Errno;

/// Numbers above this one are not for user space (`include/linux/errno.h`).
const LAST: i32 = 133;

/// The number of an error, for example 28 for ENOSPC.
pub(crate) fn number(name: &str) -> Result<u32> {
    (1..=LAST)
        .find(|&number| Errno::new(number).name() == Some(name))
        .and_then(|number| u32::try_from(number).ok())
        .with_context(|| format!("unknown error name {name}"))
}

/// An error in the C library's words, as tickets quote it: "No space left on device".
pub(crate) fn text(name: &str) -> Result<String> {
    let number = i32::try_from(number(name)?)?;
    let text = std::io::Error::from_raw_os_error(number).to_string();
    Ok(match text.split_once(" (os error") {
        Some((text, _)) => text.to_owned(),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that `include/uapi/asm-generic/errno.h` leaves out: those of EWOULDBLOCK and EDEADLOCK, which
    /// stand for EAGAIN and EDEADLK.
    const UNUSED: [i32; 2] = [41, 58];

    #[test]
    fn every_error_of_user_space_is_known() {
        for errno in 1..=LAST {
            let name = Errno::new(errno).name();
            assert_eq!(name.is_none(), UNUSED.contains(&errno), "{errno}");
            if let Some(name) = name {
                assert_eq!(number(name).unwrap(), errno.unsigned_abs(), "{name}");
            }
        }
    }

    #[test]
    fn numbers_are_those_of_the_kernel() {
        for (name, expected) in [
            ("EPERM", 1),
            ("EDEADLK", 35),
            ("ENODATA", 61),
            ("ETOOMANYREFS", 109),
            ("EUCLEAN", 117),
            ("EHWPOISON", 133),
        ] {
            assert_eq!(number(name).unwrap(), expected, "{name}");
        }
        for unknown in ["ENONSENSE", "ENOTSUPP", ""] {
            assert!(number(unknown).is_err(), "{unknown}");
        }
    }

    #[test]
    fn texts_are_those_of_the_c_library() {
        for (name, expected) in [
            ("ENOSPC", "No space left on device"),
            ("EAGAIN", "Resource temporarily unavailable"),
            ("EPERM", "Operation not permitted"),
        ] {
            assert_eq!(text(name).unwrap(), expected);
        }
    }
}
