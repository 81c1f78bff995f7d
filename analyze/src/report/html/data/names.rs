//! Strings that occur often, by number.

use std::collections::HashMap;

use serde::Serialize;

use crate::text::plain;

/// Strings in the order of their first use.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Names {
    list: Vec<String>,
    #[serde(skip)]
    known: HashMap<String, usize>,
}

impl Names {
    /// The number of a name, shown without control characters.
    pub(super) fn number(&mut self, name: &str) -> usize {
        if let Some(&known) = self.known.get(name) {
            return known;
        }
        let number = self.list.len();
        self.known.insert(name.to_owned(), number);
        self.list.push(plain(name.as_bytes()));
        number
    }
}
