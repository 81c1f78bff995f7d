//! The worked examples of SPEC.md, as they stand there.

use format_spec::container::{FileHeader, FrameHeader};
use serde_json::Value;

const SPEC: &str = include_str!("../../SPEC.md");

/// A fenced block of the chapter.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// The bytes in front of the `;` of each line.
    Bytes(Vec<u8>),
    /// The record that the bytes before stand for.
    Json(Value),
}

/// A frame that is put behind the file header of the first example, and what is said of it.
pub struct Worked {
    /// The bundle, which is not closed.
    pub bundle: Vec<u8>,
    /// The payload's record.
    pub record: Value,
    /// The pages that are spelt out.
    pub pages: Vec<Vec<u8>>,
}

/// All blocks of the chapter, in order.
pub fn blocks() -> Vec<Block> {
    let (_, chapter) = SPEC.split_once("\n## 11 ").unwrap();
    let mut fences = chapter.split("\n```");
    fences.next();
    // Every second part is between two blocks.
    let blocks = fences.step_by(2).map(|fence| {
        let (language, text) = fence.split_once('\n').unwrap();
        match language {
            "hex" => Block::Bytes(text.lines().flat_map(bytes).collect()),
            "json" => Block::Json(serde_json::from_str(text).unwrap()),
            other => panic!("a block in {other:?}"),
        }
    });
    blocks.collect()
}

fn bytes(line: &str) -> impl Iterator<Item = u8> {
    let (bytes, _) = line.split_once(';').expect(line);
    let bytes = bytes.split_whitespace();
    bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap())
}

/// The example of a whole bundle.
pub fn whole_bundle() -> Vec<u8> {
    match blocks().swap_remove(0) {
        Block::Bytes(bytes) => bytes,
        Block::Json(_) => panic!("the bundle comes first"),
    }
}

/// The examples of frames.
pub fn frames() -> Vec<Worked> {
    let file = whole_bundle();
    let mut frames = Vec::new();
    let mut given: Vec<Vec<u8>> = Vec::new();
    for block in blocks().split_off(1) {
        match block {
            Block::Bytes(bytes) => given.push(bytes),
            Block::Json(record) => {
                let frame = given.remove(0);
                assert!(FrameHeader::parse(&frame, 0).is_some());
                let bundle = [&file[..FileHeader::LEN], &frame].concat();
                let pages = std::mem::take(&mut given);
                frames.push(Worked {
                    bundle,
                    record,
                    pages,
                });
            }
        }
    }
    assert!(given.is_empty(), "bytes of which nothing is said");
    frames
}
