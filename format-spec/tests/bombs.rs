//! Small files that ask for much: the answer is an error, soon and within bounded memory.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{io::Write, process::Command};

use format_spec::{
    Damage, DecodeError, Reader, WriteError, Writer,
    bounds::{MAX_DAMAGE, MAX_FRAMES, MAX_RAW_LEN, MAX_ROWS, MAX_TOTAL_RAW_LEN},
    container::{FLAG_ZSTD, FrameHeader},
    record::{
        Code, Count, Counts, CtlTables, Exits, Failures, FtracePages, FunctionCode, Record,
        Snapshot, Symbols, TypeLayouts,
    },
};
use support::{bincode_varint, bundle_of, leb128};

fn decode<R: Record>(file: &[u8]) -> Result<R, DecodeError> {
    let reader = Reader::new(file).unwrap();
    reader.decode(&reader.frames()[0])
}

/// A columnar payload.
fn columnar(rows: u64, columns: &[Vec<u8>]) -> Vec<u8> {
    let mut payload = [leb128(rows), leb128(columns.len() as u64)].concat();
    for column in columns {
        payload.extend(leb128(column.len() as u64));
        payload.extend(column);
    }
    payload
}

/// Columns of so many failures without paths or facts, all fields 0, all of the name that `comms` gives.
fn failures(rows: usize, comms: &[u8]) -> Vec<Vec<u8>> {
    let mut columns = vec![vec![0; rows]; 23];
    for at in [17, 18, 19, 21, 22] {
        columns[at].clear();
    }
    columns[9] = [leb128(comms.len() as u64), comms.to_vec()].concat();
    columns
}

#[test]
fn zstd_that_says_one_length_and_gives_another() {
    let content = vec![7u8; 100_000];
    let stored = zstd::bulk::compress(&content, 3).unwrap();
    let read = |raw_len, stored: &[u8]| {
        let frame = support::frame(Code::TYPE, 0, FLAG_ZSTD, raw_len, stored);
        let file = support::open_bundle(&[frame]);
        let reader = Reader::new(&file).unwrap();
        reader.payload(&reader.frames()[0])
    };
    assert_eq!(read(content.len(), &stored), Ok(content.clone()));
    let zstd = |result| matches!(result, Err(DecodeError::Zstd(_)));
    assert!(zstd(read(content.len() - 1, &stored)));
    assert!(zstd(read(content.len() + 1, &stored)));
    assert!(zstd(read(0, &stored)));
    assert!(zstd(read(MAX_RAW_LEN, &stored)));
    assert!(zstd(read(content.len() * 2, &stored.repeat(2))));
    assert!(zstd(read(content.len(), &[&stored[..], &[0]].concat())));
    assert!(zstd(read(content.len(), &stored[..stored.len() - 1])));
    assert!(zstd(read(0, &[])));
    // The content size stands behind magic number and descriptor: 4 bytes for this length.
    for size in [0u32, 1, 100_001, u32::MAX] {
        let mut lying = stored.clone();
        assert_eq!(lying[5..9], 100_000u32.to_le_bytes());
        lying[5..9].copy_from_slice(&size.to_le_bytes());
        assert!(zstd(read(content.len(), &lying)));
    }
    let frame = support::frame(Code::TYPE, 0, 0, stored.len() + 1, &stored);
    let file = support::open_bundle(&[frame]);
    let reader = Reader::new(&file).unwrap();
    let payload = reader.payload(&reader.frames()[0]);
    assert!(matches!(payload, Err(DecodeError::Malformed(_))));
}

#[test]
fn headers_with_lengths_over_their_bounds_are_no_frames() {
    for (at, len) in [
        (20, u32::MAX),
        (24, u32::MAX),
        (20, 1 << 31),
        (24, (8 << 20) + 1),
    ] {
        let mut frame = support::frame(Code::TYPE, 0, 0, 1, &[0]);
        frame[at..at + 4].copy_from_slice(&len.to_le_bytes());
        let crc = crc32fast::hash(&frame[..36]);
        frame[36..40].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(FrameHeader::parse(&frame, 0), None);
        let good = support::frame(Code::TYPE, 0, 0, 1, &[0]);
        let file = support::open_bundle(&[frame.clone(), good]);
        let reader = Reader::new(&file).unwrap();
        assert_eq!(reader.frames().len(), 1);
        let (offset, len) = (64, frame.len());
        assert_eq!(reader.damage()[0], Damage::Skipped { offset, len });
    }
}

#[test]
fn lists_longer_than_memory() {
    for len in [1u64 << 22, 1 << 31, 1 << 32, 1 << 62, 1 << 63, u64::MAX] {
        let list = bincode_varint(len);
        let bound = |result| matches!(result, Err(DecodeError::Bound { .. }));
        assert!(bound(
            decode::<Symbols>(&bundle_of(Symbols::TYPE, &list)).map(drop)
        ));
        assert!(bound(
            decode::<TypeLayouts>(&bundle_of(TypeLayouts::TYPE, &list)).map(drop)
        ));
        // A snapshot with one entry: an empty path and a directory of so many names.
        let nested = [&[0, 0, 0, 0, 1, 0, 2][..], &list].concat();
        assert!(bound(
            decode::<Snapshot>(&bundle_of(Snapshot::TYPE, &nested)).map(drop)
        ));
        let nested = [&[1, 0][..], &list].concat();
        let code = decode::<Code>(&bundle_of(Code::TYPE, &nested)).map(drop);
        assert!(code.is_err());
    }
}

#[test]
fn columns_that_promise_more_than_they_hold() {
    let decode = |rows, columns: &[Vec<u8>]| {
        decode::<Failures>(&bundle_of(Failures::TYPE, &columnar(rows, columns)))
    };
    let honest = failures(3, b"x");
    assert_eq!(decode(3, &honest).unwrap().rows.len(), 3);
    for rows in [4, 1 << 18, (1 << 18) + 1, 1 << 32, u64::MAX] {
        assert!(decode(rows, &honest).is_err());
    }
    assert!(decode(2, &honest).is_err());
    for at in 0..honest.len() {
        for count in [1, 7, 1 << 60, u64::MAX] {
            let mut lying = honest.clone();
            lying[at] = [vec![0, 0], leb128(count)].concat();
            // A number of one byte may be right in its column; a count is not, with nothing counted.
            let result = decode(3, &lying);
            assert!(count == 1 || at < 16 || result.is_err(), "column {at}");
        }
    }
    // One name of a mebibyte, held by many rows.
    let many = failures(1_000, &vec![b'x'; 1 << 20]);
    assert!(matches!(
        decode(1_000, &many),
        Err(DecodeError::Bound { .. })
    ));
    assert!(decode(3, &[]).is_err());
    let wide = vec![Vec::new(); 65];
    assert!(decode(0, &wide).is_err());
}

#[test]
fn a_writer_refuses_what_a_reader_would() {
    let mut writer = Writer::new(Vec::new(), [0; 16], 0).unwrap();
    let start = writer.len();
    let rows = vec![Count::default(); MAX_ROWS + 1];
    let refused = writer.write(0, &Counts { rows });
    assert!(matches!(refused, Err(WriteError::TooLarge { .. })));
    let one = |bytes| Code {
        functions: vec![FunctionCode { address: 0, bytes }],
    };
    let refused = writer.write(0, &one(vec![0; MAX_RAW_LEN]));
    assert!(matches!(refused, Err(WriteError::TooLarge { .. })));
    let empty = FunctionCode {
        address: 0,
        bytes: Vec::new(),
    };
    let functions = vec![empty; 2 << 20];
    let refused = writer.write(0, &Code { functions });
    assert!(matches!(refused, Err(WriteError::TooLarge { .. })));
    assert_eq!(writer.len(), start);
    writer.write(0, &one(vec![0; MAX_RAW_LEN - 64])).unwrap();
    let file = writer.finish().unwrap();
    assert_eq!(support::read_all(&file), 1);
}

#[test]
fn a_writer_does_not_go_on_behind_half_a_frame() {
    let mut room = [0u8; 100];
    let mut writer = Writer::new(&mut room[..], [0; 16], 0).unwrap();
    let first = writer.write(0, &Code::default());
    assert!(matches!(first, Err(WriteError::Io(_))));
    let second = writer.write(0, &Code::default());
    assert!(matches!(second, Err(WriteError::Io(_))));
    assert!(writer.finish().is_err());
    let reader = Reader::new(&room).unwrap();
    assert_eq!(
        reader.damage()[0],
        Damage::Cut {
            offset: 64,
            len: 100
        }
    );
}

#[test]
fn too_many_frames_and_too_many_bytes() {
    let header = |sequence: usize, raw_len| {
        support::frame(
            Code::TYPE,
            u32::try_from(sequence).unwrap(),
            FLAG_ZSTD,
            raw_len,
            &[],
        )
    };
    let frames: Vec<_> = (0..MAX_FRAMES + 2)
        .map(|sequence| header(sequence, 1))
        .collect();
    let file = support::open_bundle(&frames);
    let reader = Reader::new(&file).unwrap();
    assert_eq!(reader.frames().len(), MAX_FRAMES);
    let offset = 64 + 40 * MAX_FRAMES;
    assert_eq!(
        reader.damage(),
        [Damage::TooMany { offset }, Damage::NotClosed]
    );

    let allowed = usize::try_from(MAX_TOTAL_RAW_LEN).unwrap() / MAX_RAW_LEN;
    let frames: Vec<_> = (0..allowed + 5)
        .map(|sequence| header(sequence, MAX_RAW_LEN))
        .collect();
    let file = support::open_bundle(&frames);
    assert_eq!(Reader::new(&file).unwrap().frames().len(), allowed);
}

/// Each of these would take quadratic time if every doubt cost a look at the rest of the file: with 16 MiB, hours.
#[test]
fn files_made_to_be_slow() {
    let len = 16 << 20;
    // Headers that each claim the rest of the file; the checksum does not match, and nothing follows.
    let claim = |stored_len: u32| {
        let mut header = FrameHeader::parse(&support::frame(Code::TYPE, 0, 0, 1, &[0]), 0).unwrap();
        header.stored_len = stored_len;
        header.to_bytes().to_vec()
    };
    let within = claim(4 << 20).repeat(len / FrameHeader::LEN);
    let beyond = claim(u32::try_from(MAX_RAW_LEN).unwrap()).repeat(len / FrameHeader::LEN);
    for frames in [
        within,
        beyond,
        b"\xf5ETZ".repeat(len / 4),
        b"ETZ-END\n".repeat(len / 8),
    ] {
        let file = support::open_bundle(&[frames]);
        let reader = Reader::new(&file).unwrap();
        assert!(reader.damage().len() <= MAX_DAMAGE + 1);
    }
    // A large index, and a trailer after it again and again: the index is looked at once.
    let index = vec![0; MAX_RAW_LEN];
    let stored = zstd::bulk::compress(&index, 1).unwrap();
    let index = support::frame(0xffff, 0, FLAG_ZSTD, index.len(), &stored);
    let trailer = format_spec::container::Trailer {
        index_offset: 64,
        file_len: 0,
        frames: 0,
    };
    let trailers = trailer.to_bytes().repeat(len / 32);
    let file = support::open_bundle(&[index, trailers]);
    assert_eq!(Reader::new(&file).unwrap().damage(), [Damage::Index]);
}

/// A payload of some size, from a number of elements.
type Bomb = (&'static str, u16, fn(usize) -> Vec<u8>);

/// Payloads whose elements take far more memory than bytes.
const BOMBS: [Bomb; 10] = [
    ("directories of empty names", Snapshot::TYPE, |len| {
        directories(len, &[0])
    }),
    ("directories of short names", Snapshot::TYPE, |len| {
        directories(len, &[1, b'x'])
    }),
    ("empty pages", FtracePages::TYPE, |len| {
        [&[0, 0][..], &bincode_varint(len as u64), &vec![0; len]].concat()
    }),
    (
        "pages of bytes that each stand for two words",
        FtracePages::TYPE | V2,
        pages,
    ),
    ("paths of sysctls", CtlTables::TYPE, |len| {
        let each = [
            &[0u8][..],
            &bincode_varint(1_000),
            &[1, b'x'].repeat(1_000),
            &[0, 0],
        ]
        .concat();
        [bincode_varint(len as u64 / 1_000), each.repeat(len / 1_000)].concat()
    }),
    ("rows", Failures::TYPE, |len| {
        columnar(len as u64, &failures(len, b"x"))
    }),
    ("rows with a path and a fact", Failures::TYPE, |len| {
        let mut columns = failures(len, b"x");
        for (at, value) in [(16, 1), (17, 0), (18, 0), (20, 1), (21, 0), (22, 0)] {
            columns[at] = vec![value; len];
        }
        columns[19] = vec![1, b'x'];
        columnar(len as u64, &columns)
    }),
    (
        "rows of one thread, each with the facts of the first",
        Failures::TYPE | V2,
        |len| {
            let mut columns = vec![vec![]; 20];
            for at in [0, 1, 3, 10, 13, 15] {
                columns[at] = vec![0; len];
            }
            columns[2] = vec![0];
            columns[3][0] = 1 << 4;
            columns[9] = [leb128(len as u64), vec![0; len]].concat();
            columns[14] = vec![0; 4];
            columnar(len as u64, &columns)
        },
    ),
    ("counts", Counts::TYPE, |len| {
        let mut columns = vec![vec![0; len]; 8];
        columns[4] = vec![1, b'x'];
        columnar(len as u64, &columns)
    }),
    ("exits", Exits::TYPE, |len| {
        columnar(len as u64, &vec![vec![0; len]; 3])
    }),
];

/// Marks a payload of version 2.
const V2: u16 = 0x4000;

/// Pages of a thousand events of 28 words that are 0, `len` events in all.
fn pages(len: usize) -> Vec<u8> {
    let count = len / 1_000;
    let events = [vec![3; 1_000], vec![0]].concat().repeat(count);
    let head = [&[0, 0, 1, 28, 0][..], &[2; 14]].concat();
    let each = |byte| vec![byte; count];
    let empty = Vec::new;
    let fixed = [
        head,
        each(1),
        empty(),
        each(0),
        each(0),
        each(0),
        events,
        empty(),
        empty(),
        empty(),
    ];
    columnar(
        count as u64,
        &[&fixed[..], &vec![vec![0; count * 1_000]; 15]].concat(),
    )
}

/// Directories of a thousand names each, `name` as bincode has it, `len` names in all.
fn directories(len: usize, name: &[u8]) -> Vec<u8> {
    let each = [&[0, 2][..], &bincode_varint(1_000), &name.repeat(1_000)].concat();
    let head = [&[0, 0, 0, 0][..], &bincode_varint(len as u64 / 1_000)].concat();
    [head, each.repeat(len / 1_000)].concat()
}

fn is_record(file: &[u8], frame_type: u16) -> bool {
    let is = |result: Result<(), DecodeError>| result.is_ok();
    match frame_type {
        Snapshot::TYPE => is(decode::<Snapshot>(file).map(drop)),
        FtracePages::TYPE => is(decode::<FtracePages>(file).map(drop)),
        CtlTables::TYPE => is(decode::<CtlTables>(file).map(drop)),
        Failures::TYPE => is(decode::<Failures>(file).map(drop)),
        Counts::TYPE => is(decode::<Counts>(file).map(drop)),
        Exits::TYPE => is(decode::<Exits>(file).map(drop)),
        _ => unreachable!(),
    }
}

/// The largest bomb of this kind that is still a record, to a few percent.
fn largest((_, frame_type, payload): Bomb) -> Vec<u8> {
    let file = |len| {
        let payload = payload(len);
        let mut file = bundle_of(frame_type & !V2, &payload);
        if frame_type & V2 != 0 {
            file[64 + 6] = 2;
            let crc = crc32fast::hash(&file[64..100]);
            file[100..104].copy_from_slice(&crc.to_le_bytes());
        }
        (payload.len() <= MAX_RAW_LEN).then_some(file)
    };
    let fits = |len: usize| file(len).is_some_and(|file| is_record(&file, frame_type & !V2));
    let (mut fitting, mut over) = (1_000, 8 << 20);
    while over - fitting > over / 20 {
        let len = usize::midpoint(fitting, over);
        *(if fits(len) { &mut fitting } else { &mut over }) = len;
    }
    file(fitting).unwrap()
}

/// Decodes the bomb in the file that `ETZ_BOMB` names and prints the peak of this process's memory.
#[test]
#[ignore = "run by memory_is_bounded in a process of its own"]
fn decode_one_bomb() {
    let file = std::fs::read(std::env::var_os("ETZ_BOMB").unwrap()).unwrap();
    let reader = Reader::new(&file).unwrap();
    let frame_type = reader.frames()[0].header.frame_type;
    assert!(is_record(&file, frame_type & !V2));
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    println!("{}", line.unwrap());
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads the peak from procfs")]
fn memory_is_bounded() {
    for bomb in BOMBS {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&largest(bomb)).unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "decode_one_bomb", "--ignored", "--nocapture"])
            .env("ETZ_BOMB", file.path())
            .output()
            .unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        let peak = output.split("VmHWM:").nth(1).expect(&output);
        let peak_kib: u64 = peak.split_whitespace().next().unwrap().parse().unwrap();
        println!("{}: {peak_kib} KiB", bomb.0);
        assert!(peak_kib < 128 << 10, "{}: {peak_kib} KiB", bomb.0);
    }
}

#[test]
fn tiny_frames_that_each_claim_the_most() {
    let stored = zstd::bulk::compress(&vec![0; MAX_RAW_LEN], 19).unwrap();
    assert!(stored.len() < 2_000);
    let tiny = |sequence| support::frame(Code::TYPE, sequence, FLAG_ZSTD, MAX_RAW_LEN, &stored);
    let file = support::open_bundle(&(0..50).map(tiny).collect::<Vec<_>>());
    let reader = Reader::new(&file).unwrap();
    assert_eq!(reader.frames().len(), 50);
    for frame in reader.frames() {
        // An empty list, and zeros left over.
        assert!(matches!(
            reader.decode::<Code>(frame),
            Err(DecodeError::Malformed(_))
        ));
    }
}
