//! Whose the recorded command is: that of the user who called sudo, or of the one that is asked for.

use std::{env, fmt, io, process::Child, process::Command, thread};

use rustix::{
    process::{Gid, Uid},
    thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid},
};
use uzers::{User, get_group_by_gid, get_user_by_name, get_user_by_uid};

use crate::error::Error;

/// A user with all groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    name: String,
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
}

impl Account {
    /// The user of that name or number; without one the user who called sudo, if the recorder runs under it. `None` when
    /// the command is the recorder's own user's.
    ///
    /// # Errors
    /// When there is no such user.
    pub(super) fn find(asked: Option<&str>) -> Result<Option<Self>, Error> {
        let Some(asked) = asked else {
            return Ok(Self::of_sudo(|name| env::var(name).ok()));
        };
        let found = match asked.parse() {
            Ok(uid) => get_user_by_uid(uid),
            Err(_) => get_user_by_name(asked),
        };
        let unknown = || Error::new(format!("-u {asked}"), "there is no such user");
        Ok(Some(Self::of(&found.ok_or_else(unknown)?)))
    }

    fn of(user: &User) -> Self {
        let groups = user.groups().unwrap_or_default();
        Self {
            name: user.name().to_string_lossy().into_owned(),
            uid: user.uid(),
            gid: user.primary_group_id(),
            groups: groups.iter().map(uzers::Group::gid).collect(),
        }
    }

    /// The user that sudo(8) tells of; one that the host's user database does not know has the groups that sudo tells of.
    fn of_sudo(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let uid: u32 = variable("SUDO_UID")?.parse().ok()?;
        let gid = variable("SUDO_GID")?.parse().ok()?;
        if uid == rustix::process::getuid().as_raw() {
            return None;
        }
        Some(match get_user_by_uid(uid) {
            Some(user) => Self {
                gid,
                ..Self::of(&user)
            },
            None => Self {
                name: variable("SUDO_USER").unwrap_or_else(|| uid.to_string()),
                uid,
                gid,
                groups: get_group_by_gid(gid).iter().map(|_| gid).collect(),
            },
        })
    }

    /// Starts a command as this user: from a thread that has become so, as a process inherits what its thread is.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn start(&self, command: &mut Command) -> io::Result<Child> {
        let start = || {
            self.become_on_this_thread()?;
            command.spawn()
        };
        let ended = thread::scope(|scope| scope.spawn(start).join());
        ended.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
    }

    /// The system calls are of one thread; the C library's would be of all.
    fn become_on_this_thread(&self) -> io::Result<()> {
        let groups: Vec<Gid> = self.groups.iter().copied().map(Gid::from_raw).collect();
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        set_thread_groups(&groups)?;
        set_thread_res_gid(gid, gid, gid)?;
        Ok(set_thread_res_uid(uid, uid, uid)?)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sudo_tells_who_it_is() {
        let of = |uid: &'static str| {
            Account::of_sudo(move |name| match name {
                "SUDO_UID" => Some(uid.into()),
                "SUDO_GID" => Some("4001".into()),
                "SUDO_USER" => Some("alice".into()),
                _ => None,
            })
        };
        let account = of("4001").unwrap();
        assert_eq!((account.uid, account.gid), (4001, 4001));
        assert_eq!(account.to_string(), "alice");
        let own = rustix::process::getuid().as_raw();
        assert_eq!(of(String::leak(own.to_string())), None);
        assert_eq!(of("nobody"), None);
        assert_eq!(Account::of_sudo(|_| None), None);
    }

    #[test]
    fn a_user_is_a_name_or_a_number() {
        let root = Account::find(Some("0")).unwrap().unwrap();
        assert_eq!(Account::find(Some("root")).unwrap().unwrap(), root);
        assert_eq!((root.uid, root.gid), (0, 0));
        let error = Account::find(Some("no-such-user")).unwrap_err();
        assert!(error.to_string().contains("no such user"));
    }
}
