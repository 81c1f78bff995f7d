//! The bounds that every length is checked against before memory is taken.

/// Largest payload of one frame, decompressed, in bytes.
pub const MAX_RAW_LEN: usize = 16 << 20;

/// Largest payload of one frame as stored, in bytes: an incompressible payload grows a little under zstd.
pub const MAX_STORED_LEN: usize = MAX_RAW_LEN + (64 << 10);

/// Bytes that decoding one record may claim for its containers; a bound on memory, not on the file.
pub const MAX_DECODED_LEN: usize = 64 << 20;

/// Most frames in a bundle.
pub const MAX_FRAMES: usize = 1 << 20;

/// Most rows in one columnar frame.
pub const MAX_ROWS: usize = 1 << 20;

/// Most columns in one columnar frame.
pub const MAX_COLUMNS: usize = 64;

/// Largest ftrace sub-buffer, in bytes: `buffer_subbuf_size_kb` (kernel 6.8 and later) can raise it above a page.
pub const MAX_SUBBUFFER_LEN: usize = 1 << 20;

/// Most damage notes that a reader keeps; what is beyond is counted.
pub const MAX_DAMAGE: usize = 1_000;
