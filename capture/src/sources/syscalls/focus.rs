//! What the options `--errno`, `--syscall`, `--pid` and `--comm` ask for: which failures are kept whole.

use aya::{
    Ebpf,
    maps::{Array, HashMap},
};
use capture_ebpf::{COMM_LEN, MAX_FOCUS, MAX_SYSCALLS};

use crate::error::Error;

/// The failures that are kept whole and zoomed on; an empty list means all. Counts are of all failures always.
#[derive(Debug, Clone, Default)]
pub(crate) struct Focus {
    /// errnos.
    pub(crate) errnos: Vec<u16>,
    /// Syscall numbers.
    pub(crate) syscalls: Vec<u32>,
    /// Processes, in the initial pid namespace.
    pub(crate) tgids: Vec<u32>,
    /// Names of threads.
    pub(crate) comms: Vec<String>,
}

impl Focus {
    /// Whether the caller named what to look for.
    pub(crate) fn is_explicit(&self, syscall: u32, errno: u16) -> bool {
        self.errnos.contains(&errno) || self.syscalls.contains(&syscall)
    }

    /// Whether a (syscall, errno) is asked for.
    pub(crate) fn covers(&self, syscall: u32, errno: u16) -> bool {
        (self.errnos.is_empty() || self.errnos.contains(&errno))
            && (self.syscalls.is_empty() || self.syscalls.contains(&syscall))
    }

    /// Tells the kernel program.
    pub(super) fn apply(&self, ebpf: &mut Ebpf) -> Result<(), Error> {
        let most = MAX_FOCUS as usize;
        if self.tgids.len() > most || self.comms.len() > most {
            return Err(Error::new(
                "--pid and --comm",
                format!("more than {MAX_FOCUS} of them"),
            ));
        }
        let mut errnos = Array::<_, u8>::try_from(super::map(ebpf, "FOCUS_ERRNOS")?)?;
        for errno in 1..4096u16 {
            let wanted = self.errnos.is_empty() || self.errnos.contains(&errno);
            errnos.set(errno.into(), u8::from(wanted), 0)?;
        }
        let mut syscalls = Array::<_, u8>::try_from(super::map(ebpf, "FOCUS_SYSCALLS")?)?;
        for number in 0..MAX_SYSCALLS {
            let wanted = self.syscalls.is_empty() || self.syscalls.contains(&number);
            syscalls.set(number, u8::from(wanted), 0)?;
        }
        let mut tgids = HashMap::<_, u32, u8>::try_from(super::map(ebpf, "FOCUS_TGIDS")?)?;
        for tgid in &self.tgids {
            tgids.insert(tgid, 1, 0)?;
        }
        let mut comms =
            HashMap::<_, [u8; COMM_LEN], u8>::try_from(super::map(ebpf, "FOCUS_COMMS")?)?;
        for comm in &self.comms {
            comms.insert(padded(comm), 1, 0)?;
        }
        Ok(())
    }
}

fn padded(comm: &str) -> [u8; COMM_LEN] {
    let mut bytes = [0; COMM_LEN];
    for (to, from) in bytes.iter_mut().zip(comm.bytes().take(COMM_LEN - 1)) {
        *to = from;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_means_all() {
        let all = Focus::default();
        assert!(all.covers(40, 28) && !all.is_explicit(40, 28));
        let full = Focus {
            errnos: vec![28],
            ..Focus::default()
        };
        assert!(full.covers(40, 28) && !full.covers(40, 2) && full.is_explicit(1, 28));
    }

    #[test]
    fn names_are_padded() {
        assert_eq!(&padded("true")[..5], b"true\0");
        assert_eq!(padded("0123456789abcdefgh")[15], 0);
    }
}
