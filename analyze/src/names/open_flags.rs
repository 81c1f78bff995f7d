//! Flags of open(2) whose numbers differ between architectures.

use format_spec::record::Architecture;

/// Name, number on arm64 (`arch/arm64/include/uapi/asm/fcntl.h`), number on x86-64
/// (`include/uapi/asm-generic/fcntl.h`); the same from 5.10 to 7.2.
const FLAGS: [(&str, u64, u64); 4] = [
    ("O_DIRECTORY", 0o040_000, 0o200_000),
    ("O_NOFOLLOW", 0o100_000, 0o400_000),
    ("O_DIRECT", 0o200_000, 0o040_000),
    ("O_NOATIME", 0o1_000_000, 0o1_000_000),
];

/// The bit of the flag of that name; `None` for one that is not in the table.
#[must_use]
pub fn open_flag(architecture: Architecture, name: &str) -> Option<u64> {
    let (_, arm64, x86_64) = FLAGS.iter().find(|(known, _, _)| *known == name)?;
    Some(match architecture {
        Architecture::Aarch64 => *arm64,
        Architecture::X86_64 => *x86_64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bit_means_another_thing_on_another_architecture() {
        let arm64 = |name| open_flag(Architecture::Aarch64, name);
        let x86_64 = |name| open_flag(Architecture::X86_64, name);
        assert_eq!(arm64("O_DIRECT"), x86_64("O_DIRECTORY"));
        assert_eq!(x86_64("O_DIRECT"), arm64("O_DIRECTORY"));
        assert_eq!(arm64("O_TMPFILE"), None);
    }
}
