//! What the text of a ticket says of the failure: errors, system calls, programs, paths.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::names::{errno_name, errno_number, errno_text};

/// errnos that programs see; those above 133 do not leave the kernel (`include/linux/errno.h`).
const LAST_ERRNO: u16 = 133;

/// The longest text that is looked at, in bytes.
const MAX_TEXT: usize = 64 << 10;

/// What a text says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Symptom {
    /// In lower case.
    text: String,
    /// Errors that it tells of; none when it names none.
    errnos: Vec<u16>,
    /// System calls that a message of a known program stands for.
    syscalls: Vec<String>,
}

impl Symptom {
    /// Reads a text: texts of errors as C libraries and well-known programs write them, names like `ENOSPC`, numbers like
    /// `errno 28` or `os error 28`.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let end = text.floor_char_boundary(MAX_TEXT);
        let text = &text[..end];
        let mut found = Self {
            text: text.to_lowercase(),
            ..Self::default()
        };
        let mut left = found.text.clone();
        for message in MESSAGES.iter() {
            // A longer text that holds a shorter one has taken its place.
            if left.contains(&message.text) {
                left = left.replace(&message.text, "\n");
                found.errnos.extend(&message.errnos);
                found.syscalls.extend(message.syscalls.iter().cloned());
            }
        }
        found.errnos.extend(named(text));
        found.errnos.sort_unstable();
        found.errnos.dedup();
        found
    }

    /// How well a failure fits: `None` when the text tells of other errors alone, or says nothing that fits; more for
    /// each of what else fits. `paths` are those that its calls named.
    #[must_use]
    pub fn fits<'p>(
        &self,
        syscall: &str,
        errno: u16,
        comm: &[u8],
        paths: impl Iterator<Item = &'p [u8]>,
    ) -> Option<u32> {
        let same_errno = self.errnos.contains(&errno);
        if !self.errnos.is_empty() && !same_errno {
            return None;
        }
        let is_named = self.syscalls.iter().any(|name| name == syscall) || self.has_word(syscall);
        let by = std::str::from_utf8(comm).is_ok_and(|comm| self.has_word(comm));
        let mut on = paths.filter_map(|path| std::str::from_utf8(path).ok());
        let about = on.any(|path| path.len() > 2 && self.text.contains(&path.to_lowercase()));
        let points = [(same_errno, 4), (is_named, 2), (by, 2), (about, 3)];
        let sum = points
            .iter()
            .map(|&(holds, points)| u32::from(holds) * points)
            .sum();
        (sum > 0).then_some(sum)
    }

    /// Whether the text has `word`, and not as a part of another one.
    fn has_word(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        let is_part = |one: char| one.is_alphanumeric() || one == '_';
        !word.is_empty()
            && self.text.match_indices(&word).any(|(at, _)| {
                let before = self.text[..at].chars().next_back();
                let after = self.text[at + word.len()..].chars().next();
                !before.is_some_and(is_part) && !after.is_some_and(is_part)
            })
    }
}

/// errnos that the text has by name or number.
fn named(text: &str) -> Vec<u16> {
    let words: Vec<&str> = text
        .split(|one: char| !one.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let names = words
        .iter()
        .filter(|word| word.starts_with('E') && word.len() > 2);
    let names =
        names.filter_map(|word| errno_number(word).filter(|_| word.to_uppercase() == **word));
    let numbers = words.windows(2).filter_map(|pair| {
        let is_number =
            pair[0].eq_ignore_ascii_case("errno") || pair[0].eq_ignore_ascii_case("error");
        let number = pair[1].parse().ok().filter(|_| is_number)?;
        (1..=LAST_ERRNO).contains(&number).then_some(number)
    });
    names.chain(numbers).collect()
}

/// A text that stands for errors.
#[derive(Debug)]
struct Message {
    /// In lower case.
    text: String,
    errnos: Vec<u16>,
    syscalls: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    message: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    text: Vec<String>,
    errno: Vec<String>,
    #[serde(default)]
    syscall: Vec<String>,
}

const SOURCE: &str = include_str!("../../rules/incident/symptoms.toml");

/// All texts, the longest first; a test reads the table, so that what is shipped can be read.
static MESSAGES: LazyLock<Vec<Message>> = LazyLock::new(|| {
    let rows = toml::from_str::<File>(SOURCE).map_or_else(|_| Vec::new(), |file| file.message);
    let own = rows.iter().flat_map(|row| {
        let message = |text: &String| Message {
            text: text.to_lowercase(),
            errnos: row
                .errno
                .iter()
                .filter_map(|name| errno_number(name))
                .collect(),
            syscalls: row.syscall.clone(),
        };
        row.text.iter().map(message)
    });
    let known = |errno: &u16| !errno_name(*errno).starts_with("errno ");
    let library = (1..=LAST_ERRNO).filter(known).map(|errno| Message {
        text: errno_text(errno).to_lowercase(),
        errnos: vec![errno],
        syscalls: Vec::new(),
    });
    let mut all: Vec<Message> = own.chain(library).collect();
    all.sort_by_key(|message| std::cmp::Reverse(message.text.len()));
    all
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::select::is_syscall;

    fn errnos(text: &str) -> Vec<String> {
        let found = Symptom::read(text).errnos;
        found.into_iter().map(errno_name).collect()
    }

    #[test]
    fn every_name_in_the_table_exists() {
        let file: File = toml::from_str(SOURCE).unwrap();
        for row in &file.message {
            for name in &row.errno {
                assert!(errno_number(name).is_some(), "{name}");
            }
            for name in &row.syscall {
                assert!(is_syscall(name), "{name}");
            }
        }
    }

    #[test]
    fn what_people_paste_names_its_errors() {
        for (text, expected) in [
            (
                "docker: Error response from daemon: error creating overlay mount to /var/lib/docker/overlay2/x/merged: no space left on device.",
                "ENOSPC",
            ),
            ("accept4(): Too many open files in system", "ENFILE"),
            (
                "nginx: [alert] socket() failed (24: Too many open files)",
                "EMFILE",
            ),
            (
                "bash: fork: retry: Resource temporarily unavailable",
                "EAGAIN ENOMEM",
            ),
            ("OSError: [Errno 28] No space left on device", "ENOSPC"),
            (
                "Os { code: 13, kind: PermissionDenied, message: \"Permission denied\" } (os error 13)",
                "EACCES",
            ),
            ("Error: EMFILE: too many open files, watch '/srv'", "EMFILE"),
            (
                "java.lang.OutOfMemoryError: unable to create native thread",
                "EAGAIN ENOMEM",
            ),
            (
                "mount: /mnt: mount point is busy; dmesg(1) may have more",
                "",
            ),
            ("it does not work", ""),
        ] {
            assert_eq!(errnos(text).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn what_else_the_text_has_decides_between_failures() {
        let symptom = Symptom::read("web: bind to 0.0.0.0:80 failed: Permission denied");
        let fits = |syscall: &str, errno, comm: &[u8], path: &'static [u8]| {
            symptom.fits(syscall, errno, comm, [path].into_iter())
        };
        assert_eq!(fits("bind", 13, b"web", b""), Some(8));
        assert_eq!(fits("openat", 13, b"we", b"/etc"), Some(4));
        assert_eq!(fits("bind", 1, b"web", b""), None);
        let symptom = Symptom::read("cannot open /srv/a b/x");
        let fits =
            |errno, path: &'static [u8]| symptom.fits("openat", errno, b"x", [path].into_iter());
        assert_eq!(fits(13, b"/srv/a b/x"), Some(5));
        assert_eq!(fits(13, b"/srv/other"), Some(2));
        assert_eq!(
            Symptom::default().fits("openat", 13, b"x", std::iter::empty()),
            None
        );
    }

    #[test]
    fn any_text_can_be_read() {
        let long = "é".repeat(MAX_TEXT);
        assert!(Symptom::read(&long).errnos.is_empty());
        assert!(
            Symptom::read("\0\u{202e}ERR E EE errno errno 99999")
                .errnos
                .is_empty()
        );
    }
}
