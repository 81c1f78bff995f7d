//! BTF of the running kernel.
#![no_main]

format_spec_fuzz::target!(format_spec_fuzz::kernel::btf);
