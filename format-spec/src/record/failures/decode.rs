//! Reads version 2.

use std::collections::HashMap;

use super::{
    Failure, PathArgument,
    columns::{COUNT, Columns, changed},
};
use crate::{
    DecodeError,
    claims::{Claims, FACT_LEN, PATH_LEN},
    columns::{ColumnReader, DictionaryReader, check_used, narrow, read_columns},
};

pub(super) fn decode(payload: &[u8], may_have_more: bool) -> Result<Vec<Failure>, DecodeError> {
    let (len, mut claims, mut columns) = read_columns::<COUNT>(payload, may_have_more)?;
    let mut column = Columns::new(&mut columns);
    let mut arguments = Arguments::new(column.arguments);
    let mut names = DictionaryReader::default();
    let mut strings = DictionaryReader::default();
    let mut latest: Vec<usize> = Vec::new();
    let mut known: Vec<Kind> = Vec::new();
    let mut rows: Vec<Failure> = Vec::with_capacity(len);
    for at in 0..len {
        let time_ns = column.time.take_delta()?;
        let number: usize = column.thread.take_as("number of a thread")?;
        let before = match latest.get(number) {
            Some(&row) => rows.get(row),
            None if number == latest.len() => {
                latest.push(at);
                rows.last()
            }
            None => {
                return Err(DecodeError::malformed(
                    "number of a thread that was not given",
                ));
            }
        };
        let new_pid = (latest[number] == at)
            .then(|| column.pid.take_delta_as("pid"))
            .transpose()?;
        latest[number] = at;
        let fresh = Failure::default();
        let before = before.unwrap_or(&fresh);

        let bits = column.changes.take()?;
        if bits > changed::ALL {
            return Err(DecodeError::malformed(format!("changes {bits:#x}")));
        }
        let mut row = Failure {
            time_ns,
            pid: new_pid.unwrap_or(before.pid),
            tgid: before.tgid,
            uid: before.uid,
            cgroup: before.cgroup,
            ..Failure::default()
        };
        if bits & changed::TGID != 0 {
            row.tgid = column.tgid.take_difference_as(before.tgid.into(), "tgid")?;
        }
        if bits & changed::UID != 0 {
            row.uid = column.uid.take_difference_as(before.uid.into(), "uid")?;
        }
        if bits & changed::CGROUP != 0 {
            row.cgroup = column.cgroup.take_difference(before.cgroup)?;
        }
        row.comm = if bits & changed::COMM != 0 {
            names.take(column.comm, column.comms, &mut claims)?
        } else {
            claims.claim(before.comm.len(), 1)?;
            before.comm.clone()
        };
        row.facts = if bits & changed::FACT_IDS != 0 {
            take_facts(column.fact_ids, &before.facts, &mut claims)?
        } else {
            claims.claim(before.facts.len(), FACT_LEN)?;
            before.facts.clone()
        };
        change_facts(&mut row.facts, &mut column.facts)?;

        let number: usize = column.kind.take_as("number of a kind")?;
        if number == known.len() {
            known.push(Kind::take(column.kinds, &mut claims)?);
        }
        let kind = known
            .get(number)
            .ok_or_else(|| DecodeError::malformed("number of a kind that was not given"))?;
        row.syscall = kind.syscall;
        row.errno = kind.errno;
        row.not_entered = kind.not_entered;
        row.args = arguments.take(number)?;
        claims.claim(kind.paths.len(), PATH_LEN)?;
        for &(argument, truncated) in &kind.paths {
            row.paths.push(PathArgument {
                argument,
                truncated,
                bytes: strings.take(column.path, column.paths, &mut claims)?,
            });
        }
        rows.push(row);
    }
    check_used(&columns)?;
    Ok(rows)
}

/// What a row names by number: the syscall, its errno and the form of its paths.
struct Kind {
    syscall: u32,
    errno: u16,
    not_entered: bool,
    paths: Vec<(u8, bool)>,
}

impl Kind {
    fn take(column: &mut ColumnReader<'_>, claims: &mut Claims) -> Result<Self, DecodeError> {
        let mut kind = Self {
            syscall: column.take_as("syscall")?,
            errno: column.take_as("errno")?,
            not_entered: match column.take()? {
                0 => false,
                1 => true,
                other => return Err(DecodeError::malformed(format!("flags {other:#x}"))),
            },
            paths: Vec::new(),
        };
        for _ in 0..column.take()? {
            claims.claim(1, PATH_LEN)?;
            let head = column.take()?;
            let argument = narrow(head >> 1, "argument number")?;
            kind.paths.push((argument, head & 1 != 0));
        }
        Ok(kind)
    }
}

/// A new list of facts, each with the value that it had before, or 0.
fn take_facts(
    ids: &mut ColumnReader<'_>,
    before: &[(u16, u64)],
    claims: &mut Claims,
) -> Result<Vec<(u16, u64)>, DecodeError> {
    let known: HashMap<u16, u64> = before.iter().copied().collect();
    let mut facts = Vec::new();
    let mut last = 0;
    for _ in 0..ids.take()? {
        claims.claim(1, FACT_LEN)?;
        let id = ids.take_difference_as(last, "fact")?;
        facts.push((id, known.get(&id).copied().unwrap_or(0)));
        last = id.into();
    }
    Ok(facts)
}

/// Changes the values that differ from those before.
fn change_facts(
    facts: &mut [(u16, u64)],
    [counts, gaps, values]: &mut [&mut ColumnReader<'_>; 3],
) -> Result<(), DecodeError> {
    let mut left = facts;
    for _ in 0..counts.take()? {
        let gap: usize = gaps.take_as("facts passed over")?;
        let ((_, value), rest) = left
            .get_mut(gap..)
            .and_then(<[_]>::split_first_mut)
            .ok_or_else(|| DecodeError::malformed("change of a fact that is not there"))?;
        *value = values.take_difference(*value)?;
        left = rest;
    }
    Ok(())
}

/// The arguments that differ from those of the last row of the same kind.
struct Arguments<'c, 'a> {
    columns: [&'c mut ColumnReader<'a>; 3],
    known: Vec<u64>,
    before: Vec<[u64; 6]>,
}

impl<'c, 'a> Arguments<'c, 'a> {
    fn new(columns: [&'c mut ColumnReader<'a>; 3]) -> Self {
        Self {
            columns,
            known: Vec::new(),
            before: Vec::new(),
        }
    }

    fn take(&mut self, kind: usize) -> Result<[u64; 6], DecodeError> {
        let [bits, numbers, values] = &mut self.columns;
        let unknown = || DecodeError::malformed("number of an argument that was not given");
        if kind == self.before.len() {
            self.before.push([0; 6]);
        }
        let args = self.before.get_mut(kind).ok_or_else(unknown)?;
        let bits = bits.take()?;
        if bits >> args.len() != 0 {
            return Err(DecodeError::malformed(format!("arguments {bits:#x}")));
        }
        for (_, arg) in args
            .iter_mut()
            .enumerate()
            .filter(|(at, _)| bits >> at & 1 != 0)
        {
            *arg = match numbers.take_as::<usize>("number of an argument")? {
                0 => {
                    let value = values.take_difference(*arg)?;
                    self.known.push(value);
                    value
                }
                number => *self.known.get(number - 1).ok_or_else(unknown)?,
            };
        }
        Ok(*args)
    }
}
