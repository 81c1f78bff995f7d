//! Version 1: every row whole, but for differences of arguments and facts.

use std::collections::HashMap;

use super::{Failure, PathArgument};
use crate::{
    DecodeError,
    claims::{FACT_LEN, PATH_LEN},
    columns::{DictionaryReader, check_used, narrow, read_columns},
};

const COLUMNS: usize = 23;

/// What a row's arguments and facts are differences to: those of the last row of the same syscall, the last value
/// of the same fact.
#[derive(Default)]
struct Before {
    args: HashMap<u32, [u64; 6]>,
    facts: HashMap<u16, u64>,
}

pub(super) fn decode(payload: &[u8], may_have_more: bool) -> Result<Vec<Failure>, DecodeError> {
    let (len, mut claims, mut columns) = read_columns::<COLUMNS>(payload, may_have_more)?;
    let [
        time,
        syscall,
        errno,
        flags,
        tgid,
        pid,
        uid,
        cgroup,
        rest @ ..,
    ] = &mut columns;
    let [comm, comms, a0, a1, a2, a3, a4, a5, rest @ ..] = rest;
    let [path_count, path_head, path, paths, fact_count, fact, value] = rest;
    let mut before = Before::default();
    let mut names = DictionaryReader::default();
    let mut strings = DictionaryReader::default();
    let mut rows = Vec::with_capacity(len);
    for _ in 0..len {
        let mut row = Failure {
            time_ns: time.take_delta()?,
            syscall: syscall.take_as("syscall")?,
            errno: errno.take_as("errno")?,
            not_entered: match flags.take()? {
                0 => false,
                1 => true,
                other => return Err(DecodeError::malformed(format!("flags {other:#x}"))),
            },
            tgid: tgid.take_delta_as("tgid")?,
            uid: uid.take_as("uid")?,
            cgroup: cgroup.take_delta()?,
            comm: names.take(comm, comms, &mut claims)?,
            ..Failure::default()
        };
        row.pid = pid.take_difference_as(row.tgid.into(), "pid")?;
        let args = before.args.entry(row.syscall).or_default();
        let columns = [&mut *a0, &mut *a1, &mut *a2, &mut *a3, &mut *a4, &mut *a5];
        for (column, before) in columns.into_iter().zip(&mut *args) {
            *before = column.take_difference(*before)?;
        }
        row.args = *args;
        for _ in 0..path_count.take()? {
            claims.claim(1, PATH_LEN)?;
            let head = path_head.take()?;
            row.paths.push(PathArgument {
                argument: narrow(head >> 1, "argument number")?,
                truncated: head & 1 != 0,
                bytes: strings.take(path, paths, &mut claims)?,
            });
        }
        for _ in 0..fact_count.take()? {
            claims.claim(1, FACT_LEN)?;
            let id = fact.take_as("fact")?;
            let before = before.facts.entry(id).or_default();
            *before = value.take_difference(*before)?;
            row.facts.push((id, *before));
        }
        rows.push(row);
    }
    check_used(&columns)?;
    Ok(rows)
}
