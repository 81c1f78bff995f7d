//! `/proc/kcore`: the kernel's memory as an ELF core file, read-only.
//!
//! One PT_LOAD segment for each mapped range (`fs/proc/kcore.c`). The image is one of them: on arm64 and x86-64
//! `_text` to `_end`, entered as KCORE_TEXT (`arch/*/mm/init*.c`, 5.10 to 7.2).

use std::{fs::File, io, os::unix::fs::FileExt};

const PATH: &str = "/proc/kcore";

/// Most program headers that are looked at; real kernels have tens.
const MAX_SEGMENTS: u16 = 4096;

const PT_LOAD: u32 = 1;
const ELF_HEADER_LEN: usize = 64;
const PROGRAM_HEADER_LEN: usize = 56;

/// `/proc/kcore` cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KcoreError {
    /// Lockdown, or no CAP_SYS_RAWIO.
    #[error("may not open {PATH} (kernel lockdown, or CAP_SYS_RAWIO is missing)")]
    Denied,
    /// It cannot be read.
    #[error("cannot read {PATH}: {0}")]
    Io(#[from] io::Error),
    /// It is not the 64-bit little-endian ELF core file that it should be.
    #[error("{PATH} is not a 64-bit ELF core file")]
    NotElf,
    /// The address is in no segment.
    #[error("{PATH} has no segment for {len} bytes at {address:#x}")]
    Unmapped {
        /// First address asked for.
        address: u64,
        /// Bytes asked for.
        len: usize,
    },
}

/// The kernel's memory.
#[derive(Debug)]
pub(crate) struct Kcore {
    file: File,
    segments: Vec<Segment>,
}

/// A mapped range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    /// First address.
    pub(crate) address: u64,
    /// Length, in bytes.
    pub(crate) len: u64,
    offset: u64,
}

impl Kcore {
    /// Opens it and reads its program headers.
    ///
    /// # Errors
    /// EPERM under lockdown or without CAP_SYS_RAWIO, or a file that is no ELF core.
    pub(crate) fn open() -> Result<Self, KcoreError> {
        let file = File::open(PATH).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => KcoreError::Denied,
            _ => KcoreError::Io(error),
        })?;
        let mut header = [0; ELF_HEADER_LEN];
        file.read_exact_at(&mut header, 0)?;
        let (offset, count) = program_headers(&header).ok_or(KcoreError::NotElf)?;
        let mut table = vec![0; usize::from(count) * PROGRAM_HEADER_LEN];
        file.read_exact_at(&mut table, offset)?;
        let segments = table
            .chunks_exact(PROGRAM_HEADER_LEN)
            .filter_map(load_segment)
            .collect();
        Ok(Self { file, segments })
    }

    /// Fills `out` with the memory at `address`. Holes within a segment read as zeros.
    ///
    /// # Errors
    /// When no segment holds all of it, or reading fails.
    pub(crate) fn read(&self, address: u64, out: &mut [u8]) -> Result<(), KcoreError> {
        let offset = self
            .segments
            .iter()
            .find_map(|segment| segment.file_offset(address, out.len() as u64))
            .ok_or(KcoreError::Unmapped {
                address,
                len: out.len(),
            })?;
        Ok(self.file.read_exact_at(out, offset)?)
    }

    /// The segment that `address` lies in.
    pub(crate) fn segment(&self, address: u64) -> Option<Segment> {
        let holds = |segment: &&Segment| segment.file_offset(address, 1).is_some();
        self.segments.iter().copied().find(|s| holds(&s))
    }
}

impl Segment {
    fn file_offset(&self, address: u64, len: u64) -> Option<u64> {
        let within = address.checked_sub(self.address)?;
        let fits = within.checked_add(len)? <= self.len;
        fits.then(|| self.offset.checked_add(within))?
    }
}

/// `e_phoff` and `e_phnum` of `Elf64_Ehdr`.
fn program_headers(header: &[u8; ELF_HEADER_LEN]) -> Option<(u64, u16)> {
    // Magic, ELFCLASS64, ELFDATA2LSB.
    let is_elf = header.starts_with(b"\x7fELF\x02\x01");
    let count = u16::from_le_bytes([header[56], header[57]]);
    let size_is_known =
        usize::from(u16::from_le_bytes([header[54], header[55]])) == PROGRAM_HEADER_LEN;
    (is_elf && size_is_known && count <= MAX_SEGMENTS).then(|| (u64_at(header, 32), count))
}

/// `p_type`, `p_offset`, `p_vaddr` and `p_memsz` of `Elf64_Phdr`.
fn load_segment(header: &[u8]) -> Option<Segment> {
    let kind = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
    (kind == PT_LOAD).then(|| Segment {
        address: u64_at(header, 16),
        len: u64_at(header, 40),
        offset: u64_at(header, 8),
    })
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_an_elf_core() {
        let mut header = [0; ELF_HEADER_LEN];
        header[..6].copy_from_slice(b"\x7fELF\x02\x01");
        header[32] = 64;
        header[54] = 56;
        header[56] = 3;
        assert_eq!(program_headers(&header), Some((64, 3)));
        header[5] = 2;
        assert_eq!(program_headers(&header), None);
    }

    #[test]
    fn a_range_must_fit_its_segment() {
        let segment = Segment {
            address: 0xffff_8000_8000_0000,
            len: 0x1000,
            offset: 0x2000,
        };
        assert_eq!(segment.file_offset(0xffff_8000_8000_0ff0, 16), Some(0x2ff0));
        assert_eq!(segment.file_offset(0xffff_8000_8000_0ff0, 17), None);
        assert_eq!(segment.file_offset(0xffff_8000_7fff_ffff, 1), None);
        assert_eq!(segment.file_offset(u64::MAX, u64::MAX), None);
    }
}
