//! The list of changes in a file, for `capture cleanup` after recorder and guard were both killed.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Where the files are, one for each recorder, named by its process id; gone after a reboot, as tracing is.
pub(super) const FOLDER: &str = "/run/etz-capture";

/// One recorder's file.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    pub(super) fn create() -> io::Result<Self> {
        fs::create_dir_all(FOLDER)?;
        let path = Path::new(FOLDER).join(std::process::id().to_string());
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)?;
        Ok(Self { path, file })
    }

    pub(super) fn append(&mut self, line: &str) -> io::Result<()> {
        self.file.write_all(line.as_bytes())
    }

    pub(super) fn remove(self) {
        let _ = fs::remove_file(&self.path);
        // Succeeds for the last recorder.
        let _ = fs::remove_dir(FOLDER);
    }
}

/// The files of recorders that no longer run, with their text.
pub(super) fn left_behind() -> io::Result<Vec<(PathBuf, String)>> {
    let entries = match fs::read_dir(FOLDER) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut left = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let pid = path
            .file_name()
            .and_then(|name| name.to_str()?.parse().ok());
        if pid.is_some_and(|pid| !runs(pid)) {
            let text = fs::read_to_string(&path)?;
            left.push((path, text));
        }
    }
    Ok(left)
}

/// Whether a recorder runs under this process id: process ids are reused.
fn runs(pid: u32) -> bool {
    let program = |pid: &str| fs::read_link(format!("/proc/{pid}/exe")).ok();
    let own = program("self").and_then(|path| path.file_name().map(ToOwned::to_owned));
    let other = program(&pid.to_string()).and_then(|path| path.file_name().map(ToOwned::to_owned));
    other.is_some() && other == own
}
