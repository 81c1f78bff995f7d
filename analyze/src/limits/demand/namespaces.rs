//! Namespaces: `create_new_namespaces` (`kernel/nsproxy.c`), `create_user_ns` (`kernel/user_namespace.c`).

use super::Demand;
use crate::limits::call::{Call, Kind};

/// A namespace of the kind whose flag (`include/uapi/linux/sched.h`) clone(2) and unshare(2) take.
const fn made(call: &Call<'_>, flag: u64) -> Demand {
    match call.kind {
        Kind::Clone { flags: Some(flags) } | Kind::Unshare { flags } => {
            Demand::one_if(flags & flag != 0)
        }
        Kind::Setns | Kind::Exec | Kind::Open { .. } => Demand::Nothing,
        _ => super::unknown(call),
    }
}

macro_rules! kinds {
    ($($name:ident $flag:literal $constant:literal;)*) => {$(
        #[doc = concat!("`", $constant, "`.")]
        pub(in crate::limits) const fn $name(call: &Call<'_>) -> Demand {
            made(call, $flag)
        }
    )*};
}

kinds! {
    time 0x80 "CLONE_NEWTIME";
    mount 0x2_0000 "CLONE_NEWNS";
    cgroup 0x200_0000 "CLONE_NEWCGROUP";
    uts 0x400_0000 "CLONE_NEWUTS";
    ipc 0x800_0000 "CLONE_NEWIPC";
    user 0x1000_0000 "CLONE_NEWUSER";
    pid 0x2000_0000 "CLONE_NEWPID";
    net 0x4000_0000 "CLONE_NEWNET";
}

/// `MS_REMOUNT`, `MS_MOVE`, and the kinds of propagation (`include/uapi/linux/mount.h`): nothing is mounted.
const MS_NO_MOUNT: u64 = 0x20 | 0x2000 | 0x2_0000 | 0x4_0000 | 0x8_0000 | 0x10_0000;

/// Mounts: one, and as many as it is copied to.
pub(in crate::limits) const fn mounts(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::Mount { flags } if flags & MS_NO_MOUNT != 0 => Demand::Nothing,
        Kind::Umount | Kind::Clone { .. } | Kind::Unshare { .. } | Kind::Setns => Demand::Nothing,
        Kind::Exec | Kind::Open { .. } => Demand::Nothing,
        _ => super::unknown(call),
    }
}
