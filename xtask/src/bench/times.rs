//! What a program in a guest has measured.

/// Its lines `key=value`, one for each measurement.
pub(super) struct Times(pub(super) String);

impl Times {
    /// The measurements of `key`, in order.
    pub(super) fn of(&self, key: &str) -> Vec<f64> {
        let lines = self.0.lines().filter_map(|line| line.split_once('='));
        let values = lines
            .filter(|(found, _)| *found == key)
            .map(|(_, value)| value);
        values.filter_map(|value| value.parse().ok()).collect()
    }
}
