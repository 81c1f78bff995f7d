//! All that a change must pass, in one command: `cargo xtask test`.

mod checks;
mod suites;

use std::time::Instant;

use anyhow::Result;

use crate::totals::Totals;

/// Run everything that a change must pass, and close with the totals
///
/// Format, lints, documentation, dependency policy, BPF objects and generated files count as one
/// check each; then come the tests of the workspace, the analyzer's accuracy on the committed
/// bundles, and scenarios recorded in a guest and analyzed.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Leave out what boots a virtual machine
    #[arg(long)]
    no_vm: bool,
}

/// What a step came to.
enum Outcome {
    Ran(Totals),
    /// It cannot run on this machine, and why.
    Skipped(String),
}

type Step = fn() -> Result<Outcome>;

/// Runs every step, also after one has failed.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut steps: Vec<(&str, Step)> = vec![
        ("format", checks::format),
        ("lints", checks::lints),
        ("documentation", checks::documentation),
        ("dependencies", checks::dependencies),
        ("BPF objects", checks::bpf_objects),
        ("generated files", checks::generated_files),
        ("tests", suites::tests),
        ("documentation tests", suites::doc_tests),
        (
            "accuracy on the committed bundles",
            suites::committed_bundles,
        ),
    ];
    if !args.no_vm {
        steps.push(("record and analyze in a guest", suites::guest));
        steps.push((
            "function graphs as the kernels print them",
            suites::funcgraph,
        ));
        steps.push(("kill the recorder in a guest", suites::kills));
        steps.push(("record with --redact in a guest", suites::redaction));
    }

    let mut totals = Totals::default();
    let mut summary = Vec::new();
    for (name, step) in steps {
        println!("== {name}");
        let start = Instant::now();
        let outcome = step().unwrap_or_else(|error| {
            println!("{error:#}");
            Outcome::Ran(Totals::FAILED)
        });
        let result = match outcome {
            Outcome::Ran(step) => {
                totals += step;
                step.to_string()
            }
            Outcome::Skipped(why) => format!("skipped: {why}"),
        };
        let line = format!("{name}: {result} in {:.1} s", start.elapsed().as_secs_f64());
        println!("-- {line}\n");
        summary.push(line);
    }
    println!("== summary\n{}\n", summary.join("\n"));
    totals.conclude()
}
