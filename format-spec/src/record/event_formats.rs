//! The layouts that the running kernel publishes for its ring buffer and its events.

use bincode::{Decode, Encode};

/// `events/header_page` and the `format` files of the events in the pages; written before the pages that need them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct EventFormats {
    /// Text of `events/header_page`.
    pub header_page: String,
    /// The events. Ids of dynamic events are reused, so an entry holds from here to the next with its id.
    pub events: Vec<EventFormatFile>,
}

impl super::Plain for EventFormats {
    const TYPE: u16 = 8;

    fn elements(&self) -> usize {
        self.events.len()
    }
}

/// One event's `format` file.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct EventFormatFile {
    /// System, for example `ftrace`.
    pub system: String,
    /// Event, for example `funcgraph_entry`.
    pub name: String,
    /// Text of the `format` file.
    pub text: String,
}
