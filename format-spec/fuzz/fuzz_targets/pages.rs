//! A sub-buffer of ftrace: its events, its own columns, the addresses in it.
#![no_main]

format_spec_fuzz::target!(format_spec_fuzz::formats::page);
