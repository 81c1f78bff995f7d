//! What a few measurements say together.

/// Measurements of one thing, in one unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    /// Adds a measurement.
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
        self.0.sort_by(f64::total_cmp);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The middle one, or the mean of the two in the middle; 0 when there is none.
    pub(crate) fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        match (self.0.len() % 2, self.0.get(middle)) {
            (_, None) => 0.0,
            (1, Some(value)) => *value,
            (_, Some(value)) => f64::midpoint(self.0[middle - 1], *value),
        }
    }

    /// The least: the one that the rest of the machine disturbed least; 0 when there is none.
    pub(crate) fn least(&self) -> f64 {
        self.0.first().copied().unwrap_or(0.0)
    }

    /// The greatest; 0 when there is none.
    pub(crate) fn greatest(&self) -> f64 {
        self.0.last().copied().unwrap_or(0.0)
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut samples = Self(values.into_iter().collect());
        samples.0.sort_by(f64::total_cmp);
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::Samples;

    #[test]
    fn the_median_passes_over_outliers() {
        let odd: Samples = [900.0, 3.0, 1.0].into_iter().collect();
        assert_eq!(
            (odd.median(), odd.least(), odd.greatest()),
            (3.0, 1.0, 900.0)
        );
        let mut even: Samples = [4.0, 1.0, 2.0].into_iter().collect();
        even.push(8.0);
        assert_eq!((even.median(), even.len()), (3.0, 4));
        assert_eq!(Samples::default().median(), 0.0);
    }
}
