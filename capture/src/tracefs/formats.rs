//! The `format` files of the events that a buffer holds.

use std::collections::HashMap;

use format_spec::{
    ftrace::{EventFormat, PageFormat},
    record::{EventFormatFile, EventFormats},
};

use super::{Tracefs, TracefsError, read};

/// Event formats, parsed and as text.
#[derive(Debug, Clone)]
pub(crate) struct Formats {
    /// Layout of a sub-buffer.
    pub(crate) page: PageFormat,
    /// Bytes of a sub-buffer, header included.
    pub(crate) subbuffer_bytes: usize,
    /// The events by id.
    pub(crate) by_id: HashMap<u16, EventFormat>,
    record: EventFormats,
}

impl Formats {
    /// Reads `events/header_page` below `root`, an instance or tracefs itself.
    ///
    /// # Errors
    /// When it cannot be read or makes no sense.
    pub(crate) fn new(root: &std::path::Path) -> Result<Self, TracefsError> {
        // Instances have no `header_page` before 6.6; it is the same for all of one sub-buffer size.
        let own = root.join("events/header_page");
        let text = read(&own)?;
        let failed = |source| TracefsError::Format {
            path: own.clone(),
            source,
        };
        let fields = format_spec::ftrace::Field::parse_all(&text).map_err(failed)?;
        let data = fields.iter().find(|field| field.name == "data");
        Ok(Self {
            page: PageFormat::parse(&text).map_err(failed)?,
            subbuffer_bytes: data.map_or(4096, |data| data.offset + data.size),
            by_id: HashMap::new(),
            record: EventFormats {
                header_page: text,
                events: Vec::new(),
            },
        })
    }

    /// Adds an event.
    ///
    /// # Errors
    /// When its format file cannot be read or makes no sense.
    pub(crate) fn add(
        &mut self,
        tracefs: &Tracefs,
        system: &str,
        name: &str,
    ) -> Result<u16, TracefsError> {
        let path = tracefs
            .root()
            .join(format!("events/{system}/{name}/format"));
        let text = read(&path)?;
        let format = EventFormat::parse(&text).map_err(|source| TracefsError::Format {
            path: path.clone(),
            source,
        })?;
        let id = format.id;
        self.by_id.insert(id, format);
        self.record.events.push(EventFormatFile {
            system: system.to_owned(),
            name: name.to_owned(),
            text,
        });
        Ok(id)
    }

    /// The record for the bundle.
    pub(crate) fn record(&self) -> EventFormats {
        self.record.clone()
    }
}
