//! Names of what the program had to leave out: each has a counter.

/// A reason for lost data; its number is the place of its counter.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// A sample found no room in the ring buffer.
    RingFull = 0,
    /// A failure was counted but not sent whole, to keep to the rate.
    OverRate = 1,
    /// A failure was counted, but not by process: the table was full.
    CountsFull = 2,
    /// A failure was counted but not sent whole: the table of rates was full.
    BucketsFull = 3,
    /// A failing call by the numbers of 32-bit programs, which mean other syscalls.
    Compat = 4,
    /// A string argument was not in memory or not readable.
    StringUnreadable = 5,
    /// The end of a process found no room in its ring buffer.
    ExitsFull = 6,
    /// A failing call of a number beyond all syscalls.
    NoSyscall = 7,
}

impl Loss {
    /// All reasons, each at its own number.
    pub const ALL: [Self; 8] = [
        Self::RingFull,
        Self::OverRate,
        Self::CountsFull,
        Self::BucketsFull,
        Self::Compat,
        Self::StringUnreadable,
        Self::ExitsFull,
        Self::NoSyscall,
    ];
}
