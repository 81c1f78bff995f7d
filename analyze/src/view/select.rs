//! What users write to choose: errors by name or by number, syscalls by name.

use format_spec::record::Architecture::{Aarch64, X86_64};

use crate::names::{errno_name, errno_number, syscall_number};

/// The errno that `text` names: `ENOSPC`, `enospc` or `28`.
///
/// # Errors
/// What is wrong with it, for the user.
pub(crate) fn errno(text: &str) -> Result<u16, String> {
    let number = text.parse().ok();
    let known = number.filter(|number| !errno_name(*number).starts_with("errno"));
    known.or_else(|| errno_number(text)).ok_or_else(|| {
        "Linux has no such error; write a name like ENOSPC or a number like 28".into()
    })
}

/// Whether Linux has a system call of that name.
pub(crate) fn is_syscall(name: &str) -> bool {
    [Aarch64, X86_64]
        .iter()
        .any(|&architecture| syscall_number(architecture, name).is_some())
}

/// The name of a syscall as it is.
///
/// # Errors
/// What is wrong with it, for the user.
pub(crate) fn syscall(name: &str) -> Result<String, String> {
    let known = is_syscall(name).then(|| name.to_owned());
    known.ok_or_else(|| "Linux has no such syscall; write a name like openat".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_name_or_number() {
        assert_eq!((errno("ENOSPC"), errno("28")), (Ok(28), Ok(28)));
        assert!(errno("ENONSENSE").is_err() && errno("4000").is_err() && errno("0").is_err());
    }

    #[test]
    fn syscalls_are_those_of_any_architecture() {
        assert!(is_syscall("openat") && is_syscall("open") && !is_syscall("no_such_call"));
        assert_eq!(syscall("mount"), Ok("mount".into()));
        assert!(syscall("monut").is_err());
    }
}
