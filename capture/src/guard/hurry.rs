//! Quick grace periods while a killed recorder's changes are taken back.
//!
//! The kernel waits for an RCU grace period or two for each probe that it removes, some 10 ms each, and there are about
//! a hundred. Expedited ones (`rcu_expedited` in `kernel/ksysfs.c`, since 3.6) take microseconds, at the price of an
//! interrupt on every processor: worth it for the moment that this takes.

use std::{fs, path::Path};

use super::{Undo, step::Step};

const FILE: &str = "/sys/kernel/rcu_expedited";

/// How to go back to ordinary grace periods; `None` when they are expedited anyway, or cannot be.
pub(super) fn undo() -> Option<Step> {
    undo_of(Path::new(FILE))
}

fn undo_of(path: &Path) -> Option<Step> {
    let ordinary = fs::read(path).is_ok_and(|text| text.trim_ascii() == b"0");
    ordinary.then(|| {
        Step::new(Undo::Write {
            path: path.into(),
            text: b"0".to_vec(),
            append: false,
        })
    })
}

/// Has grace periods expedited.
pub(super) fn begin() {
    // Without, it takes longer.
    let _ = fs::write(FILE, "1");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expedited_already_stays_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rcu_expedited");
        assert!(undo_of(&path).is_none());
        fs::write(&path, "1\n").unwrap();
        assert!(undo_of(&path).is_none());
        fs::write(&path, "0\n").unwrap();
        let step = undo_of(&path).unwrap();
        fs::write(&path, "1\n").unwrap();
        step.run().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"0");
    }
}
