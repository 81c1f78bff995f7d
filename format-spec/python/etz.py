#!/usr/bin/env python3
"""Reads .etz bundles and prints them as JSON: one line for each file.

    etz.py FILE...

Written from SPEC.md alone, to show that it is enough; section numbers are those of SPEC.md. Needs Python 3.8 or later
and the zstd package `zstandard` (Debian: python3-zstandard).

The JSON has `header`, `frames` (each with its `record`, or the kind of `error` that kept it from being read) and
`damage`. Bytes are a string when they are UTF-8, else {"hex": "..."}. An enum is the name of its case, or
{"Case": content}.
"""

import json
import re
import struct
import sys
import zlib
from collections import namedtuple

try:
    import zstandard
except ImportError:
    sys.exit("etz.py needs the zstd package `zstandard` (Debian: python3-zstandard)")

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# 2.5
MAX_FILE_HEADER_LEN, MAX_RAW_LEN, MAX_STORED_LEN = 4096, 8 << 20, (8 << 20) + (64 << 10)
MAX_FRAMES, MAX_TOTAL_RAW_LEN = 262144, 8 << 30
MAX_ROWS, MAX_COLUMNS, MAX_PAGE_COLUMNS = 65536, 64, 4096
MAX_CLAIM, MAX_SUBBUFFER_LEN = 16 << 20, 1 << 20
MASK64 = (1 << 64) - 1


class NotABundle(Exception):
    """A file that cannot be opened at all (3.1)."""


class Unreadable(Exception):
    """A frame that cannot be used (3.3), with the kind of reason."""


def need(condition, kind="malformed"):
    if not condition:
        raise Unreadable(kind)


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


def inflate(stored, raw_len):
    """Exactly one zstd frame of exactly that length (2.2); a little at a time, so that no bomb goes off."""
    need(stored.startswith(ZSTD_MAGIC), "compression")
    decoder, payload, at = zstandard.ZstdDecompressor().decompressobj(), bytearray(), 0
    try:
        while not decoder.eof and at < len(stored) and len(payload) <= raw_len:
            payload += decoder.decompress(stored[at : at + 256])
            at += 256
    except zstandard.ZstdError:
        raise Unreadable("compression")
    need(decoder.eof and not decoder.unused_data and at >= len(stored), "compression")
    need(len(payload) == raw_len, "compression")
    return bytes(payload)


class Bytes:
    """Bytes that are taken from front to back, and what a record of them claims (5.3, 6.4)."""

    def __init__(self, data):
        self.data, self.at, self.claimed = data, 0, 0

    def take(self, length):
        part = self.data[self.at : self.at + length]
        need(len(part) == length)
        self.at += length
        return part

    def claim(self, count, length=1):
        self.claimed += count * length
        need(self.claimed <= MAX_CLAIM, "bound")

    def is_used(self):
        return self.at == len(self.data)


# Row encoding (5): a type is a function that takes a value of it


class Rows(Bytes):
    def varint(self, width):
        first = self.take(1)[0]
        if first <= 250:
            return first
        length = {251: 2, 252: 4, 253: 8}.get(first, 9)
        need(length <= width)
        return int.from_bytes(self.take(length), "little")


def string(rows):
    text = TYPES["bytes"](rows)
    need(isinstance(text, str))
    return text


TYPES = {
    "u8": lambda rows: rows.take(1)[0],
    "u16": lambda rows: rows.varint(2),
    "u32": lambda rows: rows.varint(4),
    "u64": lambda rows: rows.varint(8),
    "i32": lambda rows: unzigzag(rows.varint(4)),
    "bool": lambda rows: fit(rows.take(1)[0], 1) == 1,
    "bytes": lambda rows: show(rows.take(rows.varint(8))),
    "string": string,
}


def type_named(name):
    if name.startswith("["):
        return list_of(type_named(name[1:-1]))
    if name.endswith("?"):
        value = type_named(name[:-1])
        return lambda rows: value(rows) if TYPES["bool"](rows) else None
    return TYPES[name]


def list_of(element):
    def take(rows):
        count = rows.varint(8)
        rows.claim(count, 128)
        return [element(rows) for _ in range(count)]

    return take


def enum(cases):
    """Cases are names, or a name and the type of what it holds."""
    cases = [(case.split()[0], *map(type_named, case.split()[1:])) for case in cases]

    def take(rows):
        number = rows.varint(4)
        need(number < len(cases))
        name, *content = cases[number]
        return {name: content[0](rows)} if content else name

    return take


def fields(parts):
    """Fields are a name and a type; those of a tuple have no names."""
    parts = [part.split() for part in parts]
    types = [type_named(part[-1]) for part in parts]
    if len(parts[0]) == 1:
        return lambda rows: [take(rows) for take in types]
    named = list(zip((part[0] for part in parts), types))
    return lambda rows: {name: take(rows) for name, take in named}


# Records in row encoding (7): enums have bars, records and tuples commas
DEFINITIONS = """
architecture: Aarch64 | X86_64
host: hostname string, kernel_release string, kernel_version string, os_release string, architecture architecture, \
    cpus u32, page_size_bytes u32, memory_bytes u64, boot_id string
clocks: realtime_ns u64, monotonic_ns u64, boottime_ns u64
state: Available | Missing | Denied
ability: name string, state state, detail string
armed: what string, detail string
missing: what string, why string
manifest: tool_version string, command_line [string], host host, clocks clocks, duration_ns u64?, max_size_bytes u64, \
    abilities [ability], armed [armed], missing [missing]
reason: Time | Command | Signal i32 | Size | Error string
cost: user_ns u64, system_ns u64, peak_memory_bytes u64, bpf_run_ns u64?, bpf_runs u64?, graph_armed_ns u64
drop: what string, why string, count u64
closing: ended_ns u64, reason reason, command_status i32?, cost cost, drops [drop], not_restored [string]
unit: Count | Bytes | Pages | Id | Bits
fact: id u16, name string, unit unit, path string
fact_table: facts [fact]
file: bytes bytes, truncated bool
statfs: fs_type u64, block_size_bytes u64, blocks u64, blocks_free u64, blocks_available u64, inodes u64, \
    inodes_free u64, flags u64
content: File file | Link bytes | Directory [bytes] | EntryCount u64 | StatFs statfs | Unchanged | Error u16
phase: Start | Failure | End
entry: path bytes, content content
snapshot: number u32, phase phase, started_ns u64, ended_ns u64, entries [entry]
ftrace_pages: cpu u32, session u32, pages [bytes]
event_format: system string, name string, text string
event_formats: header_page string, events [event_format]
probe_kind: Kretprobe | Fprobe | Kprobe
probe: event string, function string, kind probe_kind, session u32
probes: probes [probe]
returns: Unknown | Void | Bool | Signed u8 | Unsigned u8 | Pointer | Aggregate
symbol: address u64, size u64, kind u8, name string, module string?, returns returns
symbols: symbols [symbol]
pass: Graph | Returns
end: Enough | Time | Bytes | Recording | Error
zoom: number u32, pass pass, syscall u32, errno u16, functions [string], pids [u32], started_ns u64, armed_ns u64, \
    ended_ns u64, end end, failures u64, lost_events u64, tier string
function: address u64, bytes bytes
code: functions [function]
near: string, u64
ctl_entry: data u64, paths [string], size u32, symbol near?
ctl_tables: entries [ctl_entry]
field: structure string, field string, offset u32, size u32
type_layouts: fields [field]
index_entry: u64, u16, u32, u32, u32
"""

for definition in DEFINITIONS.strip().splitlines():
    name, _, content = definition.partition(":")
    TYPES[name] = enum(content.split("|")) if "|" in content else fields(content.split(","))


def row_record(name):
    def read(payload, revision):
        rows = Rows(payload)
        rows.claim(len(payload))
        value = TYPES[name](rows)
        need(rows.is_used() or revision > 0)
        return value

    return read


# Columnar encoding (6)


class Column(Bytes):
    before = 0

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
        self.before = self.difference(self.before)
        return fit(self.before, bits)


def numbered(known, number, new):
    """The value of that number; the next unused number is for a new one."""
    if number == len(known):
        known.append(new())
    need(number < len(known))
    return known[number]


def dictionary(numbers, strings, whole):
    """A function that takes the next string of a pair of columns (6.3)."""
    known = []

    def new():
        whole.claim(16)
        return strings.take(strings.plain())

    def take():
        value = numbered(known, numbers.plain(), new)
        whole.claim(len(value))
        return show(value)

    return take


def split_columns(payload, most):
    """The payload, the number of rows and the columns (6.1)."""
    whole = Column(payload)
    rows, count = whole.plain(), whole.plain()
    need(count <= most)
    columns = [Column(whole.take(whole.plain())) for _ in range(count)]
    need(whole.is_used())
    return whole, rows, columns


def columnar_record(count, row_reader):
    def read(payload, revision):
        whole, rows, columns = split_columns(payload, MAX_COLUMNS)
        need(rows <= MAX_ROWS, "bound")
        whole.claim(rows, 256)
        need(len(columns) == count or (len(columns) > count and revision > 0))
        row = row_reader(columns[:count], whole)
        value = {"rows": [row() for _ in range(rows)]}
        need(all(column.is_used() for column in columns[:count]))
        return value

    return read


def counts(columns, whole):
    syscall, errno, tgid, comm, comms, count, first, last = columns
    name = dictionary(comm, comms, whole)

    def row():
        value = {"syscall": syscall.plain(32), "errno": errno.plain(16), "tgid": tgid.delta(32), "comm": name()}
        value.update(count=count.plain(), first_ns=first.delta())
        value["last_ns"] = last.difference(value["first_ns"])
        return value

    return row


def take_path(head, path_bytes, whole):
    whole.claim(32)
    return {"argument": head >> 1, "bytes": path_bytes(), "truncated": head & 1 == 1}


def failures_1(columns, whole):
    time, syscall, errno, flags, tgid, pid, uid, cgroup, comm, comms = columns[:10]
    path_count, path_head, path, paths, fact_count, fact, fact_value = columns[16:]
    name, path_bytes = dictionary(comm, comms, whole), dictionary(path, paths, whole)
    args_before, fact_before = {}, {}

    def take_fact():
        whole.claim(16)
        number = fact.plain(16)
        fact_before[number] = fact_value.difference(fact_before.get(number, 0))
        return [number, fact_before[number]]

    def row():
        value = {"time_ns": time.delta(), "syscall": syscall.plain(32), "errno": errno.plain(16)}
        value.update(not_entered=flags.plain(1) == 1, tgid=tgid.delta(32), uid=uid.plain(32))
        value.update(cgroup=cgroup.delta(), comm=name(), pid=pid.difference(value["tgid"], 32))
        before = args_before.get(value["syscall"], [0] * 6)
        value["args"] = [column.difference(old) for column, old in zip(columns[10:16], before)]
        args_before[value["syscall"]] = value["args"]
        value["paths"] = [take_path(path_head.plain(9), path_bytes, whole) for _ in range(path_count.plain())]
        value["facts"] = [take_fact() for _ in range(fact_count.plain())]
        return value

    return row


def failures_2(columns, whole):
    time, thread, pid, changes, tgid, uid, cgroup, comm, comms, ids = columns[:10]
    fact_count, gap, fact_value, kind, kinds, arg_changes, arg_number, arg, path, paths = columns[10:]
    name, path_bytes = dictionary(comm, comms, whole), dictionary(path, paths, whole)
    latest, known_kinds, known_args = [], [], []
    last = {"pid": 0, "tgid": 0, "uid": 0, "cgroup": 0, "comm": "", "facts": []}

    def take_ids(before):
        values, number, taken = dict(before), 0, []
        for _ in range(ids.plain()):
            whole.claim(16)
            number = ids.difference(number, 16)
            taken.append([number, values.get(number, 0)])
        return taken

    def take_kind():
        kind = {"syscall": kinds.plain(32), "errno": kinds.plain(16), "not_entered": kinds.plain(1) == 1}
        return kind, [kinds.plain(9) for _ in range(kinds.plain())], [0] * 6

    def take_arg(before):
        number = arg_number.plain()
        if number == 0:
            known_args.append(arg.difference(before))
        need(number <= len(known_args))
        return known_args[number - 1]

    def row():
        nonlocal last
        value = {"time_ns": time.delta()}
        number = thread.plain()
        is_new = number == len(latest)
        before = numbered(latest, number, lambda: dict(last, pid=pid.delta(32)))
        bits = fit(changes.plain(), 5)
        value["pid"] = before["pid"]
        value["tgid"] = tgid.difference(before["tgid"], 32) if bits & 1 else before["tgid"]
        value["uid"] = uid.difference(before["uid"], 32) if bits & 2 else before["uid"]
        value["cgroup"] = cgroup.difference(before["cgroup"]) if bits & 4 else before["cgroup"]
        value["comm"] = name() if bits & 8 else before["comm"]
        value["facts"] = take_ids(before["facts"]) if bits & 16 else [list(fact) for fact in before["facts"]]
        whole.claim(0 if bits & 16 else len(value["facts"]), 16)
        at = 0
        for _ in range(fact_count.plain()):
            at += gap.plain()
            need(at < len(value["facts"]))
            value["facts"][at][1] = fact_value.difference(value["facts"][at][1])
            at += 1
        shared, heads, args = numbered(known_kinds, kind.plain(), take_kind)
        value.update(shared)
        bits = fit(arg_changes.plain(), 6)
        args[:] = [take_arg(old) if bits >> at & 1 else old for at, old in enumerate(args)]
        value["args"] = list(args)
        value["paths"] = [take_path(head, path_bytes, whole) for head in heads]
        last = latest[number] = value
        return value

    return row


# Version 2 of ftrace pages (7.7)


class Pages:
    def __init__(self, payload, revision):
        whole, self.count, columns = split_columns(payload, MAX_PAGE_COLUMNS)
        need(len(columns) >= 10)
        whole.claim(self.count, 128)
        whole.claim(len(payload))
        self.whole, self.columns, self.time = whole, columns, 0
        self.known, self.stacks = [], {}
        head, rest = columns[0], columns[10:]
        self.cpu, self.session = head.plain(32), head.plain(32)
        self.classes = []
        for _ in range(fit(head.plain(), 12)):
            type_len, length = head.plain(8), head.plain(32)
            has_length = type_len in (0, 29)
            size = length - 4 if has_length else 4 * type_len
            need(size >= 0 and size % 4 == 0 and type_len <= 29 and (has_length or length == 0))
            modes = []
            while size > 0:
                modes.append(fit(head.plain(), 3))
                size -= 4 if modes[-1] < 2 else 8
                need(len(modes) < len(rest))
            need(size == 0 and rest)
            stored_len = length.to_bytes(4, "little") if has_length else b""
            slots = list(zip(modes, rest[1:]))
            self.classes.append((type_len, stored_len, rest[0], slots, [0] * len(slots)))
            rest = rest[1 + len(slots) :]
        need(not rest or revision > 0)
        self.used = columns[: len(columns) - len(rest)]

    def read(self):
        pages = [show(self.page()) for _ in range(self.count)]
        need(all(column.is_used() for column in self.used))
        return {"cpu": self.cpu, "session": self.session, "pages": pages}

    def page(self):
        _, forms, raw, times, commits, tails, kinds, deltas, uppers, _ = self.columns[:10]
        if forms.plain() == 0:
            page = raw.take(raw.plain())
        else:
            start = self.time = times.difference(self.time)
            items = bytearray()
            for kind in iter(kinds.plain, 0):
                if kind < 3:
                    delta, upper = deltas.plain(27), uppers.plain(32)
                    items += struct.pack("<II", delta << 5 | 29 + kind, upper)
                    self.time = self.time * (2 - kind) + delta + (upper << 27) & MASK64
                else:
                    items += self.event(kind - 3)
                need(len(items) + 16 <= MAX_SUBBUFFER_LEN, "bound")
            commit = commits.difference(len(items))
            need(commit & (1 << 27) - 1 == len(items))
            page = struct.pack("<QQ", start, commit) + items + tails.take(tails.plain())
        self.whole.claim(len(page))
        return page

    def event(self, number):
        need(number < len(self.classes))
        type_len, stored_len, deltas, slots, before = self.classes[number]
        delta = deltas.plain(27)
        self.time = self.time + (delta if type_len != 29 else 0) & MASK64
        event, called = b"", self.time
        for at, (mode, column) in enumerate(slots):
            stack = self.stacks.setdefault(event[4:8] if len(event) >= 8 else bytes(4), [])
            if mode in (0, 2):
                value = before[at] = column.difference(before[at])
            elif mode == 1:
                value = column.difference(len(stack))
            elif mode in (3, 4):
                value = self.long(column.plain())
                if mode == 4:
                    stack.append((value, self.time))
            elif mode == 5:
                number, (value, called) = column.plain(), stack.pop() if stack else (None, called)
                value = self.long(number - 1) if number else value
                need(value is not None)
            else:
                before[at] = column.difference(before[at])
                value = before[at] + (self.time if mode == 6 else called) & MASK64
            event += fit(value, 32 if mode < 2 else 64).to_bytes(4 if mode < 2 else 8, "little")
        return struct.pack("<I", delta << 5 | type_len) + stored_len + event

    def long(self, number):
        return numbered(self.known, number, self.columns[9].delta)


# Type and version of a record: a reader of a payload, which is also given the revision
RECORDS = {
    (1, 1): row_record("manifest"),
    (2, 1): row_record("closing"),
    (3, 1): columnar_record(8, counts),
    (4, 1): row_record("fact_table"),
    (5, 1): columnar_record(23, failures_1),
    (5, 2): columnar_record(20, failures_2),
    (6, 1): row_record("snapshot"),
    (7, 1): row_record("ftrace_pages"),
    (7, 2): lambda payload, revision: Pages(payload, revision).read(),
    (8, 1): row_record("event_formats"),
    (9, 1): row_record("probes"),
    (10, 1): row_record("symbols"),
    (11, 1): row_record("zoom"),
    (12, 1): row_record("code"),
    (13, 1): row_record("ctl_tables"),
    (14, 1): row_record("type_layouts"),
}

# Container (2, 3)

FILE_MAGIC, FRAME_MAGIC, TRAILER_MAGIC = b"\x89ETZ\r\n\x1a\n", b"\xf5ETZ", b"ETZ-END\n"
FRAME_LEN, TRAILER_LEN, INDEX_TYPE = 40, 32, 0xFFFF
MAGICS = re.compile(b"(?=%s|%s)" % (FRAME_MAGIC, TRAILER_MAGIC))

Trailer = namedtuple("Trailer", "end index_offset file_len frames")


class Frame(namedtuple("Frame", "offset type version revision flags stream sequence stored_len raw_len crc")):
    @property
    def end(self):
        return self.offset + FRAME_LEN + self.stored_len

    def header(self, file):
        return file[self.offset : self.offset + FRAME_LEN]

    def stored(self, file):
        stored = file[self.offset + FRAME_LEN : self.end]
        need(zlib.crc32(stored) == self.crc, "checksum")
        return stored

    def payload(self, file):
        stored = self.stored(file)
        need(self.flags in (0, 1), "flags")
        if self.flags == 1:
            return inflate(stored, self.raw_len)
        need(len(stored) == self.raw_len)
        return stored

    def dump(self, file):
        value = self._asdict()
        del value["crc"]
        try:
            need(any(self.type == frame_type for frame_type, _ in RECORDS), "type")
            need((self.type, self.version) in RECORDS, "version")
            value["record"] = RECORDS[self.type, self.version](self.payload(file), self.revision)
        except Unreadable as error:
            value["error"] = str(error)
        return value


def part_at(file, at):
    """The frame header or trailer there, if there is one."""
    if file.startswith(FRAME_MAGIC, at) and len(file) - at >= FRAME_LEN:
        frame = Frame(at, *struct.unpack_from("<HBBIIIIII", file, at + 4))
        is_right = zlib.crc32(file[at : at + 36]) == struct.unpack_from("<I", file, at + 36)[0]
        return frame if is_right and frame.stored_len <= MAX_STORED_LEN and frame.raw_len <= MAX_RAW_LEN else None
    if file.startswith(TRAILER_MAGIC, at) and len(file) - at >= TRAILER_LEN:
        *fields, crc = struct.unpack_from("<QQII", file, at + 8)
        return Trailer(at + TRAILER_LEN, *fields) if zlib.crc32(file[at : at + 28]) == crc else None
    return None


def is_followed(file, frame):
    following = part_at(file, frame.end)
    if frame.type == INDEX_TYPE:
        return isinstance(following, Trailer)
    return isinstance(following, Frame) and following.sequence == frame.sequence + 1


def is_stub(rest):
    parts = (FRAME_MAGIC, FRAME_LEN), (TRAILER_MAGIC, TRAILER_LEN)
    return any(len(rest) < length and rest[: len(magic)] == magic[: len(rest)] for magic, length in parts)


def walk(file, at, note):
    """Yields the frames and the trailers (3.2)."""
    checkable = 2 * len(file)
    while at < len(file):
        part, is_cut = part_at(file, at), False
        if part is None and is_stub(file[at : at + FRAME_LEN]):
            return note("cut", offset=at, len=len(file))
        if part and part.end > len(file):
            note("cut", offset=at, len=len(file))
            part, is_cut = None, True
        elif isinstance(part, Frame) and not is_followed(file, part) and part.stored_len <= checkable:
            checkable -= part.stored_len
            try:
                part.stored(file)
            except Unreadable:
                note("payload", offset=at, type=part.type, error="checksum")
                part = None
        if part:
            yield part
            at = part.end
            continue
        places = (match.start() for match in MAGICS.finditer(file, at + 1))
        found = next((place for place in places if part_at(file, place)), len(file))
        if found < len(file) or not is_cut:
            note("skipped", offset=at, len=found - at)
        at = found


class Bundle:
    """A bundle in memory: `header`, `frames` by rising sequence number, `damage`."""

    def __init__(self, file):
        self.file, self.frames, self.damage = file, [], []
        index = trailer = None
        due = raw_len = 0
        in_order = True
        for part in walk(file, self.open(), self.note):
            if isinstance(part, Trailer):
                trailer = part
                continue
            if part.sequence != due:
                self.note("sequence", offset=part.offset, expected=due, found=part.sequence)
                in_order = in_order and part.sequence > due
            due = part.sequence + 1
            if part.type == INDEX_TYPE:
                index = part
                continue
            raw_len += part.raw_len
            if len(self.frames) < MAX_FRAMES and raw_len <= MAX_TOTAL_RAW_LEN:
                self.frames.append(part)
            elif not any("too_many" in damage for damage in self.damage):
                self.note("too_many", offset=part.offset)
        if trailer is None:
            self.note("not_closed")
        elif not self.is_listed(index, trailer):
            self.note("index")
        if not in_order:
            self.put_in_order()

    def open(self):
        file = self.file
        if not file.startswith(FILE_MAGIC) or len(file) < 64:
            raise NotABundle("not an .etz bundle")
        major, minor, length, created_ns = struct.unpack_from("<HHI8xQ", file, 8)
        if zlib.crc32(file[:60]) != struct.unpack_from("<I", file, 60)[0]:
            raise NotABundle("the file header is damaged")
        if not 1 <= major <= 1:
            raise NotABundle(f"version {major}.{minor} needs another reader")
        if not 64 <= length <= min(MAX_FILE_HEADER_LEN, len(file)):
            raise NotABundle("the file header is damaged or cut")
        self.header = {"major": major, "minor": minor, "created_ns": created_ns, "id": file[32:48].hex()}
        return length

    def note(self, kind, **fields):
        self.damage.append({kind: fields} if fields else kind)

    def is_listed(self, index, trailer):
        """Whether index and trailer say what is in the file."""
        try:
            rows = Rows(index.payload(self.file) if index else b"")
            entries = [TYPES["index_entry"](rows) for _ in range(min(rows.varint(8), MAX_FRAMES + 1))]
        except Unreadable:
            return False
        frames = [[one.offset, one.type, one.stream, one.stored_len, one.raw_len] for one in self.frames]
        length = len(self.file)
        return entries == frames and trailer == (length, index.offset, length, len(frames) + 1)

    def put_in_order(self):
        frames, self.frames = sorted(self.frames, key=lambda frame: frame.sequence), []
        for frame in frames:
            if self.frames and frame.header(self.file) == self.frames[-1].header(self.file):
                self.note("repeated", offset=frame.offset, sequence=frame.sequence)
            else:
                self.frames.append(frame)

    def dump(self):
        frames = [frame.dump(self.file) for frame in self.frames]
        return {"header": self.header, "frames": frames, "damage": self.damage}


if __name__ == "__main__":
    for path in sys.argv[1:]:
        try:
            with open(path, "rb") as file:
                print(json.dumps(Bundle(file.read()).dump()))
        except (OSError, NotABundle) as error:
            sys.exit(f"{path}: {error}")
