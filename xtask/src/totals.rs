//! How many passed and how many failed, also as told by the output of test runners.

use std::fmt;
use std::ops::AddAssign;

use anyhow::{Result, bail};

/// Counts of what ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

impl Totals {
    /// One check that passed.
    pub(crate) const PASSED: Self = Self {
        passed: 1,
        failed: 0,
    };
    /// One check that failed.
    pub(crate) const FAILED: Self = Self {
        passed: 0,
        failed: 1,
    };

    /// Prints the counts; an error when anything failed.
    pub(crate) fn conclude(self) -> Result<()> {
        println!("{self}");
        match self.failed {
            0 => Ok(()),
            failed => bail!("{failed} failed"),
        }
    }

    /// Adds up the summary lines of cargo test (`test result: ok. 3 passed; 0 failed; …`) and of nextest
    /// (`Summary [ 1.2s] 3 tests run: 3 passed (1 slow), 0 skipped`), which shows, indented, what a test that failed said.
    pub(crate) fn of_output(text: &str) -> Self {
        let mut totals = Self::default();
        for line in text.lines() {
            if line.starts_with("test result:") || line.trim_start().starts_with("Summary [") {
                let words: Vec<&str> = line.split([' ', ';', ',', '.', ':']).collect();
                let count = |what: &str| {
                    let pairs = words.windows(2).filter(|pair| pair[1] == what);
                    pairs
                        .filter_map(|pair| pair[0].parse::<usize>().ok())
                        .sum::<usize>()
                };
                totals.passed += count("passed");
                totals.failed += count("failed") + count("timed");
            }
        }
        totals
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::Totals;

    #[test]
    fn reads_the_summaries_of_both_runners() {
        let cargo = "running 3 tests\ntest result: FAILED. 2 passed; 1 failed; 0 ignored; finished in 0.1s\n\
                     test result: ok. 4 passed; 0 failed; 0 ignored\n";
        assert_eq!(
            Totals::of_output(cargo),
            Totals {
                passed: 6,
                failed: 1
            }
        );
        let nextest = "    test result: FAILED. 0 passed; 1 failed; 0 ignored\n     Summary [   1.234s] 12 tests run: 9 passed (1 slow), 2 failed, 1 timed out, 3 skipped\n";
        assert_eq!(
            Totals::of_output(nextest),
            Totals {
                passed: 9,
                failed: 3
            }
        );
        assert_eq!(
            Totals::of_output("error: could not compile\n"),
            Totals::default()
        );
    }
}
