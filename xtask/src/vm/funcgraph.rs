//! Is the analyzer's function graph the kernel's own? `cargo xtask vm funcgraph`.
//!
//! One trace in a guest, taken twice: as the kernel prints it, and as raw pages. The pages go into a bundle, and
//! `analyze funcgraph` must print it line by line as the kernel did.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use format_spec::Writer;
use format_spec::ftrace::{EventFormat, PageFormat, rebase};
use format_spec::record::{
    Architecture, Clocks, EventFormatFile, EventFormats, Failure, Failures, FtracePages, Host,
    Manifest, ReturnType, Symbol, Symbols,
};

use super::boot::{Boot, Results};
use super::kernel::{Kernel, SERIES};
use crate::cross::Arch;
use crate::process::{command, output};
use crate::totals::Totals;
use crate::{accuracy, host};

const SCRIPT: &str = include_str!("guest/funcgraph.sh");

const LIMIT: Duration = Duration::from_secs(150);

/// Processors of the guest: enough for tasks to move and for buffers to be merged.
const CPUS: u32 = 2;

/// Bytes of a page of the ring buffer.
const PAGE: usize = 4096;

/// Functions in one record of the bundle.
const SYMBOLS: usize = 4096;

/// Compare `analyze funcgraph` with what the kernel prints of the same trace
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Kernel series, or the path of a kernel image with everything built in
    #[arg(long, default_value = super::DEFAULT_KERNEL)]
    pub(crate) kernel: Vec<String>,

    /// Architecture of the guest
    #[arg(long, value_enum, default_value = "arm64")]
    pub(crate) arch: Arch,

    /// Folder for logs and, where they differ, both texts
    #[arg(short, long, default_value = "out")]
    pub(crate) out: PathBuf,
}

impl Args {
    /// Debian's kernels on arm64.
    pub(crate) fn new(out: PathBuf) -> Self {
        Self {
            kernel: SERIES.map(str::to_owned).to_vec(),
            arch: Arch::Arm64,
            out,
        }
    }
}

/// Prints how many lines agree on each kernel; fails when one does not.
pub(crate) fn run(args: &Args) -> Result<()> {
    run_all(args)?.conclude()
}

/// Counts the kernels.
pub(crate) fn run_all(args: &Args) -> Result<Totals> {
    host::require(host::VM)?;
    let analyze = accuracy::build_analyze()?;
    fs::create_dir_all(&args.out)?;
    let mut totals = Totals::default();
    for name in &args.kernel {
        let kernel = Kernel::find(name, args.arch)?;
        let label = format!("{}-{}", args.arch.name(), kernel.label);
        match compare(&kernel, args, &label, &analyze) {
            Ok(lines) => {
                println!("{label}: {lines} lines agree");
                totals.passed += 1;
            }
            Err(error) => {
                println!("{label}: {error:#}");
                totals.failed += 1;
            }
        }
    }
    Ok(totals)
}

/// Returns how many lines there were.
fn compare(kernel: &Kernel, args: &Args, label: &str, analyze: &Path) -> Result<usize> {
    let log = args.out.join(format!("funcgraph.{label}.log"));
    let boot = Boot {
        cpus: CPUS,
        ..Boot::bare(args.arch, kernel, SCRIPT, &log)
    };
    let results = boot.run(LIMIT)?;
    ensure!(results.failure().is_empty(), "{}", results.failure());
    let bundle = args.out.join(format!("funcgraph.{label}.etz"));
    write_bundle(&results, args.arch, &bundle)?;
    let ours = output(command(analyze).arg("funcgraph").arg(&bundle))?;
    let kernels = read(&results, "trace")?;
    let calls = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.trim_end().to_owned()).collect()
    };
    let (kernels_lines, our_lines) = (calls(&kernels), calls(&ours));
    let pairs = kernels_lines.iter().zip(&our_lines);
    let differing = pairs.clone().position(|(theirs, ours)| theirs != ours);
    let differing = differing.or_else(|| {
        let (theirs, ours) = (kernels_lines.len(), our_lines.len());
        (theirs != ours).then_some(theirs.min(ours))
    });
    if let Some(at) = differing {
        let texts = [("kernel", &kernels), ("analyze", &ours)];
        for (whose, text) in texts {
            fs::write(args.out.join(format!("funcgraph.{label}.{whose}")), text)?;
        }
        let line = |lines: &[String]| lines.get(at).cloned().unwrap_or_default();
        bail!(
            "line {} of {} differs\n  kernel:  {}\n  analyze: {}",
            at + 1,
            kernels_lines.len(),
            line(&kernels_lines),
            line(&our_lines)
        );
    }
    ensure!(
        kernels_lines.len() > 500,
        "only {} lines",
        kernels_lines.len()
    );
    Ok(kernels_lines.len())
}

fn read(results: &Results, name: &str) -> Result<String> {
    let path = results.file(name).with_context(|| format!("no {name}"))?;
    Ok(fs::read_to_string(path)?)
}

fn write_bundle(results: &Results, arch: Arch, path: &Path) -> Result<()> {
    let mut writer = Writer::new(fs::File::create(path)?, [0; 16], 0)?;
    writer.write(0, &manifest(arch))?;
    let formats = EventFormats {
        header_page: read(results, "header_page")?,
        events: ["funcgraph_entry", "funcgraph_exit"]
            .map(|name| format(results, name))
            .into_iter()
            .collect::<Result<_>>()?,
    };
    writer.write(0, &formats)?;
    writer.write(0, &names(&read(results, "names")?))?;
    let all = symbols(&read(results, "symbols")?);
    // Any will do, as long as pages and names have the same: 6.1 lists no `_text`.
    let base = all.iter().find(|symbol| symbol.name == "_stext");
    let base = base.context("no _stext")?.address;
    for symbols in all.chunks(SYMBOLS) {
        let relative = |symbol: &Symbol| Symbol {
            address: symbol.address.wrapping_sub(base),
            ..symbol.clone()
        };
        let symbols = symbols.iter().map(relative).collect();
        writer.write(0, &Symbols { symbols })?;
    }
    let page_format = PageFormat::parse(&formats.header_page)?;
    let parsed = |file: &EventFormatFile| {
        let format = EventFormat::parse(&file.text)?;
        Ok((format.id, format))
    };
    let by_id: HashMap<u16, EventFormat> =
        formats.events.iter().map(parsed).collect::<Result<_>>()?;
    let raw = results.file("raw").context("no pages")?;
    for cpu in 0..CPUS {
        let bytes = fs::read(raw.join(cpu.to_string()))?;
        let mut pages: Vec<Vec<u8>> = bytes.chunks(PAGE).map(<[u8]>::to_vec).collect();
        for page in &mut pages {
            rebase(page, page_format, &by_id, base);
        }
        for pages in pages.chunks(256) {
            let record = FtracePages {
                cpu,
                session: 1,
                pages: pages.to_vec(),
            };
            writer.write(1, &record)?;
        }
    }
    writer.finish()?;
    Ok(())
}

fn format(results: &Results, name: &str) -> Result<EventFormatFile> {
    Ok(EventFormatFile {
        system: "ftrace".into(),
        name: name.into(),
        text: read(results, name)?,
    })
}

fn manifest(arch: Arch) -> Manifest {
    Manifest {
        tool_version: env!("CARGO_PKG_VERSION").into(),
        command_line: vec!["cargo xtask vm funcgraph".into()],
        host: Host {
            hostname: "guest".into(),
            kernel_release: String::new(),
            kernel_version: String::new(),
            os_release: String::new(),
            architecture: match arch {
                Arch::Arm64 => Architecture::Aarch64,
                Arch::Amd64 => Architecture::X86_64,
            },
            cpus: CPUS,
            page_size_bytes: 4096,
            memory_bytes: 0,
            boot_id: String::new(),
        },
        clocks: Clocks {
            realtime_ns: 0,
            monotonic_ns: 0,
            boottime_ns: 0,
        },
        duration_ns: None,
        max_size_bytes: 0,
        abilities: Vec::new(),
        armed: Vec::new(),
        missing: Vec::new(),
    }
}

/// Functions of `/proc/kallsyms`, in order of their addresses; those of one address in the file's order, as the kernel
/// names an address by the last of them.
fn symbols(text: &str) -> Vec<Symbol> {
    let symbol = |line: &str| {
        let mut words = line.split_whitespace();
        let address = u64::from_str_radix(words.next()?, 16).ok()?;
        let kind = *words.next()?.as_bytes().first()?;
        let name = words.next()?.to_owned();
        let module = words.next();
        let module = module.map(|word| word.trim_matches(['[', ']']).to_owned());
        b"tw"
            .contains(&kind.to_ascii_lowercase())
            .then_some(Symbol {
                address,
                size: 0,
                kind,
                name,
                module,
                returns: ReturnType::Unknown,
            })
    };
    let mut all: Vec<Symbol> = text.lines().filter_map(symbol).collect();
    all.sort_by_key(|symbol| symbol.address);
    all
}

/// The names of threads (`saved_cmdlines`), where a bundle has them: in its failures.
fn names(text: &str) -> Failures {
    let row = |line: &str| {
        let (pid, name) = line.split_once(' ')?;
        Some(Failure {
            pid: pid.parse().ok()?,
            comm: name.into(),
            ..Failure::default()
        })
    };
    Failures {
        rows: text.lines().filter_map(row).collect(),
    }
}
