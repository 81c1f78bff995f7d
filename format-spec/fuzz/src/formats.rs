//! The reader, its records, sub-buffers and event formats.

use std::collections::HashMap;

use format_spec::{
    Reader, Writer,
    ftrace::{EventFormat, Field, PageFormat, rebase},
    record::{
        Closing, Code, CountUpdates, Counts, CtlTables, EventFormats, Exits, FactTable, Failures,
        FtracePages, Layout, Manifest, Probes, Record, Snapshot, Symbols, TypeLayouts, Types, Zoom,
    },
};

/// The usual `events/header_page`.
const HEADER_PAGE: &str = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\
    \tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n\
    \tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";

/// Reads a whole file.
pub fn container(file: &[u8]) {
    let Ok(reader) = Reader::new(file) else {
        return;
    };
    for note in reader.damage() {
        assert!(!note.to_string().is_empty());
    }
    for frame in reader.frames() {
        if let Ok(payload) = reader.payload(frame) {
            assert_eq!(payload.len(), frame.header.raw_len as usize);
            let [frame_type, _] = frame.header.frame_type.to_le_bytes();
            record(&[&[frame_type, frame.header.layout.version][..], &payload].concat());
        }
    }
}

/// Decodes a record; one that can be decoded survives being written.
pub fn record(input: &[u8]) {
    let &[frame_type, layout, ref payload @ ..] = input else {
        return;
    };
    let layout = Layout {
        version: layout & 3,
        revision: layout >> 7,
    };
    match u16::from(frame_type) {
        Manifest::TYPE => survives::<Manifest>(payload, layout),
        Closing::TYPE => survives::<Closing>(payload, layout),
        Counts::TYPE => survives::<Counts>(payload, layout),
        FactTable::TYPE => survives::<FactTable>(payload, layout),
        Failures::TYPE => survives::<Failures>(payload, layout),
        Snapshot::TYPE => survives::<Snapshot>(payload, layout),
        FtracePages::TYPE => survives::<FtracePages>(payload, layout),
        EventFormats::TYPE => survives::<EventFormats>(payload, layout),
        Probes::TYPE => survives::<Probes>(payload, layout),
        Symbols::TYPE => survives::<Symbols>(payload, layout),
        Zoom::TYPE => survives::<Zoom>(payload, layout),
        Code::TYPE => survives::<Code>(payload, layout),
        CtlTables::TYPE => survives::<CtlTables>(payload, layout),
        TypeLayouts::TYPE => survives::<TypeLayouts>(payload, layout),
        Types::TYPE => survives::<Types>(payload, layout),
        Exits::TYPE => survives::<Exits>(payload, layout),
        CountUpdates::TYPE => survives::<CountUpdates>(payload, layout),
        _ => {}
    }
}

fn survives<R: Record + PartialEq + std::fmt::Debug>(payload: &[u8], layout: Layout) {
    let Ok(record) = R::decode(payload, layout) else {
        return;
    };
    let mut again = Vec::new();
    if record.encode(&mut again).is_ok() {
        assert_eq!(R::decode(&again, R::LAYOUT).as_ref(), Ok(&record));
    }
}

/// Reads a sub-buffer, splits it into columns and puts it together again.
pub fn page(page: &[u8]) {
    let Ok(format) = PageFormat::parse(HEADER_PAGE) else {
        return;
    };
    assert!(format.used_len(page) <= page.len());
    if let Some(sub) = format.sub_buffer(page) {
        for event in sub.events() {
            assert!(event.offset + event.data.len() <= page.len());
        }
    }
    let text = "name: kernel_stack\nID: 4\n\tfield:unsigned long caller[];\toffset:16;\tsize:0;\tsigned:0;\n";
    let formats: HashMap<u16, EventFormat> = EventFormat::parse(text)
        .into_iter()
        .map(|format| (format.id, format))
        .collect();
    let mut moved = page.to_vec();
    rebase(&mut moved, format, &formats, 0xffff_8000_8000_0000);
    let record = FtracePages {
        cpu: 0,
        session: 0,
        pages: vec![page.to_vec(), moved],
    };
    let Ok(mut writer) = Writer::new(Vec::new(), [0; 16], 0) else {
        return;
    };
    if writer.write(0, &record).is_ok()
        && let Ok(file) = writer.finish()
        && let Ok(reader) = Reader::new(&file)
    {
        assert_eq!(
            reader.decode::<FtracePages>(&reader.frames()[0]),
            Ok(record)
        );
    }
}

/// Reads a text of tracefs.
pub fn format(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let _ = PageFormat::parse(&text);
    let record = [0xff; 64];
    if let Ok(fields) = Field::parse_all(&text) {
        for field in fields {
            let _ = field.read(&record);
        }
    }
    if let Ok(format) = EventFormat::parse(&text) {
        let _ = format.field("func");
    }
}
