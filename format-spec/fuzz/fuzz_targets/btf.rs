//! BTF of the running kernel.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| format_spec_fuzz::kernel::btf(bytes));
