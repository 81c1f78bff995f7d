//! What a recording of a scenario is called, in the files that `vm` leaves and `accuracy` reads.

use std::fmt;

/// What the label of every mix of noise starts with, and the whole label of the usual one.
pub(crate) const NOISE: &str = "noise";

/// `NAME.ARCH-KERNEL`, with `.NOISE` behind it where something else failed beside the scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recording {
    /// The scenario's name, without dots.
    pub(crate) scenario: String,
    /// Where it was recorded: `arm64-6.12`, or `arm64-6.12.noise` beside noise.
    pub(crate) host: Host,
}

/// The kernel that a scenario was recorded on, and the noise beside it; in order of both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Host {
    /// Architecture and kernel: `arm64-6.12`, `arm64-6.12.107-retval`.
    pub(crate) kernel: String,
    /// The label of the noise: `noise`, `noise-incident`.
    pub(crate) noise: Option<String>,
}

impl Recording {
    /// Takes apart a file's name without its extension; `None` when it is not one of ours.
    pub(crate) fn parse(stem: &str) -> Option<Self> {
        let (scenario, host) = stem.split_once('.')?;
        let (kernel, noise) = match host.rsplit_once('.') {
            Some((kernel, noise)) if noise.starts_with(NOISE) => (kernel, Some(noise.to_owned())),
            _ => (host, None),
        };
        Some(Self {
            scenario: scenario.to_owned(),
            host: Host {
                kernel: kernel.to_owned(),
                noise,
            },
        })
    }
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.scenario, self.host)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.noise {
            None => f.write_str(&self.kernel),
            Some(noise) => write!(f, "{}.{noise}", self.kernel),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Recording;

    #[test]
    fn names_are_read_as_they_are_written() {
        for (name, kernel, noise) in [
            ("tmpfs-full.arm64-6.12", "arm64-6.12", None),
            (
                "tmpfs-full.arm64-6.12.107-retval",
                "arm64-6.12.107-retval",
                None,
            ),
            ("tmpfs-full.amd64-7.2.noise", "amd64-7.2", Some("noise")),
            (
                "tmpfs-full.arm64-6.12.107-retval.noise-incident",
                "arm64-6.12.107-retval",
                Some("noise-incident"),
            ),
        ] {
            let recording = Recording::parse(name).unwrap();
            assert_eq!(recording.scenario, "tmpfs-full");
            assert_eq!(recording.host.kernel, kernel);
            assert_eq!(recording.host.noise.as_deref(), noise);
            assert_eq!(recording.to_string(), name);
        }
        assert_eq!(Recording::parse("incident"), None);
    }
}
