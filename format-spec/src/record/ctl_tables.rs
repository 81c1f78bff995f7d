//! Which variable each sysctl sets: the kernel's own `struct ctl_table` entries.

use bincode::{Decode, Encode};

/// The sysctls of the running kernel and the addresses of their variables; several frames add up.
///
/// With it a reader turns an address in a function's code into the name of a sysctl, on kernels without data
/// symbols too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct CtlTables {
    /// The entries, by rising address.
    pub entries: Vec<CtlEntry>,
}

impl super::Plain for CtlTables {
    const TYPE: u16 = 13;

    fn elements(&self) -> usize {
        let paths = self.entries.iter().map(|entry| entry.paths.len());
        self.entries.len() + paths.sum::<usize>()
    }
}

/// One `struct ctl_table` (`include/linux/sysctl.h`).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct CtlEntry {
    /// Address of the variable (`data`), relative to the kernel image, wrapping.
    pub data: u64,
    /// Path under /proc/sys with dots, for example `fs.mount-max`; where several fit, all of them.
    pub paths: Vec<String>,
    /// Size of the variable, in bytes (`maxlen`).
    pub size: u32,
    /// Symbol at or before `data`, with the distance in bytes; `None` where kallsyms has no data symbols.
    pub symbol: Option<(String, u64)>,
}
