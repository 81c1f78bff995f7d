//! Splits pages into columns.

use std::collections::HashMap;

use super::{
    FtracePages, decode,
    event::{Item, PADDING, PAGE_HEADER_LEN, Page, TIME_EXTEND, moved},
    model::{Class, FIXED_COLUMNS, FixedColumns, MAX_PAGE_COLUMNS, Mode, Slot, Stacks},
    modes::{self, Event},
};
use crate::{
    DecodeError,
    claims::{Claims, ELEMENT_LEN},
    columns::{ColumnWriter, write_columns},
    container::{take, u16_at, u32_at},
};

/// What the writer tells classes by: shape, and id where there is one.
type Key = (super::event::Shape, u16);

pub(super) fn encode(record: &FtracePages, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let start = out.len();
    let pages: Vec<_> = record.pages.iter().map(|page| Page::parse(page)).collect();
    split(record, pages, out);
    if !matches!(decode::decode(&out[start..], false), Ok(again) if again == *record) {
        // Whatever it is about these pages, they are kept as they are.
        out.truncate(start);
        split(record, record.pages.iter().map(|_| None).collect(), out);
    }
    let mut claims = Claims::default();
    claims.claim(record.pages.len(), ELEMENT_LEN)?;
    claims.claim(out.len() - start, 1)?;
    record
        .pages
        .iter()
        .try_for_each(|page| claims.claim(page.len(), 1))
}

/// Writes the pages that could be parsed as columns, the others as they are.
fn split(record: &FtracePages, mut pages: Vec<Option<Page<'_>>>, out: &mut Vec<u8>) {
    let (keys, events) = classify(&mut pages);
    let classes = modes::choose(&keys, &events);
    let mut writer = PageWriter::new(classes, &keys);
    let mut fixed: [ColumnWriter; FIXED_COLUMNS] = Default::default();
    let column = FixedColumns::new(&mut fixed);
    column.head.put(record.cpu.into());
    column.head.put(record.session.into());
    column.head.put(writer.classes.len() as u64);
    for class in &writer.classes {
        column.head.put(class.shape.type_len.into());
        column.head.put(class.shape.length.into());
        for slot in &class.slots {
            column.head.put(slot.mode as u64);
        }
    }
    let mut events = events.iter();
    let mut time = 0;
    for (page, bytes) in pages.iter().zip(&record.pages) {
        column.forms.put(page.is_some().into());
        let Some(page) = page else {
            column.raw.put_bytes(bytes);
            continue;
        };
        column.times.put_difference(page.time, time);
        time = page.time;
        for item in &page.items {
            match *item {
                Item::Time {
                    type_len,
                    delta,
                    upper,
                } => {
                    column
                        .kinds
                        .put(if type_len == TIME_EXTEND { 1 } else { 2 });
                    column.deltas.put(delta.into());
                    column.uppers.put(upper.into());
                    time = moved(time, type_len, delta, upper);
                }
                Item::Event { delta, .. } => {
                    let Some(event) = events.next() else { return };
                    column.kinds.put(event.class as u64 + 3);
                    time = event.time;
                    writer.columns[event.class][0].put(delta.into());
                    writer.values.put(
                        event,
                        &mut writer.classes,
                        &mut writer.columns,
                        column.longs,
                    );
                }
            }
        }
        column.kinds.put(0);
        let used = bytes.len() - page.tail.len() - PAGE_HEADER_LEN;
        column.commits.put_difference(page.commit, used as u64);
        column.tails.put_bytes(page.tail);
    }
    writer.finish(fixed, record.pages.len(), out);
}

/// Numbers the classes of the events, and gives up pages that would need too many columns.
fn classify<'a>(pages: &mut [Option<Page<'a>>]) -> (Vec<Key>, Vec<Event<'a>>) {
    let mut numbers: HashMap<Key, usize> = HashMap::new();
    let mut keys = Vec::new();
    let mut events = Vec::new();
    let mut columns = FIXED_COLUMNS;
    for slot in pages {
        let Some(page) = slot else { continue };
        let mut time = page.time;
        let before = events.len();
        let mut fits = true;
        for item in &page.items {
            match *item {
                Item::Time {
                    type_len,
                    delta,
                    upper,
                } => time = moved(time, type_len, delta, upper),
                Item::Event {
                    shape,
                    delta,
                    words,
                } => {
                    let id = if shape.type_len == PADDING {
                        None
                    } else {
                        u16_at(words, 0)
                    };
                    let key = (shape, id.unwrap_or(0));
                    let needed = if numbers.contains_key(&key) {
                        0
                    } else {
                        1 + words.len() / 4
                    };
                    fits &= columns + needed <= MAX_PAGE_COLUMNS;
                    if !fits {
                        break;
                    }
                    columns += needed;
                    let next = keys.len();
                    let class = *numbers.entry(key).or_insert(next);
                    if class == next {
                        keys.push(key);
                    }
                    if shape.type_len != PADDING {
                        time = time.wrapping_add(delta.into());
                    }
                    events.push(Event { class, time, words });
                }
            }
        }
        if !fits {
            events.truncate(before);
            *slot = None;
        }
    }
    (keys, events)
}

/// The values of events, and what they are differences to.
#[derive(Default)]
struct Values {
    numbers: HashMap<u64, u64>,
    stacks: Stacks,
}

impl Values {
    fn number(&mut self, value: u64, longs: &mut ColumnWriter) -> u64 {
        let next = self.numbers.len() as u64;
        let number = *self.numbers.entry(value).or_insert(next);
        if number == next {
            longs.put_delta(value);
        }
        number
    }

    fn put(
        &mut self,
        event: &Event<'_>,
        classes: &mut [Class],
        columns: &mut [Vec<ColumnWriter>],
        longs: &mut ColumnWriter,
    ) {
        let mut at = 0;
        let mut called = event.time;
        let columns = columns[event.class][1..].iter_mut();
        for (slot, column) in classes[event.class].slots.iter_mut().zip(columns) {
            // What is not there yet when the reader comes here counts as 0.
            let pid = if at >= 8 { event.pid() } else { 0 };
            let value = if slot.mode.words() == 2 {
                take(event.words, at).map(u64::from_le_bytes)
            } else {
                u32_at(event.words, at).map(u64::from)
            };
            let value = value.unwrap_or(0);
            at += 4 * slot.mode.words();
            match slot.mode {
                Mode::Word | Mode::Long => column.put_difference(value, slot.before),
                Mode::Depth => column.put_difference(value, self.stacks.len(pid)),
                Mode::Number => column.put(self.number(value, longs)),
                Mode::Push => {
                    column.put(self.number(value, longs));
                    self.stacks.push(pid, value, event.time);
                }
                Mode::Pop => {
                    let top = self.stacks.pop(pid);
                    called = top.map_or(called, |(_, time)| time);
                    if top.is_some_and(|(top, _)| top == value) {
                        column.put(0);
                    } else {
                        column.put(1 + self.number(value, longs));
                    }
                }
                Mode::Time | Mode::Call => {
                    let basis = if slot.mode == Mode::Time {
                        event.time
                    } else {
                        called
                    };
                    let distance = value.wrapping_sub(basis);
                    column.put_difference(distance, slot.before);
                    slot.before = distance;
                    continue;
                }
            }
            slot.before = value;
        }
    }
}

struct PageWriter {
    values: Values,
    classes: Vec<Class>,
    columns: Vec<Vec<ColumnWriter>>,
}

impl PageWriter {
    fn new(modes: Vec<Vec<Mode>>, keys: &[Key]) -> Self {
        let columns = modes
            .iter()
            .map(|modes| (0..=modes.len()).map(|_| ColumnWriter::default()).collect())
            .collect();
        let class = |(&(shape, _), modes): (&Key, Vec<Mode>)| Class {
            shape,
            slots: modes
                .into_iter()
                .map(|mode| Slot { mode, before: 0 })
                .collect(),
        };
        Self {
            values: Values::default(),
            classes: keys.iter().zip(modes).map(class).collect(),
            columns,
        }
    }

    fn finish(self, fixed: [ColumnWriter; FIXED_COLUMNS], pages: usize, out: &mut Vec<u8>) {
        let mut columns = Vec::from(fixed);
        columns.extend(self.columns.into_iter().flatten());
        write_columns(out, pages, &columns);
    }
}
