//! The kernel's log (`/dev/kmsg`): what it said to those who read it, of what it refused.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{ErrorKind, Read},
    os::unix::fs::OpenOptionsExt,
};

use rustix::fs::OFlags;

use super::collector::Collector;

/// Most bytes of messages that are kept, the latest ones.
const MAX_BYTES: usize = 96 << 10;

/// Most messages that are read at once: as many as the largest usual log holds.
const MAX_READ: usize = 20_000;

/// A record is at most this long (`PRINTKRB_RECORD_MAX`, `kernel/printk/internal.h`; `CONSOLE_EXT_LOG_MAX` before 6.6).
const RECORD_BYTES: usize = 8 << 10;

/// The log as far as it was read.
#[derive(Debug, Default)]
pub(super) struct KernelLog {
    file: Option<File>,
    lines: VecDeque<String>,
    bytes: usize,
    dropped: u64,
}

impl KernelLog {
    /// Takes what the log holds by now, as the table `etz:kmsg`: a head, then for each message its time in
    /// microseconds of the log's clock, its level (0 emergency to 7 debug, `include/linux/kern_levels.h`) and its text.
    pub(super) fn collect(&mut self, collector: &mut Collector<'_>) {
        self.read();
        if !self.lines.is_empty() {
            let lines: String = self.lines.iter().map(String::as_str).collect();
            collector.table("etz:kmsg", format!("time_us level text\n{lines}"));
        }
        for _ in 0..std::mem::take(&mut self.dropped) {
            collector.leave_out("messages of the kernel's log that were overwritten");
        }
    }

    /// Reads on from where the last reading ended; without the right to read the log there is nothing.
    fn read(&mut self) {
        let Some(mut file) = self.file.take().or_else(open) else {
            return;
        };
        let mut record = [0; RECORD_BYTES];
        for _ in 0..MAX_READ {
            match file.read(&mut record) {
                Ok(0) => break,
                Ok(length) => {
                    let text = String::from_utf8_lossy(&record[..length]).into_owned();
                    self.keep(&text);
                }
                // Overwritten before it was read: the next reading goes on behind it (`devkmsg_read`).
                Err(error) if error.kind() == ErrorKind::BrokenPipe => self.dropped += 1,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.file = Some(file);
    }

    fn keep(&mut self, record: &str) {
        let Some(line) = line(record) else {
            return;
        };
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.bytes > MAX_BYTES {
            let Some(oldest) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= oldest.len();
        }
    }
}

fn open() -> Option<File> {
    let flags = (OFlags::NONBLOCK | OFlags::CLOEXEC).bits();
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(flags.cast_signed());
    options.open("/dev/kmsg").ok()
}

/// A record of `/dev/kmsg` as a line of the table: `6,339,5140900,-;text`, then lines of properties that begin with a
/// space (`Documentation/ABI/testing/dev-kmsg`). Messages of other facilities than the kernel are of programs.
fn line(record: &str) -> Option<String> {
    let (head, rest) = record.split_once(';')?;
    let mut fields = head.split(',');
    let priority: u32 = fields.next()?.parse().ok()?;
    let time_us: u64 = fields.nth(1)?.parse().ok()?;
    let text = rest.lines().next()?;
    (priority >> 3 == 0).then(|| format!("{time_us} {} {text}\n", priority & 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_become_lines() {
        let record = "4,339,5140900,-;nf_conntrack: table full\n SUBSYSTEM=net\n";
        assert_eq!(
            line(record).as_deref(),
            Some("5140900 4 nf_conntrack: table full\n")
        );
        assert_eq!(line("30,1,2,-;systemd[1]: hello\n"), None);
        assert_eq!(line("no record"), None);
    }

    #[test]
    fn the_latest_messages_are_kept() {
        let mut log = KernelLog::default();
        for number in 0..10_000 {
            log.keep(&format!("6,{number},{number},-;{}\n", "x".repeat(50)));
        }
        assert!(log.bytes <= MAX_BYTES);
        assert!(log.lines.back().unwrap().starts_with("9999 6 "));
    }
}
