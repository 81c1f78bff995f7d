//! A record: the first byte is its type, the second its version and revision, the rest its payload.
#![no_main]

format_spec_fuzz::target!(format_spec_fuzz::formats::record);
