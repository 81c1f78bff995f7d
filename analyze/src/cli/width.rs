//! How many columns there are to write in.

use std::io::{self, IsTerminal as _};

/// Columns of a terminal beyond which lines of prose get hard to read.
const MAX_PROSE: usize = 100;

/// Fewest columns that anything is laid out for.
const MIN: usize = 40;

/// Columns of a terminal that does not say how many it has, such as a serial console.
const USUAL: usize = 80;

/// Columns of the terminal that standard output is; `None` where it goes elsewhere: nothing is to be shortened then.
pub(super) fn of_terminal() -> Option<usize> {
    let out = io::stdout();
    out.is_terminal().then(|| {
        let size = terminal_size::terminal_size_of(out);
        size.map_or(USUAL, |(width, _)| usize::from(width.0).max(MIN))
    })
}

/// Columns for prose, whatever standard output is.
pub(super) fn of_report() -> usize {
    of_terminal().map_or(USUAL, |columns| columns.min(MAX_PROSE))
}
