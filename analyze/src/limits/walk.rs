//! The levels of a scope: namespaces above that of the task, and control groups up to the root, limit it as well.

use super::{
    cgroup::Groups,
    moment::Moment,
    place::{Level, Place, name_at},
    scope::{Kind, Scope},
};
use crate::text::plain;

/// Most levels that are looked at: `MAX_PID_NS_LEVEL` and one more (`include/linux/pid_namespace.h`); user namespaces
/// nest no deeper (`create_user_ns`, `kernel/user_namespace.c`).
const MAX_ABOVE: u64 = 33;

/// The levels of `scope`, the task's own first.
pub(super) fn levels<'a>(scope: Scope, moment: &Moment<'a>) -> Vec<Level<'a>> {
    if let Scope::Cgroup(controller) = scope {
        return groups(moment, controller);
    }
    let Some(words) = scope.words(moment) else {
        return Vec::new();
    };
    let own = Level {
        words,
        place: Place::Own,
    };
    std::iter::once(own).chain(above(scope, moment)).collect()
}

/// The namespaces above that of the task, as far as they were recorded.
fn above<'a>(scope: Scope, moment: &Moment<'a>) -> Vec<Level<'a>> {
    let (name, depth, number) = match scope {
        Scope::Namespace(Kind::Pid) => ("PID namespace", "pid_ns.level", "pid_ns.inum"),
        Scope::UserInNamespace => ("user namespace", "user_ns.level", "user_ns.inum"),
        _ => return Vec::new(),
    };
    let depth = moment.fact(depth).unwrap_or(0).min(MAX_ABOVE);
    let levels = (1..=usize::try_from(depth).unwrap_or(0)).map_while(|up| {
        let place = Place::Above(up);
        let number = moment.fact(&name_at(number, &place))?;
        let words = format!("{name} {number}, {up} above that of {}", moment.comm());
        Some(Level { words, place })
    });
    levels.collect()
}

/// The group of the task, or the one that it named, and all above it.
fn groups<'a>(moment: &Moment<'a>, controller: &str) -> Vec<Level<'a>> {
    let Some(Groups { view, root, path }) = moment.groups(controller) else {
        return Vec::new();
    };
    let level = |(below, path): (usize, &str)| Level {
        words: format!("cgroup {}", plain(path.as_bytes())),
        place: Place::Group {
            view,
            folder: format!("{root}{}", path.trim_end_matches('/')),
            below: u64::try_from(below).unwrap_or(u64::MAX),
        },
    };
    ancestors(&path).enumerate().map(level).collect()
}

/// The group and all above it: `/a/b`, `/a`, `/`.
pub(super) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| match path.rfind('/')? {
        0 if path.len() > 1 => Some("/"),
        0 => None,
        end => path.get(..end),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_go_up_to_the_root() {
        let all: Vec<&str> = ancestors("/a/b").collect();
        assert_eq!(all, ["/a/b", "/a", "/"]);
        assert_eq!(ancestors("/").collect::<Vec<_>>(), ["/"]);
    }
}
