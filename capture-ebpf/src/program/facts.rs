//! Facts: integers of the failing task, found by the recipes of user space.

use aya_ebpf::helpers::{bpf_get_current_task, bpf_probe_read_kernel, generated};
use capture_ebpf::{Failure, MAX_DEREFS, MAX_FACTS, Recipe};

use crate::maps::RECIPES;

/// Reads all facts into `failure`.
#[inline(always)]
pub(crate) fn read(failure: &mut Failure) {
    failure.fact_set = [0; _];
    let Some(recipes) = RECIPES.get(0) else {
        return;
    };
    let task = unsafe { bpf_get_current_task() };
    for id in 0..MAX_FACTS {
        if id as u64 >= recipes.len {
            break;
        }
        let mut value = 0;
        if walk(task, &recipes.recipes[id], &mut value) {
            failure.fact_set[id / 64] |= 1 << (id % 64);
        }
        failure.facts[id] = value;
    }
}

/// Follows one recipe; false when a pointer on the way is NULL or not readable.
#[inline(always)]
fn walk(task: u64, recipe: &Recipe, value: &mut u64) -> bool {
    let mut address = task;
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
