//! What in each record may name someone.

use super::{Kind, Redactor, secrets::without_secrets, text};
use crate::record::{
    AnyRecord, Closing, Code, Content, Count, CountUpdates, Counts, CtlTables, EndReason,
    EventFormats, Exits, FactTable, Failures, FtracePages, Manifest, Probes, Record, Snapshot,
    Symbols, TypeLayouts, Types, Zoom,
};

/// A record whose names can be replaced. The manifest goes first: it tells the name of the host.
pub trait Redact: Record + Clone {
    /// Replaces the names in the record.
    fn redact(&mut self, redactor: &mut Redactor);

    /// The record with zeros for the kernel addresses that stand in its texts, and without passwords; `None` when there
    /// are none. Every recorder does this, whether it redacts or not: a bundle does not tell where the kernel was
    /// loaded, and holds no secret of those that mounts and commands are given.
    fn without_secrets(&self) -> Option<Self> {
        None
    }
}

fn string(text: &mut String, new: Vec<u8>) {
    *text = String::from_utf8_lossy(&new).into_owned();
}

impl Redact for Manifest {
    fn without_secrets(&self) -> Option<Self> {
        let mut new = None;
        for (at, word) in self.command_line.iter().enumerate() {
            if let Some(hidden) = without_secrets(word.as_bytes()) {
                let new: &mut Self = new.get_or_insert_with(|| self.clone());
                string(&mut new.command_line[at], hidden);
            }
        }
        new
    }

    fn redact(&mut self, redactor: &mut Redactor) {
        if let Some(hidden) = self.without_secrets() {
            *self = hidden;
        }
        redactor.learn_host(self.host.hostname.as_bytes());
        let host = &mut self.host;
        let name = redactor.host(host.hostname.as_bytes());
        let name = name.unwrap_or_else(|| redactor.name(Kind::HostName, host.hostname.as_bytes()));
        string(&mut host.hostname, name);
        let boot_id = redactor.id(host.boot_id.as_bytes());
        string(&mut host.boot_id, boot_id);
        for text in [
            &mut host.kernel_version,
            &mut host.kernel_release,
            &mut host.os_release,
        ] {
            string(text, redactor.words(Kind::Word, text.as_bytes()));
        }
        let mut is_command = false;
        for (at, word) in self.command_line.iter_mut().enumerate() {
            let new = match at {
                0 => redactor.path(word.as_bytes()),
                _ if is_command => redactor.argument(word.as_bytes()),
                _ => redactor.option(word.as_bytes()),
            };
            is_command |= word == "--";
            string(word, new);
        }
        let details = self.abilities.iter_mut().map(|ability| &mut ability.detail);
        let details = details.chain(self.armed.iter_mut().map(|armed| &mut armed.detail));
        let missing = self
            .missing
            .iter_mut()
            .flat_map(|missing| [&mut missing.what, &mut missing.why]);
        for text in details.chain(missing) {
            string(text, redactor.text(text.as_bytes()));
        }
    }
}

impl Redact for Closing {
    fn redact(&mut self, redactor: &mut Redactor) {
        let is_cut = self.is_cut();
        if let EndReason::Error(words) = &mut self.reason
            && !is_cut
        {
            string(words, redactor.text(words.as_bytes()));
        }
        let drops = self
            .drops
            .iter_mut()
            .flat_map(|drop| [&mut drop.what, &mut drop.why]);
        for text in drops.chain(&mut self.not_restored) {
            string(text, redactor.text(text.as_bytes()));
        }
    }
}

impl Redact for Counts {
    fn redact(&mut self, redactor: &mut Redactor) {
        counts(&mut self.rows, redactor);
    }
}

impl Redact for CountUpdates {
    fn redact(&mut self, redactor: &mut Redactor) {
        counts(&mut self.rows, redactor);
    }
}

fn counts(rows: &mut [Count], redactor: &mut Redactor) {
    for row in rows {
        row.comm = redactor.thread(&row.comm);
    }
}

impl Redact for Failures {
    fn without_secrets(&self) -> Option<Self> {
        let mut new = None;
        for (at, row) in self.rows.iter().enumerate() {
            for (number, path) in row.paths.iter().enumerate() {
                if let Some(hidden) = without_secrets(&path.bytes) {
                    let new: &mut Self = new.get_or_insert_with(|| self.clone());
                    new.rows[at].paths[number].bytes = hidden;
                }
            }
        }
        new
    }

    fn redact(&mut self, redactor: &mut Redactor) {
        if let Some(hidden) = self.without_secrets() {
            *self = hidden;
        }
        for row in &mut self.rows {
            row.comm = redactor.thread(&row.comm);
            for path in &mut row.paths {
                path.bytes = redactor.string_argument(&path.bytes);
            }
        }
    }
}

impl Redact for Snapshot {
    fn without_secrets(&self) -> Option<Self> {
        let mut new = None;
        for (at, entry) in self.entries.iter().enumerate() {
            let Content::File { bytes, .. } = &entry.content else {
                continue;
            };
            // Sets of signals there look like addresses, and no address is there.
            let is_status = entry.path.starts_with(b"/proc/") && entry.path.ends_with(b"/status");
            let mut hidden = match is_status {
                true => None,
                false => text::without_addresses(bytes),
            };
            let so_far = hidden.as_deref().unwrap_or(bytes);
            if let Some(without) = without_secrets(so_far) {
                hidden = Some(without);
            }
            if let Some(hidden) = hidden {
                let new: &mut Self = new.get_or_insert_with(|| self.clone());
                if let Content::File { bytes, .. } = &mut new.entries[at].content {
                    *bytes = hidden;
                }
            }
        }
        new
    }

    fn redact(&mut self, redactor: &mut Redactor) {
        if let Some(hidden) = self.without_secrets() {
            *self = hidden;
        }
        for entry in &mut self.entries {
            match &mut entry.content {
                Content::File { bytes, .. } => *bytes = redactor.file(&entry.path, bytes),
                Content::Link(target) if target.contains(&b'/') => *target = redactor.path(target),
                Content::Directory(names) => {
                    for name in names {
                        let path = [&entry.path[..], b"/", name].concat();
                        let path = redactor.path(&path);
                        let last = path.rsplit(|&byte| byte == b'/').next();
                        *name = last.unwrap_or_default().to_vec();
                    }
                }
                _ => {}
            }
            if !entry.path.starts_with(b"etz:") {
                entry.path = redactor.path(&entry.path);
            }
        }
    }
}

/// These hold numbers, and names that the kernel gives.
macro_rules! nobody {
    ($($record:ident),*) => {
        $(impl Redact for $record {
            fn redact(&mut self, _: &mut Redactor) {}
        })*
    };
}

nobody! { Code, CtlTables, EventFormats, Exits, FactTable, FtracePages, Probes, Symbols, TypeLayouts, Types, Zoom }

impl AnyRecord {
    /// Replaces the names in the record.
    pub fn redact(&mut self, redactor: &mut Redactor) {
        match self {
            Self::Manifest(record) => record.redact(redactor),
            Self::Closing(record) => record.redact(redactor),
            Self::Counts(record) => record.redact(redactor),
            Self::CountUpdates(record) => record.redact(redactor),
            Self::Failures(record) => record.redact(redactor),
            Self::Snapshot(record) => record.redact(redactor),
            Self::Code(_)
            | Self::CtlTables(_)
            | Self::EventFormats(_)
            | Self::Exits(_)
            | Self::FactTable(_)
            | Self::FtracePages(_)
            | Self::Probes(_)
            | Self::Symbols(_)
            | Self::TypeLayouts(_)
            | Self::Types(_)
            | Self::Zoom(_) => {}
        }
    }
}
