//! A bar on a terminal for what takes long.

use std::{
    io::{self, IsTerminal as _},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::load::Progress;

/// What is done sooner shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a bar looks like.
const TEMPLATE: &str = "{msg} {wide_bar} {percent:>3} % {eta}";

/// Time between two looks at how far it has come.
const TICK: Duration = Duration::from_millis(100);

/// Does some work. Where standard error is a terminal and it takes over a second, a bar shows how far it has come, or,
/// when the work does not say, that it goes on; the bar is gone when the work is done.
pub(super) fn watched<T>(what: &'static str, work: impl FnOnce(&Progress) -> T) -> T {
    let progress = Progress::default();
    if !io::stderr().is_terminal() {
        return work(&progress);
    }
    thread::scope(|scope| {
        let (done, over) = mpsc::channel::<()>();
        scope.spawn(|| show(what, &progress, over));
        let result = work(&progress);
        drop(done);
        result
    })
}

fn show(what: &'static str, progress: &Progress, over: Receiver<()>) {
    if !goes_on(&over, PATIENCE) {
        return;
    }
    let bar = ProgressBar::new_spinner().with_message(what);
    let mut counted = false;
    while goes_on(&over, TICK) {
        if progress.all() > 0 && !counted {
            counted = true;
            bar.set_length(progress.all() as u64);
            if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
                bar.set_style(style);
            }
        }
        if counted {
            bar.set_position(progress.done() as u64);
        } else {
            bar.tick();
        }
    }
    bar.finish_and_clear();
}

/// Whether the work still goes on after `time`.
fn goes_on(over: &Receiver<()>, time: Duration) -> bool {
    over.recv_timeout(time) == Err(RecvTimeoutError::Timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_has_a_look_and_the_work_its_result() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
        assert_eq!(watched("x", |_| 7), 7);
        let (done, over) = mpsc::channel();
        assert!(goes_on(&over, Duration::ZERO));
        drop(done);
        assert!(!goes_on(&over, PATIENCE));
    }
}
