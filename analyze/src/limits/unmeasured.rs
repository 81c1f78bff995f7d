//! Limits whose use is not known: a remedy can still say what the sysctl is now, and what twice of it is.

use format_spec::record::Failure;

use super::{LimitUse, Unit};
use crate::{evidence::sysctl_text, load::Bundle};

/// The value of the sysctl that `id`, `sysctl:name`, stands for, as a limit with nothing used; `None` for ids of another
/// class, for sysctls of several numbers, and for those that were not recorded.
#[must_use]
pub fn unmeasured(bundle: &Bundle, failure: Option<&Failure>, id: &str) -> Option<LimitUse> {
    let name = id.strip_prefix("sysctl:")?;
    let limit = sysctl_text(bundle, failure, name)?.parse().ok()?;
    Some(LimitUse::new(id, Unit::Each(""), 0, Some(limit)))
}

#[cfg(test)]
mod tests {
    use format_spec::record::Phase;

    use super::*;
    use crate::testing::Recording;

    #[test]
    fn a_sysctl_of_one_number_is_known() {
        let mut recording = Recording::new();
        let files = [
            ("/proc/sys/net/core/somaxconn", "4096\n"),
            ("/proc/sys/kernel/sem", "250 32000 32 128\n"),
        ];
        recording.snapshot(Phase::End, 1000, &files);
        let bundle = recording.load();
        let limit = |id| unmeasured(&bundle, None, id).and_then(|found| found.limit());
        assert_eq!(limit("sysctl:net.core.somaxconn"), Some(4096));
        assert_eq!(limit("sysctl:kernel.sem"), None);
        assert_eq!(limit("sysctl:kernel.none"), None);
        assert_eq!(limit("rlimit:NOFILE"), None);
    }
}
