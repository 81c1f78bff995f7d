//! Errors as the caller sees them: one line that says what was tried, why it failed, and what to do.

use std::fmt;

/// A failure that ends the program with exit status 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error {
    what: String,
    why: String,
    hint: Option<String>,
}

impl Error {
    /// `what` was tried and failed because of `why`.
    pub(crate) fn new(what: impl Into<String>, why: impl fmt::Display) -> Self {
        Self {
            what: what.into(),
            why: why.to_string(),
            hint: None,
        }
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A source of several lines, such as the verifier's log, stays on one.
        let why = self.why.lines().map(str::trim).collect::<Vec<_>>();
        write!(f, "{}: {}", self.what, why.join(" "))?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_line() {
        let error = Error::new("incident.etz", "File\n exists").hint("choose another name");
        assert_eq!(
            error.to_string(),
            "incident.etz: File exists; choose another name"
        );
    }
}
