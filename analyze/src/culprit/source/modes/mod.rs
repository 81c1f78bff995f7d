//! A candidate of permission bits: what `namei -l` would show.

mod asked;
mod bits;
mod caller;

use asked::{READ, WRITE, asked};
use bits::refused;
use caller::Caller;

use crate::{
    case::Case,
    culprit::{Candidate, Kind},
    evidence::{Component, absolute},
    names::base_name,
    names::errno::EACCES,
    origin::{How, Origin},
};

/// Functions that compare permission bits (`fs/namei.c`, `fs/posix_acl.c`), and the walks into which they are inlined.
/// Most are too hot to be hooked: where none is seen, the bits answer alone.
const CHECKS: [&str; 18] = [
    "acl_permission_check",
    "do_filp_open",
    "do_inode_permission",
    "filename_lookup",
    "filename_parentat",
    "generic_permission",
    "inode_permission",
    "link_path_walk",
    "lookup_inode_permission_may_exec",
    "lookup_open",
    "may_create",
    "may_delete",
    "may_lookup",
    "may_open",
    "path_lookupat",
    "path_openat",
    "path_parentat",
    "posix_acl_permission",
];

/// Candidates of the permission bits of the path that the call named.
pub(super) fn candidates(case: &Case<'_>) -> Vec<Candidate> {
    candidate(case).into_iter().collect()
}

fn candidate(case: &Case<'_>) -> Option<Candidate> {
    if case.group.errno != EACCES {
        return None;
    }
    let file = case.file.as_ref()?;
    let syscall = case.group.syscall_name.as_str();
    let sample = case.sample?;
    let asked = asked(syscall, &sample.args)?;
    let caller = Caller::of(case)?;
    let start = start(case);
    let (component, bits) = refused(file, &start, asked, &caller)?;
    let Component {
        path,
        mode,
        uid,
        gid,
        ..
    } = component;
    let mode = mode & 0o7777;
    let verb = verb(bits, component.is_folder());
    let user = caller.uid;
    let summary = format!("uid {user} may not {verb} {path}: mode {mode:04o} of {uid}:{gid}");
    let mut candidate = Candidate {
        specific: 3,
        ..Candidate::new("file:mode", summary)
    };
    candidate.says(
        Kind::State,
        40,
        format!("{path} has mode {mode:04o}, owner {uid}, group {gid}"),
    );
    if case.fact("cred.cap_effective").is_some() {
        let text = format!("uid {user} has no capability that would lift that");
        candidate.says(Kind::Predicate, 25, text);
    }
    if case.fs_type() == Some("proc") {
        let text = "programs that list processes live with what /proc keeps from other users";
        candidate.denies(Kind::State, 25, text);
    }
    if let Some(origin) = case.origin {
        if CHECKS.contains(&base_name(&origin.function)) {
            let text = format!("{} compares the permission bits", origin.function);
            candidate.says(Kind::Origin, 30, text);
        } else if is_other_policy(origin) {
            let text = format!("{} returned the error, which asks others", origin.function);
            candidate.denies(Kind::Origin, 30, text);
        }
    }
    candidate.remedy = shlex::try_quote(path)
        .map(|path| vec![format!("`namei -l {path}`"), format!("`getfacl {path}`")])
        .unwrap_or_default();
    Some(candidate)
}

/// Whether a security module, or the mount, was asked and refused; the kernel asks them after the bits.
fn is_other_policy(origin: &Origin) -> bool {
    let mut way = origin.path.iter().map(|step| base_name(step));
    origin.how != How::Inferred
        && way.any(|step| step.starts_with("security_") || step == "path_noexec")
}

/// The folder that the path of the call leads from: those above it are not searched.
fn start(case: &Case<'_>) -> String {
    let folder = || {
        let sample = case.sample?;
        let path = sample.paths.iter().rev().find_map(|path| {
            let whole = absolute(case.bundle, sample, path)?;
            (!path.bytes.starts_with(b"/"))
                .then(|| whole[..whole.len() - path.bytes.len()].to_vec())
        })?;
        let path = path.strip_suffix(b"/").unwrap_or(&path);
        Some(path.escape_ascii().to_string())
    };
    folder().unwrap_or_default()
}

fn verb(bits: u32, folder: bool) -> &'static str {
    match bits {
        bits if bits & WRITE != 0 => "write",
        bits if bits & READ != 0 => "read",
        _ if folder => "search",
        _ => "execute",
    }
}
