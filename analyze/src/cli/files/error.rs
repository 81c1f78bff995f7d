//! What can go wrong with a bundle as a file, in one line.

use std::io;

use format_spec::WriteError;

use crate::file;

/// What a command says before it ends with 1.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Error {
    #[error("{0}: {1}")]
    Io(String, io::Error),
    #[error("{0}: {1}")]
    Bundle(String, String),
    #[error("{0}: {1}")]
    Write(String, WriteError),
    #[error("there is no record type {0:?}: see analyze info")]
    NoStream(String),
    #[error("no snapshot has {0}")]
    NoPath(String),
    #[error(transparent)]
    Pages(#[from] file::TooMany),
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
    #[error("a bundle is not for a terminal: name a file, or lead the output into one")]
    Terminal,
    #[error("{0}: a key is at least 16 bytes")]
    ShortKey(String),
    #[error("writing the answer: {0}")]
    Answer(#[from] io::Error),
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Answer(error.into())
    }
}
