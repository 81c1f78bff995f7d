//! What `--errno`, `--syscall`, `--pid`, `--comm`, `--cgroup` and `--container` ask for: which failures are kept whole.

use aya::{
    Ebpf,
    maps::{Array, HashMap},
};
use capture_ebpf::{
    COMM_LEN, Cgroup, ERRNO_WORDS, Focus as Words, MAX_CGROUPS, MAX_FOCUS, MAX_SYSCALLS,
    SYSCALL_WORDS,
};

use super::load::map;
use crate::error::Error;

type FocusWords = [u64; size_of::<Words>() / 8];

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
    /// Control groups, each with those below it.
    pub(crate) cgroups: Vec<Cgroup>,
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
        if self.cgroups.len() > MAX_CGROUPS {
            return Err(Error::new(
                "--cgroup and --container",
                format!("more than {MAX_CGROUPS} control groups"),
            ));
        }
        let words = Array::<_, FocusWords>::try_from(map(ebpf, "FOCUS")?);
        words?.set(0, self.words(), 0)?;
        let mut tgids = HashMap::<_, u32, u8>::try_from(map(ebpf, "FOCUS_TGIDS")?)?;
        for tgid in &self.tgids {
            tgids.insert(tgid, 1, 0)?;
        }
        let mut comms = HashMap::<_, [u8; COMM_LEN], u8>::try_from(map(ebpf, "FOCUS_COMMS")?)?;
        for comm in &self.comms {
            comms.insert(padded(comm), 1, 0)?;
        }
        Ok(())
    }

    /// [`Words`], as aya takes it.
    fn words(&self) -> FocusWords {
        let mut words = [0; size_of::<FocusWords>() / 8];
        let (errnos, rest) = words.split_at_mut(ERRNO_WORDS);
        let (syscalls, cgroups) = rest.split_at_mut(SYSCALL_WORDS);
        for errno in 1..4096 {
            let wanted = self.errnos.is_empty() || self.errnos.contains(&errno);
            errnos[usize::from(errno) / 64] |= u64::from(wanted) << (errno % 64);
        }
        for number in 0..MAX_SYSCALLS {
            let wanted = self.syscalls.is_empty() || self.syscalls.contains(&number);
            syscalls[number as usize / 64] |= u64::from(wanted) << (number % 64);
        }
        for (words, group) in cgroups.chunks_exact_mut(2).zip(&self.cgroups) {
            words.copy_from_slice(&[group.id, group.level]);
        }
        words
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
    fn words_hold_a_bit_for_each() {
        let focus = Focus {
            errnos: vec![28],
            syscalls: vec![65],
            cgroups: vec![Cgroup { id: 7, level: 2 }],
            ..Focus::default()
        };
        let words = focus.words();
        assert_eq!(words[..2], [1 << 28, 0]);
        assert_eq!(words[ERRNO_WORDS..ERRNO_WORDS + 2], [0, 2]);
        assert_eq!(words[ERRNO_WORDS + SYSCALL_WORDS..][..3], [7, 2, 0]);
        let all = Focus::default().words();
        assert_eq!(all[ERRNO_WORDS - 1], u64::MAX);
        assert_eq!(all[ERRNO_WORDS + SYSCALL_WORDS - 1], u64::MAX);
    }

    #[test]
    fn names_are_padded() {
        assert_eq!(&padded("true")[..5], b"true\0");
        assert_eq!(padded("0123456789abcdefgh")[15], 0);
    }
}
