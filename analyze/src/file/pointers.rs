//! Pointers that early recorders left in trace pages.

use std::collections::HashMap;

use format_spec::{
    Frame, Reader,
    ftrace::{EventFormat, PageFormat, rebase},
    record::{EventFormats, FtracePages, Record},
};

/// What tells where the values are in the pages that follow.
#[derive(Default)]
pub(super) struct Pointers {
    page: Option<PageFormat>,
    events: HashMap<u16, EventFormat>,
}

impl Pointers {
    /// The pages of a frame with one constant for all pointers into the kernel that functions returned or were given;
    /// `None` where the frame has none. Frames are to be given in their order, the event formats among them.
    pub(super) fn hidden_in(&mut self, reader: &Reader<'_>, frame: &Frame) -> Option<FtracePages> {
        match frame.header.frame_type {
            EventFormats::TYPE => {
                self.learn(&reader.decode(frame).ok()?);
                None
            }
            FtracePages::TYPE => {
                let mut pages: FtracePages = reader.decode(frame).ok()?;
                let before = pages.pages.clone();
                for page in &mut pages.pages {
                    // Their text addresses are relative already.
                    rebase(page, self.page?, &self.events, 0);
                }
                (pages.pages != before).then_some(pages)
            }
            _ => None,
        }
    }

    fn learn(&mut self, formats: &EventFormats) {
        if let Ok(page) = PageFormat::parse(&formats.header_page) {
            self.page = Some(page);
        }
        let events = formats
            .events
            .iter()
            .filter_map(|event| EventFormat::parse(&event.text).ok());
        self.events.extend(events.map(|event| (event.id, event)));
    }
}

#[cfg(test)]
mod tests {
    use format_spec::{Writer, ftrace::SOME_POINTER, record::EventFormatFile};

    use super::*;

    const HEADER: &str = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\
        \tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n\
        \tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";
    const PROBE: &str = "name: p\nID: 9\nformat:\n\
        \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\
        \tfield:u64 ret;\toffset:8;\tsize:8;\tsigned:0;\n";

    /// A page with one event of the probe.
    fn page(returned: u64) -> Vec<u8> {
        let mut page = vec![0; 8];
        page.extend(20u64.to_le_bytes());
        page.extend(4u32.to_le_bytes());
        page.extend([9, 0, 0, 0, 0, 0, 0, 0]);
        page.extend(returned.to_le_bytes());
        page
    }

    #[test]
    fn pages_with_pointers_are_written_anew() {
        let errno = (-12i64).cast_unsigned();
        let mut file = Vec::new();
        let mut writer = Writer::new(&mut file, [1; 16], 0).unwrap();
        let formats = EventFormats {
            header_page: HEADER.into(),
            events: vec![EventFormatFile {
                system: "etz".into(),
                name: "p".into(),
                text: PROBE.into(),
            }],
        };
        writer.write(0, &formats).unwrap();
        for returned in [errno, 0xffff_4528_0000_1000] {
            let pages = FtracePages {
                cpu: 0,
                session: 0,
                pages: vec![page(errno), page(returned)],
            };
            writer.write(0, &pages).unwrap();
        }
        writer.finish().unwrap();
        let reader = Reader::new(&file).unwrap();
        let mut pointers = Pointers::default();
        let frames = reader.frames().iter();
        let hidden: Vec<_> = frames
            .map(|frame| pointers.hidden_in(&reader, frame))
            .collect();
        assert_eq!(hidden[..2], [None, None]);
        let pages = hidden[2].as_ref().map(|hidden| &hidden.pages[..]);
        assert_eq!(pages, Some(&[page(errno), page(SOME_POINTER)][..]));
    }
}
