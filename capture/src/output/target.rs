//! Where a bundle goes. While it is written it has a name beside the one that was asked for, so that nothing is
//! replaced before there is something in its place.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{
    partial::{create, is_bundle, is_partial},
    template::Template,
};
use crate::error::Error;

/// Where a bundle goes.
#[derive(Debug)]
pub(crate) enum Target {
    /// Standard output, or a device: what is written is gone.
    Stream(PathBuf),
    /// A file.
    File(Box<Named>),
}

/// A file with a name of its own until it is whole.
#[derive(Debug)]
pub(crate) struct Named {
    template: Template,
    partial: PathBuf,
    force: bool,
    keep: Option<usize>,
}

impl Target {
    /// Opens what `path` names. Files are for their owner alone: they tell a lot about the host.
    ///
    /// # Errors
    /// A file that exists and is not to be replaced, a folder that is missing or not writable, a full disk.
    pub(crate) fn open(
        path: &Path,
        force: bool,
        keep: Option<usize>,
    ) -> Result<(Self, File), Error> {
        let wrong = |why: String| Error::new(path.display().to_string(), why);
        let template = Template::parse(path).map_err(wrong)?;
        if keep.is_some() && !template.has_time() {
            let error = wrong("--keep needs names that differ".into());
            return Err(error.hint("put the time into the name: -o incident-%t.etz"));
        }
        let now = SystemTime::now();
        let whole = template.fill(now);
        match whole.symlink_metadata() {
            Ok(found) if force && is_stream(&found.file_type()) => {
                let mut options = OpenOptions::new();
                let file = options.write(true).open(&whole);
                let file = file.map_err(|error| cannot_write(&whole, error))?;
                return Ok((Self::Stream(whole), file));
            }
            Ok(found) if force && found.is_dir() => {
                return Err(cannot_write(&whole, ErrorKind::IsADirectory.into()));
            }
            Ok(_) if !force => return Err(cannot_write(&whole, ErrorKind::AlreadyExists.into())),
            _ => {}
        }
        let (file, partial) = create(&whole).map_err(|error| cannot_write(&whole, error))?;
        let named = Named {
            template,
            partial,
            force,
            keep,
        };
        Ok((Self::File(Box::new(named)), file))
    }

    /// The path of what is being written.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Stream(path) => path,
            Self::File(named) => &named.partial,
        }
    }

    /// Takes the file away. Returns whether there was one.
    pub(crate) fn discard(&self) -> bool {
        match self {
            Self::Stream(_) => false,
            Self::File(named) => fs::remove_file(&named.partial).is_ok(),
        }
    }

    /// Gives a file the name that was asked for, and takes the oldest away when there are more than are to be kept.
    /// Returns the path.
    ///
    /// # Errors
    /// The system's; another file has that name by now. The bundle is whole, and stays where it is.
    pub(crate) fn finish(&self) -> Result<PathBuf, Error> {
        let named = match self {
            Self::Stream(path) => return Ok(path.clone()),
            Self::File(named) => named,
        };
        let whole = named.template.fill(SystemTime::now());
        named.rename(&whole).map_err(|error| {
            Error::new(whole.display().to_string(), error)
                .hint(format!("the bundle is {}", named.partial.display()))
        })?;
        if let Some(keep) = named.keep {
            named.take_away_but(keep, &whole);
        }
        Ok(whole)
    }

    /// Gives a file that was not finished the name that was asked for, if nothing is replaced by it. Returns the path.
    pub(crate) fn leave(&self) -> PathBuf {
        let named = match self {
            Self::Stream(path) => return path.clone(),
            Self::File(named) => named,
        };
        let whole = named.template.fill(SystemTime::now());
        match rename(&named.partial, &whole) {
            Ok(()) => whole,
            Err(_) => named.partial.clone(),
        }
    }
}

impl Named {
    fn rename(&self, whole: &Path) -> io::Result<()> {
        if self.force {
            // A link of that name is replaced, not followed.
            return fs::rename(&self.partial, whole);
        }
        rename(&self.partial, whole)
    }

    /// Of the bundles that the template names the newest stay, and those that are being written.
    fn take_away_but(&self, keep: usize, own: &Path) {
        let Ok(entries) = fs::read_dir(self.template.folder()) else {
            return;
        };
        let mut bundles = Vec::new();
        for entry in entries.flatten() {
            let path = entry.path();
            let rest = self.template.rest(&entry.file_name()).map(str::to_owned);
            let is_named = rest.is_some_and(|rest| rest.is_empty() || is_partial(&rest));
            let time = entry.metadata().and_then(|found| found.modified());
            if is_named
                && path.file_name() != own.file_name()
                && let Ok(time) = time
                && is_bundle(&path)
            {
                bundles.push((time, path));
            }
        }
        bundles.sort();
        let over = (bundles.len() + 1).saturating_sub(keep.max(1));
        for (_, path) in bundles.into_iter().take(over) {
            if let Err(error) = fs::remove_file(&path) {
                eprintln!("capture: {}: not taken away: {error}", path.display());
            }
        }
    }
}

fn is_stream(kind: &fs::FileType) -> bool {
    kind.is_char_device() || kind.is_fifo()
}

/// Renames without replacing; where the file system cannot, by a second link.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            fs::hard_link(from, to).and_then(|()| fs::remove_file(from))
        }
        done => Ok(done?),
    }
}

fn cannot_write(path: &Path, error: io::Error) -> Error {
    let hint = match error.kind() {
        ErrorKind::AlreadyExists => "choose another name, or --force to replace it",
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            "write to a folder of your own, for example -o ~/incident.etz"
        }
        ErrorKind::NotFound => "the folder does not exist",
        ErrorKind::StorageFull => "free space, or write to another file system",
        _ => "write to another place",
    };
    Error::new(path.display().to_string(), error).hint(hint)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use format_spec::{
        Writer,
        record::{Failure, Failures},
    };

    use super::*;

    fn open(path: &Path, force: bool) -> Result<Target, Error> {
        Target::open(path, force, None).map(|(target, _)| target)
    }

    fn bundle(path: &Path, failures: usize) {
        let mut writer = Writer::new(File::create(path).unwrap(), [0; 16], 0).unwrap();
        let rows = vec![Failure::default(); failures];
        if failures > 0 {
            writer.write(0, &Failures { rows }).unwrap();
        }
    }

    #[test]
    fn nothing_is_replaced_before_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.etz");
        fs::write(&path, "the last incident").unwrap();
        assert!(
            open(&path, false)
                .unwrap_err()
                .to_string()
                .contains("--force")
        );
        let target = open(&path, true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"the last incident");
        assert!(target.discard());
        assert_eq!(fs::read(&path).unwrap(), b"the last incident");
        let target = open(&path, true).unwrap();
        assert_eq!(target.finish(), Ok(path.clone()));
        assert_eq!(fs::read(&path).unwrap(), b"");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_came_meanwhile_is_not_replaced_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.etz");
        let target = open(&path, false).unwrap();
        fs::write(&path, "another").unwrap();
        let error = target.finish().unwrap_err().to_string();
        assert!(error.contains("a.etz.partial"), "{error}");
        assert_eq!(target.leave(), folder.path().join("a.etz.partial"));
        assert_eq!(fs::read(&path).unwrap(), b"another");
    }

    #[test]
    fn a_link_is_never_followed_and_a_file_is_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let [path, other] = ["a.etz", "passwd"].map(|name| folder.path().join(name));
        fs::write(&other, "precious").unwrap();
        symlink(&other, &path).unwrap();
        symlink(&other, folder.path().join("a.etz.partial")).unwrap();
        let target = open(&path, true).unwrap();
        assert_eq!(target.path(), folder.path().join("a.etz.partial-2"));
        target.finish().unwrap();
        assert_eq!(fs::read(&other).unwrap(), b"precious");
        let found = path.symlink_metadata().unwrap();
        assert!(found.is_file() && found.permissions().mode() & 0o777 == 0o600);
    }

    #[test]
    fn what_a_killed_recorder_left_stays_if_there_is_something_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.etz");
        let partial = folder.path().join("a.etz.partial");
        bundle(&partial, 0);
        assert_eq!(open(&path, false).unwrap().path(), partial);
        bundle(&partial, 1);
        let second = folder.path().join("a.etz.partial-2");
        // Held: it is being written.
        let (first, _file) = Target::open(&path, false, None).unwrap();
        assert_eq!(first.path(), second);
        assert_ne!(open(&path, false).unwrap().path(), second);
    }

    #[test]
    fn the_oldest_go_and_nothing_but_our_own() {
        let folder = tempfile::tempdir().unwrap();
        let in_folder = |name: &str| folder.path().join(name);
        for second in 1..=4 {
            let path = in_folder(&format!("a-20231114T22132{second}Z.etz"));
            bundle(&path, 1);
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(second);
            File::open(&path).unwrap().set_modified(time).unwrap();
        }
        fs::write(in_folder("a-20231114T221320Z.etz"), "no bundle").unwrap();
        bundle(&in_folder("b.etz"), 1);
        let template = in_folder("a-%t.etz");
        let (target, _file) = Target::open(&template, false, Some(3)).unwrap();
        let whole = target.finish().unwrap();
        let left = |name: &str| in_folder(name).exists();
        assert!(whole.exists() && left("b.etz") && left("a-20231114T221320Z.etz"));
        let kept = [1, 2, 3, 4].map(|second| left(&format!("a-20231114T22132{second}Z.etz")));
        assert_eq!(kept, [false, false, true, true]);
        assert!(Target::open(&in_folder("a.etz"), false, Some(3)).is_err());
    }

    #[test]
    fn says_what_is_wrong_with_the_folder() {
        let error = open(Path::new("/no/such/x.etz"), false).unwrap_err();
        assert!(error.to_string().contains("does not exist"));
    }
}
