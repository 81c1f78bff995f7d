//! A candidate of what a security module wrote into the kernel's log about the very call that failed.

use crate::{
    case::Case,
    culprit::{Candidate, Kind},
    evidence::kernel_log_of,
    text::plain,
};

/// errnos of a refusal.
const REFUSALS: [u16; 2] = [1, 13];

/// What modules write, and their culprit ids (`security/apparmor/audit.c`, `security/selinux/avc.c`,
/// `security/smack/smack_access.c`, `security/lockdown/lockdown.c`, `security/yama/yama_lsm.c`; 6.1 to 7.2).
const WORDS: [(&str, &str); 5] = [
    ("apparmor=\"DENIED\"", "apparmor"),
    ("avc:  denied", "selinux"),
    ("lsm=SMACK fn=", "smack"),
    ("Lockdown: ", "lockdown"),
    ("was attempted by \"", "yama"),
];

/// The last such message that names the process that failed.
pub(super) fn candidates(case: &Case<'_>) -> Vec<Candidate> {
    candidate(case).into_iter().collect()
}

fn candidate(case: &Case<'_>) -> Option<Candidate> {
    if !REFUSALS.contains(&case.group.errno) {
        return None;
    }
    let messages = kernel_log_of(case.bundle, case.group.first_ns);
    let told = messages.filter_map(|message| {
        let (_, module) = WORDS
            .iter()
            .find(|(words, _)| message.text.contains(words))?;
        Some((module, message.text, weight(case, message.text)?))
    });
    let (module, text, weight) = told.max_by_key(|&(_, _, weight)| weight)?;
    let syscall = &case.group.syscall_name;
    let summary = format!("the Linux security module {module} refused it, and logged that");
    let mut candidate = Candidate::new(format!("lsm:{module}"), summary);
    let text = plain(text.as_bytes());
    candidate.says(Kind::Log, weight, format!("the kernel's log says: {text}"));
    if *module == "lockdown"
        && let Some(mode) = lockdown(case)
    {
        candidate.says(
            Kind::State,
            30,
            format!("the kernel is locked down: {mode}"),
        );
    }
    if names_path(case, &text) {
        let text = "that message names the file that the call named";
        candidate.says(Kind::State, 25, text);
    }
    candidate.remedy = vec![format!(
        "allow {syscall} in the policy that the message names"
    )];
    Some(candidate)
}

/// How well a message fits the process that failed: by its number, else by its name.
fn weight(case: &Case<'_>, text: &str) -> Option<i32> {
    let by_number =
        case.group.threads.iter().any(|pid| {
            text.contains(&format!("pid={pid} ")) || text.contains(&format!("\"[{pid}]"))
        });
    let comm = plain(&case.group.comm);
    let by_name =
        text.contains(&format!("comm=\"{comm}\"")) || text.contains(&format!(" {comm}: "));
    match (by_number, by_name) {
        (true, _) => Some(45),
        (false, true) => Some(35),
        (false, false) => None,
    }
}

/// The mode that is in force, where it is not `none`: the one in brackets (`security/lockdown/lockdown.c`).
fn lockdown<'a>(case: &Case<'a>) -> Option<&'a str> {
    let views = case.bundle.snapshots.nearest(case.group.last_ns);
    let mut texts = views
        .iter()
        .filter_map(|view| view.text("/sys/kernel/security/lockdown"));
    let (_, rest) = texts.next()?.split_once('[')?;
    let (mode, _) = rest.split_once(']')?;
    (mode != "none").then_some(mode)
}

fn names_path(case: &Case<'_>, text: &str) -> bool {
    let paths = case.sample.into_iter().flat_map(|failure| &failure.paths);
    paths
        .filter(|path| path.bytes.len() > 1)
        .any(|path| text.contains(&format!("\"{}\"", plain(&path.bytes))))
}
