//! What a killed recorder left in tracefs of which no list tells: the list is lost with a container's /run, or could not
//! be written. Instances and probes are known by their names, which hold the recorder's process id.

use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// What names of instances begin with: `etz-PID-NAME`.
const INSTANCE: &str = "etz-";

/// What names of groups of probes begin with: `etz_PID_NAME`.
const GROUP: &str = "etz_";

/// The process id in a name.
fn pid(name: &str, prefix: &str) -> Option<u32> {
    let rest = name.strip_prefix(prefix)?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
    rest[..end].parse().ok()
}

/// Whether an instance is that of a recorder, of whichever.
pub(crate) fn is_recorders(instance: &str) -> bool {
    pid(instance, INSTANCE).is_some()
}

/// Whether a recorder with that process id runs: the number may be another program's by now.
pub(super) fn runs(pid: u32) -> bool {
    let name = |process: &str| fs::read(format!("/proc/{process}/comm")).ok();
    let found = name(&pid.to_string());
    found.is_some() && found == name("self")
}

/// Removes what recorders left that no longer run. Returns how many those were.
///
/// An instance with an open file cannot be removed: that of a recorder which runs always has one. So nothing of it is
/// touched, even where it cannot be told from a process that was given its id.
pub(super) fn remove(tracefs: &Path, runs: impl Fn(u32) -> bool) -> usize {
    let probes = fs::read_to_string(tracefs.join("kprobe_events")).unwrap_or_default();
    let groups: BTreeSet<&str> = probes.lines().filter_map(group).collect();
    let instances = fs::read_dir(tracefs.join("instances")).into_iter();
    let instances = instances.flatten().filter_map(Result::ok);
    let instances: Vec<(u32, PathBuf)> = instances
        .filter_map(|entry| {
            let id = pid(entry.file_name().to_str()?, INSTANCE)?;
            Some((id, entry.path()))
        })
        .collect();
    let of_groups = groups.iter().filter_map(|name| pid(name, GROUP));
    let all = instances.iter().map(|(id, _)| *id).chain(of_groups);
    let gone: BTreeSet<u32> = all.filter(|&id| !runs(id)).collect();
    let mut removed = 0;
    for id in gone {
        let own = instances.iter().filter(|(of, _)| *of == id);
        // With an instance go its events: probes cannot be removed while they are enabled.
        let is_free = own
            .map(|(_, path)| fs::remove_dir(path))
            .all(|done| done.is_ok());
        let own = groups.iter().filter(|name| pid(name, GROUP) == Some(id));
        let done = is_free
            && own
                .map(|name| remove_group(tracefs, name))
                .all(|done| done.is_ok());
        removed += usize::from(done);
    }
    removed
}

/// The group in a line of `kprobe_events`: `r16:group/event place …`.
fn group(line: &str) -> Option<&str> {
    let (_, after) = line.split_once(':')?;
    let (group, _) = after.split_once('/')?;
    group.starts_with(GROUP).then_some(group)
}

fn remove_group(tracefs: &Path, group: &str) -> io::Result<()> {
    let file = OpenOptions::new()
        .append(true)
        .open(tracefs.join("kprobe_events"));
    file?.write_all(format!("-:{group}/\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_whose_they_are() {
        assert_eq!(pid("etz-12-sentinels", INSTANCE), Some(12));
        assert_eq!(pid("etz_7_error", GROUP), Some(7));
        assert!(is_recorders("etz-3-1"));
        for name in ["etz-sentinels", "etz-12", "theirs", "etz--1", "etz-x-1"] {
            assert!(!is_recorders(name), "{name}");
        }
        assert_eq!(
            group("r16:etz_7_error/p1 _stext+8 ret=%x0:s32"),
            Some("etz_7_error")
        );
        assert_eq!(group("p:theirs/a b"), None);
    }

    #[test]
    fn another_program_with_the_number_is_no_recorder() {
        assert!(!runs(1) && !runs(u32::MAX));
    }

    #[test]
    fn only_what_a_dead_recorder_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let instance = |name: &str| {
            let path = folder.path().join("instances").join(name);
            fs::create_dir_all(&path).unwrap();
            path
        };
        let events = folder.path().join("kprobe_events");
        let lines =
            "r16:etz_1_error/p1 a\nr16:etz_2_error/p1 a\np:theirs/x b\nr16:etz_3_site/p1 a\n";
        fs::write(&events, lines).unwrap();
        let (dead, living) = (instance("etz-1-sentinels"), instance("etz-2-sentinels"));
        // Its process id is another's by now, but someone still uses it.
        let busy = instance("etz-3-1");
        fs::write(busy.join("open"), "").unwrap();
        let theirs = instance("theirs");
        assert_eq!(remove(folder.path(), |id| id == 2), 1);
        assert!(!dead.exists() && living.exists() && busy.exists() && theirs.exists());
        let text = fs::read_to_string(&events).unwrap();
        assert_eq!(text.strip_prefix(lines), Some("-:etz_1_error/\n"));
    }
}
