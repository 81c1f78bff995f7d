//! A sub-buffer of ftrace: its events, its own columns, the addresses in it.
#![no_main]

libfuzzer_sys::fuzz_target!(|page: &[u8]| format_spec_fuzz::formats::page(page));
