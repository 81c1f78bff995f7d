//! The same in a guest: trace-cmd needs the function tracer, which a developer's machine may not have.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, ensure};
use format_spec::record::{EventFormatFile, EventFormats};

use super::{FAILURE_BYTES, OF_PEER, bundles, failures, peers, storm_program, trace_dat};
use crate::{
    columns::Columns,
    cross::{self, Arch},
    dirs, host,
    vm::{
        boot::{Boot, Results, quote, variable},
        kernel::Kernel,
    },
};

const SCRIPT: &str = include_str!("guest.sh");

/// trace-cmd, and what it starts.
const USERLAND: [&str; 3] = ["trace-cmd", "bash", "coreutils"];

const ARCH: Arch = Arch::Arm64;
const CPUS: u32 = 2;
const MEMORY_MIB: u32 = 2048;

/// Bound on what the guest takes besides recording.
const LIMIT: Duration = Duration::from_secs(300);

/// Events and the bytes that they take.
#[derive(Clone, Copy)]
struct Taken {
    events: u64,
    bytes: u64,
}

impl Taken {
    fn each(self) -> f64 {
        self.bytes as f64 / self.events as f64
    }
}

/// Prints a table for all kernels. Fails where a target is missed.
pub(super) fn run(kernels: &[String], capture: Option<&PathBuf>, seconds: u64) -> Result<()> {
    host::require(host::VM)?;
    let programs = [cross::capture_or(capture, ARCH)?, storm_program(ARCH)?];
    let mut table = Columns::new([
        "in an arm64 guest",
        "events",
        "bytes",
        "bytes each",
        "etz to it",
    ]);
    let mut missed = Vec::new();
    let mut version = String::new();
    for name in kernels {
        let kernel = Kernel::find(name, ARCH)?;
        let results = boot(&kernel, &programs, seconds)?;
        version = results.value("version").to_owned();
        let (rows, bytes) = failures(&fs::read(file(&results, "calls.etz")?)?)?;
        let calls = Taken {
            events: rows as u64,
            bytes,
        };
        let graph = graph(&fs::read(file(&results, "graph.etz")?)?)?;
        let has_arguments = results.file("args.dat").is_some();
        let mut measured = vec![("failing calls", "calls", vec![("etz", calls)])];
        let (plain, full) = (("entries and exits", "graph"), ("with arguments", "args"));
        for (what, key) in [plain, full] {
            if key == "args" && !has_arguments {
                continue;
            }
            let mut own = vec![("etz, of trace-cmd's pages", graph_of_peer(&results, key)?)];
            if has_arguments == (key == "args") {
                own.push(("etz", graph));
            }
            measured.push((what, key, own));
        }
        for (what, key, own) in measured {
            let label = format!("{}, {what}", kernel.label);
            let peer = taken_by_peer(&results, key);
            ensure!(peer.events > 0, "{label}: trace-cmd recorded nothing");
            table.add(row(&format!("{label}: trace-cmd, zstd"), peer, ""));
            for (by, own) in own {
                let part = own.each() / peer.each();
                let is_missed = part > OF_PEER || key == "calls" && own.each() > FAILURE_BYTES;
                let verdict = if is_missed { " NO" } else { "" };
                let label = format!("{label}: {by}");
                table.add(row(&label, own, &format!("{part:.2}{verdict}")));
                if is_missed {
                    missed.push(label);
                }
            }
        }
    }
    println!("{table}");
    println!(
        "etz: all frames of failures, or of pages with entries or exits; trace-cmd {version}: the file without what one of no events takes; targets {FAILURE_BYTES} bytes for a failure, and at most {OF_PEER} of trace-cmd"
    );
    ensure!(
        missed.is_empty(),
        "a target is missed: {}",
        missed.join("; ")
    );
    Ok(())
}

fn row(name: &str, taken: Taken, part: &str) -> [String; 5] {
    [
        name.to_owned(),
        taken.events.to_string(),
        taken.bytes.to_string(),
        format!("{:.2}", taken.each()),
        part.to_owned(),
    ]
}

fn boot(kernel: &Kernel, programs: &[PathBuf], seconds: u64) -> Result<Results> {
    let out = dirs::repo().join("out");
    fs::create_dir_all(&out)?;
    let log = out.join(format!("density.{}-{}.log", ARCH.name(), kernel.label));
    let line = |words: Vec<&str>| words.into_iter().map(quote).collect::<Vec<_>>().join(" ");
    let config = [
        variable("SECONDS_EACH", &seconds.to_string()),
        variable("CALLS", &line(peers::trace_cmd_calls(ARCH))),
        variable("GRAPH", &line(peers::trace_cmd_graph(ARCH))),
    ];
    let boot = Boot {
        cpus: CPUS,
        memory_mib: MEMORY_MIB,
        modules: &["overlay".to_owned()],
        userland: &USERLAND.map(str::to_owned),
        config: &config.concat(),
        programs,
        ..Boot::bare(ARCH, kernel, SCRIPT, &log)
    };
    let results = boot.run(LIMIT + Duration::from_secs(4 * seconds))?;
    let failure = results.failure();
    ensure!(failure.is_empty(), "{failure} (the log: {})", log.display());
    Ok(results)
}

fn file(results: &Results, name: &str) -> Result<PathBuf> {
    results.file(name).with_context(|| format!("no {name}"))
}

/// Entries and exits in a bundle, and the bytes of their frames.
fn graph(bundle: &[u8]) -> Result<Taken> {
    let sizes = bundles::measure(bundle)?;
    ensure!(sizes.events > 0, "the recorder kept no graph");
    Ok(Taken {
        events: sizes.events,
        bytes: sizes.stored,
    })
}

/// What trace-cmd's file takes, by the prefix of the script's results.
fn taken_by_peer(results: &Results, key: &str) -> Taken {
    Taken {
        events: results.number(&format!("{key}.events")),
        bytes: results.number(&format!("{key}.bytes")),
    }
}

/// The pages in trace-cmd's file, as etz keeps them.
fn graph_of_peer(results: &Results, key: &str) -> Result<Taken> {
    let read = |name: &str| -> Result<String> { Ok(fs::read_to_string(file(results, name)?)?) };
    let event = |name: &str| -> Result<EventFormatFile> {
        Ok(EventFormatFile {
            system: "ftrace".into(),
            name: name.into(),
            text: read(name)?,
        })
    };
    let formats = EventFormats {
        header_page: read("header_page")?,
        events: vec![event("funcgraph_entry")?, event("funcgraph_exit")?],
    };
    let symbols = read("symbols")?;
    let base = symbols
        .lines()
        .find_map(|line| line.strip_suffix(" T _stext"));
    let base = u64::from_str_radix(base.context("no _stext")?, 16)?;
    let pages = fs::read(file(results, &format!("{key}.dat"))?)?;
    let same = graph(&trace_dat::as_bundle(
        &pages,
        CPUS as usize,
        &formats,
        base,
    )?)?;
    let counted = taken_by_peer(results, key).events;
    ensure!(
        same.events == counted,
        "trace-cmd counts {counted} entries and exits, etz {} in the same pages",
        same.events
    );
    Ok(same)
}
