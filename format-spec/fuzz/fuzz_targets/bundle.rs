//! A whole bundle, diagnosed.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| format_spec_fuzz::analysis::bundle(bytes));
