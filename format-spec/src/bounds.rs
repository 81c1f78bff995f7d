//! The bounds that every length is checked against before memory is taken.

/// Longest file header, in bytes: later minor versions may append to the 64 of this one.
pub const MAX_FILE_HEADER_LEN: usize = 4 << 10;

/// Largest payload of one frame, decompressed, in bytes. Recorders aim at a tenth of it.
pub const MAX_RAW_LEN: usize = 8 << 20;

/// Largest payload of one frame as stored, in bytes: an incompressible payload grows a little under zstd.
pub const MAX_STORED_LEN: usize = MAX_RAW_LEN + (64 << 10);

/// Bytes that one record may claim (SPEC.md says how they are counted); a bound on memory, not on the file. The
/// allocator's own cost comes on top: records of very many strings of one byte take seven times as much.
pub const MAX_DECODED_LEN: usize = 16 << 20;

/// Most frames in a bundle, the index not counted: as many as an index of [`MAX_RAW_LEN`] can list.
pub const MAX_FRAMES: usize = 1 << 18;

/// Most bytes of payload in a bundle, all frames decompressed; a bound on time, since no reader keeps them all.
pub const MAX_TOTAL_RAW_LEN: u64 = 8 << 30;

/// Most rows in one columnar frame.
pub const MAX_ROWS: usize = 1 << 16;

/// Most columns in one columnar frame.
pub const MAX_COLUMNS: usize = 64;

/// Largest ftrace sub-buffer, in bytes: `buffer_subbuf_size_kb` (kernel 6.8 and later) can raise it above a page.
pub const MAX_SUBBUFFER_LEN: usize = 1 << 20;

/// Most damage notes that a reader keeps; what is beyond is counted.
pub const MAX_DAMAGE: usize = 1_000;
