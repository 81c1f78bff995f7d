//! Puts pages together again from their columns.

use super::{
    FtracePages,
    event::{COMMIT_MASK, PADDING, PAGE_HEADER_LEN, Shape, TIME_EXTEND, TIME_STAMP, moved},
    model::{Class, FIXED_COLUMNS, FixedColumns, MAX_PAGE_COLUMNS, Mode, Slot, Stacks},
};
use crate::{
    DecodeError,
    bounds::MAX_SUBBUFFER_LEN,
    claims::{Claims, ELEMENT_LEN},
    columns::{ColumnReader, check_used, split_columns},
    container::u32_at,
};

pub(super) fn decode(payload: &[u8], may_have_more: bool) -> Result<FtracePages, DecodeError> {
    let mut claims = Claims::default();
    let (pages, mut columns) = split_columns(payload, MAX_PAGE_COLUMNS)?;
    claims.claim(pages, ELEMENT_LEN)?;
    claims.claim(payload.len(), 1)?;
    let short = || DecodeError::malformed("columns are missing");
    let (fixed, rest) = columns
        .split_first_chunk_mut::<FIXED_COLUMNS>()
        .ok_or_else(short)?;
    let column = FixedColumns::new(fixed);
    let cpu = column.head.take_as("cpu")?;
    let session = column.head.take_as("session")?;
    let classes = read_classes(column.head, rest.len())?;
    let mut of_classes = Vec::new();
    let mut left = rest;
    for class in &classes {
        let (own, others) = left
            .split_at_mut_checked(1 + class.slots.len())
            .ok_or_else(short)?;
        of_classes.push(own);
        left = others;
    }
    if !may_have_more && !left.is_empty() {
        return Err(DecodeError::malformed("more columns than slots"));
    }
    let mut events = Events {
        classes,
        columns: of_classes,
        longs: column.longs,
        known: Vec::new(),
        stacks: Stacks::default(),
        time: 0,
    };
    let mut out = Vec::with_capacity(pages);
    for _ in 0..pages {
        if column.forms.take()? == 0 {
            let page = column.raw.take_bytes()?;
            claims.claim(page.len(), 1)?;
            out.push(page.to_vec());
            continue;
        }
        events.time = column.times.take_difference(events.time)?;
        let mut page = events.time.to_le_bytes().to_vec();
        page.extend([0; 8]);
        loop {
            let kind = column.kinds.take()?;
            match kind {
                0 => break,
                1 | 2 => {
                    let type_len = if kind == 1 { TIME_EXTEND } else { TIME_STAMP };
                    let delta = column.deltas.take_as("time delta")?;
                    let upper: u32 = column.uppers.take_as("upper time")?;
                    put_header(&mut page, type_len, delta)?;
                    page.extend(upper.to_le_bytes());
                    events.time = moved(events.time, type_len, delta, upper);
                }
                class => events.take(class - 3, &mut page)?,
            }
            if page.len() > MAX_SUBBUFFER_LEN {
                return Err(DecodeError::Bound {
                    what: "sub-buffer",
                    bound: MAX_SUBBUFFER_LEN as u64,
                });
            }
        }
        let used = (page.len() - PAGE_HEADER_LEN) as u64;
        let commit = column.commits.take_difference(used)?;
        if commit & COMMIT_MASK != used {
            return Err(DecodeError::malformed("commit is not the events' length"));
        }
        page[8..16].copy_from_slice(&commit.to_le_bytes());
        page.extend_from_slice(column.tails.take_bytes()?);
        claims.claim(page.len(), 1)?;
        out.push(page);
    }
    for columns in &events.columns {
        check_used(columns)?;
    }
    check_used(fixed)?;
    Ok(FtracePages {
        cpu,
        session,
        pages: out,
    })
}

fn read_classes(head: &mut ColumnReader<'_>, columns: usize) -> Result<Vec<Class>, DecodeError> {
    let count: usize = head.take_as("number of classes")?;
    if count > columns {
        return Err(DecodeError::malformed("more classes than columns"));
    }
    let mut classes = Vec::new();
    let mut left = columns;
    for _ in 0..count {
        let type_len: u8 = head.take_as("type_len")?;
        let length = head.take_as("length")?;
        let shape = Shape { type_len, length };
        let words = shape
            .words()
            .filter(|_| shape.has_length() || length == 0)
            .ok_or_else(|| DecodeError::malformed("no shape of an event"))?;
        let mut slots = Vec::new();
        let mut covered = 0;
        while covered < words {
            let mode = head.take_as::<usize>("mode")?;
            let mode = *Mode::ALL
                .get(mode)
                .ok_or_else(|| DecodeError::malformed("mode"))?;
            slots.push(Slot { mode, before: 0 });
            covered += mode.words();
            if slots.len() >= left {
                return Err(DecodeError::malformed("more slots than columns"));
            }
        }
        if covered != words {
            return Err(DecodeError::malformed("slots do not fit the event"));
        }
        left = left.saturating_sub(1 + slots.len());
        classes.push(Class { shape, slots });
    }
    Ok(classes)
}

fn put_header(page: &mut Vec<u8>, type_len: u8, delta: u32) -> Result<(), DecodeError> {
    if delta >= 1 << 27 {
        return Err(DecodeError::malformed("time delta over 27 bits"));
    }
    page.extend((delta << 5 | u32::from(type_len)).to_le_bytes());
    Ok(())
}

struct Events<'c, 'a> {
    classes: Vec<Class>,
    /// Of each class: time deltas, then the slots.
    columns: Vec<&'c mut [ColumnReader<'a>]>,
    longs: &'c mut ColumnReader<'a>,
    known: Vec<u64>,
    stacks: Stacks,
    time: u64,
}

impl Events<'_, '_> {
    /// Appends the next event of that class.
    fn take(&mut self, class: u64, page: &mut Vec<u8>) -> Result<(), DecodeError> {
        let unknown = || DecodeError::malformed("class that was not given");
        let class = usize::try_from(class).map_err(|_| unknown())?;
        let Class { shape, slots } = self.classes.get_mut(class).ok_or_else(unknown)?;
        let [deltas, columns @ ..] = &mut *self.columns[class] else {
            return Err(unknown());
        };
        let delta = deltas.take_as("time delta")?;
        put_header(page, shape.type_len, delta)?;
        if shape.has_length() {
            page.extend(shape.length.to_le_bytes());
        }
        if shape.type_len != PADDING {
            self.time = self.time.wrapping_add(delta.into());
        }
        let start = page.len();
        let mut called = self.time;
        for (slot, column) in slots.iter_mut().zip(columns) {
            let pid = || u32_at(page, start + 4).unwrap_or(0);
            let value = match slot.mode {
                Mode::Word | Mode::Long => column.take_difference(slot.before)?,
                Mode::Depth => column.take_difference(self.stacks.len(pid()))?,
                Mode::Number | Mode::Push => {
                    let number = column.take()?;
                    let value = long(&mut self.known, self.longs, number)?;
                    if slot.mode == Mode::Push {
                        self.stacks.push(pid(), value, self.time);
                    }
                    value
                }
                Mode::Pop => {
                    let top = self.stacks.pop(pid());
                    called = top.map_or(called, |(_, time)| time);
                    match (column.take()?, top) {
                        (0, Some((value, _))) => value,
                        (0, None) => return Err(DecodeError::malformed("the stack is empty")),
                        (number, _) => long(&mut self.known, self.longs, number - 1)?,
                    }
                }
                Mode::Time | Mode::Call => {
                    let basis = if slot.mode == Mode::Time {
                        self.time
                    } else {
                        called
                    };
                    let distance = column.take_difference(slot.before)?;
                    slot.before = distance;
                    basis.wrapping_add(distance)
                }
            };
            if !matches!(slot.mode, Mode::Time | Mode::Call) {
                slot.before = value;
            }
            if slot.mode.words() == 2 {
                page.extend(value.to_le_bytes());
            } else {
                let word = u32::try_from(value);
                page.extend(
                    word.map_err(|_| DecodeError::malformed("word over 32 bits"))?
                        .to_le_bytes(),
                );
            }
        }
        Ok(())
    }
}

/// The value of that number, which may be the next new one.
fn long(
    known: &mut Vec<u64>,
    longs: &mut ColumnReader<'_>,
    number: u64,
) -> Result<u64, DecodeError> {
    let number = usize::try_from(number).unwrap_or(usize::MAX);
    if number == known.len() {
        known.push(longs.take_delta()?);
    }
    known
        .get(number)
        .copied()
        .ok_or_else(|| DecodeError::malformed("number of a value that was not given"))
}
