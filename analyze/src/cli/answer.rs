//! The answer, in each form that was asked for.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::Args;

use super::{error::Error, output::is_stdout, progress::watched, width};
use crate::{
    diagnosis::{Diagnosis, diagnose_by},
    incident::Wish,
    load::Bundle,
    report::{self, Options, Report},
    rules::{Without, known},
    text::plain,
};

/// What is written, and where to. `-` is standard output; without it the report for a terminal goes there.
#[derive(Debug, Args)]
pub(super) struct Forms {
    /// Write the report as JSON (schema etz-report/1)
    #[arg(long)]
    json: bool,
    /// Write the report as one HTML file that needs nothing else, `-` for standard output
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the report as Markdown for a ticket, `-` for standard output
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write all lists whole, with all evidence
    #[arg(short, long)]
    verbose: bool,
    /// Leave out a part of what is known of causes, to see how much the answer hangs on it
    #[arg(long, value_name = "PART", hide = true)]
    without: Option<Without>,
}

/// A form of the report other than that for a terminal.
#[derive(Debug, Clone, Copy)]
enum Form {
    Json,
    Html,
    Markdown,
}

impl Forms {
    /// The forms with their places.
    fn wanted(&self) -> impl Iterator<Item = (Form, &Path)> {
        let json = self.json.then(|| (Form::Json, Path::new("-")));
        let html = self.html.iter().map(|path| (Form::Html, path.as_path()));
        let markdown = self.markdown.iter();
        let markdown = markdown.map(|path| (Form::Markdown, path.as_path()));
        json.into_iter().chain(html).chain(markdown)
    }

    /// Whether two forms would be mixed on standard output.
    pub(super) fn collide(&self) -> bool {
        self.wanted().filter(|(_, path)| is_stdout(path)).count() > 1
    }

    /// Writes all that was asked for.
    ///
    /// # Errors
    /// Nothing fits the wish, or what a stream or file says.
    pub(super) fn write(
        &self,
        bundle: &Bundle,
        wish: &Wish,
        out: &mut impl Write,
    ) -> Result<(), Error> {
        let diagnosis = watched("looking for the cause", |_| {
            diagnose_by(bundle, wish, &known(self.without))
        });
        if !wish.is_empty() && diagnosis.subject.is_none() {
            return Err(Error::NoSuchFailure(what_failed(&diagnosis)));
        }
        let report = Report::new(bundle, &diagnosis);
        let mut to_terminal = true;
        for (form, path) in self.wanted() {
            if is_stdout(path) {
                to_terminal = false;
                write(form, out, bundle, &diagnosis, &report).map_err(Error::Output)?;
                continue;
            }
            let written = File::create(path).and_then(|file| {
                let mut file = BufWriter::new(file);
                write(form, &mut file, bundle, &diagnosis, &report)?;
                file.flush()
            });
            written.map_err(|source| Error::File {
                file: crate::text::plain(path.as_os_str().as_encoded_bytes()),
                source,
            })?;
        }
        if to_terminal {
            let options = Options {
                width: width::of_report(),
                verbose: self.verbose,
            };
            report::write(out, &report, options).map_err(Error::Output)?;
        }
        Ok(())
    }
}

/// A few kinds that did fail, for someone whose words fit none.
fn what_failed(diagnosis: &Diagnosis) -> String {
    const MOST: usize = 4;
    let kinds = &diagnosis.failures;
    let shown = kinds.iter().take(MOST).map(|group| {
        let comm = plain(&group.comm);
        format!("{comm}: {} {}", group.syscall_name, group.errno_name())
    });
    let mut shown: Vec<String> = shown.collect();
    if kinds.len() > MOST {
        shown.push(format!("{} more (analyze syscount)", kinds.len() - MOST));
    }
    match shown.is_empty() {
        true => "nothing failed at all".into(),
        false => format!("what failed: {}", shown.join(", ")),
    }
}

fn write(
    form: Form,
    out: &mut impl Write,
    bundle: &Bundle,
    diagnosis: &Diagnosis,
    report: &Report,
) -> io::Result<()> {
    match form {
        Form::Json => {
            serde_json::to_writer_pretty(&mut *out, report)?;
            writeln!(out)
        }
        Form::Html => report::write_html(out, bundle, diagnosis, report),
        Form::Markdown => report::write_markdown(out, report),
    }
}
