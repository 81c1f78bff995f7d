//! The texts `format` and `header_page`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| format_spec_fuzz::formats::format(text));
