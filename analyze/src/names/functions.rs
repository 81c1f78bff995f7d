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
}
