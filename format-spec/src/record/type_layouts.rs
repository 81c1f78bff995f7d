//! Where the fields of kernel structures are, from the kernel's BTF.

use bincode::{Decode, Encode};

/// Layouts of the structures that hold limits and their use; several frames add up.
///
/// With it a reader turns a load such as `ldr x1, [x0, #760]` into `signal_struct.rlim[7]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct TypeLayouts {
    /// The fields, nested ones with their whole path.
    pub fields: Vec<FieldLayout>,
}

impl super::Plain for TypeLayouts {
    const TYPE: u16 = 14;

    fn elements(&self) -> usize {
        self.fields.len()
    }
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct FieldLayout {
    /// Structure, for example `net`.
    pub structure: String,
    /// Path within it, for example `ipv4.sysctl_ip_prot_sock` or `rlim[7].rlim_cur`.
    pub field: String,
    /// Offset from the structure's start, in bytes.
    pub offset: u32,
    /// Size, in bytes.
    pub size: u32,
}
