//! What the bundle does not tell, and why.

use std::collections::BTreeSet;

use format_spec::{
    Damage, Reader,
    record::{AbilityState, CUT, Closing, Content, Manifest, Missing},
};

use super::Snapshots;

/// One thing that is not in the bundle, or not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// What kind of loss.
    pub kind: LossKind,
    /// In one sentence: what, why and how much. May hold untrusted text from the recorded host.
    pub text: String,
}

/// Kinds of losses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LossKind {
    /// The file is cut, or bytes of it are damaged.
    Damage,
    /// The recording has no end.
    NotClosed,
    /// The file holds what this version does not know.
    Unknown,
    /// The recorder could not see something.
    NotSeen,
    /// The recorder or the kernel dropped data.
    Dropped,
    /// The analyzer stopped at a bound.
    Bound,
    /// The host's tracing state was not put back.
    NotRestored,
}

impl LossKind {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Damage => "damage",
            Self::NotClosed => "not closed",
            Self::Unknown => "unknown",
            Self::NotSeen => "not seen",
            Self::Dropped => "dropped",
            Self::Bound => "bound",
            Self::NotRestored => "not restored",
        }
    }
}

impl Loss {
    pub(crate) fn new(kind: LossKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }
}

/// Losses of the file's structure.
pub(super) fn of_structure(reader: &Reader<'_>) -> Vec<Loss> {
    let loss = |damage: &Damage| {
        let kind = match damage {
            Damage::NotClosed => LossKind::NotClosed,
            _ => LossKind::Damage,
        };
        Loss::new(kind, damage.to_string())
    };
    reader.damage().iter().map(loss).collect()
}

/// Losses that the recorder itself named at the start.
pub(super) fn of_manifest(manifest: Option<&Manifest>) -> Vec<Loss> {
    let Some(manifest) = manifest else {
        let text = "the manifest is missing: host, kernel and architecture are not known";
        return vec![Loss::new(LossKind::Damage, text)];
    };
    let abilities = manifest.abilities.iter().filter_map(|ability| {
        let state = match ability.state {
            AbilityState::Available => return None,
            AbilityState::Missing => "not on this host",
            AbilityState::Denied => "not allowed on this host",
        };
        let text = format!("{}: {state} ({})", ability.name, ability.detail);
        Some(Loss::new(LossKind::NotSeen, text))
    });
    abilities.chain(not_armed(&manifest.missing)).collect()
}

/// What could not be armed or read; things of one kind with one reason in one line.
fn not_armed(missing: &[Missing]) -> Vec<Loss> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for Missing { what, why } in missing {
        let (kind, name) = match what.split_once(' ') {
            Some((kind @ ("fact" | "sentinel"), name)) => (Some(kind), name),
            _ => (None, what.as_str()),
        };
        let alike =
            |group: &&mut Group<'_>| kind.is_some() && group.kind == kind && group.why == why;
        match groups.iter_mut().find(alike) {
            Some(group) => group.names.push(name),
            None => groups.push(Group {
                kind,
                why,
                names: vec![name],
            }),
        }
    }
    let losses = groups.iter().map(Group::text);
    losses
        .map(|text| Loss::new(LossKind::NotSeen, text))
        .collect()
}

/// Things of one kind that are missing for one reason.
struct Group<'a> {
    kind: Option<&'a str>,
    why: &'a str,
    names: Vec<&'a str>,
}

impl Group<'_> {
    fn text(&self) -> String {
        let names = self.names.join(", ");
        match (self.kind, self.names.len(), self.why) {
            (None, _, why) => format!("{names}: {why}"),
            (Some(kind), 1, why) => format!("{kind} {names}: {why}"),
            (Some(kind), count, why) => format!("{count} {kind}s: {why}: {names}"),
        }
    }
}

/// Losses that the recorder counted by the end.
pub(super) fn of_closing(closing: Option<&Closing>) -> Vec<Loss> {
    let Some(closing) = closing else {
        return Vec::new();
    };
    let drops = closing
        .drops
        .iter()
        .filter(|drop| drop.count > 0)
        .map(|drop| {
            let text = format!("{} {}: {}", drop.count, drop.what, drop.why);
            Loss::new(LossKind::Dropped, text)
        });
    let restored = closing
        .not_restored
        .iter()
        .map(|what| Loss::new(LossKind::NotRestored, what.clone()));
    let cut = closing
        .is_cut()
        .then(|| Loss::new(LossKind::NotClosed, format!("no end: {CUT}")));
    drops.chain(restored).chain(cut).collect()
}

/// What failing processes do by io_uring: its operations are no system calls, and their results come without one.
pub(super) fn of_io_uring(snapshots: &Snapshots) -> Option<Loss> {
    let mut processes = BTreeSet::new();
    for view in snapshots.all() {
        for (path, content) in view.under(b"etz:proc/") {
            if let Content::File { bytes, .. } = content
                && path.ends_with(b"/fd")
                && bytes
                    .split(|&byte| byte == b'\n')
                    .any(|row| row.starts_with(IO_URING))
            {
                processes.insert(path);
            }
        }
    }
    let text = match processes.len() {
        0 => return None,
        1 => "a process that had failures uses io_uring".to_owned(),
        many => format!("{many} processes that had failures use io_uring"),
    };
    let text =
        format!("{text}: what fails in its operations is not counted, they are no system calls");
    Some(Loss::new(LossKind::NotSeen, text))
}

/// How the recorder's table calls a descriptor of io_uring.
const IO_URING: &[u8] = b"anon_inode:io_uring ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_of_io_uring_are_said_to_be_left_out() {
        let told = |kinds: &str| {
            let mut recording = crate::testing::Recording::new();
            let table = [("etz:proc/7/fd", kinds)];
            recording.snapshot(format_spec::record::Phase::End, 1, &table);
            let losses = recording.load().losses;
            losses.iter().any(|loss| loss.text.contains("io_uring"))
        };
        assert!(told("kind count\nfile 3\nanon_inode:io_uring 1\n"));
        assert!(!told("kind count\nfile 3\n"));
    }

    #[test]
    fn things_of_one_kind_share_a_line() {
        let missing = |what: &str, why: &str| Missing {
            what: what.into(),
            why: why.into(),
        };
        let losses = not_armed(&[
            missing("sentinel a", "not here"),
            missing("sentinel b", "not here"),
            missing("function graph", "not here"),
            missing("sentinel c", "refused"),
        ]);
        let texts: Vec<_> = losses.iter().map(|loss| loss.text.as_str()).collect();
        let expected = [
            "2 sentinels: not here: a, b",
            "function graph: not here",
            "sentinel c: refused",
        ];
        assert_eq!(texts, expected);
    }
}
