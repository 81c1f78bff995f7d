//! Writes the man page and the shell completions of `analyze` into a folder: `cargo run --example manual -- FOLDER`.

use std::{env, io, path::Path};

use clap::CommandFactory as _;

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).unwrap_or_else(|| ".".into());
    manual::write(analyze::cli::Arguments::command(), Path::new(&folder))
}
