//! What the recorder costs, measured: `cargo xtask bench <what>`. Speed is measured here and nowhere tested.
//!
//! Each benchmark is a file of its own with a `clap::Args` and a `run`; [`rounds`] interleaves what is compared,
//! [`samples`] sums it up, [`crate::columns`] prints it.

mod armed;
mod big_host;
mod density;
mod overhead;
mod probes;
mod rounds;
#[allow(dead_code, reason = "not every benchmark uses all of it")]
mod samples;
mod sentinels;
mod storm;
mod times;

use anyhow::Result;

/// Measure what the recorder costs
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    Armed(armed::Args),
    BigHost(big_host::Args),
    Density(density::Args),
    Overhead(overhead::Args),
    Probes(probes::Args),
    Sentinels(sentinels::Args),
    Storm(storm::Args),
}

/// Runs one benchmark.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.what {
        What::Armed(args) => armed::run(args),
        What::BigHost(args) => big_host::run(args),
        What::Density(args) => density::run(args),
        What::Overhead(args) => overhead::run(args),
        What::Probes(args) => probes::run(args),
        What::Sentinels(args) => sentinels::run(args),
        What::Storm(args) => storm::run(args),
    }
}
