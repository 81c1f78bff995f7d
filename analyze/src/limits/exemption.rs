//! Who is free from a limit.

use super::moment::Moment;

/// `CAP_IPC_LOCK` (`include/uapi/linux/capability.h`).
pub(super) const IPC_LOCK: Exemption = Exemption::Capable(14, "CAP_IPC_LOCK");
/// `CAP_SYS_ADMIN`.
pub(super) const SYS_ADMIN: Exemption = Exemption::Capable(21, "CAP_SYS_ADMIN");
/// `CAP_SYS_RESOURCE`.
pub(super) const SYS_RESOURCE: Exemption = Exemption::Capable(24, "CAP_SYS_RESOURCE");

/// A predicate of the failing task, which frees it from a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exemption {
    /// `INIT_USER` (`include/linux/sched/user.h`): user 0 of the initial user namespace, whatever its capabilities.
    InitialRoot,
    /// `capable`: it has the capability of that number and name in the initial user namespace.
    Capable(u32, &'static str),
}

impl Exemption {
    /// Whether it is true of the failing task; what is not known frees from nothing.
    pub(super) fn holds(self, moment: &Moment<'_>) -> bool {
        match self {
            // The recorder has user ids of the initial user namespace (`bpf_get_current_uid_gid`, `kernel/bpf/helpers.c`).
            Self::InitialRoot => moment.failure.is_some_and(|failure| failure.uid == 0),
            Self::Capable(number, _) => {
                let held = moment.fact("cred.cap_effective").unwrap_or(0);
                let has = held.checked_shr(number).unwrap_or(0) & 1 == 1;
                has && moment.fact("user_ns.level") == Some(0)
            }
        }
    }

    /// Why the task is free.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::InitialRoot => "uid 0 of the initial user namespace",
            Self::Capable(_, name) => name,
        }
    }
}
