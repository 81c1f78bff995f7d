//! Facts: integers of the failing task and of the file it used, found by the recipes of user space.

use aya_ebpf::helpers::{bpf_get_current_task, bpf_probe_read_kernel, generated};
use capture_ebpf::{FROM_FILE, Failure, MAX_DEREFS, MAX_FACTS, NO_ARGUMENT, Recipe, Recipes};

use crate::maps::RECIPES;

/// Reads all facts into `failure`; `descriptor` is the place of the call's descriptor argument.
#[inline(always)]
pub(crate) fn read(failure: &mut Failure, descriptor: u8) {
    failure.fact_set = [0; _];
    let Some(recipes) = RECIPES.get(0) else {
        return;
    };
    let task = unsafe { bpf_get_current_task() };
    let file = file(task, recipes, &failure.args, descriptor);
    for id in 0..MAX_FACTS {
        if id as u64 >= recipes.len {
            break;
        }
        let recipe = &recipes.facts[id];
        let start = if recipe.start == FROM_FILE {
            file
        } else {
            task
        };
        let mut value = 0;
        if start != 0 && walk(start, recipe, &mut value) {
            failure.fact_set[id / 64] |= 1 << (id % 64);
        }
        failure.facts[id] = value;
    }
}

/// The `struct file` behind the descriptor argument; 0 for none, and for `AT_FDCWD`.
#[inline(always)]
fn file(task: u64, recipes: &Recipes, args: &[u64; 8], descriptor: u8) -> u64 {
    if descriptor == NO_ARGUMENT {
        return 0;
    }
    // A descriptor is an int: the upper half of the register is undefined.
    let descriptor = args[usize::from(descriptor & 7)] & 0xffff_ffff;
    let (mut len, mut files) = (0, 0);
    let known = walk(task, &recipes.files_len, &mut len) && walk(task, &recipes.files, &mut files);
    if !known || descriptor >= len {
        return 0;
    }
    unsafe { bpf_probe_read_kernel((files + 8 * descriptor) as *const u64) }.unwrap_or(0)
}

/// Follows one recipe; false when a pointer on the way is NULL or not readable.
#[inline(always)]
fn walk(start: u64, recipe: &Recipe, value: &mut u64) -> bool {
    let mut address = start;
    for step in 0..MAX_DEREFS {
        if step >= usize::from(recipe.derefs) {
            break;
        }
        let pointer = (address + u64::from(recipe.offsets[step])) as *const u64;
        match unsafe { bpf_probe_read_kernel(pointer) } {
            Ok(next) if next != 0 => address = next,
            _ => return false,
        }
    }
    let size = u32::from(recipe.size);
    if size == 0 || size > 8 {
        return false;
    }
    let from = (address + u64::from(recipe.last)) as *const _;
    // Little-endian: a short integer fills the lower bytes.
    unsafe { generated::bpf_probe_read_kernel((&raw mut *value).cast(), size, from) == 0 }
}
