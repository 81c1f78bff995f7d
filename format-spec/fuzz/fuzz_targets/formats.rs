//! The texts `format` and `header_page`.
#![no_main]

format_spec_fuzz::target!(format_spec_fuzz::formats::format);
