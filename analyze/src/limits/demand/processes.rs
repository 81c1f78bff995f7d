//! Processes and threads: `copy_process` (`kernel/fork.c`).

use super::Demand;
use crate::limits::call::{Call, Kind};

/// A process or thread, of whatever kind.
pub(in crate::limits) const fn process(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::Clone { .. } => Demand::Exactly(1),
        Kind::Unshare { .. } | Kind::Setns | Kind::Exec => Demand::Nothing,
        _ => super::unknown(call),
    }
}

/// `RLIMIT_NPROC`, which execve(2) looks at too when setuid(2) went over it (`begin_new_exec`, `do_execveat_common`,
/// `fs/exec.c`).
pub(in crate::limits) const fn of_user(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::Exec => Demand::Unknown,
        _ => process(call),
    }
}

/// Whether a program is executed: nothing is added then.
pub(in crate::limits) const fn is_exec(call: &Call<'_>) -> bool {
    matches!(call.kind, Kind::Exec)
}
