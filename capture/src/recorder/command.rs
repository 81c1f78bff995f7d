//! The recorded command.

use std::{
    ffi::OsString,
    os::unix::process::ExitStatusExt,
    process::{Child, Command},
};

use crate::error::Error;

/// The command while it runs, or what became of it.
#[derive(Debug)]
pub(super) enum Recorded {
    /// There is none.
    None,
    /// It runs.
    Running(Child),
    /// It ended with this status, as wait(2) gives it.
    Ended(i32),
}

impl Recorded {
    /// Starts the command, if there is one.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn start(command: &[OsString]) -> Result<Self, Error> {
        let Some((program, arguments)) = command.split_first() else {
            return Ok(Self::None);
        };
        match Command::new(program).args(arguments).spawn() {
            Ok(child) => Ok(Self::Running(child)),
            Err(error) => Err(Error::new(program.to_string_lossy(), error)
                .hint("the recording was begun, but there was no command to record")),
        }
    }

    /// Whether the command has ended.
    pub(super) fn has_ended(&mut self) -> bool {
        if let Self::Running(child) = self
            && let Ok(Some(status)) = child.try_wait()
        {
            *self = Self::Ended(status.into_raw());
        }
        matches!(self, Self::Ended(_))
    }

    /// Its status, once it has ended.
    pub(super) fn status(&self) -> Option<i32> {
        match self {
            Self::Ended(status) => Some(*status),
            _ => None,
        }
    }
}
