//! What people would suspect first, and what was measured of it.

use crate::{
    case::Case,
    evidence::{FileSystem, Space, deleted_files, sysctl_text},
    limits::Nearness,
    names::errno::{EDQUOT, ENOMEM, ENOSPC},
    rules::{Rule, judge},
    text,
};

/// Something that is not the cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuledOut {
    /// Culprit id of what is ruled out.
    pub id: String,
    /// What was measured, with figures. May hold untrusted text from the recorded host.
    pub text: String,
}

/// What the errno suggests and the recording disproves.
#[must_use]
pub fn ruled_out(case: &Case<'_>, rules: &[Rule]) -> Vec<RuledOut> {
    let mut all = Vec::new();
    if matches!(case.group.errno, ENOSPC | EDQUOT) {
        all.extend(space(case, "fs:blocks", "disk", |file_system| {
            file_system.blocks
        }));
        all.extend(space(case, "fs:inodes", "inodes", |file_system| {
            file_system.inodes
        }));
        all.extend(deleted(case));
    }
    if case.group.errno == ENOMEM {
        all.extend(memory(case));
    }
    all.extend(limits(case, rules));
    all
}

/// How full the file system is that the call is about. Nothing is said of others: their space is not this call's.
fn space(
    case: &Case<'_>,
    id: &str,
    what: &str,
    of: impl Fn(&FileSystem) -> Space,
) -> Option<RuledOut> {
    let found = case.file_system().filter(|found| found.has_space())?;
    let space = of(found);
    let percent = space.used_percent().filter(|_| !space.is_full())?;
    let point = case.mount().map_or(&found.point, |mount| &mount.point);
    Some(RuledOut {
        id: id.into(),
        text: format!("{what} {percent} % used at {}", text::plain(point)),
    })
}

fn deleted(case: &Case<'_>) -> Option<RuledOut> {
    let files = deleted_files(case.bundle, case.sample)?;
    let total = files
        .iter()
        .fold(0u64, |sum, file| sum.saturating_add(file.disk_bytes));
    let text = match files.len() {
        0 => "no deleted file is held open".to_owned(),
        1 => format!("1 deleted file is held open: {}", text::bytes(total)),
        count => format!(
            "{count} deleted files are held open: {} in all",
            text::bytes(total)
        ),
    };
    Some(RuledOut {
        id: "fs:deleted-files".into(),
        text,
    })
}

/// Memory that could be had without swapping (MemAvailable, `Documentation/filesystems/proc.rst`).
fn memory(case: &Case<'_>) -> Option<RuledOut> {
    let time_ns = case.sample.map_or(u64::MAX, |failure| failure.time_ns);
    let views = case.bundle.snapshots.nearest(time_ns);
    let meminfo = views.iter().find_map(|view| view.text("/proc/meminfo"))?;
    let field = |name: &str| -> Option<u64> {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace()
            .next()?
            .parse::<u64>()
            .ok()?
            .checked_mul(1024)
    };
    let (available, total) = (field("MemAvailable:")?, field("MemTotal:")?);
    // Below a twentieth memory may well be the cause.
    (available > total / 20).then(|| RuledOut {
        id: "memory".into(),
        text: format!(
            "memory: {} of {} available",
            text::bytes(available),
            text::bytes(total)
        ),
    })
}

/// Limits that rules connect with this errno of this syscall, and that are far from being used up.
fn limits(case: &Case<'_>, rules: &[Rule]) -> Vec<RuledOut> {
    let mut found: Vec<RuledOut> = Vec::new();
    // A rule for any syscall is about this one only where its origin may be the one that was found.
    let suspects = |rule: &&Rule| {
        judge(rule, case).is_some_and(|verdict| !rule.syscall.is_empty() || !verdict.fails())
    };
    let rules = rules.iter().filter(suspects);
    for id in rules.flat_map(|rule| &rule.limit) {
        let Some(limit) = case.limit(id) else {
            continue;
        };
        let known = found.iter().any(|out| out.id == *id);
        // Nobody suspects what is neither full nor asked for.
        let suspect = limit.is_asked || limit.comparison.refuses();
        if !known && suspect && limit.nearness() == Nearness::Far {
            found.push(RuledOut {
                id: id.clone(),
                text: limit.text(),
            });
        }
    }
    // The limit that everybody raises first.
    let file_nr = sysctl_text(case.bundle, case.sample, "fs.file-nr");
    if let (23 | 24, Some(text)) = (case.group.errno, file_nr) {
        let mut words = text.split_whitespace();
        if let (Some(open), Some(most)) = (words.next(), words.nth(1)) {
            let far = open.parse::<u64>().ok().zip(most.parse::<u64>().ok());
            if far.is_some_and(|(open, most)| open < most / 10 * 9)
                && !found.iter().any(|out| out.id == "sysctl:fs.file-max")
            {
                let text = format!("{open} of {most} open files on the whole host");
                found.push(RuledOut {
                    id: "sysctl:fs.file-max".into(),
                    text,
                });
            }
        }
    }
    found
}
