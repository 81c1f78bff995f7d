//! Errors as the caller sees them: one line that says what was tried, why it failed, and what to do.

use std::fmt;

/// Exit status of a failure of the recorder itself where a command is recorded, whose own status is passed on else; this
/// one and the next two are those of env(1).
pub(crate) const NOT_RECORDED: u8 = 125;

/// Exit status when the command cannot be executed.
pub(crate) const NOT_EXECUTABLE: u8 = 126;

/// Exit status when there is no such command.
pub(crate) const NOT_FOUND: u8 = 127;

/// A failure that ends the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error {
    what: String,
    why: String,
    hint: Option<String>,
    status: Option<u8>,
}

impl Error {
    /// `what` was tried and failed because of `why`.
    pub(crate) fn new(what: impl Into<String>, why: impl fmt::Display) -> Self {
        Self {
            what: what.into(),
            why: why.to_string(),
            hint: None,
            status: None,
        }
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Gives it an exit status of its own.
    pub(crate) fn status(mut self, status: u8) -> Self {
        self.status = Some(status);
        self
    }

    /// The exit status of its own.
    pub(crate) fn exit_status(&self) -> Option<u8> {
        self.status
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
