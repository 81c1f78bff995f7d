//! Candidates of policies that said no: seccomp, Linux security modules, capabilities.

use crate::{
    case::Case,
    culprit::{Candidate, Kind},
    evidence::sysctl_text,
    graph::Outcome,
    names::base_name,
    names::capability,
    origin::{How, Origin, Told},
};

/// errnos of a missing capability.
const REFUSALS: [u16; 2] = [1, 13];

/// `SECCOMP_MODE_FILTER` (`include/uapi/linux/seccomp.h`).
const FILTER_MODE: u64 = 2;

/// `CAP_DAC_OVERRIDE` and `CAP_DAC_READ_SEARCH`: asked for where the permissions of a file say no
/// (`generic_permission`, `fs/namei.c`).
const BEYOND_PERMISSIONS: [u64; 2] = [1, 2];

/// Security modules by the beginnings of their functions' names, in the form of their culprit id.
const MODULES: [(&str, &str); 16] = [
    ("hook_", "landlock"),
    ("landlock_", "landlock"),
    ("current_check_", "landlock"),
    ("yama_", "yama"),
    ("selinux_", "selinux"),
    ("avc_", "selinux"),
    ("apparmor_", "apparmor"),
    ("aa_", "apparmor"),
    ("smack_", "smack"),
    ("tomoyo_", "tomoyo"),
    ("lockdown_", "lockdown"),
    ("loadpin_", "loadpin"),
    ("safesetid_", "safesetid"),
    ("bpf_lsm_", "bpf"),
    ("ima_", "ima"),
    ("ipe_", "ipe"),
];

/// Candidates of all policies.
pub(super) fn candidates(case: &Case<'_>) -> Vec<Candidate> {
    let module = case.origin.and_then(|origin| module(case, origin));
    let capability = case.origin.and_then(|origin| capability(case, origin));
    [seccomp(case), module, capability]
        .into_iter()
        .flatten()
        .collect()
}

/// A syscall that returned without having been entered: the filter runs before the entry is traced
/// (`include/linux/entry-common.h`, `arch/arm64/kernel/ptrace.c`).
fn seccomp(case: &Case<'_>) -> Option<Candidate> {
    if !case.group.never_entered(case.bundle) {
        return None;
    }
    let errno = case.group.errno_name();
    let syscall = &case.group.syscall_name;
    let summary = format!("a seccomp filter of the process answers {syscall} with {errno}");
    let mut candidate = Candidate::new("seccomp", summary);
    candidate.says(
        Kind::Origin,
        45,
        format!("the kernel never entered {syscall}: something answered before"),
    );
    match case.fact("task.seccomp_mode") {
        Some(FILTER_MODE) => {
            let filters = case.fact("task.seccomp_filters");
            let text = filters.map_or_else(
                || "the task runs under a seccomp filter".to_owned(),
                |count| format!("the task runs under {count} seccomp filters"),
            );
            candidate.says(Kind::State, 35, text);
        }
        Some(mode) => candidate.denies(
            Kind::State,
            60,
            format!("the task has no seccomp filter (mode {mode})"),
        ),
        None => {}
    }
    candidate.remedy = vec![format!(
        "allow {syscall} in the seccomp profile of the container or service (docker: --security-opt seccomp=, systemd: SystemCallFilter=)"
    )];
    Some(candidate)
}

/// The first error came up through a `security_*` hook: the function below it tells the module.
fn module(case: &Case<'_>, origin: &Origin) -> Option<Candidate> {
    let hook = origin
        .path
        .iter()
        .position(|step| base_name(step).starts_with("security_"))?;
    let below = origin.path[hook + 1..].iter().find_map(|step| {
        let step = base_name(step);
        MODULES
            .iter()
            .find(|(prefix, _)| step.starts_with(prefix))
            .map(|(_, name)| (*name, step.to_owned()))
    });
    let last = hook + 1 == origin.path.len();
    let (name, function) = match below {
        Some(found) => found,
        None if last => ("unknown", origin.path[hook].clone()),
        None => return None,
    };
    let errno = case.group.errno_name();
    let summary = match name {
        "unknown" => format!("a Linux security module refused it: {function} returned {errno}"),
        name => format!("the Linux security module {name} refused it: {function} returned {errno}"),
    };
    let mut candidate = Candidate::new(format!("lsm:{name}"), summary);
    let text = format!("{function} under {} returned {errno}", origin.path[hook]);
    // What was inferred may as well be a hook that said yes.
    let weight = if origin.how == How::Inferred { 20 } else { 50 };
    candidate.says(Kind::Origin, weight, text);
    let views = case.bundle.snapshots.nearest(case.group.last_ns);
    let modules = views
        .iter()
        .find_map(|view| view.text("/sys/kernel/security/lsm"));
    if let Some(modules) = modules.filter(|modules| modules.split(',').any(|active| active == name))
    {
        candidate.says(Kind::State, 20, format!("active modules: {modules}"));
    }
    let scope = format!("kernel.{name}.ptrace_scope");
    if let Some(value) = sysctl_text(case.bundle, case.sample, &scope) {
        candidate.says(Kind::State, 20, format!("{scope} is {value}"));
    }
    candidate.remedy = vec![format!(
        "look for the denial of {} in the audit log or dmesg, and allow it in the policy",
        case.group.syscall_name
    )];
    Some(candidate)
}

/// The kernel asked for a capability, and the answer was no.
fn capability(case: &Case<'_>, origin: &Origin) -> Option<Candidate> {
    if !REFUSALS.contains(&case.group.errno) {
        return None;
    }
    let refused = |told: &&Told| {
        let no = matches!(
            told.outcome,
            Outcome::Truth(false) | Outcome::Value(0) | Outcome::Error(1)
        );
        no && capability::is_check(&told.function)
    };
    let told = origin.told.iter().rev().find(refused)?;
    let function = base_name(&told.function);
    let check = capability::check(function)?;
    let effective = case.fact("cred.cap_effective");
    let number = check.fixed.or_else(|| {
        let argument = check.argument?;
        told.arguments
            .get(usize::from(argument))
            .copied()
            .or_else(|| {
                // Of several capabilities that the code asks for, the one that the task lacks.
                let all = case.code.constant(function, argument)?;
                let lacks = |number: &&u64| effective.is_none_or(|set| set & bit(**number) == 0);
                all.iter().find(lacks).or(all.first()).copied()
            })
    })?;
    let name = capability::name(number)?;
    let held = effective.map(|set| set & bit(number) != 0);
    let summary = match held {
        Some(true) => format!("{name} is missing in the user namespace that counts"),
        _ => format!("{name} is missing"),
    };
    let mut candidate = Candidate::new(format!("capability:{name}"), summary);
    // Users have no such capability: what keeps them out are the permissions.
    let user = case.fact("cred.fsuid");
    let user = user.or_else(|| Some(case.sample?.uid.into()));
    let common = BEYOND_PERMISSIONS.contains(&number) && user != Some(0);
    candidate.says(
        Kind::Predicate,
        if common { 25 } else { 45 },
        format!(
            "{} asked {function} for {name}, and was told no",
            origin.function
        ),
    );
    match held {
        Some(false) => candidate.says(
            Kind::Request,
            if common { 5 } else { 30 },
            format!("the task's effective capabilities lack {name}"),
        ),
        Some(true) => {
            let level = case.fact("user_ns.level");
            let text = format!("the task has {name}, but only in its own user namespace");
            match level {
                Some(0) => candidate.denies(
                    Kind::State,
                    30,
                    format!("the task has {name} in the initial user namespace"),
                ),
                _ => candidate.says(Kind::Request, 25, text),
            }
        }
        None => {}
    }
    candidate.remedy = vec![format!(
        "give the process {name} (docker: --cap-add, systemd: AmbientCapabilities=, kubernetes: securityContext.capabilities.add)"
    )];
    Some(candidate)
}

fn bit(number: u64) -> u64 {
    1u64.checked_shl(u32::try_from(number).unwrap_or(u32::MAX))
        .unwrap_or(0)
}
