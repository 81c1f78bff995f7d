//! The kernel's log as far as the recording has it.

use crate::load::Bundle;

/// The recorder's table: a head, then `time_us level text`.
const TABLE: &str = "etz:kmsg";

/// How long before the first failure a message may be of a failure of the same kind: the kernel logs before the call
/// returns, and a call may last.
const BEFORE_NS: u64 = 2_000_000_000;

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// When it was logged, nanoseconds of the log's clock, which starts with the host as the recording's does.
    pub time_ns: u64,
    /// 0 (emergency) to 7 (debug).
    pub level: u8,
    /// What it says. Untrusted text.
    pub text: &'a str,
}

/// The messages, oldest first; none when the recorder could not read the log.
pub fn kernel_log(bundle: &Bundle) -> impl Iterator<Item = Message<'_>> {
    let views = bundle.snapshots.all();
    let table = views.iter().rev().find_map(|view| view.text(TABLE));
    table
        .unwrap_or_default()
        .lines()
        .skip(1)
        .filter_map(message)
}

/// The messages from shortly before `first_ns`, the first failure of a kind, on.
pub fn kernel_log_of(bundle: &Bundle, first_ns: u64) -> impl Iterator<Item = Message<'_>> {
    let since = first_ns.saturating_sub(BEFORE_NS);
    kernel_log(bundle).filter(move |message| message.time_ns >= since)
}

fn message(line: &str) -> Option<Message<'_>> {
    let mut words = line.splitn(3, ' ');
    let time_us: u64 = words.next()?.parse().ok()?;
    Some(Message {
        time_ns: time_us.checked_mul(1000)?,
        level: words.next()?.parse().ok()?,
        text: words.next()?,
    })
}

#[cfg(test)]
mod tests {
    use format_spec::record::Phase;

    use super::*;
    use crate::testing::Recording;

    #[test]
    fn the_last_table_is_read_and_broken_rows_are_passed_over() {
        let mut recording = Recording::new();
        recording.snapshot(
            Phase::Start,
            1,
            &[("etz:kmsg", "time_us level text\n5 6 a\n")],
        );
        let later = "time_us level text\n5 6 a\nx\n7 4 nf_conntrack: table full\n8 4\n";
        recording.snapshot(Phase::End, 9, &[("etz:kmsg", later)]);
        let bundle = recording.load();
        let found: Vec<_> = kernel_log(&bundle)
            .map(|one| (one.time_ns, one.text))
            .collect();
        assert_eq!(found, [(5000, "a"), (7000, "nf_conntrack: table full")]);
    }
}
