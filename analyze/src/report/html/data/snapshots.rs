//! The snapshots side by side: what stood where, each text once.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
};

use format_spec::record::{Content, Phase};
use serde::Serialize;

use crate::{
    load::Bundle,
    names::{errno_name, errno_text},
    report::Report,
    text,
};

/// Bytes of one file that are shown.
const MAX_FILE: usize = 64 << 10;

/// Bytes of all texts together: a page has to be opened by a browser and to be attached to a ticket.
const MAX_TOTAL: usize = 1 << 20;

#[derive(Debug, Serialize)]
pub(super) struct Snapshots {
    /// What each snapshot is called: `start`, `failure 1`, `end`.
    titles: Vec<String>,
    /// Rising.
    paths: Vec<String>,
    /// For each path the number of its text in each snapshot; -1 where it is not in it.
    cells: Vec<Vec<i64>>,
    texts: Vec<String>,
    /// The path that the answer is about.
    focus: Option<usize>,
    /// Texts that are left out of this page, of which only the length is told.
    left_out: usize,
}

impl Snapshots {
    pub(super) fn new(bundle: &Bundle, report: &Report) -> Self {
        let views = bundle.snapshots.all();
        let paths: BTreeSet<&[u8]> = views
            .iter()
            .flat_map(|view| view.entries().map(|(path, _)| path))
            .collect();
        let mut texts = Texts::default();
        let mut cells = Vec::with_capacity(paths.len());
        for path in &paths {
            let cell = |view: &crate::load::SnapshotView| {
                view.content(path)
                    .map_or(-1, |content| texts.number(content))
            };
            cells.push(views.iter().map(cell).collect());
        }
        let mut failures = 0;
        let title = |view: &crate::load::SnapshotView| match view.phase {
            Phase::Start => "start".to_owned(),
            Phase::End => "end".to_owned(),
            Phase::Failure => {
                failures += 1;
                format!("failure {failures}")
            }
        };
        let focus = focus(report).and_then(|focus| {
            let mut paths = paths.iter();
            paths.position(|path| *path == focus.as_bytes())
        });
        Self {
            titles: views.iter().map(title).collect(),
            paths: paths.into_iter().map(text::plain).collect(),
            cells,
            texts: texts.list,
            focus,
            left_out: texts.left_out,
        }
    }
}

/// Where the setting that the answer is about can be read.
fn focus(report: &Report) -> Option<String> {
    let culprit = report.culprits.first()?;
    match culprit.id.split_once(':')? {
        ("sysctl", name) => Some(format!("/proc/sys/{}", name.replace('.', "/"))),
        ("rlimit", _) => {
            let sample = report.failures.get(culprit.failure)?.sample.as_ref()?;
            Some(format!("/proc/{}/limits", sample.pid))
        }
        _ => None,
    }
}

/// Each text once.
#[derive(Default)]
struct Texts {
    list: Vec<String>,
    known: HashMap<String, i64>,
    bytes: usize,
    left_out: usize,
}

impl Texts {
    fn number(&mut self, content: &Content) -> i64 {
        let mut text = shown(content);
        if self.bytes + text.len() > MAX_TOTAL && !self.known.contains_key(&text) {
            text = format!("({} bytes, left out of this page)", text.len());
            self.left_out += 1;
        }
        if let Some(&known) = self.known.get(&text) {
            return known;
        }
        let number = i64::try_from(self.list.len()).unwrap_or(i64::MAX);
        self.bytes += text.len();
        self.known.insert(text.clone(), number);
        self.list.push(text);
        number
    }
}

/// What was at a path, as text.
fn shown(content: &Content) -> String {
    match content {
        Content::File { bytes, truncated } => file(bytes, *truncated),
        Content::Link(target) => format!("→ {}", text::plain(target)),
        Content::Directory(names) => {
            let names: Vec<String> = names.iter().map(|name| text::plain(name)).collect();
            names.join("\n")
        }
        Content::EntryCount(count) => format!("{count} entries"),
        Content::StatFs {
            block_size_bytes,
            blocks,
            blocks_free,
            blocks_available,
            inodes,
            inodes_free,
            ..
        } => {
            let size = |blocks: u64| text::bytes(blocks.saturating_mul(*block_size_bytes));
            format!(
                "size {}\nfree {}\nfree for users {}\ninodes {inodes}\ninodes free {inodes_free}",
                size(*blocks),
                size(*blocks_free),
                size(*blocks_available)
            )
        }
        Content::Unchanged => "(as before)".into(),
        Content::Error(errno) => {
            format!(
                "could not be read: {} ({})",
                errno_name(*errno),
                errno_text(*errno)
            )
        }
    }
}

/// Lines stay lines, tabs stay tabs; what else a terminal obeys is escaped.
fn file(bytes: &[u8], truncated: bool) -> String {
    let kept = &bytes[..bytes.len().min(MAX_FILE)];
    let lines: Vec<String> = kept
        .trim_ascii_end()
        .split(|&byte| byte == b'\n')
        .map(|line| {
            let parts: Vec<String> = line.split(|&byte| byte == b'\t').map(text::plain).collect();
            parts.join("\t")
        })
        .collect();
    let mut text = lines.join("\n");
    let left = bytes.len() - kept.len();
    if left > 0 {
        let _ = write!(text, "\n({left} more bytes, left out of this page)");
    }
    if truncated {
        text.push_str("\n(the recorder stopped here)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_and_what_is_obeyed_does_not() {
        assert_eq!(file(b"a\tb\nc\x1b[2J\n", false), "a\tb\nc\\u{1b}[2J");
        assert_eq!(file(b"x", true), "x\n(the recorder stopped here)");
        let long = file(&[b'x'; MAX_FILE + 3], false);
        assert!(long.ends_with("\n(3 more bytes, left out of this page)"));
    }

    #[test]
    fn the_page_stays_small_whatever_was_recorded() {
        let mut texts = Texts::default();
        for number in 0..40u8 {
            let bytes = vec![b'a' + number % 26; MAX_FILE - usize::from(number)];
            let truncated = false;
            texts.number(&Content::File { bytes, truncated });
        }
        assert!(texts.bytes < MAX_TOTAL + 4096, "{}", texts.bytes);
        assert_eq!(texts.left_out, 40 - MAX_TOTAL / MAX_FILE);
    }
}
