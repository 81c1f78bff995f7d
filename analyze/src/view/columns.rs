//! Tables for a terminal: columns as wide as their widest cell.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

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
    /// A table with a head: what stands over each column, on which side, and how wide it is at least.
    pub(super) fn new(head: &[(&str, Side, usize)]) -> Self {
        Self {
            columns: head.iter().map(|&(_, side, least)| (side, least)).collect(),
            rows: vec![head.iter().map(|&(text, ..)| text.to_owned()).collect()],
        }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Writes the rows; the last column is not filled up with blanks.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let width = |column: usize, least: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.width()).max().unwrap_or(0).max(least)
        };
        let widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(column, &(_, least))| width(column, least))
            .collect();
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, &(side, _)), width) in row.iter().zip(&self.columns).zip(&widths) {
                let blanks = " ".repeat(width.saturating_sub(cell.width()));
                let (before, behind) = match side {
                    Side::Left => ("", blanks.as_str()),
                    Side::Right => (blanks.as_str(), ""),
                };
                line = line + before + cell + behind + " ";
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
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
        table.write(&mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "NAME      N PATH\n容器   1000 /a\nb         1\n"
        );
    }
}
