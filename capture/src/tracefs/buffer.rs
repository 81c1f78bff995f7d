//! A trace buffer: an own instance, or the global one.

use std::path::{Path, PathBuf};

use super::{Mode, Tracefs, TracefsError, memory, raw, read, setting, write, write_words};
use crate::guard::{Guard, Undo};

/// A trace buffer with its tracer, events and filters.
#[derive(Debug, Clone)]
pub(crate) struct Buffer {
    root: PathBuf,
    own: bool,
}

impl Buffer {
    /// Makes an own instance of that name.
    ///
    /// # Errors
    /// The kernel's, for example ENOMEM; EEXIST when the name is taken.
    pub(crate) fn create(
        tracefs: &Tracefs,
        name: &str,
        guard: &mut Guard,
    ) -> Result<Self, TracefsError> {
        let root = tracefs.root().join("instances").join(name);
        let failed = |source| TracefsError::Write {
            path: root.clone(),
            text: "a new instance".to_owned(),
            source,
        };
        // Only what this process made may be removed.
        if root.exists() {
            return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
        }
        memory::make(raw::cpu_numbers(tracefs.root()).map_or(1, |numbers| numbers.len()))?;
        let undo = Undo::RemoveDirectory { path: root.clone() };
        guard.before(undo).map_err(failed)?;
        std::fs::create_dir(&root).map_err(failed)?;
        Ok(Self { root, own: true })
    }

    /// The global buffer.
    pub(crate) fn global(tracefs: &Tracefs) -> Self {
        Self {
            root: tracefs.root().to_owned(),
            own: false,
        }
    }

    /// Its directory.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Whether a file or directory is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.root.join(name).exists()
    }

    /// What is set in a file.
    pub(crate) fn get(&self, name: &str) -> Result<String, TracefsError> {
        Ok(setting(&read(&self.root.join(name))?))
    }

    /// Sets a file, replacing what was there. In the global buffer the old setting is noted first; an own instance
    /// takes its settings along when it goes.
    ///
    /// # Errors
    /// When the old setting cannot be read, the guard is gone, or the kernel refuses.
    pub(crate) fn set(
        &self,
        name: &str,
        text: &str,
        guard: &mut Guard,
    ) -> Result<(), TracefsError> {
        let path = self.root.join(name);
        if self.own {
            return write(&path, text, Mode::Replace);
        }
        note_setting(&path, guard)?;
        write(&path, text, Mode::Replace)?;
        // These go on changing: the trap stops itself, and the lists are extended.
        if name != "tracing_on" && !name.starts_with("set_ftrace_") {
            guard.made();
        }
        Ok(())
    }

    /// Sets the size of its part for each processor.
    ///
    /// # Errors
    /// As for [`Buffer::set`].
    pub(crate) fn resize(&self, kib: usize, guard: &mut Guard) -> Result<(), TracefsError> {
        self.set("buffer_size_kb", &kib.to_string(), guard)?;
        if self.own {
            memory::sized((self.cpus()? * kib) as u64 * 1024);
        }
        Ok(())
    }

    /// Sets a file that is a list, to `words` with a blank between them.
    ///
    /// # Errors
    /// As for [`Buffer::set`].
    pub(crate) fn set_list(
        &self,
        name: &str,
        words: &str,
        guard: &mut Guard,
    ) -> Result<(), TracefsError> {
        let path = self.root.join(name);
        if !self.own {
            note_setting(&path, guard)?;
        }
        write_words(&path, words)
    }

    /// Sets a tracer's option. On some kernels all instances share it (6.12: one `struct tracer_flags` for each
    /// tracer), so the old setting is noted even in an own instance.
    ///
    /// # Errors
    /// When the old setting cannot be read, the guard is gone, or the kernel refuses.
    pub(crate) fn set_option(
        &self,
        name: &str,
        text: &str,
        guard: &mut Guard,
    ) -> Result<(), TracefsError> {
        let path = self.root.join("options").join(name);
        note_setting(&path, guard)?;
        write(&path, text, Mode::Replace)?;
        guard.made();
        Ok(())
    }

    /// Sets a file whose old setting is not readable: `undo` is what takes it back, and how.
    ///
    /// # Errors
    /// When the guard is gone, or the kernel refuses.
    pub(crate) fn set_with_undo(
        &self,
        name: &str,
        text: &str,
        undo: &str,
        guard: &mut Guard,
    ) -> Result<(), TracefsError> {
        let path = self.root.join(name);
        if !self.own {
            note(&path, undo, true, guard)?;
        }
        write(&path, text, Mode::Append)
    }

    /// Writes a file without a note: for switching `tracing_on` within what [`Buffer::set`] has noted.
    ///
    /// # Errors
    /// The kernel's.
    pub(crate) fn switch(&self, name: &str, text: &str) -> Result<(), TracefsError> {
        write(&self.root.join(name), text, Mode::Replace)
    }
}

/// Sets a file that is global to all instances, noting the old setting.
///
/// # Errors
/// When the old setting cannot be read, the guard is gone, or the kernel refuses.
pub(crate) fn set_global(
    tracefs: &Tracefs,
    name: &str,
    text: &str,
    guard: &mut Guard,
) -> Result<(), TracefsError> {
    Buffer::global(tracefs).set(name, text, guard)
}

fn note_setting(path: &Path, guard: &mut Guard) -> Result<(), TracefsError> {
    let old = setting(&read(path)?);
    note(path, &old, false, guard)
}

pub(super) fn note(
    path: &Path,
    text: &str,
    append: bool,
    guard: &mut Guard,
) -> Result<(), TracefsError> {
    let undo = Undo::Write {
        path: path.to_owned(),
        text: text.into(),
        append,
    };
    guard.before(undo).map_err(|source| TracefsError::Write {
        path: path.to_owned(),
        text: "an undo note".to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_global_buffer_is_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        fs::write(file("trace_clock"), "[local] global mono\n").unwrap();
        fs::write(file("tracing_on"), "1\n").unwrap();
        let tracefs = Tracefs {
            root: folder.path().to_owned(),
        };
        let mut guard = Guard::idle();
        let mark = guard.mark();
        let buffer = Buffer::global(&tracefs);
        buffer.set("trace_clock", "mono", &mut guard).unwrap();
        buffer.set("tracing_on", "0", &mut guard).unwrap();
        assert_eq!(fs::read_to_string(file("trace_clock")).unwrap(), "mono");
        assert!(guard.rewind(mark).is_empty());
        assert_eq!(fs::read_to_string(file("trace_clock")).unwrap(), "local");
        assert_eq!(fs::read_to_string(file("tracing_on")).unwrap(), "1");
    }

    #[test]
    fn what_someone_else_sets_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set_graph_function");
        fs::write(&path, "#### all functions enabled ####\n").unwrap();
        let tracefs = Tracefs {
            root: folder.path().to_owned(),
        };
        let mut guard = Guard::idle();
        let mark = guard.mark();
        set_global(&tracefs, "set_graph_function", "do_mkdirat", &mut guard).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(guard.rewind(mark).is_empty());
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
    }

    #[test]
    fn an_instance_of_someone_else_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let theirs = folder.path().join("instances/etz-1");
        fs::create_dir_all(&theirs).unwrap();
        let tracefs = Tracefs {
            root: folder.path().to_owned(),
        };
        let mut guard = Guard::idle();
        let mark = guard.mark();
        assert!(Buffer::create(&tracefs, "etz-1", &mut guard).is_err());
        assert!(guard.rewind(mark).is_empty());
        assert!(theirs.exists());
    }
}
