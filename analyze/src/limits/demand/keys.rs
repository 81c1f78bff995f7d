//! Keys: `key_alloc` and `key_payload_reserve` (`security/keys/key.c`).

use super::Demand;
use crate::limits::call::{Call, Kind};

/// A key.
pub(in crate::limits) const fn keys(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::AddKey { .. } => Demand::Exactly(1),
        _ => super::unknown(call),
    }
}

/// Its description, which ends with a zero, and its payload.
pub(in crate::limits) fn bytes(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::AddKey { payload } => {
            let mut texts = call.failure.paths.iter();
            let description = texts.find(|text| text.argument == DESCRIPTION);
            // A description has a character at least.
            let length = description.map_or(1, |text| text.bytes.len());
            let length = u64::try_from(length).unwrap_or(u64::MAX);
            Demand::Exactly(payload.saturating_add(length).saturating_add(1))
        }
        _ => super::unknown(call),
    }
}

/// Which argument of add_key(2) is the description.
const DESCRIPTION: u8 = 1;
