//! Less than is known, to show how much of an answer hangs on it.

use std::borrow::Cow;

use super::{Rule, book};

/// What an answer is to do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Without {
    /// All rules: what the general signals alone say
    Rules,
    /// Names of kernel functions in rules, as if all were called otherwise in the recorded kernel
    Names,
}

/// The rules, without what is to be left out.
#[must_use]
pub fn known(without: Option<Without>) -> Cow<'static, [Rule]> {
    match without {
        None => Cow::Borrowed(book()),
        Some(Without::Rules) => Cow::Owned(Vec::new()),
        Some(Without::Names) => Cow::Owned(book().iter().map(nameless).collect()),
    }
}

fn nameless(rule: &Rule) -> Rule {
    Rule {
        origin: Vec::new(),
        path: Vec::new(),
        called: Vec::new(),
        predicate: Vec::new(),
        constant: Vec::new(),
        ..rule.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_names_a_function() {
        let rules = known(Some(Without::Names));
        assert_eq!(rules.len(), book().len());
        let names = |rule: &Rule| rule.origin.len() + rule.path.len() + rule.called.len();
        assert!(book().iter().any(|rule| names(rule) > 0));
        assert!(rules.iter().all(|rule| names(rule) == 0));
        assert!(known(Some(Without::Rules)).is_empty());
    }
}
