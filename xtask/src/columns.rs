//! Tables for the terminal and for Markdown.

use std::fmt::Write as _;

/// A table of text; the first column reads from the left, the others, numbers mostly, from the right.
#[derive(Debug, Default)]
pub(crate) struct Columns(Vec<Vec<String>>);

impl Columns {
    /// A table with a head.
    pub(crate) fn new<S: Into<String>>(head: impl IntoIterator<Item = S>) -> Self {
        let mut columns = Self::default();
        columns.add(head);
        columns
    }

    /// Adds a row.
    pub(crate) fn add<S: Into<String>>(&mut self, row: impl IntoIterator<Item = S>) {
        self.0.push(row.into_iter().map(Into::into).collect());
    }

    /// As a table in Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        for (index, row) in self.0.iter().enumerate() {
            let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
            if index == 0 {
                let rule: String = (0..row.len())
                    .map(|column| if column == 0 { " --- |" } else { " ---: |" })
                    .collect();
                let _ = writeln!(text, "|{rule}");
            }
        }
        text
    }
}

impl std::fmt::Display for Columns {
    /// Aligned with spaces, without a newline at the end.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let width = |column: usize| {
            let cells = self.0.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        for (index, row) in self.0.iter().enumerate() {
            let cells: Vec<String> = row
                .iter()
                .enumerate()
                .map(|(column, cell)| match column {
                    0 => format!("{cell:<0$}", width(column)),
                    _ => format!("{cell:>0$}", width(column)),
                })
                .collect();
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{}", cells.join("  ").trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Columns;

    #[test]
    fn aligns_and_writes_markdown() {
        let mut table = Columns::new(["what", "ns"]);
        table.add(["alone", "130"]);
        table.add(["a|b", "1"]);
        assert_eq!(table.to_string(), "what    ns\nalone  130\na|b      1");
        assert_eq!(
            table.markdown(),
            "| what | ns |\n| --- | ---: |\n| alone | 130 |\n| a\\|b | 1 |\n"
        );
    }
}
