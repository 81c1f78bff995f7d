//! What is written is what is read: every record, over the whole range of every field.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use format_spec::{Reader, Writer, record::*};
use proptest::prelude::*;
use support::{Sample, for_every_record};

fn survives<R: Sample>(record: &R, stream: u32) -> Result<(), TestCaseError> {
    let mut writer = Writer::new(Vec::new(), [1; 16], 2).unwrap();
    let len = writer.write(stream, record).unwrap();
    let before = writer.len();
    let file = writer.finish().unwrap();
    let reader = Reader::new(&file).unwrap();
    prop_assert_eq!(reader.damage(), []);
    let [frame] = reader.frames() else {
        return Err(TestCaseError::fail("one frame was written"));
    };
    prop_assert_eq!(frame.offset as u64 + len, before);
    prop_assert_eq!(frame.header.stream, stream);
    prop_assert_eq!(&reader.decode::<R>(frame).unwrap(), record);
    Ok(())
}

macro_rules! tests {
    ($($record:ident),*) => {
        proptest! {
            #![proptest_config(support::config())]
            $(
                #[test]
                #[allow(non_snake_case, reason = "named for the record")]
                fn $record(record in $record::strategy(), stream: u32) {
                    survives(&record, stream)?;
                }
            )*
        }
    };
}
for_every_record!(tests);

#[test]
fn types_and_layouts_are_told_apart() {
    let file = support::bundle(1);
    let reader = Reader::new(&file).unwrap();
    for frame in reader.frames() {
        let decoded = reader.decode::<Code>(frame);
        assert_eq!(decoded.is_ok(), frame.header.frame_type == Code::TYPE);
    }
}

#[test]
fn sizes_add_up_to_the_file() {
    let mut writer = Writer::new(Vec::new(), [0; 16], 0).unwrap();
    writer.write(0, &Counts::default()).unwrap();
    writer.write(0, &Code::default()).unwrap();
    let stored: u64 = writer.sizes().values().map(|size| size.stored_bytes).sum();
    assert_eq!(stored + 64, writer.len());
}

#[test]
fn pages_of_version_1_are_still_read() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let record: FtracePages = support::sample(&mut runner);
    let payload = bincode::encode_to_vec(&record, bincode::config::standard()).unwrap();
    let frame = support::frame(FtracePages::TYPE, 0, 0, payload.len(), &payload);
    let file = support::open_bundle(&[frame]);
    let reader = Reader::new(&file).unwrap();
    let frame = &reader.frames()[0];
    assert_eq!(frame.header.layout.version, 1);
    assert_eq!(reader.decode::<FtracePages>(frame), Ok(record));
}

/// Forty times the same calls, as a zoom records them: the bytes that each takes are those of its times.
#[test]
fn pages_of_the_same_calls_become_small() {
    let mut page = 1_000_000u64.to_le_bytes().to_vec();
    page.extend([0; 8]);
    let mut calls = 0u32;
    for round in 0..40u64 {
        for (depth, function) in [(0u32, 0x4000u64), (1, 0x5100), (2, 0x6200), (3, 0x7300)] {
            page.extend((100 << 5 | 5u32).to_le_bytes());
            page.extend([11u32, 73].map(u32::to_le_bytes).concat());
            page.extend(function.to_le_bytes());
            page.extend(depth.to_le_bytes());
            calls += 1;
        }
        for (depth, function) in [(3u64, 0x7300u64), (2, 0x6200), (1, 0x5100), (0, 0x4000)] {
            page.extend((60 << 5 | 9u32).to_le_bytes());
            page.extend([10u32, 73].map(u32::to_le_bytes).concat());
            let times = [1_000_000 + 640 * round, 1_000_050 + 640 * round];
            let words = [
                function,
                depth,
                times[0] + 60 * (3 - depth),
                times[1] + 60 * (3 - depth),
            ];
            page.extend(words.map(u64::to_le_bytes).concat());
            calls += 1;
        }
    }
    let used = page.len() as u64 - 16;
    page[8..16].copy_from_slice(&used.to_le_bytes());
    let pages = vec![page; 10];
    let record = FtracePages {
        cpu: 0,
        session: 1,
        pages,
    };
    let mut writer = Writer::new(Vec::new(), [0; 16], 0).unwrap();
    let len = writer.write(0, &record).unwrap();
    assert!(len < u64::from(calls) * 10, "{len} bytes");
    let file = writer.finish().unwrap();
    let reader = Reader::new(&file).unwrap();
    assert_eq!(
        reader.decode::<FtracePages>(&reader.frames()[0]),
        Ok(record)
    );
}
