//! The answer as people and programs read it: one [`Report`], written as JSON, for a terminal, as HTML or as Markdown.

mod answer;
mod build;
mod html;
mod markdown;
mod model;
mod terminal;
mod why;

pub use html::write as write_html;
pub use markdown::write as write_markdown;
pub use model::{
    CheckRow, CommandRow, ComparisonRow, CulpritRow, EvidenceRow, FailureRow, HostRow, IncidentRow,
    LossRow, OriginRow, RecordingRow, RemedyRow, Report, RuledOutRow, SampleRow, TermRow, ToldRow,
    TranslatedRow, UsageRow, WhyRow,
};
pub use terminal::{Options, write};

#[cfg(test)]
mod tests;
