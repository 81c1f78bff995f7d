//! Prints a bundle as JSON: `cargo run -p format-spec --example dump -- FILE`.

use std::{error::Error, fs, io};

use format_spec::{Reader, json};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: dump FILE")?;
    let file = fs::read(path)?;
    serde_json::to_writer(io::stdout().lock(), &json::dump(&Reader::new(&file)?))?;
    Ok(())
}
