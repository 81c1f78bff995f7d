//! Answers that are found once and asked for often, from several threads.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// Answers by question.
#[derive(Debug)]
pub(super) struct Once<K, V> {
    known: Mutex<HashMap<K, Arc<OnceLock<V>>>>,
}

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self {
            known: Mutex::default(),
        }
    }
}

impl<K: Eq + Hash, V: Clone> Once<K, V> {
    /// The answer to `question`: the known one, else what `find` says. Others who ask the same wait for it.
    pub(super) fn get(&self, question: K, find: impl FnOnce() -> V) -> V {
        let slot = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(question).or_default())
        };
        slot.get_or_init(find).clone()
    }
}
