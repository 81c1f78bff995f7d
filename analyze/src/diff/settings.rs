//! Limits and sysctls that differ between two recordings.

use std::collections::BTreeMap;

use format_spec::record::Failure;
use serde::Serialize;

use super::Recorded;
use crate::{
    evidence::{file_systems, mounts_seen_by},
    limits::{LimitUse, Nearness, of_file_system, table},
    text::plain,
    view::sysctl::{is_state, values},
};

/// A limit in both recordings.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LimitChange {
    /// Culprit id, `class:name`.
    pub id: String,
    /// Use and limit before.
    pub before: String,
    /// Use and limit after.
    pub after: String,
    /// Whether it was full before and is no more.
    pub freed: bool,
    /// Whether it is full now and was not.
    pub filled: bool,
    /// Whether the kernel works it out from the memory, which is another: nobody need have changed it.
    pub by_memory: bool,
}

/// A sysctl in both recordings.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SysctlChange {
    /// Its name, with dots.
    pub name: String,
    /// Its value before; `None` where it was not recorded or not there.
    pub before: Option<String>,
    /// Its value after.
    pub after: Option<String>,
    /// Whether the kernel works it out from the memory, which is another: nobody need have changed it.
    pub by_memory: bool,
}

/// The limits of the process that failed before, and of what stands for it after: the same program, else any.
pub(super) fn limits(before: &Recorded<'_>, after: &Recorded<'_>) -> Vec<LimitChange> {
    let subject = before.subject();
    let program = subject.map(|failure| failure.comm.as_slice());
    let same =
        |failure: &&Failure| Some(failure.comm.as_slice()) == program && !failure.facts.is_empty();
    let failures = || after.bundle.failures.iter().rev();
    let peer = failures()
        .find(same)
        .or_else(|| failures().find(|failure| !failure.facts.is_empty()));
    let all = |bundle, failure| {
        let mut limits = table(bundle, failure);
        limits.extend(
            file_systems(bundle, failure)
                .iter()
                .flat_map(of_file_system),
        );
        by_id(limits)
    };
    let old = all(before.bundle, subject);
    let mut new = all(after.bundle, peer);
    let same_program = peer.map(|failure| failure.comm.as_slice()) == program;
    let other_memory = is_other_memory(before, after);
    let mounts = mounts_seen_by(before.bundle, None);
    // A tmpfs may take half of the memory when its mount does not say how much.
    let in_memory = |limit: &LimitUse| {
        let mut mounts = mounts.iter();
        limit.id.starts_with("fs:")
            && mounts.any(|mount| {
                plain(&mount.point) == limit.scope
                    && matches!(mount.fs_type.as_str(), "tmpfs" | "devtmpfs")
            })
    };
    let mut changes = Vec::new();
    for (key, old) in old {
        let Some(new) = new.remove(&key) else {
            continue;
        };
        if !comparable(&old.scope, &new.scope, same_program) {
            continue;
        }
        let is_full =
            |limit: &LimitUse| limit.nearness() == Nearness::At && limit.limit() != Some(0);
        let (was, is) = (is_full(&old), is_full(&new));
        if is_other(old.limit(), new.limit()) || was != is {
            changes.push(LimitChange {
                id: old.id.clone(),
                before: old.text(),
                after: new.text(),
                freed: was && !is,
                filled: is && !was,
                by_memory: other_memory
                    && was == is
                    && (is_scaled_limit(&old.id) || in_memory(&old)),
            });
        }
    }
    changes.sort_by_key(|change| (!(change.freed || change.filled), change.by_memory));
    changes
}

/// Sysctls that the kernel sets by its memory at boot (6.1 to 7.2): `set_max_threads` (kernel/fork.c) and, by it, the
/// namespaces of a user; `files_maxfiles_init` (fs/file_table.c); `eventpoll_init`, `inotify_user_setup` and
/// `fanotify_user_setup` (fs/); `init_per_zone_wmark_min`, `init_user_reserve` and `init_admin_reserve` (mm/); `tcp_init`,
/// `tcp_init_mem`, `udp_init` and `inet_initpeers` (net/ipv4/); `nf_conntrack_init_start` (net/netfilter/).
const SCALED: [&str; 32] = [
    "fs.epoll.max_user_watches",
    "fs.fanotify.max_user_marks",
    "fs.file-max",
    "fs.inotify.max_user_watches",
    "kernel.threads-max",
    "net.ipv4.inet_peer_threshold",
    "net.ipv4.tcp_child_ehash_entries",
    "net.ipv4.tcp_ehash_entries",
    "net.ipv4.tcp_max_orphans",
    "net.ipv4.tcp_max_syn_backlog",
    "net.ipv4.tcp_max_tw_buckets",
    "net.ipv4.tcp_mem",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
    "net.ipv4.udp_mem",
    "net.netfilter.nf_conntrack_buckets",
    "net.netfilter.nf_conntrack_expect_max",
    "net.netfilter.nf_conntrack_max",
    "net.nf_conntrack_max",
    "user.max_cgroup_namespaces",
    "user.max_fanotify_marks",
    "user.max_inotify_watches",
    "user.max_ipc_namespaces",
    "user.max_mnt_namespaces",
    "user.max_net_namespaces",
    "user.max_pid_namespaces",
    "user.max_time_namespaces",
    "user.max_user_namespaces",
    "user.max_uts_namespaces",
    "vm.admin_reserve_kbytes",
    "vm.min_free_kbytes",
    "vm.user_reserve_kbytes",
];

/// Whether the memory of the two hosts differs by more than what two boots of one host differ by.
pub(super) fn is_other_memory(before: &Recorded<'_>, after: &Recorded<'_>) -> bool {
    let memory = |recorded: &Recorded<'_>| recorded.side().memory_bytes;
    let (old, new) = (memory(before), memory(after));
    old > 0 && new > 0 && is_other(Some(old), Some(new))
}

/// Whether the kernel sets a sysctl by its memory.
fn is_scaled(name: &str) -> bool {
    SCALED.contains(&name)
}

/// Whether a limit goes with the memory: such a sysctl, what `fork_init` (kernel/fork.c) makes of the threads, or the
/// commit limit.
fn is_scaled_limit(id: &str) -> bool {
    let sysctl = id.strip_prefix("sysctl:").is_some_and(is_scaled);
    sysctl
        || matches!(
            id,
            "rlimit:NPROC" | "rlimit:SIGPENDING" | "sysctl:vm.overcommit_memory"
        )
}

/// Share by which a number must differ that the kernel works out from its memory at boot, one in so many.
const NOISE: u64 = 50;

/// Whether two limits differ by more than what two boots of one host differ by.
fn is_other(old: Option<u64>, new: Option<u64>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => old.abs_diff(new) > old.max(new) / NOISE,
        (old, new) => old != new,
    }
}

/// Whether the values of a sysctl differ; between two boots small differences of numbers are the kernel's own.
fn differ(old: &str, new: &str, same_boot: bool) -> bool {
    let number = |text: &str| text.parse::<u64>().ok();
    match (number(old), number(new)) {
        (old @ Some(_), new @ Some(_)) if !same_boot => is_other(old, new),
        _ => old != new,
    }
}

/// Whether two scopes are of the same thing: a process's limits are its program's, a user's that user's.
fn comparable(old: &str, new: &str, same_program: bool) -> bool {
    let user = |scope: &str| {
        let (_, behind) = scope.split_once("uid ")?;
        Some(behind.trim_end_matches(')').to_owned())
    };
    let is_process = old.starts_with("process ") || new.starts_with("process ");
    user(old) == user(new) && (same_program || !is_process)
}

/// Of the limits of one id the fullest; file systems are told apart by their place.
fn by_id(limits: Vec<LimitUse>) -> BTreeMap<(String, String), LimitUse> {
    let mut fullest: BTreeMap<(String, String), LimitUse> = BTreeMap::new();
    for limit in limits {
        let place = match limit.id.starts_with("fs:") {
            true => limit.scope.clone(),
            false => String::new(),
        };
        let key = (limit.id.clone(), place);
        let known = fullest.get(&key);
        if known.is_none_or(|known| {
            (known.nearness(), known.at_failure) < (limit.nearness(), limit.at_failure)
        }) {
            fullest.insert(key, limit);
        }
    }
    fullest
}

/// The sysctls whose last values differ; one that a recording has not at all is only told when it has others.
pub(super) fn sysctls(before: &Recorded<'_>, after: &Recorded<'_>) -> Vec<SysctlChange> {
    let last = |recorded: &Recorded<'_>| {
        let mut all = BTreeMap::new();
        // A later snapshot may hold only what changed, or only some.
        for view in recorded.bundle.snapshots.all() {
            all.extend(values(view));
        }
        all
    };
    let (old, mut new) = (last(before), last(after));
    if old.is_empty() || new.is_empty() {
        return Vec::new();
    }
    let same_boot = before.boot() == after.boot();
    let other_memory = is_other_memory(before, after);
    let mut changes = Vec::new();
    for (name, value) in old {
        let now = new.remove(&name);
        if now
            .as_ref()
            .is_none_or(|now| differ(&value, now, same_boot))
        {
            changes.push(SysctlChange {
                by_memory: other_memory && now.is_some() && is_scaled(&name),
                name,
                before: Some(value),
                after: now,
            });
        }
    }
    changes.extend(new.into_iter().map(|(name, value)| SysctlChange {
        name,
        before: None,
        after: Some(value),
        by_memory: false,
    }));
    changes.retain(|change| !is_state(&change.name));
    changes.sort_by(|a, b| (a.by_memory, &a.name).cmp(&(b.by_memory, &b.name)));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_boots_differ_by_is_no_change() {
        assert!(!differ("52358", "52357", false) && differ("52358", "52357", true));
        assert!(differ("12", "13", false) && differ("0", "1", false));
        assert!(differ("cubic", "bbr", false) && !differ("cubic", "cubic", false));
        assert!(is_other(None, Some(5)) && !is_other(None, None));
    }

    #[test]
    fn limits_of_other_processes_and_users_are_not_compared() {
        assert!(comparable("the whole host", "the whole host", false));
        assert!(comparable("process 5 (nginx)", "process 9 (nginx)", true));
        assert!(!comparable("process 5 (nginx)", "process 9 (sh)", false));
        assert!(!comparable(
            "all processes of uid 5",
            "all processes of uid 0",
            true
        ));
        let (old, new) = ("user namespace 7 (uid 0)", "user namespace 8 (uid 0)");
        assert!(comparable(old, new, false));
    }
}
