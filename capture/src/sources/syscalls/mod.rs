//! Failing syscalls, counted and sampled by the kernel programs of `capture-ebpf`.
//!
//! Hooks: raw tracepoint `sys_exit` for the whole recording; raw tracepoint `sys_enter` for short whiles in which
//! seccomp may be at work. Output: [`Counts`], [`Failures`](format_spec::record::Failures) and a fact table.
//! Links die with the process: nothing is left behind, however the recorder ends.

mod arguments;
mod decode;
mod facts;
mod focus;

use std::{
    os::fd::{AsFd, BorrowedFd},
    time::Duration,
};

use aya::{
    Ebpf, EbpfLoader,
    maps::{Array, HashMap, MapData, MapError, PerCpuArray, RingBuf},
    programs::{ProgramError, RawTracePoint, raw_trace_point::RawTracePointLinkId},
};
use capture_ebpf::{Bucket, CountKey, CountValue, Loss, Recipe, Recipes};
use format_spec::record::{Count, Counts, Failure};

pub(crate) use arguments::paths;
pub(crate) use facts::Facts;
pub(crate) use focus::Focus;

use crate::{error::Error, kernel::Kernel, preflight::monotonic_ns};

/// The programs, built by `cargo xtask ebpf` for the kernel of this architecture.
#[cfg(target_arch = "aarch64")]
static OBJECT: &[u8] =
    aya::include_bytes_aligned!("../../../../capture-ebpf/objects/etz.aarch64.bpf.o");
#[cfg(target_arch = "x86_64")]
static OBJECT: &[u8] =
    aya::include_bytes_aligned!("../../../../capture-ebpf/objects/etz.x86_64.bpf.o");

/// How many failures of each (syscall, errno, process) are first ones.
pub(crate) const FIRST: u64 = 4;

/// Samples of one (syscall, errno) in a second, when they keep coming.
pub(crate) const RATE: u64 = 20;

/// Samples of one (syscall, errno) that may come at once.
const BURST: u64 = 64;

/// The programs and their maps.
pub(crate) struct Syscalls {
    ebpf: Ebpf,
    samples: RingBuf<MapData>,
    counts: HashMap<MapData, CountKeyWords, CountValueWords>,
    buckets: HashMap<MapData, u64, [u64; 2]>,
    losses: PerCpuArray<MapData, u64>,
    watched_since: Array<MapData, u64>,
    can_watch: bool,
    entries: Option<RawTracePointLinkId>,
}

/// [`CountKey`] and [`CountValue`] as arrays: what aya takes without unsafe code.
type CountKeyWords = [u32; size_of::<CountKey>() / 4];
type CountValueWords = [u64; size_of::<CountValue>() / 8];
type RecipesWords = [u64; size_of::<Recipes>() / 8];

impl Syscalls {
    /// Loads the programs; nothing is attached yet.
    ///
    /// # Errors
    /// Missing rights, or a kernel that refuses the programs.
    pub(crate) fn load(kernel: &Kernel, facts: &Facts, focus: &Focus) -> Result<Self, Error> {
        let own_tgid = std::process::id();
        let interval_ns = 1_000_000_000 / RATE;
        let burst_ns = interval_ns * BURST;
        // Both are in every kernel with CONFIG_SECCOMP; without BTF nothing is watched.
        let offsets = facts::task_offset(kernel, "seccomp.mode")
            .zip(facts::task_offset(kernel, "start_time"));
        let (seccomp_mode, start_time) = offsets.unwrap_or_default();
        let by_tgid = u32::from(!focus.tgids.is_empty());
        let by_comm = u32::from(!focus.comms.is_empty());
        let mut ebpf = EbpfLoader::new()
            .override_global("OWN_TGID", &own_tgid, true)
            .override_global("FIRST", &FIRST, true)
            .override_global("INTERVAL_NS", &interval_ns, true)
            .override_global("BURST_NS", &burst_ns, true)
            .override_global("SECCOMP_MODE", &seccomp_mode, true)
            .override_global("START_TIME", &start_time, true)
            .override_global("BY_TGID", &by_tgid, true)
            .override_global("BY_COMM", &by_comm, true)
            .load(OBJECT)
            .map_err(refused)?;
        // While all maps are still open: the programs name them by file descriptor.
        load_program(&mut ebpf, "sys_exit")?;
        if offsets.is_some() {
            load_program(&mut ebpf, "sys_enter")?;
        }
        let mut recipes = Array::<_, RecipesWords>::try_from(map(&mut ebpf, "RECIPES")?)?;
        recipes.set(0, recipes_words(facts), 0)?;
        let mut arguments = Array::<_, [u8; 8]>::try_from(map(&mut ebpf, "ARGUMENTS")?)?;
        for (number, row) in (0..).zip(arguments::by_number()) {
            arguments.set(number, row.to_bytes(), 0)?;
        }
        focus.apply(&mut ebpf)?;
        Ok(Self {
            samples: map(&mut ebpf, "SAMPLES")?.try_into()?,
            counts: map(&mut ebpf, "COUNTS")?.try_into()?,
            buckets: map(&mut ebpf, "BUCKETS")?.try_into()?,
            losses: map(&mut ebpf, "LOSSES")?.try_into()?,
            watched_since: map(&mut ebpf, "WATCHED_SINCE")?.try_into()?,
            ebpf,
            can_watch: offsets.is_some(),
            entries: None,
        })
    }

    /// Attaches `sys_exit`: from now on failures are counted.
    ///
    /// # Errors
    /// The kernel's.
    pub(crate) fn attach(&mut self) -> Result<(), Error> {
        program(&mut self.ebpf, "sys_exit")?.attach("sys_exit")?;
        Ok(())
    }

    /// Attaches `sys_enter`, so that samples tell whether the kernel entered the call. It costs every syscall of the
    /// host a little: for short whiles only.
    ///
    /// # Errors
    /// The kernel's.
    pub(crate) fn watch_entries(&mut self) -> Result<(), Error> {
        if self.can_watch && self.entries.is_none() {
            let program = program(&mut self.ebpf, "sys_enter")?;
            self.entries = Some(program.attach("sys_enter")?);
            self.watched_since.set(0, monotonic_ns(), 0)?;
        }
        Ok(())
    }

    /// Detaches `sys_enter`.
    ///
    /// # Errors
    /// The kernel's.
    pub(crate) fn unwatch_entries(&mut self) -> Result<(), Error> {
        if let Some(link) = self.entries.take() {
            // First of all: what is not noted any more must not be taken for not entered.
            self.watched_since.set(0, 0, 0)?;
            program(&mut self.ebpf, "sys_enter")?.detach(link)?;
        }
        Ok(())
    }

    /// The samples that are waiting.
    pub(crate) fn take(&mut self, facts: &Facts) -> Vec<Failure> {
        let mut failures = Vec::new();
        while let Some(sample) = self.samples.next() {
            failures.extend(decode::failure(&sample, facts.recipes.len()));
        }
        failures
    }

    /// The counts by process.
    pub(crate) fn counts(&self) -> Counts {
        let rows = self.counts.iter().filter_map(Result::ok);
        let mut rows: Vec<Count> = rows
            .map(|(key, value)| decode::count(&key, &value))
            .collect();
        rows.sort_by_key(|row| (row.first_ns, row.syscall, row.errno, row.tgid));
        Counts { rows }
    }

    /// How often this (syscall, errno) failed so far.
    pub(crate) fn total(&self, syscall: u32, errno: u16) -> u64 {
        let key = Bucket::key(syscall, errno.into());
        self.buckets.get(&key, 0).map_or(0, |[count, _]| count)
    }

    /// How often each (syscall, errno) failed so far.
    pub(crate) fn totals(&self) -> Vec<((u32, u16), u64)> {
        let rows = self.buckets.iter().filter_map(Result::ok);
        rows.map(|(key, [count, _])| (Bucket::of_key(key), count))
            .collect()
    }

    /// The counter of one kind of loss.
    pub(crate) fn lost(&self, loss: Loss) -> u64 {
        let values = self.losses.get(&(loss as u32), 0);
        values.map_or(0, |values| values.iter().sum())
    }

    /// Time in the programs and number of runs; `None` unless the host counts them (`kernel.bpf_stats_enabled`).
    pub(crate) fn run_stats(&self) -> Option<(Duration, u64)> {
        let mut sum = (Duration::ZERO, 0);
        for (_, program) in self.ebpf.programs() {
            if let Ok(info) = program.info() {
                sum.0 += info.run_time();
                sum.1 += info.run_count();
            }
        }
        (sum.1 > 0).then_some(sum)
    }
}

impl AsFd for Syscalls {
    /// Readable when samples are waiting.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.samples.as_fd()
    }
}

fn program<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut RawTracePoint, Error> {
    let program = ebpf.program_mut(name);
    let program =
        program.ok_or_else(|| Error::new("kernel programs", format!("{name} is missing")))?;
    Ok(program.try_into()?)
}

fn load_program(ebpf: &mut Ebpf, name: &str) -> Result<(), Error> {
    Ok(program(ebpf, name)?.load()?)
}

fn map(ebpf: &mut Ebpf, name: &str) -> Result<aya::maps::Map, Error> {
    ebpf.take_map(name)
        .ok_or_else(|| Error::new("kernel programs", format!("map {name} is missing")))
}

fn recipes_words(facts: &Facts) -> RecipesWords {
    let mut words = [0; size_of::<Recipes>() / 8];
    words[0] = facts.recipes.len() as u64;
    let recipes = [&facts.files, &facts.files_len]
        .into_iter()
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
