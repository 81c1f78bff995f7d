//! One file of a snapshot, diagnosed and redacted.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| format_spec_fuzz::analysis::snapshot(bytes));
