//! The recorded kernel, and what was found out about its functions so far.

use std::{ops::Deref, sync::Arc};

use format_spec::record::{Architecture, CtlEntry, FieldLayout, FunctionCode, Symbol, Types};

use super::{analysis::Analysis, evidence::FunctionEvidence, image::Image, once::Once};
use crate::{evidence::CodeFacts, load::Bundle};

/// The image of the recorded kernel. What is found out about a function is kept: many ask for the same ones.
#[derive(Debug)]
pub struct Kernel {
    image: Image,
    analyses: Once<u64, Option<Arc<Analysis>>>,
    pub(super) shown: Once<u64, Option<Arc<FunctionEvidence>>>,
    /// By address and errno.
    pub(super) summaries: Once<(u64, u16), Arc<CodeFacts>>,
}

impl Kernel {
    /// What the bundle holds of it.
    #[must_use]
    pub fn of(bundle: &Bundle) -> Self {
        Self::new(
            bundle.symbols.all(),
            &bundle.code,
            &bundle.ctl_entries,
            &bundle.fields,
            bundle.architecture(),
        )
        .with_types(&bundle.fields, &bundle.types)
    }

    /// Orders the records; any of them may be empty, and less is found then.
    #[must_use]
    pub fn new(
        symbols: &[Symbol],
        code: &[FunctionCode],
        sysctls: &[CtlEntry],
        fields: &[FieldLayout],
        architecture: Architecture,
    ) -> Self {
        Self {
            image: Image::new(symbols, code, sysctls, fields, architecture),
            analyses: Once::default(),
            shown: Once::default(),
            summaries: Once::default(),
        }
    }

    /// With what functions are given and where pointers in `fields` lead.
    #[must_use]
    pub fn with_types(mut self, fields: &[FieldLayout], types: &Types) -> Self {
        self.image.add_types(fields, types);
        self
    }

    /// The analysis of the function at `address`, made once; `None` when its code was not recorded.
    pub(super) fn analysis(&self, address: u64) -> Option<Arc<Analysis>> {
        let new = || Analysis::new(&self.image, address).map(Arc::new);
        self.analyses.get(address, new)
    }
}

impl Deref for Kernel {
    type Target = Image;

    fn deref(&self) -> &Image {
        &self.image
    }
}
