//! The raw records of one BTF blob: `struct btf_header`, then types, then strings (`include/uapi/linux/btf.h`).
//!
//! A type is 12 bytes, `name_off`, `info` and `size` or `type`, then what its kind adds. `info` is read with the
//! widest layout in use, which older kernels fill with zeros: vlen in bits 0 to 23, kind in bits 24 to 30, flag in
//! bit 31. Types of an unknown kind have an unknown length, so they end the section.

use super::BtfError;
use crate::kernel::name_hash;

const MAGIC: u16 = 0xeb9f;
const HEADER_LEN: usize = 24;
const TYPE_LEN: usize = 12;

/// Most types that are read: the kernel's own bound (`BTF_MAX_TYPE`).
const MAX_TYPES: usize = 1 << 20;

/// What a type is. The names are the kernel's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Pointer,
    Array,
    Struct,
    Union,
    Enum,
    /// Typedef, const, volatile, restrict or type tag: stands for the type that it refers to.
    Alias,
    Function,
    Prototype,
    /// Of no use here.
    Other,
}

/// One type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type<'a> {
    pub(super) kind: Kind,
    /// Offset of the name in the strings.
    pub(super) name: u32,
    /// Number of members.
    pub(super) len: usize,
    /// Of structures: whether members may be bit fields. Of enums: whether values are signed.
    pub(super) flag: bool,
    /// `size`, in bytes, or the id of the type referred to, by kind.
    pub(super) size_or_type: u32,
    /// What the kind adds.
    tail: &'a [u8],
}

/// One member of a structure or union.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) name: u32,
    pub(super) type_id: u32,
    pub(super) offset_bits: u32,
    pub(super) bit_field: bool,
}

/// A BTF blob whose types were found.
#[derive(Debug)]
pub(super) struct Section {
    bytes: Vec<u8>,
    strings: std::ops::Range<usize>,
    /// Where each type starts in `bytes`.
    types: Vec<u32>,
    /// Id of the first type, and offset of the first string: not 1 and 0 in a module's blob.
    first_id: u32,
    first_string: u32,
    /// (hash of the name, id) of functions and structures, sorted.
    by_name: Vec<(u32, u32)>,
}

impl Section {
    /// Finds the types in `bytes`; `base` is the image's section when this is a module's.
    pub(super) fn parse(bytes: Vec<u8>, base: Option<&Self>) -> Result<Self, BtfError> {
        let header = |at| u32_at(&bytes, at).map(|value| value as usize);
        let magic = bytes
            .get(..2)
            .map(|word| u16::from_le_bytes([word[0], word[1]]));
        if magic != Some(MAGIC) || bytes.len() < HEADER_LEN {
            return Err(BtfError::NotBtf);
        }
        let range = |offset_at, len_at| {
            let start = header(4)?.checked_add(header(offset_at)?)?;
            let end = start.checked_add(header(len_at)?)?;
            (end <= bytes.len()).then_some(start..end)
        };
        let (Some(types), Some(strings)) = (range(8, 12), range(16, 20)) else {
            return Err(BtfError::Cut { len: bytes.len() });
        };
        let (first_id, first_string) =
            base.map_or((1, 0), |base| (base.end_id(), base.end_string()));
        let mut section = Self {
            types: type_offsets(&bytes, types)?,
            bytes,
            strings,
            first_id,
            first_string,
            by_name: Vec::new(),
        };
        section.index_names();
        Ok(section)
    }

    fn index_names(&mut self) {
        let mut by_name = Vec::new();
        for id in self.first_id..self.end_id() {
            let Some(found) = self.get(id) else { continue };
            if matches!(found.kind, Kind::Function | Kind::Struct | Kind::Union)
                && let Some(name) = self.string(found.name).filter(|name| !name.is_empty())
            {
                by_name.push((name_hash(name), id));
            }
        }
        by_name.sort_unstable();
        self.by_name = by_name;
    }

    /// The type of that id, when it is of this section.
    pub(super) fn get(&self, id: u32) -> Option<Type<'_>> {
        let index = id.checked_sub(self.first_id)?;
        let start = *self.types.get(index as usize)? as usize;
        read_type(&self.bytes, start)
    }

    /// The string at that offset, when it is of this section.
    pub(super) fn string(&self, offset: u32) -> Option<&str> {
        let within = offset.checked_sub(self.first_string)? as usize;
        let bytes = self.bytes.get(self.strings.clone())?.get(within..)?;
        let end = bytes.iter().position(|&byte| byte == 0)?;
        std::str::from_utf8(&bytes[..end]).ok()
    }

    /// Ids of the functions and structures that may have that name: their hashes agree.
    pub(super) fn candidates(&self, name: &str) -> impl Iterator<Item = u32> {
        let wanted = name_hash(name);
        let start = self.by_name.partition_point(|&(hash, _)| hash < wanted);
        self.by_name[start..]
            .iter()
            .take_while(move |&&(hash, _)| hash == wanted)
            .map(|&(_, id)| id)
    }

    /// Value of the enumerator of that name, for example `UCOUNT_INOTIFY_WATCHES`.
    pub(super) fn enumerator(&self, name: &str) -> Option<u32> {
        let enums = (self.first_id..self.end_id()).filter_map(|id| self.get(id));
        enums
            .filter(|found| found.kind == Kind::Enum)
            .flat_map(|found| found.enumerators().collect::<Vec<_>>())
            .find(|&(offset, _)| self.string(offset) == Some(name))
            .map(|(_, value)| value)
    }

    fn end_id(&self) -> u32 {
        self.first_id
            .saturating_add(u32::try_from(self.types.len()).unwrap_or(u32::MAX))
    }

    fn end_string(&self) -> u32 {
        self.first_string
            .saturating_add(u32::try_from(self.strings.len()).unwrap_or(u32::MAX))
    }
}

impl Type<'_> {
    /// The members of a structure or union.
    pub(super) fn members(&self) -> impl Iterator<Item = Member> {
        let flag = self.flag;
        self.tail.chunks_exact(12).map(move |member| {
            let word = |at| u32_at(member, at).unwrap_or(0);
            let offset = word(8);
            Member {
                name: word(0),
                type_id: word(4),
                // With the flag, the upper 8 bits are the size of a bit field.
                offset_bits: if flag { offset & 0x00ff_ffff } else { offset },
                bit_field: flag && offset >> 24 != 0,
            }
        })
    }

    /// Name and type of each parameter of a prototype; the last one of a function with any number of them has neither.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (u32, u32)> {
        let words = |item| Some((u32_at(item, 0)?, u32_at(item, 4)?));
        let named = |&(name, id): &(u32, u32)| name != 0 || id != 0;
        self.tail.chunks_exact(8).filter_map(words).filter(named)
    }

    /// Name and lower 32 bits of the value of each enumerator of an enum.
    fn enumerators(&self) -> impl Iterator<Item = (u32, u32)> {
        let len = self.tail.len().checked_div(self.len).unwrap_or(0).max(1);
        let words = |item| Some((u32_at(item, 0)?, u32_at(item, 4)?));
        self.tail.chunks_exact(len).filter_map(words)
    }

    /// Element type and number of elements of an array.
    pub(super) fn array(&self) -> Option<(u32, u32)> {
        Some((u32_at(self.tail, 0)?, u32_at(self.tail, 8)?))
    }

    /// Encoding (1 signed, 2 char, 4 bool) and number of bits of an integer.
    pub(super) fn int(&self) -> Option<(u32, u32)> {
        let word = u32_at(self.tail, 0)?;
        Some((word >> 24 & 0xf, word & 0xff))
    }
}

fn type_offsets(bytes: &[u8], range: std::ops::Range<usize>) -> Result<Vec<u32>, BtfError> {
    let mut offsets = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let Some(found) = read_type(bytes, at) else {
            // The types before are sound, and later ones only refer back to them or to what is lost.
            break;
        };
        if offsets.len() == MAX_TYPES {
            return Err(BtfError::TooManyTypes);
        }
        offsets.push(u32::try_from(at).map_err(|_| BtfError::TooManyTypes)?);
        at += TYPE_LEN + found.tail.len();
    }
    Ok(offsets)
}

fn read_type(bytes: &[u8], start: usize) -> Option<Type<'_>> {
    let info = u32_at(bytes, start.checked_add(4)?)?;
    let len = (info & 0x00ff_ffff) as usize;
    let (kind, tail_len) = match info >> 24 & 0x7f {
        1 => (Kind::Int, 4),
        2 => (Kind::Pointer, 0),
        3 => (Kind::Array, 12),
        4 => (Kind::Struct, 12 * len),
        5 => (Kind::Union, 12 * len),
        6 => (Kind::Enum, 8 * len),
        8..=11 | 18 => (Kind::Alias, 0),
        12 => (Kind::Function, 0),
        13 => (Kind::Prototype, 8 * len),
        // FWD, FLOAT; VAR, DECL_TAG; DATASEC.
        7 | 16 => (Kind::Other, 0),
        14 | 17 => (Kind::Other, 4),
        15 => (Kind::Other, 12 * len),
        // ENUM64.
        19 => (Kind::Enum, 12 * len),
        _ => return None,
    };
    let tail = start + TYPE_LEN;
    Some(Type {
        kind,
        name: u32_at(bytes, start)?,
        len,
        flag: info >> 31 != 0,
        size_or_type: u32_at(bytes, start + 8)?,
        tail: bytes.get(tail..tail + tail_len)?,
    })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}
