//! The name of a bundle, with what is filled in: `incident-%H-%t.etz`.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    time::SystemTime,
};

use rustix::system::uname;

/// A path whose last name may hold `%H`, `%t` and `%%`.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    folder: PathBuf,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// The name of the host.
    Host,
    /// Date and time: `20261128T231501Z`.
    Time,
}

/// Digits and letters of a time.
const TIME_LEN: usize = "20261128T231501Z".len();

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// What it is that cannot be filled in.
    pub(crate) fn parse(path: &Path) -> Result<Self, String> {
        let name = path.file_name().ok_or("it names no file")?;
        let mut parts = Vec::new();
        let mut text = String::new();
        let name = name.to_str().ok_or("the name of the file is not UTF-8")?;
        let mut letters = name.chars();
        while let Some(letter) = letters.next() {
            if letter != '%' {
                text.push(letter);
                continue;
            }
            let part = match letters.next() {
                Some('%') => {
                    text.push('%');
                    continue;
                }
                Some('H') => Part::Host,
                Some('t') => Part::Time,
                _ => {
                    let known = "%H is the host, %t the time, %% a percent sign";
                    return Err(format!("a percent sign that stands for nothing: {known}"));
                }
            };
            parts.push(Part::Text(std::mem::take(&mut text)));
            parts.push(part);
        }
        parts.push(Part::Text(text));
        Ok(Self {
            folder: path.parent().unwrap_or(Path::new("")).to_owned(),
            parts,
        })
    }

    /// The path of a bundle of this time.
    pub(crate) fn fill(&self, time: SystemTime) -> PathBuf {
        let name = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Host => host(),
            Part::Time => compact(time),
        });
        self.folder.join(name.collect::<String>())
    }

    /// Whether bundles of different times have different names.
    pub(crate) fn has_time(&self) -> bool {
        self.parts.contains(&Part::Time)
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        match self.folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => &self.folder,
        }
    }

    /// The rest of a name that begins as one of this host does, with any time; `None` of another name.
    pub(crate) fn rest<'n>(&self, name: &'n OsStr) -> Option<&'n str> {
        let mut rest = name.to_str()?;
        for part in &self.parts {
            rest = match part {
                Part::Text(text) => rest.strip_prefix(text.as_str())?,
                Part::Host => rest.strip_prefix(host().as_str())?,
                Part::Time => {
                    let (time, rest) = rest.split_at_checked(TIME_LEN)?;
                    is_time(time).then_some(rest)?
                }
            };
        }
        Some(rest)
    }
}

/// The name of the host, as it may stand in a file's name.
fn host() -> String {
    let name = uname().nodename().to_string_lossy().replace('/', "-");
    match name.is_empty() {
        true => "localhost".into(),
        false => name,
    }
}

fn compact(time: SystemTime) -> String {
    let time = humantime::format_rfc3339_seconds(time).to_string();
    time.replace(['-', ':'], "")
}

fn is_time(text: &str) -> bool {
    let is_fit = |(at, byte): (usize, u8)| match at {
        8 => byte == b'T',
        15 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    text.bytes().enumerate().all(is_fit)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn parse(path: &str) -> Template {
        Template::parse(Path::new(path)).unwrap()
    }

    #[test]
    fn host_and_time_are_filled_in() {
        let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let path = parse("/out%H/a-%H-%t-100%%.etz").fill(time);
        let due = format!("/out%H/a-{}-20231114T221320Z-100%.etz", host());
        assert_eq!(path, Path::new(&due));
        assert_eq!(parse("x.etz").fill(time), Path::new("x.etz"));
    }

    #[test]
    fn only_names_that_it_can_have_are_its_own() {
        let template = parse("a-%t.etz");
        let rest = |name: &str| template.rest(OsStr::new(name)).map(str::to_owned);
        assert_eq!(rest("a-20231114T221320Z.etz").as_deref(), Some(""));
        assert_eq!(
            rest("a-20231114T221320Z.etz.partial").as_deref(),
            Some(".partial")
        );
        for name in [
            "a-.etz",
            "a-20231114T2213200.etz",
            "a-2023111xT221320Z.etz",
            "b-20231114T221320Z.etz",
            "a-20231114T221320Z",
        ] {
            assert_eq!(rest(name), None, "{name}");
        }
        assert!(template.has_time() && !parse("a-%H.etz").has_time());
    }

    #[test]
    fn what_stands_for_nothing_is_refused() {
        for path in ["50%.etz", "a-%Y.etz", "%"] {
            let error = Template::parse(Path::new(path)).unwrap_err();
            assert!(error.contains("%H is the host"), "{error}");
        }
        assert!(Template::parse(Path::new("..")).is_err());
    }
}
