//! Values of every record, and bundles made of them.

#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "each test binary uses a part of it"
)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod samples;
mod sub_buffers;
pub mod worked;

use format_spec::{
    Reader, Writer,
    container::{FLAG_ZSTD, FileHeader, FrameHeader, Trailer},
    record::{Layout, Record},
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, TestRunner},
};

pub use samples::Sample;

/// Calls a macro with the type of every record.
macro_rules! for_every_record {
    ($macro:ident) => {
        $macro! {
            Manifest, Closing, Counts, FactTable, Failures, Snapshot, FtracePages, EventFormats,
            Probes, Symbols, Zoom, Code, CtlTables, TypeLayouts, Exits, CountUpdates, Types
        }
    };
}
pub(crate) use for_every_record;

/// No file of past failures: a failure becomes a test of its own.
pub fn config() -> Config {
    Config {
        failure_persistence: None,
        ..Config::default()
    }
}

/// The first value of the strategy under a fixed seed.
pub fn sample<R: Sample>(runner: &mut TestRunner) -> R {
    R::strategy()
        .new_tree(runner)
        .expect("strategies do not fail")
        .current()
}

/// A closed bundle with `each` records of every type, always the same.
pub fn bundle(each: usize) -> Vec<u8> {
    let mut runner = TestRunner::deterministic();
    let mut writer = Writer::new(Vec::new(), [7; 16], 1_700_000_000_000_000_000).unwrap();
    macro_rules! write {
        ($($record:ident),*) => {
            for stream in 0..u32::try_from(each).unwrap() {
                $(
                    let record: format_spec::record::$record = sample(&mut runner);
                    writer.write(stream, &record).unwrap();
                )*
            }
        };
    }
    for_every_record!(write);
    writer.finish().unwrap()
}

/// Where each part of a closed bundle ends: file header, frames, index frame, trailer.
pub fn ends(file: &[u8]) -> Vec<usize> {
    let mut ends = vec![FileHeader::LEN];
    let mut at = FileHeader::LEN;
    while let Some(header) = FrameHeader::parse(file, at) {
        at += FrameHeader::LEN + header.stored_len as usize;
        ends.push(at);
    }
    ends.push(at + Trailer::LEN);
    assert_eq!(at + Trailer::LEN, file.len());
    ends
}

/// A frame of any content, with right checksums.
pub fn frame(frame_type: u16, sequence: u32, flags: u32, raw_len: usize, stored: &[u8]) -> Vec<u8> {
    let header = FrameHeader {
        frame_type,
        layout: Layout {
            version: 1,
            revision: 0,
        },
        flags,
        stream: 0,
        sequence,
        stored_len: u32::try_from(stored.len()).unwrap(),
        raw_len: u32::try_from(raw_len).unwrap(),
        payload_crc: crc32fast::hash(stored),
    };
    [&header.to_bytes()[..], stored].concat()
}

/// The frame, marked as of another version of its record.
pub fn with_version(mut frame: Vec<u8>, version: u8) -> Vec<u8> {
    frame[6] = version;
    let crc = crc32fast::hash(&frame[..36]);
    frame[36..40].copy_from_slice(&crc.to_le_bytes());
    frame
}

/// A bundle that is not closed, of frames of any content.
pub fn open_bundle(frames: &[Vec<u8>]) -> Vec<u8> {
    let empty = Writer::new(Vec::new(), [7; 16], 0)
        .unwrap()
        .finish()
        .unwrap();
    [&empty[..FileHeader::LEN], &frames.concat()].concat()
}

/// A bundle of one frame that holds `payload`, compressed.
pub fn bundle_of(frame_type: u16, payload: &[u8]) -> Vec<u8> {
    let stored = zstd::bulk::compress(payload, 1).unwrap();
    open_bundle(&[frame(frame_type, 0, FLAG_ZSTD, payload.len(), &stored)])
}

/// Decodes every frame and looks at every note, and returns how many frames held a record.
pub fn read_all(file: &[u8]) -> usize {
    let Ok(reader) = Reader::new(file) else {
        return 0;
    };
    for note in reader.damage() {
        assert!(!note.to_string().is_empty());
    }
    let dump = format_spec::json::dump(&reader);
    let frames = dump["frames"].as_array().unwrap();
    frames
        .iter()
        .filter(|frame| frame.get("record").is_some())
        .count()
}

/// `value` in bincode's varint encoding.
pub fn bincode_varint(value: u64) -> Vec<u8> {
    bincode::encode_to_vec(value, bincode::config::standard()).unwrap()
}

/// `value` in the LEB128 of columns.
pub fn leb128(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
    out
}
