//! What the chores need of the developer's machine: Debian packages, and tools that Debian lacks.

mod apt;
mod tools;

pub(crate) use apt::{can_require, mirror, refresh, require};
pub(crate) use tools::{bpf_linker, cargo_deb, cargo_deny};

/// Debian's Rust compiler has a prebuilt `core` for the BPF target; rustup's would need nightly and
/// its source. `llvm` brings `llvm-strip`.
pub(crate) const EBPF: &[&str] = &["rustc-web", "cargo-web", "libstd-rust-web-dev-bpf", "llvm"];

/// Static guest programs, in Rust and C, for both architectures.
pub(crate) const CROSS: &[&str] = &[
    "rustc-web",
    "cargo-web",
    "libstd-rust-web-dev:arm64",
    "gcc-aarch64-linux-gnu",
    "libc6-dev-arm64-cross",
    "gcc",
    "libc6-dev",
];

/// Booting Debian kernels, with or without a Debian userland.
pub(crate) const VM: &[&str] = &[
    "qemu-system-arm",
    "qemu-system-x86",
    "kmod",
    "cpio",
    "xz-utils",
    "mmdebstrap",
    "e2fsprogs",
];

/// Building a kernel, besides [`CROSS`].
pub(crate) const KERNEL: &[&str] = &[
    "make",
    "flex",
    "bison",
    "bc",
    "dwarves",
    "libelf-dev",
    "libssl-dev",
    "xz-utils",
];

/// The second reader of the format, which the tests compare with the first, and a validator of JSON schemas.
pub(crate) const PYTHON: &[&str] = &["python3", "python3-zstandard", "python3-jsonschema"];

/// The browser that HTML reports are opened in.
pub(crate) const BROWSER: &[&str] = &["chromium", "fonts-dejavu-core"];

/// What the analyzer's exports are opened with.
pub(crate) const CONSUMERS: &[&str] = &["graphviz", "librsvg2-bin"];
