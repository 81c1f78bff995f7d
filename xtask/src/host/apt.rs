//! Debian packages, on Debian 12 and newer on x86-64: installed when root, else named.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::process::{command, output, quiet};

/// The releases whose kernels are tested: 6.1, 6.12 and the newest.
const RELEASES: [&str; 3] = ["bookworm", "trixie", "sid"];

/// bookworm's own QEMU 7.2 works, but 10 is what the guests are run on.
const QEMU_SUITE: &str = "bookworm-backports";

const SOURCES: &str = "/etc/apt/sources.list.d/etz.sources";
const PINS: &str = "/etc/apt/preferences.d/etz";

/// Makes sure that `packages` are installed and that the other releases can be downloaded from.
/// Installs them when root on Debian, else fails with one line that names what is missing.
pub(crate) fn require(packages: &[&str]) -> Result<()> {
    let missing = missing(packages);
    if missing.is_empty() {
        return Ok(());
    }
    if let Some(why) = obstacle(&missing) {
        bail!(why);
    }
    eprintln!("installing {}", missing.join(" "));
    refresh()?;
    let backported = |name: &&str| name.starts_with("qemu-system");
    let (qemu, others): (Vec<&str>, Vec<&str>) = missing.into_iter().partition(backported);
    install(&others, None)?;
    install(&qemu, (codename()? == "bookworm").then_some(QEMU_SUITE))
}

fn install(packages: &[&str], suite: Option<&str>) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let mut apt = command("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    apt.args(["install", "--yes", "--no-install-recommends"]);
    if let Some(suite) = suite {
        apt.args(["--target-release", suite]);
    }
    quiet(apt.args(packages))
}

/// Whether `packages` are there or can be installed; else one line that says why not. In continuous
/// integration they must be: what needs them is not to be left out.
pub(crate) fn can_require(packages: &[&str]) -> Result<(), String> {
    let missing = missing(packages);
    match obstacle(&missing) {
        Some(why) if !missing.is_empty() && std::env::var_os("CI").is_none() => Err(why),
        _ => Ok(()),
    }
}

fn missing<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    packages
        .iter()
        .copied()
        .filter(|name| !installed(name))
        .collect()
}

/// Why packages cannot be installed here.
fn obstacle(missing: &[&str]) -> Option<String> {
    let missing = missing.join(" ");
    if !Path::new("/etc/debian_version").exists() {
        return Some(format!(
            "this needs Debian 12 or newer; missing here: {missing}"
        ));
    }
    if !rustix::process::geteuid().is_root() {
        return Some(format!(
            "missing Debian packages, run as root to install them: {missing}"
        ));
    }
    None
}

/// Fetches the package lists of all releases anew, for both architectures; as root the sources are
/// added first. That one source of many cannot be read is no obstacle yet: what is missing for it is
/// told when it is asked for.
pub(crate) fn refresh() -> Result<()> {
    if rustix::process::geteuid().is_root() {
        add_sources()?;
    }
    let update = command("apt-get")
        .args(["--quiet", "update"])
        .output()
        .context("start apt-get")?;
    if !update.status.success() {
        let errors = String::from_utf8_lossy(&update.stderr);
        for line in errors.lines().filter(|line| line.starts_with("E: ")) {
            eprintln!("apt-get update: {line}");
        }
    }
    Ok(())
}

/// The pins keep everything else on the machine's own release.
fn add_sources() -> Result<()> {
    let own = codename()?;
    let (uri, keyring) = mirror()?;
    let mut suites: Vec<&str> = RELEASES.into_iter().filter(|name| *name != own).collect();
    if own == "bookworm" {
        suites.insert(0, QEMU_SUITE);
    }
    let mut sources = format!("Types: deb\nURIs: {uri}\nSuites: {}\n", suites.join(" "));
    sources += &format!("Components: main\nSigned-By: {keyring}\n");
    let pins: Vec<String> = suites
        .iter()
        .map(|suite| {
            let priority = if suite.ends_with("-backports") {
                100
            } else {
                50
            };
            format!("Package: *\nPin: release n={suite}\nPin-Priority: {priority}\n")
        })
        .collect();
    write_if_new(SOURCES, &sources)?;
    write_if_new(PINS, &pins.join("\n"))?;
    quiet(command("dpkg").args(["--add-architecture", "arm64"]))
}

fn installed(package: &str) -> bool {
    output(command("dpkg-query").args(["-W", "-f=${db:Status-Status} ", package]))
        .is_ok_and(|status| status.split_whitespace().any(|word| word == "installed"))
}

fn codename() -> Result<String> {
    let release = fs::read_to_string("/etc/os-release").context("read /etc/os-release")?;
    let codename = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    Ok(codename.unwrap_or("sid").trim_matches('"').to_owned())
}

/// The mirror and keyring that the machine already trusts for its own release.
pub(crate) fn mirror() -> Result<(String, String)> {
    let lists = fs::read_dir("/etc/apt/sources.list.d").context("read /etc/apt/sources.list.d")?;
    let mut paths: Vec<_> = lists.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.push("/etc/apt/sources.list".into());
    paths.retain(|path| path != Path::new(SOURCES));
    paths.sort();
    paths
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .find_map(|text| mirror_in(&text))
        .context(
            "no signed Debian source in /etc/apt: add one of its main archive for this release",
        )
}

/// Finds the main archive (its path ends in `/debian`) in a file of either format of sources.list(5).
fn mirror_in(text: &str) -> Option<(String, String)> {
    const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
    let is_archive = |uri: &&str| uri.trim_end_matches('/').ends_with("/debian");
    let uri = text
        .lines()
        .filter(|line| line.starts_with("deb ") || line.starts_with("URIs:"))
        .flat_map(str::split_whitespace)
        .find(is_archive)?;
    let keyring = text
        .lines()
        .find_map(|line| line.strip_prefix("Signed-By:"));
    Some((
        uri.to_owned(),
        keyring.map_or(KEYRING, str::trim).to_owned(),
    ))
}

fn write_if_new(path: &str, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(path, text).with_context(|| format!("write {path}"))
}

#[cfg(test)]
mod tests {
    use super::mirror_in;

    #[test]
    fn finds_the_mirror_in_both_formats() {
        let deb822 = "Types: deb\n# http://snapshot.example/debian\nURIs: http://archive.example/debian\n\
                      Suites: bookworm\nSigned-By: /keys/debian.gpg\n";
        let expected = (
            "http://archive.example/debian".into(),
            "/keys/debian.gpg".into(),
        );
        assert_eq!(mirror_in(deb822), Some(expected));
        let line = "deb [arch=amd64] https://mirror.example/debian/ bookworm main\n";
        let (uri, keyring) = mirror_in(line).unwrap();
        assert_eq!(uri, "https://mirror.example/debian/");
        assert_eq!(keyring, "/usr/share/keyrings/debian-archive-keyring.gpg");
        assert_eq!(
            mirror_in("deb https://packages.example.com/apt sdk main\n"),
            None
        );
        assert_eq!(
            mirror_in("URIs: http://archive.example/debian-security\n"),
            None
        );
    }
}
