//! From the kernel program's layouts to records.

use std::mem::offset_of;

use capture_ebpf::{
    COMM_LEN, Failure as Sample, MAX_FACTS, MAX_STRINGS, NO_ARGUMENT, STRING_CAP, StringArgument,
    UNREADABLE,
};
use format_spec::record::{Count, Exit, Failure, PathArgument};

/// A sample; `None` when it is too short.
pub(super) fn failure(bytes: &[u8], facts: usize) -> Option<Failure> {
    if bytes.len() < size_of::<Sample>() {
        return None;
    }
    let word = |at: usize| {
        bytes
            .get(at..at + 8)
            .and_then(|b| b.try_into().ok())
            .map(u64::from_ne_bytes)
    };
    let half = |at: usize| {
        bytes
            .get(at..at + 4)
            .and_then(|b| b.try_into().ok())
            .map(u32::from_ne_bytes)
    };
    let mut args = [0; 6];
    for (index, arg) in args.iter_mut().enumerate() {
        *arg = word(offset_of!(Sample, args) + 8 * index)?;
    }
    let mut known = Vec::new();
    for id in 0..facts.min(MAX_FACTS) {
        let set = word(offset_of!(Sample, fact_set) + 8 * (id / 64))?;
        if set >> (id % 64) & 1 == 1 {
            let value = word(offset_of!(Sample, facts) + 8 * id)?;
            known.push((u16::try_from(id).ok()?, value));
        }
    }
    let strings = bytes.get(offset_of!(Sample, strings)..)?;
    let comm = offset_of!(Sample, comm);
    Some(Failure {
        time_ns: word(offset_of!(Sample, time_ns))?,
        syscall: half(offset_of!(Sample, syscall))?,
        errno: u16::try_from(half(offset_of!(Sample, errno))?).ok()?,
        not_entered: half(offset_of!(Sample, not_entered))? == 1,
        tgid: half(offset_of!(Sample, tgid))?,
        pid: half(offset_of!(Sample, pid))?,
        uid: half(offset_of!(Sample, uid))?,
        cgroup: word(offset_of!(Sample, cgroup))?,
        comm: until_nul(bytes.get(comm..comm + COMM_LEN)?),
        args,
        paths: strings
            .chunks_exact(size_of::<StringArgument>())
            .take(MAX_STRINGS)
            .filter_map(string)
            .collect(),
        facts: known,
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
    }
}

fn string(bytes: &[u8]) -> Option<PathArgument> {
    let argument = *bytes.get(offset_of!(StringArgument, argument))?;
    let len = offset_of!(StringArgument, len);
    let len = u16::from_ne_bytes(bytes.get(len..len + 2)?.try_into().ok()?);
    if argument == NO_ARGUMENT || len == UNREADABLE {
        return None;
    }
    let text = bytes.get(offset_of!(StringArgument, bytes)..)?;
    Some(PathArgument {
        argument,
        bytes: text.get(..usize::from(len).checked_sub(1)?)?.to_vec(),
        truncated: usize::from(len) == STRING_CAP,
    })
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
        let mut bytes = vec![0xaa; size_of::<Sample>()];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(offset_of!(Sample, errno), &28u32.to_ne_bytes());
        put(offset_of!(Sample, syscall), &40u32.to_ne_bytes());
        put(offset_of!(Sample, args) + 40, &7u64.to_ne_bytes());
        put(offset_of!(Sample, fact_set), &0b10u64.to_ne_bytes());
        put(offset_of!(Sample, facts) + 8, &31u64.to_ne_bytes());
        put(offset_of!(Sample, comm), b"dockerd\0");
        let slot = |index| offset_of!(Sample, strings) + index * size_of::<StringArgument>();
        put(slot(0), &[1, 0, 5, 0, b'/', b'm', b'n', b't', 0]);
        put(slot(1), &[NO_ARGUMENT]);
        put(slot(2), &[2, 0, 0xff, 0xff]);
        put(slot(3), &[4, 0, 0, 1]);
        let row = failure(&bytes, 2).unwrap();
        assert_eq!((row.syscall, row.errno, row.args[5]), (40, 28, 7));
        assert_eq!(row.comm, b"dockerd");
        assert_eq!(row.facts, [(1, 31)]);
        assert_eq!(row.paths.len(), 2);
        assert_eq!(
            (row.paths[0].argument, &row.paths[0].bytes[..]),
            (1, &b"/mnt"[..])
        );
        assert!(row.paths[1].truncated && row.paths[1].bytes.len() == STRING_CAP - 1);
        assert!(failure(&bytes[1..], 2).is_none());
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
        let row = count(&[40, 812, 28], &[3, 5, 100, 102, 0, comm, 0], 2);
        assert_eq!((row.syscall, row.tgid, row.errno), (40, 812, 28));
        assert_eq!((row.count, row.first_ns, row.last_ns), (3, 5, 9));
        assert_eq!(row.comm, b"true");
    }
}
