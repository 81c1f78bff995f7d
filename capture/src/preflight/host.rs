//! The host.

use std::fs;

use format_spec::record::{Architecture, Host};
use rustix::{param::page_size, system::uname};

use crate::procfs::in_bytes;

/// The architecture that this recorder is built for, which is the host's.
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: Architecture = Architecture::Aarch64;
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: Architecture = Architecture::X86_64;

/// Describes the host. What cannot be read is empty or 0.
pub(crate) fn host() -> Host {
    let uname = uname();
    Host {
        hostname: uname.nodename().to_string_lossy().into_owned(),
        kernel_release: uname.release().to_string_lossy().into_owned(),
        kernel_version: uname.version().to_string_lossy().into_owned(),
        os_release: os_release(&read("/etc/os-release")),
        architecture: ARCHITECTURE,
        cpus: cpus(&read("/sys/devices/system/cpu/online")),
        page_size_bytes: u32::try_from(page_size()).unwrap_or(0),
        memory_bytes: in_bytes(&read("/proc/meminfo"), "MemTotal"),
        boot_id: read("/proc/sys/kernel/random/boot_id").trim().into(),
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// PRETTY_NAME of os-release(5).
fn os_release(text: &str) -> String {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="));
    line.unwrap_or_default().trim_matches('"').into()
}

/// Number of processors in a list such as `0-3,6`.
fn cpus(list: &str) -> u32 {
    let count = |range: &str| -> Option<u32> {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        last.checked_sub(first)?.checked_add(1)
    };
    list.trim().split(',').filter_map(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_kernels_texts() {
        assert_eq!(cpus("0-3,6\n"), 5);
        assert_eq!(cpus(""), 0);
        assert_eq!(
            os_release("NAME=x\nPRETTY_NAME=\"Debian 13\"\n"),
            "Debian 13"
        );
    }

    #[test]
    fn knows_this_host() {
        let host = host();
        assert!(host.cpus > 0 && host.memory_bytes > 0 && host.page_size_bytes >= 4096);
        assert!(!host.kernel_release.is_empty());
    }
}
