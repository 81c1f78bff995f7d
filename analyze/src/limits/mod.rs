//! Every limit that a recording shows, with its use in the scopes of the failing task.
//!
//! One limit is one `Record` (`record`) of the `table`: what is counted against what (`term`), for whom (`scope`) and at which
//! levels (`walk`: namespaces above that of the task, control groups up to the root), where the kernel compares both and how
//! (`check`), what a call asks of it (`demand`, by kind of `call`), and who is free from it (`exemption`). `moment` reads the
//! numbers: from the facts of the failing moment where there are any, else from the snapshot nearest to it. What comes out is a
//! [`LimitUse`], with the [`Comparison`] that the kernel made. Ranking, rules and `analyze limits` know limits from here alone.

mod call;
mod cgroup;
mod check;
mod comparison;
mod demand;
mod exemption;
mod file_system;
mod limit_use;
mod moment;
mod place;
mod procfs;
#[cfg(test)]
mod real_kernels;
mod record;
mod refusals;
mod scope;
mod table;
mod term;
#[cfg(test)]
mod tests;
mod unit;
mod unmeasured;
mod walk;

use format_spec::record::Failure;

use crate::load::Bundle;

use call::Call;
pub use check::Check;
pub use comparison::{Asked, Comparison, Operand, Relation};
pub use file_system::of_file_system;
pub use limit_use::{LimitUse, Nearness};
pub use unit::Unit;
pub use unmeasured::unmeasured;

/// The limits of the task that failed; without a failure, those of the whole host at the end of the recording.
///
/// A use that may have been higher at the failing moment, because the process that failed was gone when it was read,
/// is left out unless it is near the limit all the same: it would rule out what it cannot rule out.
#[must_use]
pub fn table(bundle: &Bundle, failure: Option<&Failure>) -> Vec<LimitUse> {
    let moment = moment::Moment::new(bundle, failure);
    table::all()
        .flat_map(|record| record.read(&moment))
        .collect()
}
