//! A candidate for what is not there: the plain reading of ENOENT, where nothing more is known.

use format_spec::linux::arguments;

use crate::{
    case::Case,
    culprit::{Candidate, Kind},
    names::errno::ENOENT,
    text::plain,
};

/// Weights of the error alone, and of a look by the recorder that found the path missing: never more than low.
const SAID: i32 = 20;
const SEEN: i32 = 30;

/// The path that the call named, if nothing is there.
pub(super) fn candidates(case: &Case<'_>) -> Vec<Candidate> {
    candidate(case).into_iter().collect()
}

fn candidate(case: &Case<'_>) -> Option<Candidate> {
    if case.group.errno != ENOENT {
        return None;
    }
    let syscall = &case.group.syscall_name;
    let mut paths = case.sample?.paths.iter();
    let path =
        paths.rfind(|path| !path.bytes.is_empty() && arguments::is_path(syscall, path.argument))?;
    let path = plain(&path.bytes);
    let folder = match case.file.as_ref() {
        // There is something by that name: another reason is behind it.
        Some(file) if file.target.is_some() => return None,
        Some(file) => file.folder(),
        None => None,
    };
    let summary = match folder {
        Some(folder) => format!(
            "nothing is at {path}; the last folder on the way that is there is {}",
            folder.path
        ),
        None => format!("nothing is at {path}, or a folder on the way is not there"),
    };
    let mut candidate = Candidate::new("file:missing", summary);
    match folder {
        Some(folder) => candidate.says(
            Kind::State,
            SEEN,
            format!("{} was there, what follows was not", folder.path),
        ),
        None => candidate.says(Kind::State, SAID, format!("the call named {path}")),
    }
    if let Ok(path) = shlex::try_quote(&path) {
        candidate.remedy = vec![format!("see how far the path goes: `namei -l {path}`")];
    }
    Some(candidate)
}
