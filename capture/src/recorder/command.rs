//! The recorded command.

use std::{
    env,
    ffi::{OsStr, OsString},
    io,
    os::{
        fd::AsFd,
        unix::process::{CommandExt, ExitStatusExt},
    },
    path::{Path, PathBuf},
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{Access, access},
    process::{Pid, Signal, kill_process},
};

use super::user::Account;
use crate::error::{Error, NOT_EXECUTABLE, NOT_FOUND};

/// How long a command that is asked to end is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// Looks for the command's program, before anything is written or changed. `None` when there is no command.
///
/// What is found here is executed later: the look along PATH is the recorder's, and must not be recorded.
///
/// # Errors
/// When there is no such program, or it is not executable.
pub(super) fn find(command: &[OsString]) -> Result<Option<PathBuf>, Error> {
    let Some(program) = command.first() else {
        return Ok(None);
    };
    let paths = env::var_os("PATH").unwrap_or_default();
    find_along(program, &paths).map(Some)
}

/// As execvp(3): a name with a slash is a path, another one is looked for in the folders of PATH.
fn find_along(program: &OsStr, paths: &OsStr) -> Result<PathBuf, Error> {
    let is_path = program.as_encoded_bytes().contains(&b'/');
    let candidates: Vec<PathBuf> = match is_path {
        true => vec![program.into()],
        false => env::split_paths(paths)
            .map(|folder| folder.join(program))
            // An empty folder is the working directory.
            .map(|path| Path::new(".").join(path))
            .collect(),
    };
    let may_run = |path: &&PathBuf| path.is_file() && access(*path, Access::EXEC_OK).is_ok();
    if let Some(found) = candidates.iter().find(may_run) {
        return Ok(found.clone());
    }
    let (why, status) = match candidates.iter().any(|path| path.exists()) {
        true => ("not a program that may be run", NOT_EXECUTABLE),
        false => ("no such program to run", NOT_FOUND),
    };
    Err(Error::new(program.to_string_lossy(), why)
        .hint("nothing was recorded, no file was written")
        .status(status))
}

/// How the command is started.
#[derive(Debug)]
pub(super) struct Manner {
    /// The user that it is of; `None` for the recorder's own.
    pub(super) user: Option<Account>,
    /// Whether its output goes to standard error, as the bundle goes to standard output.
    pub(super) to_stderr: bool,
    /// Whether it is ended with the recording.
    pub(super) ended_with_recording: bool,
}

/// The command while it runs, or what became of it.
#[derive(Debug)]
pub(super) enum Recorded {
    /// There is none.
    None,
    /// It runs.
    Running(Child),
    /// It ended with this status, as waitpid(2) gives it.
    Ended(i32),
}

impl Recorded {
    /// Starts the command, whose program is `found`, if there is one.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn start(
        found: Option<&Path>,
        words: &[OsString],
        manner: &Manner,
    ) -> Result<Self, Error> {
        let (Some(found), Some((program, arguments))) = (found, words.split_first()) else {
            return Ok(Self::None);
        };
        let wrong = |error: io::Error| {
            Error::new(program.to_string_lossy(), error)
                .hint("the recording was begun, but there was no command to record")
                .status(NOT_EXECUTABLE)
        };
        let mut command = Command::new(found);
        command.arg0(program).args(arguments);
        if manner.to_stderr {
            let stderr = io::stderr().as_fd().try_clone_to_owned().map_err(wrong)?;
            command.stdout(stderr);
        }
        let child = match &manner.user {
            Some(user) => user.start(&mut command),
            None => command.spawn(),
        };
        child.map(Self::Running).map_err(wrong)
    }

    /// Asks a command that goes on to end, and waits a little for that.
    pub(super) fn end(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        if self.has_ended() {
            return;
        }
        if let Self::Running(child) = self {
            // It may have ended just now.
            let _ = kill_process(Pid::from_child(child), Signal::TERM);
        }
        while !self.has_ended() && matches!(self, Self::Running(_)) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
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
    pub(super) fn status(&mut self) -> Option<i32> {
        self.has_ended();
        match self {
            Self::Ended(status) => Some(*status),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn a_program_is_found_as_a_shell_finds_it() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, mode| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path
        };
        make("first/tool", 0o644);
        make("first/text", 0o644);
        let tool = make("second/tool", 0o755);
        let folders = ["none", "first", "second"].map(|name| folder.path().join(name));
        let paths = env::join_paths(folders).unwrap();
        let find = |name: &str| find_along(name.as_ref(), &paths);
        assert_eq!(find("tool"), Ok(tool.clone()));
        assert_eq!(find(tool.to_str().unwrap()), Ok(tool));
        let status = |name: &str| find(name).unwrap_err().exit_status();
        assert_eq!(status("text"), Some(NOT_EXECUTABLE));
        assert_eq!(status("/"), Some(NOT_EXECUTABLE));
        assert_eq!(status("nothing"), Some(NOT_FOUND));
        assert_eq!(status("/no/such/tool"), Some(NOT_FOUND));
    }
}
