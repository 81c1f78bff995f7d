//! The worked examples in SPEC.md are what the writer writes and the reader reads, byte for byte.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fmt::Write;

use format_spec::{
    Damage, Reader, Writer,
    bounds::{
        MAX_COLUMNS, MAX_DECODED_LEN, MAX_FRAMES, MAX_RAW_LEN, MAX_ROWS, MAX_STORED_LEN,
        MAX_TOTAL_RAW_LEN,
    },
    container::FLAG_ZSTD,
    json,
    record::{
        AnyRecord, Closing, Code, Count, Counts, FactDefinition, FactTable, FactUnit, Failures,
        FtracePages, Record,
    },
};
use support::worked::{self, Worked};

const SPEC: &str = include_str!("../SPEC.md");

fn example() -> Vec<u8> {
    let id = std::array::from_fn(|at| u8::try_from(at).unwrap());
    let mut writer = Writer::new(Vec::new(), id, 1_700_000_000_000_000_000).unwrap();
    let facts = vec![FactDefinition {
        id: 300,
        name: "mnt_ns.mounts".into(),
        unit: FactUnit::Count,
        path: "nsproxy->mnt_ns->nr_mounts".into(),
    }];
    writer.write(0, &FactTable { facts }).unwrap();
    let rows = vec![Count {
        syscall: 40,
        errno: 28,
        tgid: 812,
        comm: b"dockerd".into(),
        count: 3,
        first_ns: 5_000_000_000,
        last_ns: 5_000_000_900,
        cgroup: 2248,
        processes: 1,
    }];
    writer.write(0, &Counts { rows }).unwrap();
    writer.finish().unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

#[test]
fn the_worked_bundle_is_what_the_writer_writes() {
    assert_eq!(hex(&worked::whole_bundle()), hex(&example()));
}

#[test]
fn the_worked_frames_are_what_is_said_of_them() {
    let mut types = Vec::new();
    for Worked {
        bundle,
        record,
        pages,
    } in worked::frames()
    {
        let reader = Reader::new(&bundle).unwrap();
        assert_eq!(reader.damage(), [Damage::NotClosed]);
        let [frame] = reader.frames() else {
            panic!("one frame")
        };
        assert_eq!(json::content(&reader, frame).unwrap(), record);
        for (page, spelt_out) in pages.iter().enumerate() {
            assert_eq!(record["pages"][page]["hex"], hex(spelt_out));
        }
        let mut writer = Writer::new(Vec::new(), [0; 16], 0).unwrap();
        let again = AnyRecord::decode(&reader, frame).unwrap();
        again.write(&mut writer, 0).unwrap();
        let written = writer.finish().unwrap();
        let written = Reader::new(&written).unwrap();
        let again = &written.frames()[0];
        assert_eq!(again.header.layout, frame.header.layout);
        let payloads = [(&reader, frame), (&written, again)]
            .map(|(reader, frame)| hex(&reader.payload(frame).unwrap()));
        assert_eq!(payloads[0], payloads[1]);
        types.push((frame.header.frame_type, frame.header.flags));
    }
    let due = [
        (Closing::TYPE, 0),
        (Failures::TYPE, 0),
        (FtracePages::TYPE, 0),
        (Code::TYPE, FLAG_ZSTD),
    ];
    assert_eq!(types, due);
}

#[test]
fn the_example_of_the_row_encoding_is_bincode() {
    let value = (7u8, 300u16, "ab", None::<u64>, -28i32);
    let bytes = bincode::encode_to_vec(value, bincode::config::standard()).unwrap();
    let hex = "07 fb 2c 01 02 61 62 00 37";
    assert!(SPEC.contains(&format!("is `{hex}`")));
    let documented = hex
        .split(' ')
        .map(|byte| u8::from_str_radix(byte, 16).unwrap());
    assert_eq!(bytes, documented.collect::<Vec<_>>());
}

#[test]
fn the_stated_bounds_are_those_of_the_code() {
    let stated = |line: &str| {
        let line = SPEC.lines().find(|found| found.starts_with(line)).unwrap();
        let number: String = line
            .split('|')
            .nth(2)
            .unwrap()
            .split(['(', ';'])
            .next()
            .unwrap()
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        number.parse::<u64>().unwrap()
    };
    assert_eq!(stated("| stored length"), MAX_STORED_LEN as u64);
    assert_eq!(stated("| raw length"), MAX_RAW_LEN as u64);
    assert_eq!(stated("| frames, the index"), MAX_FRAMES as u64);
    assert_eq!(stated("| rows of"), MAX_ROWS as u64);
    assert_eq!(stated("| columns of"), MAX_COLUMNS as u64);
    assert_eq!(stated("| what one record"), MAX_DECODED_LEN as u64);
    assert_eq!(stated("| sum of the raw lengths"), MAX_TOTAL_RAW_LEN);
}
