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
