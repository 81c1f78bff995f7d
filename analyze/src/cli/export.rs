//! The recording in other tools' formats.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::{ArgGroup, Args};

use super::{bundle::read, error::Error, output::is_stdout};
use crate::{export, load::Bundle, text::plain};

/// What is written, and where to; `-` is standard output.
#[derive(Debug, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("formats").required(true).multiple(true).args(["perfetto", "folded", "flamegraph", "dot"]))]
pub(super) struct Export {
    /// The bundle; `-` reads it from standard input
    file: PathBuf,
    /// A trace for ui.perfetto.dev: kernel functions with return values as slices of their threads
    #[arg(long, value_name = "OUT")]
    perfetto: Option<PathBuf>,
    /// Folded stacks: frames with `;` between, then nanoseconds
    #[arg(long, value_name = "OUT")]
    folded: Option<PathBuf>,
    /// A flame graph as SVG for a browser
    #[arg(long, value_name = "OUT")]
    flamegraph: Option<PathBuf>,
    /// The call graph of what fails, for Graphviz
    #[arg(long, value_name = "OUT")]
    dot: Option<PathBuf>,
}

/// Writes a bundle in one format, and says whether it had anything to write.
type Writer = fn(&mut dyn Write, &Bundle) -> io::Result<bool>;

impl Export {
    /// The formats with their places.
    fn wanted(&self) -> impl Iterator<Item = (&Path, Writer)> {
        let all: [(&Option<PathBuf>, Writer); 4] = [
            (&self.perfetto, |mut out, bundle| {
                export::write_perfetto(&mut out, bundle)
            }),
            (&self.folded, |mut out, bundle| {
                export::write_folded(&mut out, bundle)
            }),
            (&self.flamegraph, |mut out, bundle| {
                export::write_flamegraph(&mut out, bundle)
            }),
            (&self.dot, |mut out, bundle| {
                export::write_dot(&mut out, bundle)
            }),
        ];
        all.into_iter()
            .filter_map(|(path, write)| Some((path.as_deref()?, write)))
    }

    /// Whether two formats would be mixed on standard output.
    pub(super) fn collide(&self) -> bool {
        self.wanted().filter(|(path, _)| is_stdout(path)).count() > 1
    }

    pub(super) fn run(&self) -> Result<(), Error> {
        let bundle = read(&self.file)?;
        for (path, write) in self.wanted() {
            let found = if is_stdout(path) {
                // Not the stream for text, which takes colours out: some of this is binary.
                let mut out = BufWriter::new(io::stdout().lock());
                let found = write(&mut out, &bundle);
                found
                    .and_then(|found| out.flush().map(|()| found))
                    .map_err(Error::Output)?
            } else {
                to_file(path, write, &bundle)?
            };
            if !found {
                let file = plain(path.as_os_str().as_encoded_bytes());
                let text = format!("analyze: the recording has no calls for {file}");
                writeln!(io::stderr(), "{text}").map_err(Error::Output)?;
            }
        }
        Ok(())
    }
}

/// Writes a file; where there is nothing to write, none is left, as an empty one would open as a broken one.
fn to_file(path: &Path, write: Writer, bundle: &Bundle) -> Result<bool, Error> {
    let written = File::create(path).and_then(|file| {
        let mut file = BufWriter::new(file);
        let found = write(&mut file, bundle)?;
        file.flush()?;
        if !found {
            fs::remove_file(path)?;
        }
        Ok(found)
    });
    written.map_err(|source| Error::File {
        file: plain(path.as_os_str().as_encoded_bytes()),
        source,
    })
}
