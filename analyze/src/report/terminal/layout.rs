//! Lines of a page: labels, marks, wrapping and colours. Widths are columns of the terminal, two for a CJK character.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use textwrap::{Options as Wrap, core::display_width};

use super::Options;
use crate::{report::CommandRow, text::head};

/// Columns of the labels on the left.
const LABEL: usize = 10;

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();
pub(super) const WARN: Style = AnsiColor::Yellow.on_default();

/// The style of a confidence.
pub(super) fn confidence(name: &str) -> Style {
    match name {
        "high" => GOOD,
        "medium" => WARN,
        _ => Style::new(),
    }
}

pub(super) struct Page<'a, W: Write> {
    pub(super) out: &'a mut W,
    pub(super) options: Options,
    /// How the recorded command ended.
    pub(super) command: Option<CommandRow>,
}

impl<W: Write> Page<'_, W> {
    pub(super) fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n{BOLD}{text}{BOLD:#}")
    }

    /// A label, and text in a column of its own.
    pub(super) fn field(&mut self, label: &str, text: &str, style: Style) -> io::Result<()> {
        let blank = "";
        for (number, line) in self.wrapped(text, LABEL).iter().enumerate() {
            let label = if number == 0 { label } else { blank };
            writeln!(
                self.out,
                "{DIM}{label:<LABEL$}{DIM:#}{style}{line}{style:#}"
            )?;
        }
        Ok(())
    }

    /// A mark, and text behind it.
    pub(super) fn item(&mut self, mark: &str, style: Style, text: &str) -> io::Result<()> {
        self.item_cut(mark, style, text, usize::MAX)
    }

    /// A mark, and behind it text of so many lines at most.
    pub(super) fn item_cut(
        &mut self,
        mark: &str,
        style: Style,
        text: &str,
        most: usize,
    ) -> io::Result<()> {
        let indent = display_width(mark).max(1) + 3;
        let mut lines = self.wrapped(text, indent);
        if lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                let room = self.options.width.saturating_sub(indent + 4);
                *last = format!("{} ...", words(last, room).trim_end_matches([' ', ',']));
            }
        }
        for (number, line) in lines.iter().enumerate() {
            if number == 0 {
                writeln!(self.out, "  {style}{mark}{style:#} {line}")?;
            } else {
                writeln!(self.out, "{:indent$}{line}", "")?;
            }
        }
        Ok(())
    }

    pub(super) fn indented(&mut self, text: &str, indent: usize, style: Style) -> io::Result<()> {
        for line in self.wrapped(text, indent) {
            writeln!(self.out, "{:indent$}{style}{line}{style:#}", "")?;
        }
        Ok(())
    }

    /// How many rows of a list of `all` are written: not all unless asked for.
    pub(super) fn rows(&self, all: usize, most: usize) -> usize {
        if self.options.verbose {
            all
        } else {
            most.min(all)
        }
    }

    pub(super) fn more(&mut self, rows: usize) -> io::Result<()> {
        if rows == 0 {
            return Ok(());
        }
        self.indented(&format!("and {rows} more (--verbose)"), 2, DIM)
    }

    /// Lines that fit beside `indent` columns. Words stay whole, as commands and paths are copied; one that is wider
    /// than the terminal alone is broken.
    fn wrapped(&self, text: &str, indent: usize) -> Vec<String> {
        let room = self.options.width.saturating_sub(indent).max(1);
        let wrap = Wrap::new(room).word_splitter(textwrap::WordSplitter::NoHyphenation);
        let lines = textwrap::wrap(text, wrap);
        lines.into_iter().map(Into::into).collect()
    }
}

/// The whole words at the beginning of `text` that fit into `width` columns; part of the first one when it does not.
fn words(text: &str, width: usize) -> &str {
    let fits = head(text, width);
    if fits.len() == text.len() || text[fits.len()..].starts_with(' ') {
        return fits;
    }
    fits.rsplit_once(' ').map_or(fits, |(whole, _)| whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_not_cut_in_two() {
        assert_eq!(words("open_tree, shmem_get_inode", 15), "open_tree,");
        assert_eq!(words("open_tree, shmem", 10), "open_tree,");
        assert_eq!(words("open_tree", 10), "open_tree");
        assert_eq!(words("shmem_get_inode", 5), "shmem");
    }

    #[test]
    fn wide_characters_take_two_columns_when_lines_are_wrapped() {
        let mut out = Vec::new();
        let options = Options {
            width: 20,
            verbose: false,
        };
        let mut page = Page {
            out: &mut out,
            options,
            command: None,
        };
        page.field("Cause", "容器容器容器 容器容器", Style::new())
            .unwrap();
        page.item("+", Style::new(), &"容".repeat(30)).unwrap();
        let text = anstream::adapter::strip_bytes(&out).into_vec();
        let text = String::from_utf8(text).unwrap();
        assert!(text.lines().count() > 4, "{text}");
        for line in text.lines() {
            assert!(display_width(line) <= 20, "{line}");
        }
    }
}
