//! The list of changes as text: one line for each change, and one for each that was taken back.

use std::{ffi::OsString, os::unix::ffi::OsStrExt, os::unix::ffi::OsStringExt, path::PathBuf};

use super::Undo;

/// The line that says that the newest change was taken back.
pub(super) const TAKEN_BACK: &str = "-\n";

/// The line of a change; paths and texts in hexadecimal.
pub(super) fn added(undo: &Undo) -> String {
    match undo {
        Undo::Write { path, text, append } => {
            let kind = if *append { "append" } else { "write" };
            format!(
                "{kind} {} {}\n",
                hex(path.as_os_str().as_bytes()),
                hex(text)
            )
        }
        Undo::RemoveDirectory { path } => {
            format!("remove {}\n", hex(path.as_os_str().as_bytes()))
        }
    }
}

/// The changes that are left after all lines of `text`; a last line without its end was never acted on.
pub(super) fn replay(text: &str) -> Vec<Undo> {
    let mut steps = Vec::new();
    for line in text
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
    {
        if line == TAKEN_BACK {
            steps.pop();
        } else {
            steps.extend(parse(line.trim_end_matches('\n')));
        }
    }
    steps
}

fn parse(line: &str) -> Option<Undo> {
    let mut words = line.split(' ');
    let kind = words.next()?;
    let path = PathBuf::from(OsString::from_vec(unhex(words.next()?)?));
    match kind {
        "write" | "append" => Some(Undo::Write {
            path,
            text: unhex(words.next()?)?,
            append: kind == "append",
        }),
        "remove" => Some(Undo::RemoveDirectory { path }),
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_back_is_not_taken_back_again() {
        let write = Undo::Write {
            path: "/t/current tracer".into(),
            text: b"nop\n".to_vec(),
            append: false,
        };
        let empty = Undo::Write {
            path: "/t/set_ftrace_pid".into(),
            text: Vec::new(),
            append: true,
        };
        let remove = Undo::RemoveDirectory {
            path: "/t/instances/x".into(),
        };
        let text = added(&write) + &added(&remove) + TAKEN_BACK + &added(&empty);
        assert_eq!(replay(&text), [write, empty]);
    }

    #[test]
    fn a_cut_line_is_passed_over() {
        assert_eq!(replay("remove 2f6"), []);
        assert_eq!(replay("remove 2f6\nnonsense\n"), []);
    }
}
