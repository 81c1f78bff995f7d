//! Kernels to boot: Debian's own, unpacked but never installed, or an image given by its path.

pub(crate) mod build;

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::cross::Arch;
use crate::process::{command, output, quiet};
use crate::{dirs, host};

/// The kernel series of the matrix: Debian 12, Debian 13, and Debian unstable.
pub(crate) const SERIES: [&str; 3] = ["6.1", "6.12", "7.2"];

/// A kernel that can be booted.
#[derive(Debug)]
pub(crate) struct Kernel {
    /// The series, or a name made of the image's file name: part of the names of output files.
    pub(crate) label: String,
    pub(crate) image: PathBuf,
    /// The folder with `modules.dep`; none when everything is built in.
    pub(crate) modules: Option<PathBuf>,
}

impl Kernel {
    /// `name` is a series such as "6.12", or the path of an image with everything built in.
    pub(crate) fn find(name: &str, arch: Arch) -> Result<Self> {
        let path = Path::new(name);
        if path.is_file() {
            return Ok(Self {
                label: image_label(path, arch),
                image: path.to_owned(),
                modules: None,
            });
        }
        if name.contains('/') || !name.starts_with(|first: char| first.is_ascii_digit()) {
            bail!("{name}: neither a kernel series such as 6.12 nor a kernel image");
        }
        host::require(host::VM)?;
        let package = match Package::newest(name, arch) {
            Err(_) => {
                host::refresh()?;
                Package::newest(name, arch)?
            }
            found => found?,
        };
        let root = dirs::cache("kernels")?.join(format!("{}_{}", package.name, package.version));
        if !root.join(UNPACKED).exists() {
            package.unpack(&root)?;
        }
        let modules = ["lib/modules", "usr/lib/modules"]
            .iter()
            .find_map(|dir| fs::read_dir(root.join(dir)).ok()?.next()?.ok())
            .with_context(|| format!("no modules in {}", root.display()))?
            .path();
        let image = find_image(&root, &modules)?;
        Ok(Self {
            label: name.to_owned(),
            image,
            modules: Some(modules),
        })
    }

    /// Those that [`build`] has made, which are of arm64.
    pub(crate) fn built(arch: Arch) -> Result<Vec<Self>> {
        if arch != Arch::Arm64 {
            return Ok(Vec::new());
        }
        let dir = build::images()?;
        let entries = fs::read_dir(&dir).with_context(|| format!("read {}", dir.display()))?;
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut images: Vec<PathBuf> = paths.filter(|path| path.is_file()).collect();
        images.sort();
        let kernels = images.into_iter().map(|image| Self {
            label: image_label(&image, arch),
            image,
            modules: None,
        });
        Ok(kernels.collect())
    }

    /// The series that it is of: "6.12" for the label "6.12.107-retval".
    pub(crate) fn series(&self) -> &str {
        let is_digit = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let mut dots = self.label.match_indices('.').map(|(at, _)| at);
        let end = dots.nth(1).unwrap_or(self.label.len());
        let series = &self.label[..end];
        let end = series.find('-').unwrap_or(end);
        match series[..end].split_once('.') {
            Some((major, minor)) if is_digit(major) && is_digit(minor) => &series[..end],
            _ => &self.label,
        }
    }
}

/// What is left of an image's name without what every image or architecture has: `6.12.107-retval` of
/// `Image-6.12.107-retval.arm64.gz`, `6.1.0-56-amd64` of `vmlinuz-6.1.0-56-amd64`.
fn image_label(path: &Path, arch: Arch) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let label = file.strip_suffix(".gz").unwrap_or(&file);
    let label = label
        .strip_suffix(&format!(".{}", arch.name()))
        .unwrap_or(label);
    let prefixes = ["Image-", "vmlinuz-", "bzImage-"];
    let bare = prefixes
        .iter()
        .find_map(|prefix| label.strip_prefix(prefix));
    bare.unwrap_or(label).to_owned()
}

/// Written last into a folder of the cache: what lacks it is an interrupted download.
const UNPACKED: &str = "unpacked";

fn find_image(root: &Path, modules: &Path) -> Result<PathBuf> {
    let boot = fs::read_dir(root.join("boot"))
        .into_iter()
        .flatten()
        .flatten();
    boot.map(|entry| entry.path())
        .find(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("vmlinu"))
        })
        .or_else(|| Some(modules.join("vmlinuz")).filter(|path| path.exists()))
        .with_context(|| format!("no kernel image in {}", root.display()))
}

/// A package that holds a kernel, or that depends on those that do.
struct Package {
    name: String,
    version: String,
    arch: Arch,
}

impl Package {
    /// What the newest metapackage `linux-image-<arch>` of the series depends on: in 6.1 and 6.12 it
    /// holds the kernel and its modules, later it depends on linux-binary-* and linux-modules-*.
    fn newest(series: &str, arch: Arch) -> Result<Self> {
        let meta = format!("linux-image-{0}:{0}", arch.name());
        let records = output(command("apt-cache").args(["show", &meta]))?;
        let mut best: Option<Self> = None;
        for record in records.split("\n\n") {
            let field = |name: &str| record.lines().find_map(|line| line.strip_prefix(name));
            let (Some(version), Some(depends)) = (field("Version: "), field("Depends: ")) else {
                continue;
            };
            let of_series = version
                .strip_prefix(series)
                .is_some_and(|rest| rest.starts_with('.'));
            let name = names(depends).find(|name| name.starts_with("linux-image-"));
            if let (true, Some(name)) = (of_series, name)
                && best
                    .as_ref()
                    .is_none_or(|best| compare(version, &best.version) == Ordering::Greater)
            {
                best = Some(Self {
                    name: name.to_owned(),
                    version: version.to_owned(),
                    arch,
                });
            }
        }
        best.with_context(|| {
            format!(
                "no Debian kernel {series} for {}: have apt-get update run",
                arch.name()
            )
        })
    }

    fn unpack(&self, root: &Path) -> Result<()> {
        eprintln!("fetching {} {}", self.name, self.version);
        let partial = root.with_extension("partial");
        let _ = fs::remove_dir_all(&partial);
        fs::create_dir_all(&partial)?;
        for name in self.parts()? {
            unpack(
                &format!("{name}:{}={}", self.arch.name(), self.version),
                &partial,
            )?;
        }
        for base in [partial.clone(), partial.join("usr")] {
            for entry in fs::read_dir(base.join("lib/modules"))
                .into_iter()
                .flatten()
                .flatten()
            {
                let release = entry.file_name();
                quiet(command("depmod").arg("-b").arg(&base).arg(release))?;
            }
        }
        fs::write(partial.join(UNPACKED), "")?;
        fs::rename(&partial, root).with_context(|| format!("rename to {}", root.display()))
    }

    /// The packages to unpack: this one, and those of its dependencies that are parts of it.
    fn parts(&self) -> Result<Vec<String>> {
        let package = format!("{}:{}={}", self.name, self.arch.name(), self.version);
        let record = output(command("apt-cache").args(["show", &package]))?;
        let depends = record
            .lines()
            .find_map(|line| line.strip_prefix("Depends: "))
            .unwrap_or("");
        let mut parts = vec![self.name.clone()];
        let is_part =
            |name: &&str| name.starts_with("linux-binary-") || name.starts_with("linux-modules-");
        parts.extend(names(depends).filter(is_part).map(str::to_owned));
        Ok(parts)
    }
}

/// Downloads a package (`name:arch=version`, or `name:arch` for the release's own version) and unpacks
/// it into `root`. The package lists are fetched anew once, if the mirror has moved on.
pub(crate) fn unpack(package: &str, root: &Path) -> Result<()> {
    let downloads = dirs::cache("downloads")?;
    let download = tempfile::tempdir_in(&downloads)?;
    let fetch = || {
        let mut apt = command("apt-get");
        // Root downloads as root: the cache folder is not open to apt's own user.
        apt.args(["-o", "APT::Sandbox::User=root", "download", package]);
        quiet(apt.current_dir(download.path()))
    };
    if fetch().is_err() {
        host::refresh()?;
        fetch()?;
    }
    for entry in fs::read_dir(download.path())? {
        quiet(command("dpkg").arg("-x").arg(entry?.path()).arg(root))?;
    }
    Ok(())
}

/// The first alternative of each dependency, without its version.
fn names(depends: &str) -> impl Iterator<Item = &str> {
    depends
        .split(',')
        .filter_map(|one| one.split_whitespace().next())
}

fn compare(left: &str, right: &str) -> Ordering {
    let greater = command("dpkg")
        .args(["--compare-versions", left, "gt", right])
        .status();
    if greater.is_ok_and(|status| status.success()) {
        Ordering::Greater
    } else {
        Ordering::Less
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_known_by_their_names() {
        let label = |file: &str| image_label(Path::new(file), Arch::Arm64);
        assert_eq!(
            label("/k/Image-6.12.107-retval.arm64.gz"),
            "6.12.107-retval"
        );
        assert_eq!(label("vmlinuz-6.1.0-56-arm64"), "6.1.0-56-arm64");
        assert_eq!(label("mine"), "mine");
    }

    #[test]
    fn a_label_tells_its_series() {
        let series = |label: &str| {
            let kernel = Kernel {
                label: label.into(),
                image: PathBuf::new(),
                modules: None,
            };
            kernel.series().to_owned()
        };
        assert_eq!(series("6.12"), "6.12");
        assert_eq!(series("6.12.107-retval"), "6.12");
        assert_eq!(series("7.2-mine.2"), "7.2");
        assert_eq!(series("mine"), "mine");
        assert_eq!(series("mine.of.today"), "mine.of.today");
    }
}
