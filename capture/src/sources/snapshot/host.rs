//! Files that speak of the whole host. Network files are of the recorder's own network namespace.

use super::{
    collector::Collector,
    files::{self, Place},
};

/// Takes them all.
pub(super) fn collect(collector: &mut Collector<'_>) {
    files::of(Place::Host).for_each(|path| collector.file(path));
}
