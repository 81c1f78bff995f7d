//! Failures that healthy programs live with: the list is data (`normal.txt`), generated from the analyzer's.

/// How sure it is, errno and syscalls, three words a line.
const LIST: &str = include_str!("normal.txt");

/// Whether healthy programs live with it.
pub(super) fn is_normal(syscall: &str, errno: &str) -> bool {
    lists("normal", syscall, errno)
}

/// Whether it is normal as a rule.
pub(super) fn is_doubtful(syscall: &str, errno: &str) -> bool {
    lists("doubtful", syscall, errno)
}

fn lists(class: &str, syscall: &str, errno: &str) -> bool {
    let mut found = entries().filter(|entry| (entry.class, entry.errno) == (class, errno));
    found.any(|entry| entry.syscalls == "*" || entry.syscalls.split(',').any(|one| one == syscall))
}

struct Entry {
    class: &'static str,
    errno: &'static str,
    /// Names with commas between them, or `*`.
    syscalls: &'static str,
}

fn entries() -> impl Iterator<Item = Entry> {
    LIST.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some(Entry {
                class: words.next()?,
                errno: words.next()?,
                syscalls: words.next()?,
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names;

    #[test]
    fn every_line_is_understood() {
        let lines = LIST.lines().filter(|line| !line.starts_with('#')).count();
        assert!(lines > 10 && entries().count() == lines);
        for entry in entries() {
            assert!(["normal", "doubtful"].contains(&entry.class));
            assert!(
                names::errno_number(entry.errno).is_some(),
                "{}",
                entry.errno
            );
        }
    }

    #[test]
    fn normal_is_not_the_same_for_all() {
        assert!(is_normal("openat", "ENOENT") && is_normal("futex", "EINTR"));
        assert!(!is_normal("mount", "ENOENT") && is_doubtful("mount", "ENOENT"));
        assert!(is_normal("read", "EAGAIN") && !is_normal("clone", "EAGAIN"));
        assert!(!is_doubtful("clone", "EAGAIN") && is_doubtful("sendto", "EAGAIN"));
    }
}
