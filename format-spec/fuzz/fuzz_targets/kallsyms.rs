//! The text of /proc/kallsyms.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| format_spec_fuzz::kernel::kallsyms(bytes));
