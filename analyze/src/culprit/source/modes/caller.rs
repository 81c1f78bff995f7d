//! Who asks: user, groups and capabilities of the failing task, as a permission check sees them.

use crate::case::Case;

/// `AT_EACCESS` of faccessat2(2) (`include/uapi/linux/fcntl.h`).
const AS_EFFECTIVE: u64 = 0x200;

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) uid: u64,
    pub(super) capabilities: u64,
    /// Its groups, the one for files among them; `None` when they are not known.
    pub(super) groups: Option<Vec<u32>>,
}

impl Caller {
    /// The task that failed. access(2) and faccessat(2) ask for the real user, who has the permitted capabilities as root and
    /// none otherwise (`access_override_creds`, `fs/open.c`).
    pub(super) fn of(case: &Case<'_>) -> Option<Self> {
        let sample = case.sample?;
        let real = match case.group.syscall_name.as_str() {
            "access" | "faccessat" => true,
            "faccessat2" => sample.args[3] & AS_EFFECTIVE == 0,
            _ => false,
        };
        let fact = |name| case.fact(name);
        let in_user_namespace = fact("user_ns.level").is_some_and(|level| level > 0);
        let (uid, capabilities) = if real {
            let keeps = sample.uid == 0 || in_user_namespace;
            let permitted = fact("cred.cap_permitted").filter(|_| keeps);
            (sample.uid.into(), permitted.unwrap_or(0))
        } else {
            let uid = fact("cred.fsuid").unwrap_or_else(|| sample.uid.into());
            (uid, fact("cred.cap_effective").unwrap_or(0))
        };
        Some(Self {
            uid,
            capabilities,
            groups: groups(case),
        })
    }
}

/// The groups of the failing process, where a snapshot has it: the last word of `Gid:` is the one for files, `Groups:`
/// are the others (`fs/proc/array.c`, `task_state`).
fn groups(case: &Case<'_>) -> Option<Vec<u32>> {
    let sample = case.sample?;
    let views = case.bundle.snapshots.nearest(sample.time_ns);
    let path = format!("/proc/{}/status", sample.tgid);
    let status = views.iter().find_map(|view| view.text(&path))?;
    let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
    let mut groups: Vec<u32> = line("Groups:")?
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    groups.push(line("Gid:")?.split_whitespace().next_back()?.parse().ok()?);
    Some(groups)
}
