//! What can go wrong, in one line.

use std::io;

use super::files::error::Error as OfFile;

/// What a command says before it ends with 1.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("{file}: {source}")]
    Input { file: String, source: io::Error },
    #[error("{file}: {why}")]
    Bundle { file: String, why: String },
    #[error("{file}: {source}")]
    File { file: String, source: io::Error },
    #[error("no failure in the recording fits; {0}")]
    NoSuchFailure(String),
    #[error("writing the report: {0}")]
    Output(io::Error),
    #[error(transparent)]
    OfFile(OfFile),
}

impl From<OfFile> for Error {
    fn from(error: OfFile) -> Self {
        match error {
            OfFile::Answer(error) => Self::Output(error),
            error => Self::OfFile(error),
        }
    }
}
