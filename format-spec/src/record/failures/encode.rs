//! Writes version 2.

use std::collections::HashMap;

use super::{
    Failure,
    columns::{COUNT, Columns, changed},
};
use crate::{
    DecodeError,
    claims::{FACT_LEN, PATH_LEN},
    columns::{ColumnWriter, DictionaryWriter, claim_rows, write_columns},
};

pub(super) fn encode(rows: &[Failure], out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let mut claims = claim_rows(rows.len())?;
    let mut columns: [ColumnWriter; COUNT] = Default::default();
    let mut column = Columns::new(&mut columns);
    let mut arguments = Arguments::new(column.arguments);
    let mut names = DictionaryWriter::default();
    let mut strings = DictionaryWriter::default();
    let mut threads: HashMap<u32, usize> = HashMap::new();
    let mut numbers: HashMap<Vec<u64>, usize> = HashMap::new();
    let mut latest: Vec<&Failure> = Vec::new();
    let first = Failure::default();
    let mut last = &first;
    for row in rows {
        column.time.put_delta(row.time_ns);
        let number = *threads.entry(row.pid).or_insert(latest.len());
        column.thread.put(number as u64);
        if number == latest.len() {
            column.pid.put_delta(row.pid.into());
            latest.push(last);
        }
        let before = std::mem::replace(&mut latest[number], row);
        last = row;

        let has_same_facts = row.facts.iter().map(|fact| fact.0).eq(fact_ids(before));
        let bits = [
            (changed::TGID, row.tgid != before.tgid),
            (changed::UID, row.uid != before.uid),
            (changed::CGROUP, row.cgroup != before.cgroup),
            (changed::COMM, row.comm != before.comm),
            (changed::FACT_IDS, !has_same_facts),
        ];
        let bits = bits.into_iter().filter(|&(_, is_changed)| is_changed);
        let bits = bits.fold(0, |bits, (bit, _)| bits | bit);
        column.changes.put(bits);
        if bits & changed::TGID != 0 {
            column
                .tgid
                .put_difference(row.tgid.into(), before.tgid.into());
        }
        if bits & changed::UID != 0 {
            column.uid.put_difference(row.uid.into(), before.uid.into());
        }
        if bits & changed::CGROUP != 0 {
            column.cgroup.put_difference(row.cgroup, before.cgroup);
        }
        if bits & changed::COMM == 0 {
            claims.claim(row.comm.len(), 1)?;
        } else {
            names.put(column.comm, column.comms, &row.comm, &mut claims)?;
        }
        claims.claim(row.facts.len(), FACT_LEN)?;
        if bits & changed::FACT_IDS != 0 {
            column.fact_ids.put(row.facts.len() as u64);
            let mut before = 0;
            for id in fact_ids(row) {
                column.fact_ids.put_difference(id.into(), before);
                before = id.into();
            }
        }
        put_facts(row, before, has_same_facts, &mut column.facts);

        let definition = definition(row);
        let next = numbers.len();
        let number = numbers.get(&definition).copied().unwrap_or(next);
        column.kind.put(number as u64);
        if number == next {
            claims.claim(row.paths.len(), PATH_LEN)?;
            definition.iter().for_each(|&value| column.kinds.put(value));
            numbers.insert(definition, next);
        }
        arguments.put(&row.args, number);
        claims.claim(row.paths.len(), PATH_LEN)?;
        for string in &row.paths {
            strings.put(column.path, column.paths, &string.bytes, &mut claims)?;
        }
    }
    write_columns(out, rows.len(), &columns);
    Ok(())
}

fn fact_ids(row: &Failure) -> impl Iterator<Item = u16> {
    row.facts.iter().map(|fact| fact.0)
}

/// The syscall, its errno and the form of its paths, as the column of kinds has them.
fn definition(row: &Failure) -> Vec<u64> {
    let mut values = vec![
        row.syscall.into(),
        row.errno.into(),
        row.not_entered.into(),
        row.paths.len() as u64,
    ];
    let heads = row.paths.iter();
    values.extend(heads.map(|path| u64::from(path.argument) << 1 | u64::from(path.truncated)));
    values
}

/// How many values changed, which, and by how much.
fn put_facts(
    row: &Failure,
    before: &Failure,
    same: bool,
    [counts, gaps, values]: &mut [&mut ColumnWriter; 3],
) {
    let known: HashMap<u16, u64> = if same {
        HashMap::new()
    } else {
        before.facts.iter().copied().collect()
    };
    let mut count = 0;
    let mut next = 0;
    for (at, &(id, value)) in row.facts.iter().enumerate() {
        let old = if same {
            before.facts[at].1
        } else {
            known.get(&id).copied().unwrap_or(0)
        };
        if value != old {
            gaps.put((at - next) as u64);
            values.put_difference(value, old);
            count += 1;
            next = at + 1;
        }
    }
    counts.put(count);
}

/// The arguments that differ from those of the last row of the same kind.
struct Arguments<'c> {
    columns: [&'c mut ColumnWriter; 3],
    known: HashMap<u64, u64>,
    before: Vec<[u64; 6]>,
}

impl<'c> Arguments<'c> {
    fn new(columns: [&'c mut ColumnWriter; 3]) -> Self {
        Self {
            columns,
            known: HashMap::new(),
            before: Vec::new(),
        }
    }

    fn put(&mut self, args: &[u64; 6], kind: usize) {
        let [bits, numbers, values] = &mut self.columns;
        if kind == self.before.len() {
            self.before.push([0; 6]);
        }
        let before = std::mem::replace(&mut self.before[kind], *args);
        let pairs = || args.iter().zip(&before).enumerate();
        let differing = pairs().filter(|(_, (new, old))| new != old);
        bits.put(differing.fold(0, |bits, (at, _)| bits | 1 << at));
        for (_, (&new, &old)) in pairs().filter(|(_, (new, old))| new != old) {
            let next = self.known.len() as u64 + 1;
            match self.known.get(&new) {
                Some(&number) => numbers.put(number),
                None => {
                    numbers.put(0);
                    values.put_difference(new, old);
                    self.known.insert(new, next);
                }
            }
        }
    }
}
