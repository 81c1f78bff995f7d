//! The recording in other tools' formats.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::{ArgGroup, Args};

use super::{Error, read};
use crate::{export, load::Bundle};

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

    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Error> {
        let bundle = read(&self.file)?;
        for (path, write) in self.wanted() {
            let mut found = true;
            if path.as_os_str() == "-" {
                found = write(out, &bundle).map_err(Error::Output)?;
            } else {
                let written = File::create(path).and_then(|file| {
                    let mut file = BufWriter::new(file);
                    found = write(&mut file, &bundle)?;
                    file.flush()
                });
                written.map_err(|source| Error::File {
                    file: crate::text::plain(path.as_os_str().as_encoded_bytes()),
                    source,
                })?;
            }
            if !found {
                // An empty file would open as a broken one.
                if path.as_os_str() != "-" {
                    let _ = std::fs::remove_file(path);
                }
                let file = crate::text::plain(path.as_os_str().as_encoded_bytes());
                let text = format!("analyze: the recording has no calls for {file}");
                writeln!(io::stderr(), "{text}").map_err(Error::Output)?;
            }
        }
        out.flush().map_err(Error::Output)
    }
}
