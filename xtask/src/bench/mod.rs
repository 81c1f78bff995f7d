//! What the recorder costs, measured: `cargo xtask bench <what>`. Speed is measured here and nowhere tested.
//!
//! Each benchmark is a file of its own with a `clap::Args` and a `run`; [`rounds`] interleaves what is compared,
//! [`samples`] sums it up, [`crate::columns`] prints it.

#[allow(
    dead_code,
    reason = "the first benchmark that compares variants uses it"
)]
mod rounds;
#[allow(dead_code, reason = "the first benchmark that sums up samples uses it")]
mod samples;

use anyhow::Result;

/// Measure what the recorder costs
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {}

/// Runs one benchmark.
pub(crate) fn run(args: &Args) -> Result<()> {
    match args.what {}
}
