//! Syscall names: each architecture has its own numbers.

use format_spec::record::Architecture;
use syscalls::{aarch64, x86_64};

/// The name of syscall `number` on `architecture`, for example `mount`; `syscall 999` for an unknown number.
#[must_use]
pub fn syscall_name(architecture: Architecture, number: u32) -> String {
    let index = usize::try_from(number).unwrap_or(usize::MAX);
    let known = match architecture {
        Architecture::Aarch64 => aarch64::Sysno::new(index).map(|syscall| syscall.name()),
        Architecture::X86_64 => x86_64::Sysno::new(index).map(|syscall| syscall.name()),
    };
    known.map_or_else(
        || format!("syscall {number}"),
        |name| usual(name).to_owned(),
    )
}

/// Names as strace(1), the kernel and the other architecture have them, where the table has another.
const USUAL: [(&str, &str); 1] = [("fstatat", "newfstatat")];

fn usual(name: &str) -> &str {
    USUAL
        .iter()
        .find(|(table, _)| *table == name)
        .map_or(name, |(_, usual)| usual)
}

/// The number of the syscall `name` on `architecture`; `None` where there is none of that name.
#[must_use]
pub fn syscall_number(architecture: Architecture, name: &str) -> Option<u32> {
    let parse = |name: &str| match architecture {
        Architecture::Aarch64 => name
            .parse::<aarch64::Sysno>()
            .ok()
            .map(|syscall| syscall.id()),
        Architecture::X86_64 => name
            .parse::<x86_64::Sysno>()
            .ok()
            .map(|syscall| syscall.id()),
    };
    let other = USUAL
        .iter()
        .find(|(_, usual)| *usual == name)
        .and_then(|(table, _)| parse(table));
    u32::try_from(parse(name).or(other)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_architecture_decides() {
        assert_eq!(syscall_name(Architecture::Aarch64, 40), "mount");
        assert_eq!(syscall_name(Architecture::X86_64, 165), "mount");
        assert_eq!(syscall_name(Architecture::Aarch64, 79), "newfstatat");
        assert_eq!(
            syscall_number(Architecture::Aarch64, "newfstatat"),
            Some(79)
        );
        assert_eq!(syscall_name(Architecture::Aarch64, 9999), "syscall 9999");
        assert_eq!(syscall_number(Architecture::X86_64, "mount"), Some(165));
        assert_eq!(syscall_number(Architecture::Aarch64, "open"), None);
    }
}
