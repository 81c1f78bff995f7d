//! What a returned value means.

use format_spec::record::ReturnType;

/// A returned value, read by the function's return type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// A negative errno, or an ERR_PTR: 1 to 4095.
    Error(u16),
    /// A NULL pointer.
    Null,
    /// A `bool`.
    Truth(bool),
    /// Any other number. A pointer to something is not told apart by its address.
    Value(i64),
    /// A valid pointer.
    Pointer,
}

/// Largest errno that kernel functions return (`MAX_ERRNO`, `include/linux/err.h`).
const MAX_ERRNO: i64 = 4095;

impl Outcome {
    /// Reads `value`, the return register as recorded. `None` when the function returns nothing that can be read.
    ///
    /// The upper half of a 32-bit result is undefined on arm64 and is dropped. A value of unknown type is taken for
    /// an errno only when its low half is one: most functions whose type BTF leaves open return `int`.
    #[must_use]
    pub fn read(value: u64, returns: ReturnType) -> Option<Self> {
        let wide = value.cast_signed();
        match returns {
            ReturnType::Void | ReturnType::Aggregate => None,
            ReturnType::Bool => Some(Self::Truth(value & 0xff != 0)),
            ReturnType::Pointer if value == 0 => Some(Self::Null),
            ReturnType::Pointer => Some(errno_of(wide).map_or(Self::Pointer, Self::Error)),
            ReturnType::Signed(bits) => {
                let narrow = sign_extend(value, bits);
                Some(errno_of(narrow).map_or(Self::Value(narrow), Self::Error))
            }
            // `unsigned long` carries errnos where addresses are returned (`get_unmapped_area`).
            ReturnType::Unsigned(64) => Some(errno_of(wide).map_or(Self::Value(wide), Self::Error)),
            ReturnType::Unsigned(bits) => Some(Self::Value(zero_extend(value, bits).cast_signed())),
            ReturnType::Unknown => {
                let narrow = sign_extend(value, 32);
                Some(errno_of(narrow).map_or(Self::Value(wide), Self::Error))
            }
        }
    }

    /// The errno of a syscall's result.
    #[must_use]
    pub fn of_result(result: i64) -> Self {
        errno_of(result).map_or(Self::Value(result), Self::Error)
    }

    /// The errno, when it is one.
    #[must_use]
    pub fn errno(self) -> Option<u16> {
        match self {
            Self::Error(errno) => Some(errno),
            _ => None,
        }
    }
}

fn errno_of(value: i64) -> Option<u16> {
    (-MAX_ERRNO..0)
        .contains(&value)
        .then(|| u16::try_from(-value).ok())
        .flatten()
}

fn sign_extend(value: u64, bits: u8) -> i64 {
    let shift = 64u32.saturating_sub(bits.into()).min(63);
    (value << shift).cast_signed() >> shift
}

fn zero_extend(value: u64, bits: u8) -> u64 {
    let shift = 64u32.saturating_sub(bits.into()).min(63);
    value << shift >> shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_decides() {
        let low = 0xdead_beef_ffff_ffe4;
        assert_eq!(
            Outcome::read(low, ReturnType::Signed(32)),
            Some(Outcome::Error(28))
        );
        assert_eq!(Outcome::read(low, ReturnType::Void), None);
        assert_eq!(
            Outcome::read(low, ReturnType::Pointer),
            Some(Outcome::Pointer)
        );
        assert_eq!(
            Outcome::read(low, ReturnType::Bool),
            Some(Outcome::Truth(true))
        );
        assert_eq!(
            Outcome::read(0x100, ReturnType::Bool),
            Some(Outcome::Truth(false))
        );
        let all = (-28i64).cast_unsigned();
        assert_eq!(
            Outcome::read(all, ReturnType::Pointer),
            Some(Outcome::Error(28))
        );
        assert_eq!(
            Outcome::read(all, ReturnType::Unsigned(64)),
            Some(Outcome::Error(28))
        );
        assert_eq!(
            Outcome::read(all, ReturnType::Unsigned(32)),
            Some(Outcome::Value(0xffff_ffe4))
        );
        assert_eq!(Outcome::read(0, ReturnType::Pointer), Some(Outcome::Null));
        assert_eq!(
            Outcome::read(0xffff_ffe4, ReturnType::Unknown),
            Some(Outcome::Error(28))
        );
        assert_eq!(
            Outcome::read(0xffff_ffe4, ReturnType::Signed(64)),
            Some(Outcome::Value(0xffff_ffe4))
        );
        assert_eq!(Outcome::of_result(-4096), Outcome::Value(-4096));
    }
}
