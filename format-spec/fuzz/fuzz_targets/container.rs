//! A whole file: file header, walk, frames, compression, index, trailer.
#![no_main]

format_spec_fuzz::bundle_target!(format_spec_fuzz::formats::container);
