//! A record: the first byte is its type, the second its version and revision, the rest its payload.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| format_spec_fuzz::formats::record(input));
