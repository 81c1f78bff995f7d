//! A whole bundle, diagnosed.
#![no_main]

format_spec_fuzz::bundle_target!(format_spec_fuzz::analysis::bundle);
