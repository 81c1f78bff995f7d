//! The answer: what fails, who is to blame, where the kernel said no, what to do.

use std::io::{self, Write};

use anstyle::Style;

use super::layout::{BOLD, DIM, Page, WARN, confidence};
use crate::{
    report::{
        CommandRow, CulpritRow, FailureRow, OriginRow, RemedyRow, WhyRow,
        answer::{Answer, NO_CULPRIT, NO_ORIGIN, times},
    },
    rules::RemedyKind,
    text::shorten,
};

impl<W: Write> Page<'_, W> {
    pub(super) fn answer(&mut self, answer: &Answer<'_>) -> io::Result<()> {
        self.headline(answer)?;
        match answer.culprit {
            Some(culprit) => self.culprit(culprit)?,
            None => self.field("Cause", NO_CULPRIT, WARN)?,
        }
        match answer.origin {
            Some(origin) => self.origin(origin)?,
            None => self.field("Said no", NO_ORIGIN, WARN)?,
        }
        let remedies = answer.culprit.iter().flat_map(|culprit| &culprit.remedies);
        for (number, remedy) in remedies.enumerate() {
            let label = if number == 0 { "Remedy" } else { "" };
            self.remedy(label, remedy)?;
        }
        Ok(())
    }

    /// A command behind a prompt, what it is for above it; advice as the sentence that it is.
    fn remedy(&mut self, label: &str, remedy: &RemedyRow) -> io::Result<()> {
        match (remedy.kind, &remedy.about) {
            (RemedyKind::Advice, _) => self.field(label, &remedy.text, Style::new()),
            (RemedyKind::Command, None) => self.field(label, &format!("# {}", remedy.text), BOLD),
            (RemedyKind::Command, Some(about)) => {
                self.field(label, &format!("{about}:"), Style::new())?;
                self.field("", &format!("# {}", remedy.text), BOLD)
            }
        }
    }

    fn headline(&mut self, answer: &Answer<'_>) -> io::Result<()> {
        let FailureRow {
            syscall,
            errno,
            error,
            process,
            ..
        } = answer.failure;
        let text = format!(
            "{process}: {syscall} fails with {errno} ({error}), {}",
            times(answer.failure)
        );
        self.indented(&text, 0, BOLD)?;
        let half = self.options.width / 2;
        let paths: Vec<String> = answer.paths().map(|path| shorten(path, half)).collect();
        if !paths.is_empty() {
            self.indented(&format!("for example on {}", paths.join(", ")), 0, DIM)?;
        }
        let victim = answer.victim();
        let command = self.command.map(CommandRow::line);
        let who: Vec<String> = victim.into_iter().chain(command).collect();
        if !who.is_empty() {
            self.indented(&who.join("; "), 0, DIM)?;
        }
        let call = answer.failure.sample.as_ref().map(|sample| &sample.call);
        if let Some(call) = call.filter(|_| self.options.verbose) {
            self.indented(call, 0, DIM)?;
        }
        writeln!(self.out)
    }

    fn culprit(&mut self, culprit: &CulpritRow) -> io::Result<()> {
        let style = confidence(culprit.confidence);
        let head = format!("{}  confidence {}", culprit.id, culprit.confidence);
        self.field("Cause", &head, style.bold())?;
        if let Some(comparison) = &culprit.comparison {
            self.field("", &comparison.text, style.bold())?;
        }
        self.field("", &culprit.summary, Style::new())?;
        culprit
            .tie()
            .map_or(Ok(()), |tie| self.field("", &tie, WARN))
    }

    fn origin(&mut self, origin: &OriginRow) -> io::Result<()> {
        let OriginRow {
            function, errno, ..
        } = origin;
        let below = origin.or_below();
        let text = format!("{function}{below} returned {errno} ({})", origin.way());
        self.field("Said no", &text, Style::new())?;
        if origin.path.len() > 1 {
            self.field("", &origin.path.join(" > "), DIM)?;
        }
        if let Some(told) = origin.or_told() {
            self.field("", &told, DIM)?;
        }
        let answers = origin.answers();
        if !answers.is_empty() {
            self.field("", &format!("before that, {}", answers.join(", ")), DIM)?;
        }
        if let Some(inner) = &origin.translated {
            let text = format!("it was told {} by {}", inner.errno, inner.path.join(" > "));
            self.field("", &text, DIM)?;
        }
        self.why(&origin.why)
    }

    fn why(&mut self, why: &WhyRow) -> io::Result<()> {
        let Some(line) = &why.line else {
            return self.field("Why", &why.not_known(), DIM);
        };
        self.field("Why", line, Style::new())?;
        let remark = why.remark();
        remark.map_or(Ok(()), |remark| self.field("", remark, DIM))
    }
}
