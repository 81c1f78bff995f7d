//! What users write to choose: errors by name or by number.

use crate::names::{errno_name, errno_number};

/// The errno that `text` names: `ENOSPC`, `enospc` or `28`.
///
/// # Errors
/// What is wrong with it, for the user.
pub(super) fn errno(text: &str) -> Result<u16, String> {
    let number = text.parse().ok();
    let known = number.filter(|number| !errno_name(*number).starts_with("errno"));
    known.or_else(|| errno_number(text)).ok_or_else(|| {
        "Linux has no such error; write a name like ENOSPC or a number like 28".into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_name_or_number() {
        assert_eq!((errno("ENOSPC"), errno("28")), (Ok(28), Ok(28)));
        assert!(errno("ENONSENSE").is_err() && errno("4000").is_err() && errno("0").is_err());
    }
}
