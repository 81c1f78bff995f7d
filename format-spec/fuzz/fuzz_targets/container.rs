//! A whole file: file header, walk, frames, compression, index, trailer.
#![no_main]

libfuzzer_sys::fuzz_target!(|file: &[u8]| format_spec_fuzz::formats::container(file));
