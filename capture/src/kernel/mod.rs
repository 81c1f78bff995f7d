//! What the running kernel says of itself: symbols, BTF, machine code.

/// One way from a structure to an integer, resolved against the running kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldPath {
    /// The steps; the value is at the end of the last one.
    pub(crate) steps: Vec<Step>,
    /// Size of the value, in bytes: 1, 2, 4 or 8.
    pub(crate) size: u8,
}

/// One step of a [`FieldPath`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// Added to the address, in bytes.
    pub(crate) offset: u32,
    /// Whether a pointer is then read there and followed.
    pub(crate) deref: bool,
}

/// What was found out about the running kernel.
#[derive(Debug)]
pub(crate) struct Kernel;

impl Kernel {
    /// Looks at the running kernel. What cannot be read is missing from the result, not an error.
    pub(crate) fn load() -> Self {
        Self
    }

    /// Resolves a path that starts at `task_struct`, for example `nsproxy->mnt_ns->nr_mounts` or
    /// `signal->rlim[7].rlim_cur`. `None` when this kernel does not have it, or it is no integer.
    pub(crate) fn btf_path(&self, _path: &str) -> Option<FieldPath> {
        None
    }
}
