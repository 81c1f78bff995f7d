//! Kernel function names as kallsyms prints them.

/// What the entry function of a syscall is named with: arm64, x86-64, 32-bit x86, and the wrappers of
/// `SYSCALL_DEFINE` (`include/linux/syscalls.h`, `arch/*/include/asm/syscall_wrapper.h`).
const ENTRY_PREFIXES: [&str; 6] = [
    "__arm64_sys_",
    "__x64_sys_",
    "__ia32_sys_",
    "__se_sys_",
    "__do_sys_",
    "sys_",
];

/// `name` without what the compiler appended: `.isra.0`, `.part.1`, `.constprop.0`, `.cold`, `.llvm.123`.
#[must_use]
pub fn base_name(name: &str) -> &str {
    match name.find('.') {
        None | Some(0) => name,
        Some(dot) => &name[..dot],
    }
}

/// The syscall whose entry function `function` is, for example `mount` for `__arm64_sys_mount`.
#[must_use]
pub fn syscall_of_entry(function: &str) -> Option<&str> {
    let base = base_name(function);
    ENTRY_PREFIXES
        .iter()
        .find_map(|prefix| base.strip_prefix(prefix))
        .filter(|rest| !rest.is_empty())
}

/// Whether `function` is the one that a rule calls `name`: without suffixes, and `sys_mount` for every name of the entry
/// of mount(2).
#[must_use]
pub fn is_named(function: &str, name: &str) -> bool {
    base_name(function) == name
        || name
            .strip_prefix("sys_")
            .is_some_and(|syscall| syscall_of_entry(function) == Some(syscall))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_ignored() {
        assert_eq!(
            base_name("attach_recursive_mnt.isra.0"),
            "attach_recursive_mnt"
        );
        assert_eq!(base_name("do_lock_mount.part.0.cold"), "do_lock_mount");
        assert_eq!(base_name(".text"), ".text");
    }

    #[test]
    fn entries_are_recognized() {
        assert_eq!(syscall_of_entry("__arm64_sys_mount"), Some("mount"));
        assert_eq!(
            syscall_of_entry("__do_sys_fanotify_init.isra.0"),
            Some("fanotify_init")
        );
        assert_eq!(syscall_of_entry("path_mount"), None);
    }

    #[test]
    fn one_name_stands_for_all_of_an_entry() {
        for function in [
            "__arm64_sys_mount",
            "__x64_sys_mount",
            "__do_sys_mount.isra.0",
        ] {
            assert!(is_named(function, "sys_mount"), "{function}");
        }
        assert!(!is_named("__arm64_sys_umount", "sys_mount"));
        assert!(is_named("do_mount.part.0", "do_mount") && !is_named("do_mount", "sys_mount"));
    }
}
