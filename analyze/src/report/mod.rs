//! The answer as people and programs read it: one [`Report`], written as JSON or for a terminal.

mod build;
mod model;
mod terminal;

pub use model::{
    CulpritRow, EvidenceRow, FailureRow, HostRow, LossRow, OriginRow, RecordingRow, Report,
    RuledOutRow, SampleRow, ToldRow, TranslatedRow, UsageRow,
};
pub use terminal::{Options, write};

#[cfg(test)]
mod tests;
