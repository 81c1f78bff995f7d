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
import struct
import sys
import zlib

try:
    import zstandard
except ImportError:
    sys.exit("etz.py needs the zstd package `zstandard` (Debian: python3-zstandard)")

FILE_MAGIC, FRAME_MAGIC, TRAILER_MAGIC = b"\x89ETZ\r\n\x1a\n", b"\xf5ETZ", b"ETZ-END\n"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
FRAME_HEADER_LEN, TRAILER_LEN = 40, 32
INDEX_TYPE = 0xFFFF
FLAG_ZSTD = 1

# 2.5
MAX_FILE_HEADER_LEN = 4096
MAX_RAW_LEN = 8 << 20
MAX_STORED_LEN = MAX_RAW_LEN + (64 << 10)
MAX_FRAMES = 262144
MAX_TOTAL_RAW_LEN = 8 << 30
MAX_ROWS = 65536
MAX_COLUMNS = 64
MAX_CLAIM = 16 << 20
MAX_PAGE_COLUMNS = 4096
MAX_SUBBUFFER_LEN = 1 << 20
MASK64 = (1 << 64) - 1


class NotABundle(Exception):
    """A file that cannot be opened at all (3.1)."""


class Unreadable(Exception):
    """A frame that cannot be used (3.3), with the kind of reason."""


# Compression (2.2)


def zstd_frame_len(data):
    """Length of the zstd frame at the start of data, from its header and block headers (RFC 8878, 3.1.1)."""
    try:
        descriptor = data[4]
        single_segment = descriptor >> 5 & 1
        content_size_len = [single_segment, 2, 4, 8][descriptor >> 6]
        at = 6 - single_segment + [0, 1, 2, 4][descriptor & 3] + content_size_len
        last = False
        while not last:
            header = data[at] | data[at + 1] << 8 | data[at + 2] << 16
            last, kind, size = header & 1, header >> 1 & 3, header >> 3
            at += 3 + (1 if kind == 1 else size)
        return at + (4 if descriptor & 4 else 0)
    except IndexError:
        return None


def inflate(stored, raw_len):
    if stored.startswith(ZSTD_MAGIC) and zstd_frame_len(stored) == len(stored):
        parts, left = [b"-"], raw_len + 1
        try:
            with zstandard.ZstdDecompressor().stream_reader(stored) as reader:
                while parts[-1] and left:
                    parts.append(reader.read(left))
                    left -= len(parts[-1])
        except zstandard.ZstdError:
            left = 0
        if left == 1:
            return b"".join(parts[1:])
    raise Unreadable("compression")


class Bytes:
    """Bytes that are taken from front to back."""

    def __init__(self, data):
        self.data, self.at, self.claimed = data, 0, 0

    def take(self, length):
        part = self.data[self.at : self.at + length]
        if len(part) != length:
            raise Unreadable("malformed")
        self.at += length
        return part

    def claim(self, count, length=1):
        """Counts the memory of a record (5.3, 6.4)."""
        self.claimed += count * length
        if self.claimed > MAX_CLAIM:
            raise Unreadable("bound")

    def is_used(self):
        return self.at == len(self.data)


def show(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"hex": data.hex()}


def unzigzag(value):
    return value >> 1 if value & 1 == 0 else -(value >> 1) - 1


def fit(value, bits):
    if value >> bits:
        raise Unreadable("malformed")
    return value


# Row encoding (5)


class Rows(Bytes):
    """Reads values of the row encoding; the functions below are its types."""

    def varint(self, width):
        first = self.take(1)[0]
        if first <= 250:
            return first
        length = {251: 2, 252: 4, 253: 8}.get(first, 9)
        if length > width:
            raise Unreadable("malformed")
        return int.from_bytes(self.take(length), "little")


u8 = lambda rows: rows.take(1)[0]
u16 = lambda rows: rows.varint(2)
u32 = lambda rows: rows.varint(4)
u64 = lambda rows: rows.varint(8)
i32 = lambda rows: unzigzag(rows.varint(4))
flag = lambda rows: fit(u8(rows), 1) == 1
blob = lambda rows: show(rows.take(u64(rows)))
option = lambda element: lambda rows: element(rows) if flag(rows) else None
pair = lambda *elements: lambda rows: [element(rows) for element in elements]


def string(rows):
    text = blob(rows)
    if not isinstance(text, str):
        raise Unreadable("malformed")
    return text


def listed(element):
    def read(rows):
        count = u64(rows)
        rows.claim(count, 128)
        return [element(rows) for _ in range(count)]

    return read


def record(names, *fields):
    named = list(zip(names.split(), fields))
    assert len(named) == len(fields) == len(names.split())
    return lambda rows: {name: field(rows) for name, field in named}


def enum(*cases):
    """A case is a name, or a name and what it holds."""

    def read(rows):
        number = u32(rows)
        if number >= len(cases):
            raise Unreadable("malformed")
        case = cases[number]
        return case if isinstance(case, str) else {case[0]: case[1](rows)}

    return read


def row_record(layout):
    def read(payload, revision):
        rows = Rows(payload)
        rows.claim(len(payload))
        value = layout(rows)
        if not rows.is_used() and revision == 0:
            raise Unreadable("malformed")
        return value

    return read


# Columnar encoding (6)


class Column(Bytes):
    """Reads the values of one column."""

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
        return fit((before + unzigzag(self.plain())) & (1 << 64) - 1, bits)

    def delta(self, bits=64):
        self.before = self.difference(self.before)
        return fit(self.before, bits)


def dictionary(numbers, strings, whole):
    """A function that takes the next string of a pair of columns (6.3)."""
    known = []

    def take():
        number = numbers.plain()
        if number == len(known):
            whole.claim(16)
            known.append(strings.take(strings.plain()))
        if number >= len(known):
            raise Unreadable("malformed")
        whole.claim(len(known[number]))
        return show(known[number])

    return take


def split_columns(payload, most):
    """The payload, the number of rows and the columns (6.1)."""
    whole = Column(payload)
    rows, count = whole.plain(), whole.plain()
    if count > most:
        raise Unreadable("malformed")
    columns = [Column(whole.take(whole.plain())) for _ in range(count)]
    check_used([whole])
    return whole, rows, columns


def check_used(columns):
    if not all(one.is_used() for one in columns):
        raise Unreadable("malformed")


def columnar_record(count, row_reader):
    def read(payload, revision):
        whole, rows, columns = split_columns(payload, MAX_COLUMNS)
        if rows > MAX_ROWS:
            raise Unreadable("bound")
        whole.claim(rows, 256)
        if len(columns) < count or (len(columns) > count and revision == 0):
            raise Unreadable("malformed")
        row = row_reader(columns[:count], whole)
        value = {"rows": [row() for _ in range(rows)]}
        check_used(columns[:count])
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


def failures(columns, whole):
    time, syscall, errno, flags, tgid, pid, uid, cgroup, comm, comms = columns[:10]
    path_count, path_head, path, paths, fact_count, fact, fact_value = columns[16:]
    name, path_bytes = dictionary(comm, comms, whole), dictionary(path, paths, whole)
    args_before, fact_before = {}, {}

    def take_path():
        whole.claim(32)
        head = path_head.plain(9)
        return {"argument": head >> 1, "bytes": path_bytes(), "truncated": head & 1 == 1}

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
        value["paths"] = [take_path() for _ in range(path_count.plain())]
        value["facts"] = [take_fact() for _ in range(fact_count.plain())]
        return value

    return row


# Version 2 of ftrace pages (7.7)


class Pages:
    def __init__(self, payload, revision):
        whole, self.count, columns = split_columns(payload, MAX_PAGE_COLUMNS)
        if len(columns) < 10:
            raise Unreadable("malformed")
        whole.claim(self.count, 128)
        whole.claim(len(payload))
        self.whole, self.columns, self.time = whole, columns, 0
        self.known, self.stacks = [], {}
        head = columns[0]
        self.cpu, self.session = head.plain(32), head.plain(32)
        count = fit(head.plain(), 12)
        at, self.classes = 10, []
        for _ in range(count):
            type_len, length = head.plain(8), head.plain(32)
            has_length = type_len in (0, 29)
            size = length - 4 if has_length else 4 * type_len
            if size < 0 or size % 4 or type_len > 29 or (length and not has_length):
                raise Unreadable("malformed")
            modes = []
            while size > 0:
                modes.append(fit(head.plain(), 3))
                size -= 4 if modes[-1] < 2 else 8
                if at + 1 + len(modes) > len(columns):
                    raise Unreadable("malformed")
            own = columns[at : at + 1 + len(modes)]
            if size or len(own) != 1 + len(modes):
                raise Unreadable("malformed")
            stored_len = length.to_bytes(4, "little") if has_length else b""
            self.classes.append((type_len, stored_len, own[0], list(zip(modes, own[1:])), [0] * len(modes)))
            at += len(own)
        if at < len(columns) and revision == 0:
            raise Unreadable("malformed")
        self.used = columns[:at]

    def read(self):
        pages = [show(self.page()) for _ in range(self.count)]
        check_used(self.used)
        return {"cpu": self.cpu, "session": self.session, "pages": pages}

    def page(self):
        _, forms, raw, times, commits, tails, kinds, deltas, uppers, _ = self.columns[:10]
        if forms.plain() == 0:
            page = raw.take(raw.plain())
            self.whole.claim(len(page))
            return page
        start = self.time = times.difference(self.time)
        items = bytearray()
        while True:
            kind = kinds.plain()
            if kind == 0:
                break
            if kind < 3:
                delta, upper = deltas.plain(27), uppers.plain(32)
                items += struct.pack("<II", delta << 5 | 29 + kind, upper)
                self.time = (self.time * (2 - kind) + delta + (upper << 27)) & MASK64
            else:
                items += self.event(kind - 3)
            if len(items) + 16 > MAX_SUBBUFFER_LEN:
                raise Unreadable("bound")
        commit = commits.difference(len(items))
        if commit & (1 << 27) - 1 != len(items):
            raise Unreadable("malformed")
        page = struct.pack("<QQ", start, commit) + items + tails.take(tails.plain())
        self.whole.claim(len(page))
        return page

    def event(self, number):
        if number >= len(self.classes):
            raise Unreadable("malformed")
        type_len, stored_len, deltas, slots, before = self.classes[number]
        delta = deltas.plain(27)
        self.time = (self.time + (delta if type_len != 29 else 0)) & MASK64
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
                if value is None:
                    raise Unreadable("malformed")
            else:
                before[at] = column.difference(before[at])
                value = (before[at] + (self.time if mode == 6 else called)) & MASK64
            event += fit(value, 32 if mode < 2 else 64).to_bytes(4 if mode < 2 else 8, "little")
        return struct.pack("<I", delta << 5 | type_len) + stored_len + event

    def long(self, number):
        if number == len(self.known):
            self.known.append(self.columns[9].delta())
        if number >= len(self.known):
            raise Unreadable("malformed")
        return self.known[number]


# Records (7)

host = record(
    "hostname kernel_release kernel_version os_release architecture cpus page_size_bytes memory_bytes boot_id",
    *[string, string, string, string, enum("Aarch64", "X86_64"), u32, u32, u64, string],
)
clocks = record("realtime_ns monotonic_ns boottime_ns", u64, u64, u64)
ability = record("name state detail", string, enum("Available", "Missing", "Denied"), string)
manifest = record(
    "tool_version command_line host clocks duration_ns max_size_bytes abilities armed missing",
    *[string, listed(string), host, clocks, option(u64), u64, listed(ability)],
    *[listed(record("what detail", string, string)), listed(record("what why", string, string))],
)
reason = enum("Time", "Command", ("Signal", i32), "Size", ("Error", string))
cost = record(
    "user_ns system_ns peak_memory_bytes bpf_run_ns bpf_runs graph_armed_ns",
    *[u64, u64, u64, option(u64), option(u64), u64],
)
closing = record(
    "ended_ns reason command_status cost drops not_restored",
    *[u64, reason, option(i32), cost, listed(record("what why count", string, string, u64)), listed(string)],
)
unit = enum("Count", "Bytes", "Pages", "Id", "Bits")
fact_table = record("facts", listed(record("id name unit path", u16, string, unit, string)))
statfs = record(
    "fs_type block_size_bytes blocks blocks_free blocks_available inodes inodes_free flags", *[u64] * 8
)
content = enum(
    *[("File", record("bytes truncated", blob, flag)), ("Link", blob), ("Directory", listed(blob))],
    *[("EntryCount", u64), ("StatFs", statfs), "Unchanged", ("Error", u16)],
)
phase = enum("Start", "Failure", "End")
entry = record("path content", blob, content)
snapshot = record("number phase started_ns ended_ns entries", u32, phase, u64, u64, listed(entry))
ftrace_pages = record("cpu session pages", u32, u32, listed(blob))
event_file = record("system name text", string, string, string)
event_formats = record("header_page events", string, listed(event_file))
probe = record("event function kind session", string, string, enum("Kretprobe", "Fprobe", "Kprobe"), u32)
returns = enum("Unknown", "Void", "Bool", ("Signed", u8), ("Unsigned", u8), "Pointer", "Aggregate")
symbol = record("address size kind name module returns", u64, u64, u8, string, option(string), returns)
zoom = record(
    "number pass syscall errno functions pids started_ns armed_ns ended_ns end failures lost_events tier",
    *[u32, enum("Graph", "Returns"), u32, u16, listed(string), listed(u32), u64, u64, u64],
    *[enum("Enough", "Time", "Bytes", "Recording", "Error"), u64, u64, string],
)
code = record("functions", listed(record("address bytes", u64, blob)))
ctl_entry = record("data paths size symbol", u64, listed(string), u32, option(pair(string, u64)))
field_layout = record("structure field offset size", string, string, u32, u32)

ROWS = {1: manifest, 2: closing, 4: fact_table, 6: snapshot, 7: ftrace_pages, 8: event_formats, 11: zoom, 12: code}
ROWS[9] = record("probes", listed(probe))
ROWS[10] = record("symbols", listed(symbol))
ROWS[13] = record("entries", listed(ctl_entry))
ROWS[14] = record("fields", listed(field_layout))

# Type, then version: a reader of a payload, which is also given the revision.
RECORDS = {frame_type: {1: row_record(layout)} for frame_type, layout in ROWS.items()}
RECORDS[3] = {1: columnar_record(8, counts)}
RECORDS[5] = {1: columnar_record(23, failures)}
RECORDS[7][2] = lambda payload, revision: Pages(payload, revision).read()


# Container (2, 3)


class Frame:
    """A frame header at an offset."""

    def __init__(self, file, at):
        self.file, self.offset, self.head = file, at, file[at : at + FRAME_HEADER_LEN]
        fields = struct.unpack_from("<HBBIIIIII", self.head, 4)
        self.type, self.version, self.revision, self.flags, self.stream = fields[:5]
        self.sequence, self.stored_len, self.raw_len, self.crc = fields[5:]
        self.end = at + FRAME_HEADER_LEN + self.stored_len

    def stored(self):
        """The payload as it is in the file; None when it is damaged."""
        stored = self.file[self.end - self.stored_len : self.end]
        return stored if zlib.crc32(stored) == self.crc else None

    def payload(self):
        stored = self.stored()
        if stored is None:
            raise Unreadable("checksum")
        if self.flags & ~FLAG_ZSTD:
            raise Unreadable("flags")
        if self.flags & FLAG_ZSTD:
            return inflate(stored, self.raw_len)
        if len(stored) != self.raw_len:
            raise Unreadable("malformed")
        return stored

    def record(self):
        if self.type not in RECORDS:
            raise Unreadable("type")
        if self.version not in RECORDS[self.type]:
            raise Unreadable("version")
        return RECORDS[self.type][self.version](self.payload(), self.revision)

    def dump(self):
        names = "offset type version revision flags stream sequence stored_len raw_len"
        value = {name: getattr(self, name) for name in names.split()}
        try:
            value["record"] = self.record()
        except Unreadable as error:
            value["error"] = str(error)
        return value


def header_at(file, at):
    if not file.startswith(FRAME_MAGIC, at) or len(file) - at < FRAME_HEADER_LEN:
        return None
    frame = Frame(file, at)
    is_right = zlib.crc32(frame.head[:36]) == struct.unpack_from("<I", frame.head, 36)[0]
    return frame if is_right and frame.stored_len <= MAX_STORED_LEN and frame.raw_len <= MAX_RAW_LEN else None


def trailer_at(file, at):
    """Index offset, file length, number of frames."""
    if not file.startswith(TRAILER_MAGIC, at) or len(file) - at < TRAILER_LEN:
        return None
    *fields, crc = struct.unpack_from("<QQII", file, at + 8)
    return fields if zlib.crc32(file[at : at + 28]) == crc else None


def is_stub(file, at):
    rest = file[at : at + FRAME_HEADER_LEN]
    parts = (FRAME_MAGIC, FRAME_HEADER_LEN), (TRAILER_MAGIC, TRAILER_LEN)
    return any(len(rest) < length and rest[: len(magic)] == magic[: len(rest)] for magic, length in parts)


class Bundle:
    """A bundle in memory: `header`, `frames` by rising sequence number, `damage`."""

    def __init__(self, file):
        self.file, self.frames, self.damage = file, [], []
        self.index = self.trailer = None
        self.due = self.raw_len = 0
        self.in_order, self.full = True, False
        self.checkable = 2 * len(file)
        at = self.open()
        while at < len(file):
            at = self.step(at)
        self.close()

    def open(self):
        file = self.file
        if not file.startswith(FILE_MAGIC) or len(file) < 64:
            raise NotABundle("not an .etz bundle")
        major, minor, length, created_ns = struct.unpack_from("<HHI8xQ", file, 8)
        if zlib.crc32(file[:60]) != struct.unpack_from("<I", file, 60)[0] or major == 0:
            raise NotABundle("the file header is damaged")
        if major > 1:
            raise NotABundle(f"version {major}.{minor} needs a newer reader")
        if not 64 <= length <= MAX_FILE_HEADER_LEN or length > len(file):
            raise NotABundle("the file header is damaged or cut")
        self.header = {"major": major, "minor": minor, "created_ns": created_ns, "id": file[32:48].hex()}
        return length

    def note(self, kind, **fields):
        self.damage.append({kind: fields} if fields else kind)

    def step(self, at):
        """One turn of the walk (3.2); returns the next offset."""
        frame = header_at(self.file, at)
        if frame and frame.end > len(self.file):
            self.note("cut", offset=at, len=len(self.file))
            return self.scan(at, True)
        if frame and not self.is_followed(frame) and not self.is_checked(frame):
            self.note("payload", offset=at, type=frame.type, error="checksum")
            return self.scan(at, False)
        if frame:
            self.take(frame)
            return frame.end
        trailer = trailer_at(self.file, at)
        if trailer:
            self.trailer = (trailer, at + TRAILER_LEN)
            return at + TRAILER_LEN
        if is_stub(self.file, at):
            self.note("cut", offset=at, len=len(self.file))
            return len(self.file)
        return self.scan(at, False)

    def is_followed(self, frame):
        if frame.type == INDEX_TYPE:
            return trailer_at(self.file, frame.end) is not None
        following = header_at(self.file, frame.end)
        return following is not None and following.sequence == frame.sequence + 1

    def is_checked(self, frame):
        if frame.stored_len > self.checkable:
            return True
        self.checkable -= frame.stored_len
        return frame.stored() is not None

    def scan(self, start, is_cut):
        at = start + 1
        while at < len(self.file) and not header_at(self.file, at) and not trailer_at(self.file, at):
            at += 1
        if at < len(self.file) or not is_cut:
            self.note("skipped", offset=start, len=at - start)
        return at

    def take(self, frame):
        if frame.sequence != self.due:
            self.note("sequence", offset=frame.offset, expected=self.due, found=frame.sequence)
            self.in_order = self.in_order and frame.sequence > self.due
        self.due = frame.sequence + 1
        if frame.type == INDEX_TYPE:
            self.index = frame
            return
        self.raw_len += frame.raw_len
        if self.full or len(self.frames) == MAX_FRAMES or self.raw_len > MAX_TOTAL_RAW_LEN:
            if not self.full:
                self.note("too_many", offset=frame.offset)
            self.full = True
        else:
            self.frames.append(frame)

    def close(self):
        if self.trailer is None:
            self.note("not_closed")
        elif not self.is_listed(*self.trailer):
            self.note("index")
        if self.in_order:
            return
        self.frames.sort(key=lambda frame: frame.sequence)
        kept = self.frames[:1]
        for frame in self.frames[1:]:
            if frame.head == kept[-1].head:
                self.note("repeated", offset=frame.offset, sequence=frame.sequence)
            else:
                kept.append(frame)
        self.frames = kept

    def is_listed(self, trailer, end):
        """Whether index and trailer say what is in the file."""
        entry = pair(u64, u16, u32, u32, u32)
        try:
            rows = Rows(self.index.payload() if self.index else b"")
            entries = [entry(rows) for _ in range(min(u64(rows), MAX_FRAMES + 1))]
        except Unreadable:
            return False
        frames = [[one.offset, one.type, one.stream, one.stored_len, one.raw_len] for one in self.frames]
        is_right = trailer == [self.index.offset, len(self.file), len(self.frames) + 1]
        return entries == frames and is_right and end == len(self.file)

    def dump(self):
        return {"header": self.header, "frames": [frame.dump() for frame in self.frames], "damage": self.damage}


if __name__ == "__main__":
    for path in sys.argv[1:]:
        try:
            with open(path, "rb") as file:
                print(json.dumps(Bundle(file.read()).dump()))
        except (OSError, NotABundle) as error:
            sys.exit(f"{path}: {error}")
