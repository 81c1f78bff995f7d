//! Whether a condition holds, when the recording may not tell.

/// The answer to a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The recording shows that it holds.
    Holds,
    /// The recording shows that it does not.
    Fails,
    /// The recording does not tell.
    Unknown,
}

impl Answer {
    /// The answer of something that was seen, or `Unknown`.
    #[must_use]
    pub fn of(seen: Option<bool>) -> Self {
        match seen {
            Some(true) => Self::Holds,
            Some(false) => Self::Fails,
            None => Self::Unknown,
        }
    }

    /// All must hold: one that fails decides, then one that is unknown.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Fails, _) | (_, Self::Fails) => Self::Fails,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Holds, Self::Holds) => Self::Holds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Answer::{self, Fails, Holds, Unknown};

    #[test]
    fn what_fails_decides() {
        assert_eq!(Holds.and(Holds), Holds);
        assert_eq!(Unknown.and(Holds), Unknown);
        assert_eq!(Unknown.and(Fails), Fails);
        assert_eq!(Answer::of(None), Unknown);
    }
}
