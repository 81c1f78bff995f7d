//! The recorded command.

use std::{
    env,
    ffi::OsString,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command},
};

use rustix::fs::{Access, access};

use crate::error::Error;

/// Looks for the command's program, before anything is written or changed.
///
/// # Errors
/// When there is no such program, or it is not executable.
pub(super) fn find(command: &[OsString]) -> Result<(), Error> {
    let Some(program) = command.first() else {
        return Ok(());
    };
    let may_run = |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    let paths = env::var_os("PATH").unwrap_or_default();
    let found = match Path::new(program) {
        path if path.components().count() > 1 => may_run(path),
        path => env::split_paths(&paths).any(|folder| may_run(&folder.join(path))),
    };
    found.then_some(()).ok_or_else(|| {
        Error::new(program.to_string_lossy(), "no such program to run")
            .hint("nothing was recorded, no file was written")
    })
}

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
