//! The text of /proc/kallsyms.
#![no_main]

format_spec_fuzz::target!(format_spec_fuzz::kernel::kallsyms);
