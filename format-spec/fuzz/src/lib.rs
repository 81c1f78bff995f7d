//! What each fuzz target does with its input; ordinary tests do the same with the saved corpus: those of `format-spec`
//! with [`formats`], those of `analyze` with [`analysis`], those of `capture` with the parsers of [`kernel`].

pub mod analysis;
pub mod formats;
pub mod kernel;
