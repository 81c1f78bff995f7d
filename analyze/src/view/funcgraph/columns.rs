//! Durations and returned values as the kernel prints them.

/// Mark and microseconds, 14 columns (`print_graph_duration`, `trace_print_graph_duration`, `trace_find_mark`).
pub(super) fn duration(ns: u64) -> String {
    const MARKS: [(u64, char); 6] = [
        (1_000_000_000, '$'),
        (100_000_000, '@'),
        (10_000_000, '*'),
        (1_000_000, '#'),
        (100_000, '!'),
        (10_000, '+'),
    ];
    let mark = MARKS.iter().find(|(least, _)| ns > *least);
    let mark = mark.map_or(' ', |(_, mark)| *mark);
    let mut number = (ns / 1000).to_string();
    // Seven columns are shared by whole and parts.
    if number.len() < 7 {
        let parts = 7usize.saturating_sub(number.len()).min(3);
        let rest = format!("{:03}", ns % 1000);
        number = format!("{number}.{}", &rest[..parts]);
    }
    let behind = 8usize.saturating_sub(number.len());
    format!("{mark} {number} us {:behind$}", "")
}

/// A returned value: an errno as a number, anything else in hex (`print_graph_retval`).
pub(super) fn returned(value: u64) -> String {
    let is_32_bits = value >> 32 == 0 && value & (1 << 31) != 0;
    let wide = if is_32_bits {
        value | 0xffff_ffff_0000_0000
    } else {
        value
    };
    let errno = wide.cast_signed();
    if (-4095..0).contains(&errno) {
        errno.to_string()
    } else {
        format!("{value:#x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_take_fourteen_columns() {
        for (ns, text) in [
            (0, "  0.000 us    "),
            (999, "  0.999 us    "),
            (10_001, "+ 10.001 us   "),
            (123_456, "! 123.456 us  "),
            (1_234_567, "# 1234.567 us "),
            (12_345_678, "* 12345.67 us "),
            (123_456_789, "@ 123456.7 us "),
            (1_234_567_890, "$ 1234567 us  "),
        ] {
            assert_eq!(duration(ns), text);
        }
    }

    #[test]
    fn errnos_are_numbers_of_either_width() {
        assert_eq!(returned(0), "0x0");
        assert_eq!(returned(0xffff_ffe4), "-28");
        assert_eq!(returned((-28i64).cast_unsigned()), "-28");
        assert_eq!(returned(0xffff_8000_1234_5678), "0xffff800012345678");
    }
}
