//! Who keeps a mount in use that a failing call found busy.

use format_spec::record::Failure;

use crate::{load::Bundle, text::plain};

/// The recorder's table of processes with something on such a mount.
const TABLE: &str = "etz:mount-users";

/// Column heads of the table; a recorder that writes others is not understood.
const HEAD: &str = "mount pid by";

/// A process that keeps a mount in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountUser {
    /// Its number.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// What of it is on the mount: `cwd`, `root`, `exe` or `fd/N`.
    pub by: String,
}

impl MountUser {
    /// In words: `process 81 (bash) has its working folder there`.
    #[must_use]
    pub fn text(&self) -> String {
        let what = match self.by.as_str() {
            "cwd" => "its working folder",
            "root" => "its root",
            "exe" => "its program",
            _ => "a file open",
        };
        format!("process {} ({}) has {what} there", self.pid, self.name)
    }
}

/// The processes that were seen to use the mount with that number.
#[must_use]
pub fn mount_users(bundle: &Bundle, failure: &Failure, mount: u32) -> Vec<MountUser> {
    let views = bundle.snapshots.nearest(failure.time_ns);
    let found = views.iter().find_map(|view| {
        let rows = view.rows(TABLE, HEAD)?.filter_map(|row| {
            let mut words = row.split(' ');
            if words.next()?.parse() != Ok(mount) {
                return None;
            }
            let pid = words.next()?.parse().ok()?;
            Some(MountUser {
                pid,
                name: view.comm(pid).unwrap_or_else(|| "?".into()),
                by: plain(words.next()?.as_bytes()),
            })
        });
        let rows: Vec<MountUser> = rows.collect();
        (!rows.is_empty()).then_some(rows)
    });
    found.unwrap_or_default()
}
