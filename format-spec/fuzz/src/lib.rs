//! What each fuzz target does with its input; ordinary tests do the same with the saved corpus: those of `format-spec`
//! with [`formats`], those of `analyze` with [`analysis`], those of `capture` with the parsers of [`kernel`].

pub mod analysis;
pub mod formats;
pub mod kernel;
pub mod limits;
pub mod mutate;

/// A target that gives its input to a function, within the [`limits`].
#[macro_export]
macro_rules! target {
    ($function:expr) => {
        libfuzzer_sys::fuzz_target!(
            init: $crate::limits::catch_overflow(),
            |input: &[u8]| $function(input)
        );
    };
}

/// As [`target`], for bundles: mutations come past their checksums.
#[macro_export]
macro_rules! bundle_target {
    ($function:expr) => {
        $crate::target!($function);

        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutate::bundle(data, size, max_size, seed)
        });
    };
}
