//! Facts: integers of the failing task, and of the file, the socket address and the structure of arguments that it gave
//! the call, found by the recipes of user space.

use aya_ebpf::helpers::{bpf_get_current_task, bpf_probe_read_kernel, generated};
use capture_ebpf::{
    Arguments, CLASSES_PER_WORD, FACT_ROOM, FILES, FILES_LEN, FIRST_FACT, FROM_ADDRESS, FROM_FILE,
    FROM_STRUCTURE, Failure, IN_COMMAND, MAX_DEREFS, MAX_FACTS, NO_ARGUMENT, Recipe, class, words,
};

use crate::{family, maps::RECIPES};

/// Reads all facts into `failure`. Returns how many words of its body they take.
#[inline(always)]
pub(crate) fn read(failure: *mut Failure, arguments: Arguments) -> u32 {
    let places = [
        arguments.descriptor,
        arguments.address,
        arguments.structure,
        0,
    ];
    etz_facts(failure, u32::from_le_bytes(places))
}

/// [`read`], as a global function: see [`etz_follow`]. `places` are those of the descriptor, of the socket
/// address and of the structure of arguments.
#[unsafe(no_mangle)]
#[inline(never)]
pub(crate) extern "C" fn etz_facts(failure: *mut Failure, places: u32) -> u32 {
    let (Some(failure), Some(recipes)) = (unsafe { failure.as_mut() }, RECIPES.get(0)) else {
        return 0;
    };
    failure.classes = [0; _];
    let task = unsafe { bpf_get_current_task() };
    let [descriptor, address, structure, _] = places.to_le_bytes();
    let file = file(task, &failure.args, descriptor);
    let address = memory_of(&failure.args, address);
    let structure = memory_of(&failure.args, structure);
    let mut used = 0;
    for id in 0..MAX_FACTS {
        if id as u64 >= recipes.len {
            break;
        }
        let mut value = 0;
        let is_structure = recipes.all[FIRST_FACT + id].start == FROM_STRUCTURE;
        let memory = if is_structure { structure } else { address };
        let class = etz_follow(task, file, memory, (FIRST_FACT + id) as u64, &raw mut value) & 3;
        failure.classes[id / CLASSES_PER_WORD] |= u64::from(class) << (2 * (id % CLASSES_PER_WORD));
        // Both words always: what is not in use, the next fact writes over.
        let place = used & (FACT_ROOM - 1);
        failure.body[place] = value as u32;
        failure.body[place + 1] = (value >> 32) as u32;
        used += words(class);
    }
    used as u32
}

/// The `struct file` behind the descriptor argument; 0 for none, and for `AT_FDCWD`.
#[inline(always)]
fn file(task: u64, args: &[u64; 8], descriptor: u8) -> u64 {
    if descriptor == NO_ARGUMENT {
        return 0;
    }
    // A descriptor is an int: the upper half of the register is undefined.
    let descriptor = args[usize::from(descriptor & 7)] & 0xffff_ffff;
    let (mut len, mut files) = (0, 0);
    let known = follow(task, FILES_LEN, &mut len) && follow(task, FILES, &mut files);
    if !known || descriptor >= len {
        return 0;
    }
    unsafe { bpf_probe_read_kernel((files + 8 * descriptor) as *const u64) }.unwrap_or(0)
}

/// Where what the argument at `place` points to is, in the memory of the process; 0 for none.
#[inline(always)]
fn memory_of(args: &[u64; 8], place: u8) -> u64 {
    if place == NO_ARGUMENT {
        return 0;
    }
    args[usize::from(place & 7)]
}

/// Follows the recipe at `place` from the task; false when it leads nowhere.
#[inline(always)]
pub(crate) fn follow(task: u64, place: usize, value: &mut u64) -> bool {
    etz_follow(task, 0, 0, place as u64, &raw mut *value) != 0
}

/// Follows the recipe at `place` from where it starts. Returns the class of the value, see [`Failure::classes`]; 0
/// when it leads nowhere.
///
/// A global function: the verifier looks at it once, not once for each fact, which would take it a second.
#[unsafe(no_mangle)]
#[inline(never)]
pub(crate) extern "C" fn etz_follow(
    task: u64,
    file: u64,
    memory: u64,
    place: u64,
    value: *mut u64,
) -> u32 {
    let (Some(recipes), Some(value)) = (RECIPES.get(0), unsafe { value.as_mut() }) else {
        return 0;
    };
    let Some(recipe) = recipes.all.get(place as usize) else {
        return 0;
    };
    if recipe.start == IN_COMMAND {
        *value = family::is_of_command(family::current()).into();
        return if *value == 0 { 0 } else { class(1) };
    }
    if recipe.start == FROM_ADDRESS || recipe.start == FROM_STRUCTURE {
        let known = memory != 0 && read_memory(memory, recipe, value);
        return if known { class(*value) } else { 0 };
    }
    let start = if recipe.start == FROM_FILE {
        file
    } else {
        task
    };
    if start == 0 || !walk(start, recipe, value) {
        return 0;
    }
    class(*value)
}

/// Reads an integer of the memory of the process; false when it is not readable.
#[inline(always)]
fn read_memory(memory: u64, recipe: &Recipe, value: &mut u64) -> bool {
    let size = u32::from(recipe.size);
    if size == 0 || size > 8 {
        return false;
    }
    let from = (memory + u64::from(recipe.last)) as *const _;
    unsafe { generated::bpf_probe_read_user((&raw mut *value).cast(), size, from) == 0 }
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
