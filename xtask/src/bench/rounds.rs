//! Interleaved measurement: a machine that grows slower or faster meanwhile does so for all that is compared.

use anyhow::{Context as _, Result};

use super::samples::Samples;

/// Measures each of `variants` once in every round, each round beginning with another one, so that none is always
/// the first. Returns their samples in the order of `variants`.
pub(crate) fn interleave<T>(
    rounds: usize,
    variants: &[T],
    name: impl Fn(&T) -> String,
    mut measure: impl FnMut(&T) -> Result<f64>,
) -> Result<Vec<Samples>> {
    let mut samples = vec![Samples::default(); variants.len()];
    for round in 0..rounds {
        for index in (0..variants.len()).map(|step| (round + step) % variants.len()) {
            let variant = &variants[index];
            let value = measure(variant).with_context(|| format!("measure {}", name(variant)))?;
            samples[index].push(value);
        }
    }
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::interleave;

    #[test]
    fn every_round_begins_with_another_variant() {
        let mut order = String::new();
        let samples = interleave(3, &['a', 'b', 'c'], char::to_string, |variant| {
            order.push(*variant);
            Ok(f64::from(*variant as u32 - 'a' as u32))
        });
        assert_eq!(order, "abcbcacab");
        let medians: Vec<f64> = samples.unwrap().iter().map(|one| one.median()).collect();
        assert_eq!(medians, [0.0, 1.0, 2.0]);
    }

    #[test]
    fn a_failed_measurement_names_what_was_measured() {
        let error = interleave(1, &["alone"], ToString::to_string, |_| anyhow::bail!("no"));
        assert_eq!(error.unwrap_err().to_string(), "measure alone");
    }
}
