#!/usr/bin/env python3
"""Reads .etz bundles and prints them as JSON: one line for each file.

    etz.py FILE...

Written from SPEC.md alone, to show that it is enough; section numbers are those of SPEC.md. Needs Python 3.8 or later
and the package `zstandard` (Debian: python3-zstandard). The JSON has `header`, `frames` (each with its `record`, or the
kind of `error` that kept it from being read) and `damage`. Bytes are a string when they are UTF-8, else {"hex": "..."}.
An enum is the name of its case, or {"Case": content}.
"""

import json
import re
import struct
import sys
import zlib
from collections import namedtuple
from functools import partial
from itertools import accumulate, islice

import zstandard

# Bounds (2.5)
MAX_FILE_HEADER_LEN, MAX_RAW_LEN, MAX_STORED_LEN = 4096, 8 << 20, (8 << 20) + (64 << 10)
MAX_FRAMES, MAX_TOTAL_RAW_LEN = 262144, 8 << 30
MAX_COLUMNS, MAX_PAGE_COLUMNS, MAX_SUBBUFFER_LEN, MAX_CLAIM = 64, 4096, 1 << 20, 16 << 20
MASK64 = (1 << 64) - 1

# The records in row encoding (7), by the number of their type. A record is {field: type}, an enum lists its cases
SCHEMA = """
1: {tool_version: string, command_line: [list, string],
    host: {hostname: string, kernel_release: string, kernel_version: string, os_release: string,
        architecture: [enum, Aarch64, X86_64], cpus: u32, page_size_bytes: u32, memory_bytes: u64, boot_id: string},
    clocks: {realtime_ns: u64, monotonic_ns: u64, boottime_ns: u64}, duration_ns: [option, u64], max_size_bytes: u64,
    abilities: [list, {name: string, state: [enum, Available, Missing, Denied], detail: string}],
    armed: [list, {what: string, detail: string}], missing: [list, {what: string, why: string}]},
2: {ended_ns: u64, reason: [enum, Time, Command, {Signal: i32}, Size, {Error: string}], command_status: [option, i32],
    cost: {user_ns: u64, system_ns: u64, peak_memory_bytes: u64, bpf_run_ns: [option, u64], bpf_runs: [option, u64],
        graph_armed_ns: u64}, drops: [list, {what: string, why: string, count: u64}], not_restored: [list, string]},
4: {facts: [list, {id: u16, name: string, unit: [enum, Count, Bytes, Pages, Id, Bits], path: string}]},
6: {number: u32, phase: [enum, Start, Failure, End], started_ns: u64, ended_ns: u64,
    entries: [list, {path: bytes, content: [enum, {File: {bytes: bytes, truncated: bool}}, {Link: bytes},
        {Directory: [list, bytes]}, {EntryCount: u64},
        {StatFs: {fs_type: u64, block_size_bytes: u64, blocks: u64, blocks_free: u64, blocks_available: u64,
            inodes: u64, inodes_free: u64, flags: u64}}, Unchanged, {Error: u16}]}]},
7: {cpu: u32, session: u32, pages: [list, bytes]},
8: {header_page: string, events: [list, {system: string, name: string, text: string}]},
9: {probes: [list, {event: string, function: string, kind: [enum, Kretprobe, Fprobe, Kprobe], session: u32}]},
10: {symbols: [list, {address: u64, size: u64, kind: u8, name: string, module: [option, string],
    returns: [enum, Unknown, Void, Bool, {Signed: u8}, {Unsigned: u8}, Pointer, Aggregate]}]},
11: {number: u32, pass: [enum, Graph, Returns], syscall: u32, errno: u16, functions: [list, string], pids: [list, u32],
    started_ns: u64, armed_ns: u64, ended_ns: u64, end: [enum, Enough, Time, Bytes, Recording, Error], failures: u64,
    lost_events: u64, tier: string},
12: {functions: [list, {address: u64, bytes: bytes}]},
13: {entries: [list, {data: u64, paths: [list, string], size: u32, symbol: [option, [tuple, string, u64]]}]},
14: {fields: [list, {structure: string, field: string, offset: u32, size: u32}]},
17: {functions: [list, {address: u64, parameters: [list, {name: string, to: string}], returns_to: string}],
    pointers: [list, {structure: string, offset: u32, to: string}]},
65535: {entries: [list_without_claim, [tuple, u64, u16, u32, u32, u32]]}
"""
SCHEMA = json.loads(re.sub(r"\w+", r'"\g<0>"', "{" + SCHEMA + "}"))


class Unreadable(Exception):
    """A file that cannot be opened (3.1), or a frame that cannot be used (3.3), with the reason."""


def need(condition, reason="malformed"):
    if not condition:
        raise Unreadable(reason)


def fit(value, bits):
    need(value >> bits == 0)
    return value


def unzigzag(value):
    return value >> 1 if value & 1 == 0 else -(value >> 1) - 1


def show(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"hex": data.hex()}


class Bytes:
    """Bytes that are taken from front to back, and what a record of them claims (5.3, 6.4)."""

    def __init__(self, data):
        self.data, self.at, self.claimed, self.before = data, 0, 0, 0

    def take(self, length):
        part = self.data[self.at : self.at + length]
        need(len(part) == length)
        self.at += length
        return part

    def claim(self, count, length=1):
        self.claimed += count * length
        need(self.claimed <= MAX_CLAIM, "bound")

    def varint(self, width):
        first = self.take(1)[0]
        length = {251: 2, 252: 4, 253: 8, 254: 9, 255: 9}.get(first, 0)
        need(length <= width)
        return int.from_bytes(self.take(length), "little") if length else first

    def plain(self, bits=64):
        value = 0
        for shift in range(0, 70, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return fit(value, bits)
        raise Unreadable("malformed")

    def difference(self, before, bits=64):
        return fit(before + unzigzag(self.plain()) & MASK64, bits)

    def delta(self, bits=64):
        self.before = self.difference(self.before, bits)
        return self.before


# How the scalars are taken from rows (5.1)
SCALARS = {
    "u8": lambda rows: rows.take(1)[0],
    **{f"u{bits}": partial(Bytes.varint, width=bits // 8) for bits in (16, 32, 64)},
    "i32": lambda rows: unzigzag(rows.varint(4)),
    "bool": lambda rows: fit(rows.take(1)[0], 1) == 1,
    "bytes": lambda rows: show(rows.take(rows.varint(8))),
    "string": lambda rows: rows.take(rows.varint(8)).decode("utf-8"),
}


def take_value(kind, rows):
    """A value of a type of the schema: a scalar, or made of them (5.1)."""
    if isinstance(kind, str):
        return SCALARS[kind](rows)
    if isinstance(kind, dict):
        return {name: take_value(field, rows) for name, field in kind.items()}
    kind, *content = kind
    if kind == "tuple":
        return [take_value(member, rows) for member in content]
    if kind == "option":
        return take_value(content[0], rows) if SCALARS["bool"](rows) else None
    if kind == "enum":
        number = rows.varint(4)
        need(number < len(content))
        return content[number] if isinstance(content[number], str) else take_value(content[number], rows)
    count = rows.varint(8)
    rows.claim(count, 128 if kind == "list" else 0)
    return [take_value(content[0], rows) for _ in range(count)]


def row_record(kind, payload, revision):
    rows = Bytes(payload)
    rows.claim(len(payload))
    value = take_value(kind, rows)
    need(rows.at == len(payload) or revision > 0)
    return value


def split_columns(payload, most):
    """The payload, the number of rows and the columns (6.1)."""
    whole = Bytes(payload)
    rows, count = whole.plain(), whole.plain()
    need(count <= most)
    columns = [Bytes(whole.take(whole.plain())) for _ in range(count)]
    need(whole.at == len(payload))
    return whole, rows, columns


def numbered(known, number, new):
    """The value of that number; the next unused number is for a new one."""
    if number == len(known):
        known.append(new())
    need(number < len(known))
    return known[number]


def dictionary(numbers, strings, whole):
    """The strings of a pair of columns (6.3)."""
    known = []
    while True:
        count = len(known)
        value = numbered(known, numbers.plain(), lambda: strings.take(strings.plain()))
        whole.claim(len(value) + 16 * (len(known) - count))
        yield show(value)


def columnar_record(counts, read_rows, payload, revision):
    """`counts` are the numbers of columns by revision."""
    newest = len(counts) - 1
    count = counts[min(revision, newest)]
    whole, rows, columns = split_columns(payload, MAX_COLUMNS)
    whole.claim(rows, 256)  # and so at most 65,536
    need(len(columns) == count or (len(columns) > count and revision > newest))
    value = {"rows": list(islice(read_rows(columns[:count], whole), rows))}
    need(all(column.at == len(column.data) for column in columns[:count]))
    return value


def counts(columns, whole):
    syscall, errno, tgid, comm, comms, count, first, last, *groups = columns
    names = dictionary(comm, comms, whole)
    while True:
        row = {"syscall": syscall.plain(32), "errno": errno.plain(16), "tgid": tgid.delta(32), "comm": next(names)}
        row.update(count=count.plain(), first_ns=first.delta(), last_ns=last.difference(first.before))
        cgroup, processes = (groups[0].delta(), groups[1].plain(32)) if groups else (0, 1)
        row.update(cgroup=cgroup, processes=processes)
        yield row


def exits(columns, whole):
    time, tgid, status = columns
    while True:
        row = {"time_ns": time.delta(), "tgid": tgid.delta(32), "status": status.plain(32)}
        row["status"] -= row["status"] >> 31 << 32
        yield row


def take_paths(heads, strings, whole):
    whole.claim(len(heads), 32)
    return [{"argument": head >> 1, "bytes": next(strings), "truncated": head & 1 == 1} for head in heads]


def failures_1(columns, whole):
    time, syscall, errno, flags, tgid, pid, uid, cgroup, comm, comms, *args = columns[:16]
    path_count, path_head, path, paths, fact_count, fact, fact_value = columns[16:]
    names, strings = dictionary(comm, comms, whole), dictionary(path, paths, whole)
    args_before, facts_before = {}, {}
    while True:
        row = {"time_ns": time.delta(), "syscall": syscall.plain(32), "errno": errno.plain(16), "tgid": tgid.delta(32)}
        row.update(not_entered=flags.plain(1) == 1, pid=pid.difference(tgid.before, 32), uid=uid.plain(32))
        row.update(cgroup=cgroup.delta(), comm=next(names))
        before = args_before.get(row["syscall"], [0] * 6)
        row["args"] = args_before[row["syscall"]] = [column.difference(old) for column, old in zip(args, before)]
        row["paths"] = take_paths([path_head.plain(9) for _ in range(path_count.plain())], strings, whole)
        row["facts"] = []
        for _ in range(fact_count.plain()):
            whole.claim(16)
            number = fact.plain(16)
            facts_before[number] = fact_value.difference(facts_before.get(number, 0))
            row["facts"].append([number, facts_before[number]])
        yield row


def failures_2(columns, whole):
    time, thread, pid, changes, tgid, uid, cgroup, comm, comms, ids, fact_count, gap, fact_value = columns[:13]
    kind, kinds, arg_changes, arg_number, arg, path, paths = columns[13:]
    names, strings = dictionary(comm, comms, whole), dictionary(path, paths, whole)
    latest, known_kinds, known_args = [], [], []
    row = {"pid": 0, "tgid": 0, "uid": 0, "cgroup": 0, "comm": "", "facts": []}

    def take_ids(before):
        values, count, ids.before = dict(before), ids.plain(), 0
        numbers = [ids.delta(16) for _ in range(count)]
        return [[number, values.get(number, 0)] for number in numbers]

    def take_kind():
        kind = {"syscall": kinds.plain(32), "errno": kinds.plain(16), "not_entered": kinds.plain(1) == 1}
        return kind, [kinds.plain(9) for _ in range(kinds.plain())], [0] * 6

    def take_arg(before):
        number = arg_number.plain()
        if number == 0:
            known_args.append(arg.difference(before))
        need(number <= len(known_args))
        return known_args[number - 1]

    while True:
        number = thread.plain()
        row = dict(numbered(latest, number, lambda: dict(row, pid=pid.delta(32))), time_ns=time.delta())
        changed = changes.plain(5)
        for bit, (name, column, bits) in enumerate([("tgid", tgid, 32), ("uid", uid, 32), ("cgroup", cgroup, 64)]):
            row[name] = column.difference(row[name], bits) if changed >> bit & 1 else row[name]
        row["comm"] = next(names) if changed & 8 else row["comm"]
        facts = row["facts"] = take_ids(row["facts"]) if changed & 16 else list(row["facts"])
        whole.claim(len(facts), 16)
        at = -1
        for _ in range(fact_count.plain()):
            at += 1 + gap.plain()
            need(at < len(facts))
            facts[at] = [facts[at][0], fact_value.difference(facts[at][1])]
        shared, heads, args = numbered(known_kinds, kind.plain(), take_kind)
        changed = arg_changes.plain(6)
        args[:] = [take_arg(old) if changed >> at & 1 else old for at, old in enumerate(args)]
        row.update(shared, args=list(args), paths=take_paths(heads, strings, whole))
        latest[number] = row
        yield row


def pages_2(payload, revision):
    """Version 2 of ftrace pages (7.7)."""
    whole, count, columns = split_columns(payload, MAX_PAGE_COLUMNS)
    need(len(columns) >= 10)
    whole.claim(128 * count + len(payload))
    head, forms, raw, times, commits, tails, kinds, deltas, uppers, new_longs = columns[:10]
    now, longs, stacks, rest = 0, [], {}, iter(columns[10:])
    cpu, session = head.plain(32), head.plain(32)

    def take_class():
        """The type_len, the length as it is stored, the column of time_delta, and mode and column of each slot."""
        type_len, length = head.plain(8), head.plain(32)
        has_length = type_len in (0, 29)
        size = length - 4 if has_length else 4 * type_len
        need(size >= 0 and size % 4 == 0 and type_len <= 29 and (has_length or length == 0))
        parts = [(None, next(rest, None))]
        while size > 0:
            parts.append((head.plain(3), next(rest, None)))
            size -= 4 if parts[-1][0] < 2 else 8
            need(parts[-1][1])
        need(size == 0 and parts[0][1])
        return type_len, length.to_bytes(4, "little") if has_length else b"", parts[0][1], parts[1:]

    def take_event(number):
        nonlocal now
        need(number < len(classes))
        type_len, stored_len, times, slots = classes[number]
        delta = times.plain(27)
        now = now + (delta if type_len != 29 else 0) & MASK64
        event, called = b"", now
        for mode, column in slots:
            stack = stacks.setdefault(event[4:8] if len(event) >= 8 else bytes(4), [])
            if mode == 1:
                value = column.difference(len(stack))
            elif mode in (3, 4):
                value = numbered(longs, column.plain(), new_longs.delta)
            elif mode == 5:
                number, (value, called) = column.plain(), stack.pop() if stack else (None, called)
                value = numbered(longs, number - 1, new_longs.delta) if number else value
                need(value is not None)
            else:
                value = column.delta() + {6: now, 7: called}.get(mode, 0) & MASK64
            if mode == 4:
                stack.append((value, now))
            event += fit(value, 32 if mode < 2 else 64).to_bytes(4 if mode < 2 else 8, "little")
        return struct.pack("<I", delta << 5 | type_len) + stored_len + event

    def take_page():
        nonlocal now
        if forms.plain() == 0:
            return raw.take(raw.plain())
        start = now = times.difference(now)
        items = bytearray()
        for kind in iter(kinds.plain, 0):
            if kind < 3:
                delta, upper = deltas.plain(27), uppers.plain(32)
                items += struct.pack("<II", delta << 5 | 29 + kind, upper)
                now = now * (2 - kind) + delta + (upper << 27) & MASK64
            else:
                items += take_event(kind - 3)
            need(len(items) + 16 <= MAX_SUBBUFFER_LEN, "bound")
        commit = commits.difference(len(items))
        need(commit & (1 << 27) - 1 == len(items))
        return struct.pack("<QQ", start, commit) + items + tails.take(tails.plain())

    classes = [take_class() for _ in range(head.plain(12))]
    more, pages = len(list(rest)), []
    need(more == 0 or revision > 0)
    for _ in range(count):
        pages.append(take_page())
        whole.claim(len(pages[-1]))
    need(all(column.at == len(column.data) for column in columns[: len(columns) - more]))
    return {"cpu": cpu, "session": session, "pages": [show(page) for page in pages]}


# Type and version of a record: a function of a payload and the revision
RECORDS = {
    **{(int(number), 1): partial(row_record, kind) for number, kind in SCHEMA.items()},
    (3, 1): partial(columnar_record, (8, 10), counts),
    (5, 1): partial(columnar_record, (23,), failures_1),
    (5, 2): partial(columnar_record, (20,), failures_2),
    (7, 2): pages_2,
    (15, 1): partial(columnar_record, (3,), exits),
    (16, 1): partial(columnar_record, (10,), counts),
}

# Container (2)
FILE_MAGIC, FRAME_MAGIC, TRAILER_MAGIC = b"\x89ETZ\r\n\x1a\n", b"\xf5ETZ", b"ETZ-END\n"
FRAME_LEN, TRAILER_LEN, INDEX_TYPE = 40, 32, 0xFFFF
PARTS = (FRAME_MAGIC, FRAME_LEN), (TRAILER_MAGIC, TRAILER_LEN)
MAGICS = re.compile(b"(?=%s|%s)" % (FRAME_MAGIC, TRAILER_MAGIC))
Trailer = namedtuple("Trailer", "end type sequence index_offset file_len frames")
Frame = namedtuple("Frame", "end offset crc type version revision flags stream sequence stored_len raw_len")


def part_at(file, at):
    """The frame header or trailer there, if there is one. A trailer has neither type nor sequence number."""
    if file.startswith(FRAME_MAGIC, at) and len(file) - at >= FRAME_LEN:
        *fields, payload_crc, _, crc = struct.unpack_from("<HBBIIIIIIII", file, at + 4)
        frame = Frame(at + FRAME_LEN + fields[6], at, payload_crc, *fields)
        is_right = zlib.crc32(file[at : at + 36]) == crc
        return frame if is_right and frame.stored_len <= MAX_STORED_LEN and frame.raw_len <= MAX_RAW_LEN else None
    if file.startswith(TRAILER_MAGIC, at) and len(file) - at >= TRAILER_LEN:
        *fields, crc = struct.unpack_from("<QQII", file, at + 8)
        return Trailer(at + TRAILER_LEN, None, None, *fields) if zlib.crc32(file[at : at + 28]) == crc else None
    return None


def is_followed(file, frame):
    following = part_at(file, frame.end)
    return following and following.sequence == (None if frame.type == INDEX_TYPE else frame.sequence + 1)


def walk(file, at, damage):
    """Yields the frames and the trailers (3.2)."""
    checkable, due = 2 * len(file), 0
    while at < len(file):
        part, rest = part_at(file, at), file[at : at + FRAME_LEN]
        is_stub = any(len(rest) < length and rest[: len(magic)] == magic[: len(rest)] for magic, length in PARTS)
        is_cut = part.end > len(file) if part else is_stub
        if is_cut:
            damage.append({"cut": {"offset": at, "len": len(file)}})
            if not part:
                return
            part = None
        elif isinstance(part, Frame) and part.stored_len <= checkable and not is_followed(file, part):
            checkable -= part.stored_len
            if zlib.crc32(file[at + FRAME_LEN : part.end]) != part.crc:
                damage.append({"payload": {"offset": at, "type": part.type, "error": "checksum"}})
                part = None
        if part:
            if part.sequence not in (None, due):
                damage.append({"sequence": {"offset": at, "expected": due, "found": part.sequence}})
            due = due if part.sequence is None else part.sequence + 1
            yield part
            at = part.end
            continue
        places = (match.start() for match in MAGICS.finditer(file, at + 1))
        found = next((place for place in places if part_at(file, place)), len(file))
        if found < len(file) or not is_cut:
            damage.append({"skipped": {"offset": at, "len": found - at}})
        at = found


def open_bundle(file):
    """The file header and its length (2.1, 3.1)."""
    need(file.startswith(FILE_MAGIC) and len(file) >= 64, "not an .etz bundle")
    major, minor, length, created_ns, crc = struct.unpack_from("<HHI8xQ28xI", file, 8)
    is_whole = zlib.crc32(file[:60]) == crc and 64 <= length <= min(MAX_FILE_HEADER_LEN, len(file))
    need(is_whole, "the file header is damaged or cut")
    need(major == 1, f"version {major}.{minor} needs another reader")
    return {"major": major, "minor": minor, "created_ns": created_ns, "id": file[32:48].hex()}, length


def payload_of(file, frame):
    """The payload (2.2, 3.3); a little is decompressed at a time, so that no bomb goes off."""
    stored, payload = file[frame.offset + FRAME_LEN : frame.end], bytearray()
    need(zlib.crc32(stored) == frame.crc, "checksum")
    need(frame.flags in (0, 1), "flags")
    if frame.flags == 0:
        need(len(stored) == frame.raw_len)
        return stored
    decoder = zstandard.ZstdDecompressor().decompressobj()
    try:
        for at in range(0, len(stored), 256):
            need(len(payload) <= frame.raw_len and not decoder.eof, "compression")
            payload += decoder.decompress(stored[at : at + 256])
    except zstandard.ZstdError:
        raise Unreadable("compression")
    is_one = stored.startswith(b"\x28\xb5\x2f\xfd") and decoder.eof and not decoder.unused_data
    need(is_one and len(payload) == frame.raw_len, "compression")
    return bytes(payload)


def read_frame(file, frame):
    """What the header of the frame says, and the record, or why there is none (3.3)."""
    value = {name: field for name, field in frame._asdict().items() if name not in ("end", "crc")}
    try:
        is_known = any(frame.type == known for known, _ in RECORDS)
        need((frame.type, frame.version) in RECORDS, "version" if is_known else "type")
        value["record"] = RECORDS[frame.type, frame.version](payload_of(file, frame), frame.revision)
    except Unreadable as error:
        value["error"] = str(error)
    except UnicodeDecodeError:
        value["error"] = "malformed"
    return value


def read_bundle(file):
    """The header, the frames by rising sequence number, and the damage."""
    header, at = open_bundle(file)
    damage, in_order, end = [], [], len(file)
    parts = list(walk(file, at, damage))
    index, trailer = ([part for part in parts if part.type == kind][-1:] for kind in (INDEX_TYPE, None))
    frames = [part for part in parts if part.type not in (INDEX_TYPE, None)]
    lens = accumulate(frame.raw_len for frame in frames)
    count = sum(raw_len <= MAX_TOTAL_RAW_LEN for raw_len in islice(lens, MAX_FRAMES))
    if count < len(frames):
        damage.append({"too_many": {"offset": frames[count].offset}})
    listed = [read_frame(file, frame).get("record") for frame in index]
    found = [[one.offset, one.type, one.stream, one.stored_len, one.raw_len] for one in frames[:count]]
    if not trailer:
        damage.append("not_closed")
    elif listed != [{"entries": found}] or trailer[0] != Trailer(end, None, None, index[0].offset, end, count + 1):
        damage.append("index")
    for frame in sorted(frames[:count], key=lambda frame: frame.sequence):
        if in_order and frame[2:] == in_order[-1][2:]:
            damage.append({"repeated": {"offset": frame.offset, "sequence": frame.sequence}})
        else:
            in_order.append(frame)
    return {"header": header, "frames": [read_frame(file, frame) for frame in in_order], "damage": damage}


if __name__ == "__main__":
    for path in sys.argv[1:]:
        try:
            with open(path, "rb") as file:
                print(json.dumps(read_bundle(file.read())))
        except (OSError, Unreadable) as error:
            sys.exit(f"{path}: {error}")
