//! For whom a limit holds.

use super::moment::Moment;

/// For whom a limit holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The whole host.
    Host,
    /// One process.
    Process,
    /// One user everywhere.
    User,
    /// One user in a user namespace: that of the task, and for whoever made it in each above.
    UserInNamespace,
    /// The file that the call is about.
    File,
    /// The recorder's network namespace, when the failing task is in it too.
    Network,
    /// A namespace of the task.
    Namespace(Kind),
    /// A control group of a v1 controller, of v2 where that is empty: that of the task, or the one that it named, and each
    /// above.
    Cgroup(&'static str),
}

/// A kind of namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ipc,
    Mount,
    /// That in which its children are born, and each above: a process has a number in all of them.
    Pid,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Ipc => "IPC namespace",
            Self::Mount => "mount namespace",
            Self::Pid => "PID namespace",
        }
    }

    /// The fact with its inode number.
    const fn number(self) -> &'static str {
        match self {
            Self::Ipc => "ns.ipc",
            Self::Mount => "ns.mnt",
            Self::Pid => "ns.pid_for_children",
        }
    }
}

impl Scope {
    /// The task's own level of it in words; `None` where the recording says nothing of it.
    pub(super) fn words(self, moment: &Moment<'_>) -> Option<String> {
        let failure = moment.failure;
        let comm = moment.comm();
        Some(match self {
            Self::Host => "the whole host".into(),
            Self::Process => format!("process {} ({comm})", failure?.tgid),
            Self::User => format!("all processes of uid {}", failure?.uid),
            Self::UserInNamespace => {
                let uid = failure?.uid;
                match moment.fact("ns.user") {
                    Some(number) => format!("user namespace {number} (uid {uid})"),
                    None => format!("all processes of uid {uid}"),
                }
            }
            Self::File => format!("the file that {comm} writes to"),
            Self::Network if moment.is_elsewhere_in_network() => return None,
            Self::Network => match moment.fact("ns.net") {
                Some(number) => format!("network namespace {number}"),
                None => "the recorder's network namespace".into(),
            },
            Self::Namespace(kind) => match moment.fact(kind.number()) {
                Some(number) => format!("{} {number} ({comm})", kind.name()),
                None => format!("the {} of the recorder", kind.name()),
            },
            Self::Cgroup(_) => return None,
        })
    }
}
