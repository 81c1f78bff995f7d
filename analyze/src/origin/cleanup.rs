//! Functions that undo and release: what a caller runs after it has been told no.

use format_spec::record::ReturnType;

use crate::names::base_name;

/// Words of kernel function names that release, undo or only account. A name's words are parted by underscores.
const WORDS: [&str; 34] = [
    "abort",
    "cancel",
    "cleanup",
    "clear",
    "close",
    "dec",
    "del",
    "delete",
    "destroy",
    "detach",
    "dput",
    "drop",
    "end",
    "exit",
    "fput",
    "free",
    "iput",
    "kfree",
    "kvfree",
    "mntput",
    "namespace",
    "put",
    "putname",
    "release",
    "sub",
    "umount",
    "uncharge",
    "undo",
    "unlock",
    "unregister",
    "up",
    "vfree",
    "wake",
    "cond",
];

/// Whether `function` only cleans up, by what it returns and what it is called.
pub(super) fn is_cleanup(function: &str, returns: ReturnType) -> bool {
    returns == ReturnType::Void || is_release(function)
}

/// Whether `function` releases, undoes or only accounts, by what it is called.
pub(super) fn is_release(function: &str) -> bool {
    base_name(function)
        .split('_')
        .any(|word| WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_types_tell() {
        let int = ReturnType::Signed(32);
        assert!(is_cleanup("mutex_unlock", int));
        assert!(is_cleanup("free_mnt_ns.part.0", int));
        assert!(is_cleanup("security_file_init", ReturnType::Void));
        assert!(!is_cleanup("count_mounts", int));
        assert!(!is_cleanup("setup_bdev_super", int));
    }
}
