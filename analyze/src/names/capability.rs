//! Capability numbers and names (`include/uapi/linux/capability.h`; the last one since 5.9), and who asks for them.

use super::base_name;

const NAMES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// Functions that answer whether the task has a capability, and which argument is its number; `None` for those that
/// ask for a certain one themselves (`kernel/capability.c`, `include/linux/capability.h`, `net/core/sock.c`).
const CHECKS: [(&str, Option<u8>, Option<u64>); 14] = [
    ("capable", Some(0), None),
    ("ns_capable", Some(1), None),
    ("ns_capable_noaudit", Some(1), None),
    ("ns_capable_setid", Some(1), None),
    ("file_ns_capable", Some(2), None),
    ("capable_wrt_inode_uidgid", Some(2), None),
    ("sk_capable", Some(1), None),
    ("sk_ns_capable", Some(2), None),
    ("sk_net_capable", Some(1), None),
    ("netlink_capable", Some(1), None),
    ("netlink_net_capable", Some(1), None),
    ("cap_capable", Some(2), None),
    ("may_mount", None, Some(21)),
    ("inode_owner_or_capable", None, Some(3)),
];

/// A function that checks a capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// Which argument is the capability's number.
    pub argument: Option<u8>,
    /// The number that it always asks for.
    pub fixed: Option<u64>,
}

/// Whether `function` checks a capability.
#[must_use]
pub fn is_check(function: &str) -> bool {
    check(base_name(function)).is_some()
}

/// What `function`, without suffixes, checks; `None` when it checks no capability.
#[must_use]
pub fn check(function: &str) -> Option<Check> {
    let (_, argument, fixed) = CHECKS.iter().find(|(name, _, _)| *name == function)?;
    Some(Check {
        argument: *argument,
        fixed: *fixed,
    })
}

/// The number of the capability of that name.
#[must_use]
pub fn number(name: &str) -> Option<u64> {
    let at = NAMES.iter().position(|known| *known == name)?;
    u64::try_from(at).ok()
}

/// The name of capability `number`.
#[must_use]
pub fn name(number: u64) -> Option<&'static str> {
    NAMES.get(usize::try_from(number).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_names() {
        assert_eq!(name(21), Some("CAP_SYS_ADMIN"));
        assert_eq!(name(40), Some("CAP_CHECKPOINT_RESTORE"));
        assert_eq!(name(41), None);
        assert_eq!(number("CAP_SYS_ADMIN"), Some(21));
        assert_eq!(number("CAP_ADMIN"), None);
        assert_eq!(check("may_mount").unwrap().fixed, Some(21));
        assert_eq!(check("path_mount"), None);
    }
}
