//! From a syscall to the kernel function that it enters.

/// Prefix of entry functions (`SYSCALL_DEFINEx` in `arch/*/include/asm/syscall_wrapper.h`, since 4.17 and 4.19).
const PREFIX: &str = if cfg!(target_arch = "aarch64") {
    "__arm64_sys_"
} else {
    "__x64_sys_"
};

/// Syscalls whose entry function has another name (`include/uapi/asm-generic/unistd.h`,
/// `arch/x86/entry/syscalls/syscall_64.tbl`).
const OTHER_NAMES: [(&str, &str); 7] = [
    ("fstat", "newfstat"),
    ("fstatat", "newfstatat"),
    ("lstat", "newlstat"),
    ("sendfile", "sendfile64"),
    ("stat", "newstat"),
    ("umount2", "umount"),
    ("uname", "newuname"),
];

/// The same, on arm64 alone (`arch/arm64/kernel/sys.c`).
const OTHER_NAMES_ARM64: [(&str, &str); 2] = [
    ("fadvise64", "fadvise64_64"),
    ("personality", "arm64_personality"),
];

/// Names that the entry function of `syscall` may have, the likeliest first.
pub(super) fn candidates(syscall: &str) -> impl Iterator<Item = String> {
    let arm64 = OTHER_NAMES_ARM64
        .iter()
        .filter(|_| cfg!(target_arch = "aarch64"));
    let other = OTHER_NAMES.iter().chain(arm64);
    let other = other.filter(move |(name, _)| *name == syscall);
    other
        .map(|(_, function)| *function)
        .chain([syscall])
        .map(|name| format!("{PREFIX}{name}"))
}

/// Names that the events of `syscall` alone may end with: `mount` for `sys_enter_mount` and `sys_exit_mount`.
pub(super) fn event_names(syscall: &str) -> impl Iterator<Item = String> {
    candidates(syscall).map(|name| name[PREFIX.len()..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_are_named_for_the_syscall() {
        assert_eq!(
            candidates("mount").collect::<Vec<_>>(),
            [format!("{PREFIX}mount")]
        );
        assert_eq!(
            candidates("umount2").next(),
            Some(format!("{PREFIX}umount"))
        );
        assert_eq!(event_names("umount2").next().as_deref(), Some("umount"));
    }
}
