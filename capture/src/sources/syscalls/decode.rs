//! From the kernel program's layouts to records.

use std::mem::offset_of;

use capture_ebpf::{
    CLASSES_PER_WORD, COMM_LEN, Failure as Sample, MAX_FACTS, MAX_STRINGS, NO_ARGUMENT,
    SAMPLE_HEAD, STRING_CAP, StringArgument, UNREADABLE, words,
};
use format_spec::record::{Count, Exit, Failure, PathArgument};

/// A sample; `None` when it is too short.
pub(super) fn failure(bytes: &[u8]) -> Option<Failure> {
    let mut args = [0; 6];
    for (index, arg) in args.iter_mut().enumerate() {
        *arg = word(bytes, offset_of!(Sample, args) + 8 * index)?;
    }
    let (facts, body) = facts(bytes)?;
    let comm = offset_of!(Sample, comm);
    Some(Failure {
        time_ns: word(bytes, offset_of!(Sample, time_ns))?,
        syscall: half(bytes, offset_of!(Sample, syscall))?,
        errno: u16::try_from(half(bytes, offset_of!(Sample, errno))?).ok()?,
        not_entered: half(bytes, offset_of!(Sample, not_entered))? == 1,
        tgid: half(bytes, offset_of!(Sample, tgid))?,
        pid: half(bytes, offset_of!(Sample, pid))?,
        uid: half(bytes, offset_of!(Sample, uid))?,
        cgroup: word(bytes, offset_of!(Sample, cgroup))?,
        comm: until_nul(bytes.get(comm..comm + COMM_LEN)?),
        args,
        paths: strings(bytes, body)?,
        facts,
    })
}

/// The end of a process; `None` when it is too short.
pub(super) fn exit(bytes: &[u8]) -> Option<Exit> {
    let (time_ns, rest) = bytes.split_first_chunk()?;
    let (tgid, rest) = rest.split_first_chunk()?;
    Some(Exit {
        time_ns: u64::from_ne_bytes(*time_ns),
        tgid: u32::from_ne_bytes(*tgid),
        status: i32::from_ne_bytes(*rest.first_chunk()?),
    })
}

/// The facts, and where the body goes on behind them.
fn facts(bytes: &[u8]) -> Option<(Vec<(u16, u64)>, usize)> {
    let mut known = Vec::new();
    let mut at = SAMPLE_HEAD;
    for id in 0..MAX_FACTS {
        let place = offset_of!(Sample, classes) + 8 * (id / CLASSES_PER_WORD);
        let class = word(bytes, place)? >> (2 * (id % CLASSES_PER_WORD)) & 3;
        let class = u32::try_from(class).ok()?;
        if class == 0 {
            continue;
        }
        let value = match words(class) {
            0 => 0,
            1 => half(bytes, at)?.into(),
            _ => u64::from(half(bytes, at)?) | u64::from(half(bytes, at + 4)?) << 32,
        };
        at += 4 * words(class);
        known.push((u16::try_from(id).ok()?, value));
    }
    Some((known, at))
}

/// The strings that could be read; their bytes begin at `at`.
fn strings(bytes: &[u8], mut at: usize) -> Option<Vec<PathArgument>> {
    let mut found = Vec::new();
    for slot in 0..MAX_STRINGS {
        let slot = offset_of!(Sample, strings) + slot * size_of::<StringArgument>();
        let argument = *bytes.get(slot + offset_of!(StringArgument, argument))?;
        let len = slot + offset_of!(StringArgument, len);
        let len = u16::from_ne_bytes(bytes.get(len..len + 2)?.try_into().ok()?);
        if argument == NO_ARGUMENT || len == UNREADABLE || len == 0 {
            continue;
        }
        let end = at + usize::from(len);
        found.push(PathArgument {
            argument,
            // Without the NUL.
            bytes: bytes.get(at..end - 1)?.to_vec(),
            truncated: usize::from(len) == STRING_CAP,
        });
        at = end;
    }
    Some(found)
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + 8)?;
    Some(u64::from_ne_bytes(bytes.try_into().ok()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

/// A count; `tick_ns` is the length of a timer tick.
pub(super) fn count(
    key: &super::CountKeyWords,
    value: &super::CountValueWords,
    tick_ns: u64,
) -> Count {
    let [syscall, tgid, errno] = *key;
    let [
        count,
        first_ns,
        first_tick,
        last_tick,
        _quiet_until_tick,
        cgroup,
        comm @ ..,
    ] = *value;
    let ticks = last_tick.saturating_sub(first_tick);
    let comm: Vec<u8> = comm.iter().flat_map(|word| word.to_ne_bytes()).collect();
    Count {
        syscall,
        errno: u16::try_from(errno).unwrap_or(u16::MAX),
        tgid,
        comm: until_nul(&comm),
        count,
        first_ns,
        last_ns: first_ns.saturating_add(ticks.saturating_mul(tick_ns)),
        cgroup,
        processes: 1,
    }
}

fn until_nul(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.iter().position(|&byte| byte == 0);
    bytes[..end.unwrap_or(bytes.len())].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_program_writes() {
        let mut bytes = vec![0; SAMPLE_HEAD];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(offset_of!(Sample, errno), &28u32.to_ne_bytes());
        put(offset_of!(Sample, syscall), &40u32.to_ne_bytes());
        put(offset_of!(Sample, args) + 40, &7u64.to_ne_bytes());
        // Facts 1 to 3: one word, zero, two words; fact 33: one word.
        put(offset_of!(Sample, classes), &0b11_01_10_00u64.to_ne_bytes());
        put(offset_of!(Sample, classes) + 8, &0b10_00u64.to_ne_bytes());
        put(offset_of!(Sample, comm), b"dockerd\0");
        let slot = |index| offset_of!(Sample, strings) + index * size_of::<StringArgument>();
        put(slot(0), &[1, 0, 5, 0]);
        put(slot(1), &[NO_ARGUMENT]);
        put(slot(2), &[2, 0, 0xff, 0xff]);
        put(slot(3), &[4, 0, 0, 1]);
        bytes.extend(31u32.to_ne_bytes());
        bytes.extend(u64::MAX.to_ne_bytes());
        bytes.extend(5u32.to_ne_bytes());
        bytes.extend(b"/mnt\0");
        bytes.extend([b'x'; STRING_CAP]);
        let row = failure(&bytes).unwrap();
        assert_eq!((row.syscall, row.errno, row.args[5]), (40, 28, 7));
        assert_eq!(row.comm, b"dockerd");
        assert_eq!(row.facts, [(1, 31), (2, 0), (3, u64::MAX), (33, 5)]);
        let paths: Vec<_> = row
            .paths
            .iter()
            .map(|path| (path.argument, path.bytes.len()))
            .collect();
        assert_eq!(paths, [(1, 4), (4, STRING_CAP - 1)]);
        assert_eq!(row.paths[0].bytes, b"/mnt");
        assert!(row.paths[1].truncated && !row.paths[0].truncated);
        for len in 0..bytes.len() {
            assert!(failure(&bytes[..len]).is_none() || len == bytes.len() - 1);
        }
    }

    #[test]
    fn reads_an_exit() {
        let bytes = [5u64.to_ne_bytes(), [0x2c, 3, 0, 0, 0, 1, 0, 0]].concat();
        let expected = Exit {
            time_ns: 5,
            tgid: 812,
            status: 1 << 8,
        };
        assert_eq!(exit(&bytes), Some(expected));
        assert_eq!(exit(&bytes[1..]), None);
    }

    #[test]
    fn reads_a_count() {
        let comm = u64::from_ne_bytes(*b"true\0\0\0\0");
        let row = count(&[40, 812, 28], &[3, 5, 100, 102, 0, 7, comm, 0], 2);
        assert_eq!((row.syscall, row.tgid, row.errno), (40, 812, 28));
        assert_eq!((row.count, row.first_ns, row.last_ns), (3, 5, 9));
        assert_eq!(row.comm, b"true");
        assert_eq!((row.cgroup, row.processes), (7, 1));
    }
}
