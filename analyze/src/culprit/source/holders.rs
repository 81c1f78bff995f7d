//! Candidates of what is in use: the port that a socket has, the mount point that cannot be removed, the program that
//! runs.

use format_spec::record::Content;

use crate::{
    case::Case,
    culprit::{Candidate, Kind},
    evidence::{absolute, mount_users, port, port_holders},
    load::SnapshotView,
    names::errno::{EADDRINUSE, EBUSY, ETXTBSY},
    text::plain,
};

/// Most holders that are named.
const MAX_NAMED: usize = 3;

/// What a holder that was seen weighs.
const WEIGHT: i32 = 40;

/// Candidates of holders that the recorder saw.
pub(super) fn candidates(case: &Case<'_>) -> Vec<Candidate> {
    match case.group.errno {
        EADDRINUSE => held_port(case).into_iter().collect(),
        EBUSY => [mount_point(case), inner_mount(case), used_mount(case)]
            .into_iter()
            .flatten()
            .collect(),
        ETXTBSY => running_program(case).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// A program that runs cannot be written (`deny_write_access`, `include/linux/fs.h`): who runs it.
fn running_program(case: &Case<'_>) -> Option<Candidate> {
    if matches!(case.group.syscall_name.as_str(), "execve" | "execveat") {
        return None;
    }
    let path = &case.file.as_ref()?.target.as_ref()?.path;
    let views = case.bundle.snapshots.nearest(case.sample?.time_ns);
    let (pid, comm) = views
        .iter()
        .find_map(|view| runner(view, path.as_bytes()))?;
    let summary =
        format!("process {pid} ({comm}) runs {path}, and a running program cannot be written");
    let mut candidate = Candidate {
        specific: 4,
        ..Candidate::new("busy:executable-running", summary)
    };
    candidate.says(Kind::State, WEIGHT, format!("/proc/{pid}/exe is {path}"));
    Some(candidate)
}

/// A process that runs the program at `path`: its number and name.
fn runner(view: &SnapshotView, path: &[u8]) -> Option<(u32, String)> {
    view.under(b"/proc/").find_map(|(name, content)| {
        let process = std::str::from_utf8(name).ok()?.strip_suffix("/exe")?;
        let pid = process.strip_prefix("/proc/")?.parse().ok()?;
        let runs = matches!(content, Content::Link(program) if program == path);
        runs.then(|| (pid, view.comm(pid).unwrap_or_default()))
    })
}

/// Another socket of the network namespace has the port (`inet_csk_get_port`, `udp_lib_get_port`, `net/ipv4/`).
fn held_port(case: &Case<'_>) -> Option<Candidate> {
    if !matches!(case.group.syscall_name.as_str(), "bind" | "listen") {
        return None;
    }
    let sample = case.sample?;
    // The kernel chooses among many: no holder of one of them is to blame.
    let port = port(case.bundle, sample).filter(|&port| port != 0)?;
    let holders = port_holders(case.bundle, sample, port);
    let first = holders.first()?;
    let summary = format!(
        "port {port} is in use in that network namespace: {}",
        first.text()
    );
    let mut candidate = Candidate {
        specific: 4,
        ..Candidate::new("busy:port", summary)
    };
    for holder in holders.iter().take(MAX_NAMED) {
        let (namespace, inode) = (holder.namespace, holder.inode);
        let text = format!(
            "{} (socket {inode}, network namespace {namespace})",
            holder.text()
        );
        candidate.says(Kind::State, WEIGHT, text);
    }
    candidate.remedy = vec![format!("see who has it: `ss -lntup 'sport = :{port}'`")];
    if let Some((pid, _)) = holders.iter().find_map(|holder| holder.process.as_ref()) {
        candidate
            .remedy
            .push(format!("end it, or give it another port: `ps -fp {pid}`"));
    }
    Some(candidate)
}

/// What is to be removed or renamed is a mount point (`d_mountpoint` in `vfs_rmdir`, `vfs_unlink`, `vfs_rename`,
/// `fs/namei.c`): of the caller's mount namespace since 3.18 and newer (`is_local_mountpoint`).
fn mount_point(case: &Case<'_>) -> Option<Candidate> {
    let removes = [
        "unlink",
        "unlinkat",
        "rmdir",
        "rename",
        "renameat",
        "renameat2",
    ];
    if !removes.contains(&case.group.syscall_name.as_str()) {
        return None;
    }
    let sample = case.sample?;
    let paths = sample
        .paths
        .iter()
        .filter_map(|path| absolute(case.bundle, sample, path));
    let found = paths.into_iter().find_map(|path| {
        let mut mounts = case.mounts.iter();
        mounts.rfind(|mount| mount.point == path && path != b"/")
    })?;
    let point = plain(&found.point);
    let what = plain(found.fs_type.as_bytes());
    let summary = format!("{point} is a mount point: {what} is mounted there");
    let mut candidate = Candidate {
        specific: 2,
        ..Candidate::new("busy:mount-point", summary)
    };
    let namespace = case.fact("ns.mnt").map_or_else(String::new, |number| {
        format!(" in mount namespace {number}")
    });
    let text = format!("mount {} of {what} is on {point}{namespace}", found.id);
    candidate.says(Kind::State, WEIGHT, text);
    candidate.remedy = quoted(&point, |point| vec![format!("`umount {point}`")]);
    Some(candidate)
}

/// umount(2) of what another mount is on (`propagate_mount_busy`, `fs/pnode.c`).
fn inner_mount(case: &Case<'_>) -> Option<Candidate> {
    let outer = case
        .mount()
        .filter(|_| case.group.syscall_name == "umount2")?;
    let mut inner = case.mounts.iter();
    let inner = inner.find(|mount| mount.parent == outer.id && mount.id != outer.id)?;
    let (point, on) = (plain(&outer.point), plain(&inner.point));
    let summary = format!("{on} is mounted below {point}, which keeps it in use");
    let mut candidate = Candidate {
        specific: 2,
        ..Candidate::new("busy:mount", summary)
    };
    let text = format!(
        "mount {} at {on} is on mount {} at {point}",
        inner.id, outer.id
    );
    candidate.says(Kind::State, WEIGHT, text);
    candidate.remedy = quoted(&on, |on| {
        vec![format!("unmount what is below first: `umount {on}`")]
    });
    Some(candidate)
}

/// umount(2) of what a process has something on (`do_umount`, `propagate_mount_busy`).
fn used_mount(case: &Case<'_>) -> Option<Candidate> {
    let mount = case
        .mount()
        .filter(|_| case.group.syscall_name == "umount2")?;
    let users = mount_users(case.bundle, case.sample?, mount.id);
    let first = users.first()?;
    let point = plain(&mount.point);
    let summary = format!("the mount at {point} is in use: {}", first.text());
    let mut candidate = Candidate {
        specific: 3,
        ..Candidate::new("busy:mount", summary)
    };
    for user in users.iter().take(MAX_NAMED) {
        candidate.says(Kind::State, WEIGHT, user.text());
    }
    candidate.remedy = quoted(&point, |point| {
        vec![
            format!("end what uses it: `fuser -vm {point}`"),
            format!("`umount -l {point}`"),
        ]
    });
    Some(candidate)
}

fn quoted(path: &str, of: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    shlex::try_quote(path)
        .map(|path| of(&path))
        .unwrap_or_default()
}
