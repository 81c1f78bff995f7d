//! Kernel modules for the guest: what must be loaded, in which order, decompressed for busybox's insmod.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::process::{command, run};

/// Copies the named modules and all that they depend on from `modules` (a folder with `modules.dep`)
/// to `out`, beside a file `list` with their names in loading order. A module that this kernel has
/// built in, or lacks, is skipped.
pub(crate) fn install(modules: &Path, names: &[&str], out: &Path) -> Result<()> {
    let text = fs::read_to_string(modules.join("modules.dep")).context("read modules.dep")?;
    let mut list = String::new();
    for path in load_order(&text, names) {
        let file = Path::new(path)
            .file_name()
            .context("a module has a name")?
            .to_string_lossy();
        let name = file.trim_end_matches(".xz");
        let copy = out.join(name);
        if name == file {
            fs::copy(modules.join(path), &copy)?;
        } else {
            let mut xz = command("xz");
            run(xz
                .arg("-dc")
                .arg(modules.join(path))
                .stdout(File::create(&copy)?))?;
        }
        list += &format!("{name}\n");
    }
    fs::write(out.join("list"), list)?;
    Ok(())
}

/// modules.dep has a line `path: dependency...` for each module, with all indirect dependencies too,
/// those that must be loaded first last.
fn load_order<'a>(modules_dep: &'a str, names: &[&str]) -> Vec<&'a str> {
    let by_name: HashMap<String, (&str, &str)> = modules_dep
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(path, dependencies)| (name(path), (path, dependencies)))
        .collect();
    let mut order: Vec<&str> = Vec::new();
    for wanted in names {
        let Some((path, dependencies)) = by_name.get(&wanted.replace('-', "_")) else {
            continue;
        };
        for module in dependencies.split_whitespace().rev().chain([*path]) {
            if !order.contains(&module) {
                order.push(module);
            }
        }
    }
    order
}

fn name(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.split(".ko").next().unwrap_or(file).replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::load_order;

    #[test]
    fn dependencies_come_first_and_once() {
        let dep = "kernel/fs/9p/9p.ko.xz: kernel/net/9p/9pnet.ko.xz kernel/fs/netfs.ko.xz\n\
                   kernel/fs/netfs.ko.xz:\n\
                   kernel/net/9p/9pnet.ko.xz:\n\
                   kernel/net/9p/9pnet-virtio.ko.xz: kernel/net/9p/9pnet.ko.xz\n";
        assert_eq!(
            load_order(dep, &["9p", "absent", "9pnet_virtio"]),
            [
                "kernel/fs/netfs.ko.xz",
                "kernel/net/9p/9pnet.ko.xz",
                "kernel/fs/9p/9p.ko.xz",
                "kernel/net/9p/9pnet-virtio.ko.xz"
            ]
        );
    }
}
