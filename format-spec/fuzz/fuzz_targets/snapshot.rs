//! One file of a snapshot, diagnosed and redacted.
#![no_main]

format_spec_fuzz::target!(format_spec_fuzz::analysis::snapshot);
