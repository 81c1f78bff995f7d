//! The first 64 bytes of a bundle.

use super::{take, u16_at, u32_at, u64_at};
use crate::{ReadError, bounds::MAX_FILE_HEADER_LEN};

/// The first eight bytes: a non-ASCII byte, the name, and line ends that text-mode transfers damage.
pub const MAGIC: [u8; 8] = [0x89, b'E', b'T', b'Z', b'\r', b'\n', 0x1a, b'\n'];

/// Major version: a reader refuses a larger one.
pub const MAJOR: u16 = 1;

/// Minor version: a reader accepts any, and skips what it does not know.
pub const MINOR: u16 = 0;

/// The file header.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 8 | magic |
/// | 8 | 2 | major version |
/// | 10 | 2 | minor version |
/// | 12 | 4 | length of this header: 64; a later minor version may append to it |
/// | 16 | 8 | reserved, 0 |
/// | 24 | 8 | creation time, nanoseconds since 1970-01-01 UTC |
/// | 32 | 16 | bundle id, random |
/// | 48 | 12 | reserved, 0 |
/// | 60 | 4 | CRC-32 of bytes 0 to 59 |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileHeader {
    /// Major version.
    pub major: u16,
    /// Minor version.
    pub minor: u16,
    /// Length of the header as the file has it, in bytes: the first frame begins there.
    pub len: u32,
    /// Creation time, nanoseconds since 1970-01-01 UTC (CLOCK_REALTIME).
    pub created_ns: u64,
    /// Random id of the bundle.
    pub id: [u8; 16],
}

impl FileHeader {
    /// Length on disk of this version, in bytes; the least of any.
    pub const LEN: usize = 64;

    /// The header's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&self.major.to_le_bytes());
        bytes[10..12].copy_from_slice(&self.minor.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.len.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.created_ns.to_le_bytes());
        bytes[32..48].copy_from_slice(&self.id);
        let crc = crc32fast::hash(&bytes[..60]);
        bytes[60..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads the header at the start of `file`.
    ///
    /// # Errors
    /// Another magic, a cut or damaged header, or a major version above [`MAJOR`].
    pub fn parse(file: &[u8]) -> Result<Self, ReadError> {
        if !file.starts_with(&MAGIC[..file.len().min(8)]) {
            return Err(ReadError::NotABundle {
                found: file[..file.len().min(8)].to_vec(),
            });
        }
        let cut = || ReadError::HeaderCut { len: file.len() };
        let major = u16_at(file, 8).ok_or_else(cut)?;
        let minor = u16_at(file, 10).ok_or_else(cut)?;
        let len = u32_at(file, 12).ok_or_else(cut)?;
        let created_ns = u64_at(file, 24).ok_or_else(cut)?;
        let id = take(file, 32).ok_or_else(cut)?;
        let crc = u32_at(file, 60).ok_or_else(cut)?;
        if crc != crc32fast::hash(&file[..60]) {
            return Err(ReadError::HeaderDamaged);
        }
        if major > MAJOR {
            return Err(ReadError::TooNew { major, minor });
        }
        if major == 0 || !(Self::LEN..=MAX_FILE_HEADER_LEN).contains(&(len as usize)) {
            return Err(ReadError::HeaderDamaged);
        }
        if file.len() < len as usize {
            return Err(cut());
        }
        Ok(Self {
            major,
            minor,
            len,
            created_ns,
            id,
        })
    }
}
