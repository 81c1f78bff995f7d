//! Keys of a user (`key_alloc`, `key_payload_reserve`, `security/keys/key.c`): uid 0 of the initial user namespace has limits
//! of its own.

use crate::limits::{
    Relation::Above,
    Unit::{Bytes, Each},
    check::{Check, EDQUOT, sum},
    demand::keys,
    record::{Record, limit},
    scope::Scope::User,
    term::Term::{IsRoot, KeyUser},
};

/// Both are compared at once: the one that is full with what is asked for decides.
const KEYS: &[Check] = &[sum(&["key_alloc"], EDQUOT, Above)];
const BYTES: &[Check] = &[sum(&["key_alloc", "key_payload_reserve"], EDQUOT, Above)];

const fn of_keys(id: &'static str, root: u64) -> Record {
    limit(id, Each("keys"), User, KeyUser(3), KeyUser(4))
        .checks(KEYS)
        .demand(keys::keys)
        .lasting()
        .only(IsRoot, root)
}

const fn of_bytes(id: &'static str, root: u64) -> Record {
    limit(id, Bytes, User, KeyUser(5), KeyUser(6))
        .checks(BYTES)
        .demand(keys::bytes)
        .lasting()
        .only(IsRoot, root)
}

pub(super) const RECORDS: &[Record] = &[
    of_keys("sysctl:kernel.keys.maxkeys", 0),
    of_bytes("sysctl:kernel.keys.maxbytes", 0),
    of_keys("sysctl:kernel.keys.root_maxkeys", 1),
    of_bytes("sysctl:kernel.keys.root_maxbytes", 1),
];
