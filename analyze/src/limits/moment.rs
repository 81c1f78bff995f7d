//! The failing moment: facts, and the snapshots nearest to it.

use std::{borrow::Cow, cell::OnceCell};

use format_spec::record::{Content, Failure};

use super::{
    Call,
    cgroup::{self, Groups},
    place::{Place, name_at},
    procfs,
    term::{Number, Read, Term},
};
use crate::{
    load::{Bundle, SnapshotView},
    text::plain,
};

/// `RLIM_INFINITY` (`include/uapi/asm-generic/resource.h`), and what else is no limit at all.
pub(super) const UNLIMITED: u64 = u64::MAX;

/// Flag of a descriptor whose writes all go to the end of the file (`O_APPEND`, the same on arm64 and x86-64).
const O_APPEND: u64 = 0o2000;

/// The failing moment.
#[derive(Debug)]
pub(super) struct Moment<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) failure: Option<&'a Failure>,
    /// The call that failed.
    pub(super) call: Option<Call<'a>>,
    /// Nearest first.
    views: Vec<&'a SnapshotView>,
    membership: OnceCell<Option<(&'a SnapshotView, Cow<'a, str>)>>,
}

impl<'a> Moment<'a> {
    pub(super) fn new(bundle: &'a Bundle, failure: Option<&'a Failure>) -> Self {
        let time_ns = failure.map_or(u64::MAX, |failure| failure.time_ns);
        Self {
            bundle,
            failure,
            call: failure.map(|failure| Call::new(bundle, failure)),
            views: bundle.snapshots.nearest(time_ns),
            membership: OnceCell::new(),
        }
    }

    /// A fact of the failing task.
    pub(super) fn fact(&self, name: &str) -> Option<u64> {
        self.bundle.fact(self.failure?, name)
    }

    /// A path of the failing process.
    pub(super) fn own(&self, name: &str) -> Option<String> {
        Some(format!("/proc/{}/{name}", self.failure?.tgid))
    }

    /// What the nearest snapshot that can tell says, and when that was.
    pub(super) fn find<T>(&self, of: impl Fn(&'a SnapshotView) -> Option<T>) -> Option<(T, Read)> {
        self.views
            .iter()
            .find_map(|view| Some((of(view)?, self.time(view))))
    }

    /// The text of a file of the host.
    pub(super) fn text(&self, path: &str) -> Option<(&'a str, Read)> {
        self.find(|view| view.text(path))
    }

    /// The control group of the task, or the one that it named, in the hierarchy of a v1 controller, or of v2.
    pub(super) fn groups(&self, controller: &str) -> Option<Groups<'a>> {
        let membership = self
            .membership
            .get_or_init(|| cgroup::membership(self.bundle, self.failure?));
        let (view, text) = membership.as_ref()?;
        cgroup::group(view, text, controller)
    }

    /// Whether the failing task is in a network namespace of its own: the recorder takes the network files of a process
    /// only then.
    pub(super) fn is_elsewhere_in_network(&self) -> bool {
        self.own("net/sockstat")
            .is_some_and(|path| self.text(&path).is_some())
    }

    /// Name of the failing thread, fit to be shown.
    pub(super) fn comm(&self) -> String {
        self.failure
            .map_or_else(String::new, |failure| plain(&failure.comm))
    }

    /// The number that a term stands for at a level. What only the task itself has is not known of the levels above it.
    pub(super) fn read(&self, term: &Term, place: &Place<'a>) -> Option<Number> {
        let is_own = matches!(place, Place::Own);
        let at_failure = |value| Number {
            value,
            read: Read::AtFailure,
        };
        let of = |(value, read): (Option<u64>, Read)| value.map(|value| Number { value, read });
        match *term {
            Term::Constant(value) => Some(Number {
                value,
                read: Read::Always,
            }),
            Term::Fact(name) => self.fact(&name_at(name, place)).map(at_failure),
            Term::Word(path, index) => self
                .text(path)
                .and_then(|(text, read)| of((procfs::word(text, index), read))),
            Term::Sysctl(name, index) => {
                let path = format!("/proc/sys/{}", name.replace('.', "/"));
                let (text, read) = self.text(&path)?;
                of((procfs::word(text, index), read))
            }
            Term::Named(path, name) => {
                let (text, read) = self.text(path)?;
                of((procfs::word(procfs::line(text, name)?, 0), read))
            }
            Term::Labelled(path, name, label) => {
                let (text, read) = self.text(path)?;
                of((procfs::labelled(procfs::line(text, name)?, label), read))
            }
            Term::Entries(name) if is_own => {
                let path = self.own(name)?;
                let count = |view: &SnapshotView| match view.content(&path)? {
                    Content::EntryCount(count) => Some(*count),
                    _ => None,
                };
                self.find(count).map(|(value, read)| Number { value, read })
            }
            Term::Rows(path) => {
                let (text, read) = self.text(path)?;
                let rows = text.lines().count().saturating_sub(1);
                of((u64::try_from(rows).ok(), read))
            }
            Term::Rlimit(name) if is_own => {
                let path = self.own("limits")?;
                let (text, read) = self.find(|view| view.text(&path))?;
                of((procfs::word(procfs::line(text, name)?, 0), read))
            }
            Term::KeyUser(index) if is_own => {
                let (text, read) = self.text("/proc/key-users")?;
                let line = procfs::key_user(text, self.failure?.uid)?;
                of((procfs::word(line, index), read))
            }
            Term::IsRoot => Some(at_failure(u64::from(self.failure?.uid == 0))),
            Term::Position if is_own => self.position().map(at_failure),
            Term::Entries(_) | Term::Rlimit(_) | Term::KeyUser(_) | Term::Position => None,
            Term::Group(file) => {
                let (text, read) = self.group_file(file, place)?;
                of((procfs::word(text, 0), read))
            }
            Term::GroupLine(file, name) => {
                let (text, read) = self.group_file(file, place)?;
                of((procfs::word(procfs::line(text, name)?, 0), read))
            }
            Term::Below => match *place {
                Place::Group { view, below, .. } => of((Some(below), self.time(view))),
                _ => None,
            },
            Term::Times(term, factor) => self
                .read(term, place)
                .map(|number| number.map(|value| times(value, factor))),
            Term::Pages(term) => self
                .read(term, place)
                .map(|number| number.map(|value| times(value, self.bundle.page_size_bytes()))),
            Term::Without(term, mask) => self
                .read(term, place)
                .map(|number| number.map(|value| value & !mask)),
            Term::Less(term, other) => Some(
                self.read(term, place)?
                    .with(self.read(other, place)?, u64::saturating_sub),
            ),
            Term::Above {
                term,
                bound,
                then,
                otherwise,
            } => self
                .read(term, place)
                .map(|number| number.map(|value| if value > bound { then } else { otherwise })),
            Term::Plus(term, other) => Some(
                self.read(term, place)?
                    .with(self.read(other, place)?, u64::saturating_add),
            ),
            Term::OrZero(term) => Some(self.read(term, place).unwrap_or(Number {
                value: 0,
                read: Read::Always,
            })),
            Term::Either(term, other) => self.read(term, place).or_else(|| self.read(other, place)),
            Term::Larger(term, other) => match (self.read(term, place), self.read(other, place)) {
                (Some(one), Some(two)) if two.value > one.value => Some(two),
                (Some(one), _) => Some(one),
                (None, two) => two,
            },
        }
    }

    /// A file of the control group of a level.
    fn group_file(&self, name: &str, place: &Place<'a>) -> Option<(&'a str, Read)> {
        let Place::Group { view, folder, .. } = place else {
            return None;
        };
        let text = view.text(format!("{folder}/{name}"))?;
        Some((text, self.time(view)))
    }

    /// When a snapshot was taken, as far as the failing process is concerned.
    pub(super) fn time(&self, view: &SnapshotView) -> Read {
        let shows = self
            .own("status")
            .is_some_and(|path| view.content(&path).is_some());
        if shows { Read::Alive } else { Read::Gone }
    }

    /// Where the failing call wanted to begin: its own offset, else the end of the file with `O_APPEND`, else the position.
    fn position(&self) -> Option<u64> {
        let failure = self.failure?;
        let architecture = self.bundle.architecture();
        let name = crate::names::syscall_name(architecture, failure.syscall);
        match name.as_str() {
            "truncate" | "ftruncate" => Some(0),
            "fallocate" => Some(failure.args[2]),
            "pwrite64" => Some(failure.args[3]),
            _ if self.fact("fd.flags").unwrap_or(0) & O_APPEND != 0 => self.fact("fd.size"),
            _ => self.fact("fd.position"),
        }
    }
}

/// A product; what is unlimited stays so.
fn times(value: u64, factor: u64) -> u64 {
    value.checked_mul(factor).unwrap_or(UNLIMITED)
}
