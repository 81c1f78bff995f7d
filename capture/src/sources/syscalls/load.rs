//! Loading the kernel programs and telling them what to do.

use aya::{
    Ebpf, EbpfLoader,
    maps::{Array, Map, MapError},
    programs::{ProgramError, RawTracePoint},
};
use capture_ebpf::{MAX_SYSCALLS, MAX_TREE, Recipe, Recipes};

use super::{
    BURST, FIRST, Facts, Focus, Own, RATE, Samples, Syscalls, Tally, arguments, facts,
    loader::without_types,
};
use crate::{clock::tick_ns, error::Error, kernel::Kernel};

/// The programs, built by `cargo xtask ebpf` for the kernel of this architecture.
#[cfg(target_arch = "aarch64")]
static OBJECT: &[u8] =
    aya::include_bytes_aligned!("../../../../capture-ebpf/objects/etz.aarch64.bpf.o");
#[cfg(target_arch = "x86_64")]
static OBJECT: &[u8] =
    aya::include_bytes_aligned!("../../../../capture-ebpf/objects/etz.x86_64.bpf.o");

type RecipesWords = [u64; size_of::<Recipes>() / 8];

impl Syscalls {
    /// What loads the programs. To be made while there is one thread alone: for a moment no file can be opened.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn loader() -> Result<EbpfLoader<'static>, Error> {
        without_types()
    }

    /// Loads the programs, with a ring buffer of `ring_bytes`, a power of two; nothing is attached yet.
    ///
    /// # Errors
    /// Missing rights, or a kernel that refuses the programs.
    pub(crate) fn load(
        loader: EbpfLoader<'static>,
        kernel: &Kernel,
        facts: &Facts,
        focus: &Focus,
        ring_bytes: u32,
        own: &Own,
    ) -> Result<Self, Error> {
        let own_tgid = std::process::id();
        let interval_ns = 1_000_000_000 / RATE;
        let burst_ns = interval_ns * BURST;
        let tick_ns = tick_ns();
        // Both are in every kernel with CONFIG_SECCOMP; without BTF nothing is watched.
        let offsets = facts::task_offset(kernel, "seccomp.mode")
            .zip(facts::task_offset(kernel, "start_time"));
        let (seccomp_mode, start_time) = offsets.unwrap_or_default();
        let tree = facts::task_offset(kernel, "tgid").zip(facts::task_offset(kernel, "flags"));
        // Of x86-64 alone.
        let status = facts::task_offset(kernel, "thread_info.status").unwrap_or_default();
        let has_tree = own.command && tree.is_some();
        let of_command = u32::from(has_tree);
        let (tgid, flags) = tree.unwrap_or_default();
        let by_tgid = u32::from(!focus.tgids.is_empty());
        let by_comm = u32::from(!focus.comms.is_empty());
        let by_cgroup = u32::try_from(focus.cgroups.len()).unwrap_or(u32::MAX);
        let wake_bytes = u64::from(ring_bytes) / 4;
        // One for the values below, which do not live as long.
        let mut loader: EbpfLoader<'_> = loader;
        let mut ebpf = loader
            .map_max_entries("SAMPLES", ring_bytes)
            .override_global("WAKE_BYTES", &wake_bytes, true)
            .map_max_entries("TREE", if has_tree { MAX_TREE } else { 1 })
            .override_global("OWN_TGID", &own_tgid, true)
            .override_global("OF_COMMAND", &of_command, true)
            .override_global("TGID", &tgid, true)
            .override_global("FLAGS", &flags, true)
            .override_global("STATUS", &status, true)
            .override_global("FIRST", &FIRST, true)
            .override_global("INTERVAL_NS", &interval_ns, true)
            .override_global("BURST_NS", &burst_ns, true)
            .override_global("TICK_NS", &tick_ns, true)
            .override_global("SECCOMP_MODE", &seccomp_mode, true)
            .override_global("START_TIME", &start_time, true)
            .override_global("BY_TGID", &by_tgid, true)
            .override_global("BY_COMM", &by_comm, true)
            .override_global("BY_CGROUP", &by_cgroup, true)
            .load(OBJECT)
            .map_err(refused)?;
        // While all maps are still open: the programs name them by file descriptor.
        load_program(&mut ebpf, "sys_exit")?;
        if offsets.is_some() {
            load_program(&mut ebpf, "sys_enter")?;
        }
        load_program(&mut ebpf, "sched_process_exit")?;
        if has_tree {
            load_program(&mut ebpf, "sched_process_fork")?;
        }
        let mut recipes = Array::<_, RecipesWords>::try_from(map(&mut ebpf, "RECIPES")?)?;
        recipes.set(0, recipes_words(facts), 0)?;
        let mut table = [[0; 8]; MAX_SYSCALLS as usize];
        for (bytes, row) in table.iter_mut().zip(arguments::by_number()) {
            *bytes = row.to_bytes();
        }
        let mut arguments =
            Array::<_, [[u8; 8]; MAX_SYSCALLS as usize]>::try_from(map(&mut ebpf, "ARGUMENTS")?)?;
        arguments.set(0, table, 0)?;
        own.helpers.loaded(map(&mut ebpf, "HELPERS")?.try_into()?);
        focus.apply(&mut ebpf)?;
        Ok(Self {
            samples: Samples::new(map(&mut ebpf, "SAMPLES")?.try_into()?, ring_bytes as usize)
                .map_err(|error| Error::new("thread for samples", error))?,
            exits: map(&mut ebpf, "EXITS")?.try_into()?,
            tally: Tally::new(&mut ebpf, tick_ns)?,
            totals: Default::default(),
            losses: map(&mut ebpf, "LOSSES")?.try_into()?,
            watched_since: map(&mut ebpf, "WATCHED_SINCE")?.try_into()?,
            ebpf,
            can_watch: offsets.is_some(),
            has_tree,
            entries: None,
        })
    }
}

pub(super) fn program<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut RawTracePoint, Error> {
    let program = ebpf.program_mut(name);
    let program =
        program.ok_or_else(|| Error::new("kernel programs", format!("{name} is missing")))?;
    Ok(program.try_into()?)
}

fn load_program(ebpf: &mut Ebpf, name: &str) -> Result<(), Error> {
    Ok(program(ebpf, name)?.load()?)
}

pub(super) fn map(ebpf: &mut Ebpf, name: &str) -> Result<Map, Error> {
    ebpf.take_map(name)
        .ok_or_else(|| Error::new("kernel programs", format!("map {name} is missing")))
}

fn recipes_words(facts: &Facts) -> RecipesWords {
    let mut words = [0; size_of::<Recipes>() / 8];
    words[0] = facts.recipes.len() as u64;
    let recipes = [&facts.files, &facts.files_len]
        .into_iter()
        .chain(&facts.ending)
        .chain(&facts.recipes);
    for (words, recipe) in words[1..]
        .chunks_exact_mut(size_of::<Recipe>() / 8)
        .zip(recipes)
    {
        let mut bytes = vec![recipe.derefs, recipe.size, recipe.start, 0];
        bytes.extend(recipe.last.to_ne_bytes());
        bytes.extend(
            recipe
                .offsets
                .iter()
                .flat_map(|offset| offset.to_ne_bytes()),
        );
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u64::from_ne_bytes(*bytes);
        }
    }
    words
}

/// The kernel did not take the programs: the usual reasons, with what to do about them.
fn refused(error: impl std::error::Error) -> Error {
    let why = chain(&error);
    let denied = why.contains("ermission denied") || why.contains("not permitted");
    let error = Error::new("kernel programs", why);
    if denied {
        error.hint("run as root, or with CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN")
    } else {
        error.hint("capture check says what this host allows")
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}

impl From<MapError> for Error {
    fn from(error: MapError) -> Self {
        refused(error)
    }
}

impl From<ProgramError> for Error {
    fn from(error: ProgramError) -> Self {
        refused(error)
    }
}
