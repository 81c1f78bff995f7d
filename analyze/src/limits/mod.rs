//! Every limit that a recording shows, with its use in the scope of the failing task.
//!
//! `rows` says which limits there are, `term` how a number is come by, `moment` reads it: from the facts of the
//! failing moment where there are any, else from the snapshot nearest to it. Control groups are read by folder
//! (`cgroups`), as their limits hold at every level. `demand` says how much of a limit the failing call asks for.

mod cgroups;
mod comparison;
mod demand;
mod moment;
mod procfs;
#[cfg(test)]
mod real_kernels;
mod row;
mod rows;
mod term;
#[cfg(test)]
mod tests;
mod unit;
mod unmeasured;

use format_spec::record::Failure;

use crate::{evidence::LimitUse, load::Bundle};

pub use comparison::{Asked, Comparison, Operand, Relation};
pub use demand::demand;
pub use unit::Unit;
pub use unmeasured::unmeasured;

/// The limits of the task that failed; without a failure, those of the whole host at the end of the recording.
///
/// A use that may have been higher at the failing moment, because the process that failed was gone when it was read,
/// is left out unless it is near the limit all the same: it would rule out what it cannot rule out.
#[must_use]
pub fn table(bundle: &Bundle, failure: Option<&Failure>) -> Vec<LimitUse> {
    let moment = moment::Moment::new(bundle, failure);
    let mut found: Vec<LimitUse> = rows::all().filter_map(|row| row.read(&moment)).collect();
    found.extend(cgroups::read(&moment));
    found
}
