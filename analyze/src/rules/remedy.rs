//! What to do: a command that can be run, or advice.

use std::fmt;

use serde::Serialize;

/// One remedy. In rules it is text, and a command is its end between backticks: ``to keep it: `echo …` ``. All else is
/// advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// What a command is for.
    pub about: Option<String>,
    /// Whether `text` can be run.
    pub kind: RemedyKind,
    /// The command, or the advice.
    pub text: String,
}

/// What a remedy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RemedyKind {
    /// For a shell. What is to be filled in is in capital letters.
    Command,
    /// A sentence.
    Advice,
}

impl Remedy {
    /// What the text of a rule means. Names from the recorded host that were filled in are quoted for the shell, and none
    /// stands before a command: backticks in them move nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let inner = text.strip_suffix('`');
        let Some((about, command)) = inner.and_then(|inner| inner.split_once('`')) else {
            return Self {
                about: None,
                kind: RemedyKind::Advice,
                text: text.to_owned(),
            };
        };
        let about = about.trim_end().trim_end_matches(':');
        Self {
            about: (!about.is_empty()).then(|| about.to_owned()),
            kind: RemedyKind::Command,
            text: command.to_owned(),
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(about) = &self.about {
            write!(f, "{about}: ")?;
        }
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::book;

    #[test]
    fn a_command_stands_between_backticks() {
        let kept = Remedy::parse("to keep it: `echo a.b=1 > /etc/sysctl.d/90-a.conf`");
        assert_eq!(kept.kind, RemedyKind::Command);
        assert_eq!(kept.about.as_deref(), Some("to keep it"));
        assert_eq!(kept.text, "echo a.b=1 > /etc/sysctl.d/90-a.conf");
        assert_eq!(
            kept.to_string(),
            "to keep it: echo a.b=1 > /etc/sysctl.d/90-a.conf"
        );
        assert_eq!(Remedy::parse("`lsns`").to_string(), "lsns");
        let quoted = Remedy::parse("`umount '/a`b'`");
        assert_eq!(quoted.text, "umount '/a`b'");
        let advice = Remedy::parse("better: use the device file in /dev");
        assert_eq!((advice.kind, advice.about), (RemedyKind::Advice, None));
    }

    #[test]
    fn rules_mark_every_command_and_nothing_else() {
        // What a sentence does not begin with.
        const PROGRAMS: [&str; 12] = [
            "sysctl", "prlimit", "echo", "cat", "ip", "grep", "findmnt", "lsattr", "chattr", "df",
            "tune2fs", "setcap",
        ];
        for rule in book() {
            for text in &rule.remedy {
                let remedy = Remedy::parse(text);
                assert!(!remedy.text.is_empty(), "{text}");
                let about = remedy.about.as_deref().unwrap_or_default();
                assert!(!about.contains(['{', '`']), "{text}");
                if remedy.kind == RemedyKind::Advice {
                    assert!(!text.contains('`'), "{text}");
                    let word = text.split(' ').next().unwrap_or_default();
                    let prose = text.contains(" of that group") || text.contains(" shows ");
                    assert!(!PROGRAMS.contains(&word) || prose, "{text}");
                }
            }
        }
    }
}
