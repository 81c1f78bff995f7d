//! Tables for a terminal: columns as wide as their widest cell, unless the terminal is too narrow for that.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::text::shorten;

/// Columns below which no cell is shortened.
const LEAST_CUT: usize = 12;

/// On which side a column's cells stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// Rows of cells below a head.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<(Side, usize)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with a head: what stands over each column, on which side, and how wide it is at least, on a narrow terminal
    /// too.
    pub(super) fn new(head: &[(&str, Side, usize)]) -> Self {
        Self {
            columns: head.iter().map(|&(_, side, least)| (side, least)).collect(),
            rows: vec![head.iter().map(|&(text, ..)| text.to_owned()).collect()],
        }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Writes the rows, at most `columns` wide as far as cells of text can be shortened for it; numbers never are.
    /// The last column is not filled up with blanks.
    pub(super) fn write(&self, out: &mut impl Write, columns: Option<usize>) -> io::Result<()> {
        let widths = self.widths(columns.unwrap_or(usize::MAX));
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, &(side, _)), &width) in row.iter().zip(&self.columns).zip(&widths) {
                let cell = shorten(cell, width);
                let blanks = " ".repeat(width.saturating_sub(cell.width()));
                let (before, behind) = match side {
                    Side::Left => ("", blanks.as_str()),
                    Side::Right => (blanks.as_str(), ""),
                };
                line = line + before + &cell + behind + " ";
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// How wide each column is. What does not fit is taken from the widest columns of text.
    fn widths(&self, most: usize) -> Vec<usize> {
        let width = |column: usize, least: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.width()).max().unwrap_or(0).max(least)
        };
        let mut widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(column, &(_, least))| width(column, least))
            .collect();
        let blanks = widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + blanks > most {
            // Where even the least of all columns is too much they give too.
            let widest = self
                .widest(&widths, |least| least.max(LEAST_CUT))
                .or_else(|| self.widest(&widths, |_| LEAST_CUT));
            match widest {
                Some(column) => widths[column] -= 1,
                None => break,
            }
        }
        widths
    }

    /// The widest column of text that is wider than `keeps` of its least width.
    fn widest(&self, widths: &[usize], keeps: impl Fn(usize) -> usize) -> Option<usize> {
        let columns = self.columns.iter().zip(widths).enumerate();
        columns
            .filter(|(_, ((side, least), width))| *side == Side::Left && **width > keeps(*least))
            .max_by_key(|(_, (_, width))| **width)
            .map(|(column, _)| column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_script() {
        let mut table = Table::new(&[
            ("NAME", Side::Left, 6),
            ("N", Side::Right, 0),
            ("PATH", Side::Left, 0),
        ]);
        table.row(["容器".to_owned(), "1000".to_owned(), "/a".to_owned()]);
        table.row(["b".to_owned(), "1".to_owned(), String::new()]);
        let mut out = Vec::new();
        table.write(&mut out, None).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "NAME      N PATH\n容器   1000 /a\nb         1\n"
        );
    }

    #[test]
    fn what_a_terminal_is_too_narrow_for_is_shortened() {
        let mut table = Table::new(&[
            ("N", Side::Right, 0),
            ("NAME", Side::Left, 0),
            ("PATH", Side::Left, 0),
        ]);
        let path = "/var/lib/docker/overlay2/容器/merged";
        table.row([u64::MAX.to_string(), "sh".to_owned(), path.to_owned()]);
        for most in [40, 50, 60, 61, 62] {
            let mut out = Vec::new();
            table.write(&mut out, Some(most)).unwrap();
            let text = String::from_utf8(out).unwrap();
            let widest = text.lines().map(UnicodeWidthStr::width).max().unwrap();
            assert!(widest <= most, "{text}");
            assert!(text.contains("18446744073709551615 sh   /var"), "{text}");
            assert_eq!(text.contains("..."), most < 62, "{text}");
        }
    }
}
