//! The facts: integers that the kernel program reads from the failing task, at the moment of the failure.
//!
//! Each is named by the way to it from `task_struct` (`include/linux/sched.h`). Structures change between kernels,
//! so a fact has one way for each of its layouts; the first that the running kernel's BTF knows is used, and a fact
//! with none is left out. Names are stable: analyzers rely on them.

mod table;

use capture_ebpf::{
    FROM_ADDRESS, FROM_FILE, FROM_STRUCTURE, FROM_TASK, IN_COMMAND, MAX_DEREFS, MAX_FACTS, Recipe,
};
use format_spec::record::{FactDefinition, FactTable, FactUnit};

use crate::kernel::{FieldPath, Kernel};

/// A fact and the ways to it.
struct Fact {
    /// Name in the bundle.
    name: &'static str,
    /// Unit.
    unit: FactUnit,
    /// Ways, the newest layout first. `@8` behind one reads that many bytes whatever BTF says. `fd:` in front of one
    /// starts at the `struct file` (`include/linux/fs.h`) behind the call's descriptor argument, not at the task.
    /// `address:2@2` are the two bytes from byte 2 on of the socket address that the call was given, `structure:0@8` the
    /// first eight of the structure of its arguments.
    paths: &'static [&'static str],
}

/// The array of open files, as a number, and its length.
const FILES: &str = "files->fdt->fd";
const FILES_LEN: &str = "files->fdt->max_fds";

/// How the process of a thread ends: `struct signal_struct` (`include/linux/sched/signal.h`), in the order of their places
/// from [`capture_ebpf::LIVE`] on.
const ENDING: [&str; 4] = [
    "signal->live",
    "signal->flags",
    "signal->group_exit_code",
    "group_leader->exit_code",
];

/// The fact that a process is of the recorded command: it, or a descendant of it, however far.
pub(crate) const OF_COMMAND: &str = "task.of_command";

/// The facts of this kernel.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Names and ways, for the bundle.
    pub(crate) table: FactTable,
    /// Ways, for the kernel program: the number of a fact is its place.
    pub(crate) recipes: Vec<Recipe>,
    /// The way to the array of open files, and to its length.
    pub(crate) files: Recipe,
    pub(crate) files_len: Recipe,
    /// The ways to how a process ends.
    pub(crate) ending: [Recipe; ENDING.len()],
    /// Names of the facts that this kernel does not have.
    pub(crate) missing: Vec<&'static str>,
}

impl Facts {
    /// Resolves the table against the running kernel. With a `command` to record, it is a fact who is of it.
    pub(crate) fn resolve(kernel: &Kernel, command: bool) -> Self {
        let mut facts = Self {
            files: resolve(kernel, FILES).unwrap_or_default(),
            files_len: resolve(kernel, FILES_LEN).unwrap_or_default(),
            ending: ENDING.map(|path| resolve(kernel, path).unwrap_or_default()),
            ..Self::default()
        };
        for fact in table::all() {
            let found = fact
                .paths
                .iter()
                .find_map(|&path| Some((path, resolve(kernel, path)?)));
            // One more is not in the table.
            let room = facts.recipes.len() < MAX_FACTS - 1;
            let Some((path, recipe)) = found.filter(|_| room) else {
                facts.missing.push(fact.name);
                continue;
            };
            let path = path.replace("fd:", "files->fdt->fd[ARGUMENT]->");
            facts.push(fact.name, fact.unit, path, recipe);
        }
        if command {
            let recipe = Recipe {
                start: IN_COMMAND,
                ..Recipe::default()
            };
            let path = "1: of the recorded command".to_owned();
            facts.push(OF_COMMAND, FactUnit::Count, path, recipe);
        }
        facts
    }

    fn push(&mut self, name: &str, unit: FactUnit, path: String, recipe: Recipe) {
        self.table.facts.push(FactDefinition {
            id: u16::try_from(self.recipes.len()).unwrap_or(u16::MAX),
            name: name.to_owned(),
            unit,
            path,
        });
        self.recipes.push(recipe);
    }

    /// Number of the fact of that name.
    pub(crate) fn id(&self, name: &str) -> Option<u16> {
        let found = self.table.facts.iter().find(|fact| fact.name == name);
        found.map(|fact| fact.id)
    }
}

/// Offset in bytes of an integer in `task_struct` itself.
pub(super) fn task_offset(kernel: &Kernel, path: &str) -> Option<u32> {
    let recipe = resolve(kernel, path)?;
    (recipe.derefs == 0).then_some(recipe.last)
}

fn resolve(kernel: &Kernel, path: &str) -> Option<Recipe> {
    let (path, size) = match path.split_once('@') {
        Some((path, size)) => (path, Some(size.parse().ok()?)),
        None => (path, None),
    };
    let memory = [("address:", FROM_ADDRESS), ("structure:", FROM_STRUCTURE)];
    for (prefix, start) in memory {
        if let Some(offset) = path.strip_prefix(prefix) {
            return Some(Recipe {
                start,
                size: size?,
                last: offset.parse().ok()?,
                ..Recipe::default()
            });
        }
    }
    let (start, mut found) = match path.strip_prefix("fd:") {
        Some(path) => (FROM_FILE, kernel.btf_path_from("file", path)?),
        None => (FROM_TASK, kernel.btf_path(path)?),
    };
    found.size = size.unwrap_or(found.size);
    Some(Recipe {
        start,
        ..recipe(&found)?
    })
}

/// The recipe of a way; `None` when it follows too many pointers.
fn recipe(path: &FieldPath) -> Option<Recipe> {
    let mut recipe = Recipe {
        size: path.size,
        ..Recipe::default()
    };
    for step in &path.steps {
        recipe.last = recipe.last.checked_add(step.offset)?;
        if step.deref {
            let place = usize::from(recipe.derefs);
            *recipe
                .offsets
                .get_mut(place)
                .filter(|_| place < MAX_DEREFS)? = recipe.last;
            recipe.derefs += 1;
            recipe.last = 0;
        }
    }
    Some(recipe)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::kernel::Step;

    fn step(offset: u32, deref: bool) -> Step {
        Step { offset, deref }
    }

    #[test]
    fn offsets_between_pointers_add_up() {
        let steps = vec![
            step(100, true),
            step(8, false),
            step(16, true),
            step(4, false),
        ];
        let recipe = recipe(&FieldPath { steps, size: 4 }).unwrap();
        assert_eq!((recipe.derefs, recipe.last, recipe.size), (2, 4, 4));
        assert_eq!(recipe.offsets[..2], [100, 24]);
    }

    #[test]
    fn too_many_pointers_are_refused() {
        let path = |len| FieldPath {
            steps: vec![step(8, true); len],
            size: 8,
        };
        assert!(recipe(&path(MAX_DEREFS)).is_some());
        assert!(recipe(&path(MAX_DEREFS + 1)).is_none());
    }

    #[test]
    fn names_are_unique_and_fit() {
        let names: BTreeSet<_> = table::all().map(|fact| fact.name).collect();
        assert_eq!(names.len(), table::all().count());
        assert!(names.len() < MAX_FACTS && !names.contains(OF_COMMAND));
        assert!(table::all().all(|fact| !fact.paths.is_empty()));
    }
}
