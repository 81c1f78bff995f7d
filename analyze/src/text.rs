//! Text from the recorded host for a terminal: names and paths are chosen by whoever ran there.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `bytes` as text without anything that a terminal obeys: control characters, and marks that change the direction of
/// writing, are shown as escapes; what is not UTF-8 as `\xNN`.
#[must_use]
pub fn plain(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_obeyed(character) {
                text.extend(character.escape_default());
            } else {
                text.push(character);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Control characters (C0, DEL, C1), line and paragraph separators, direction marks, and the byte order mark.
fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A number of bytes for people: `1.5 GiB`.
#[must_use]
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 7] = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut tenths = u128::from(number) * 10;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    if tenths.is_multiple_of(10) || tenths >= 1000 {
        format!("{} {}", tenths / 10, UNITS[unit])
    } else {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    }
}

/// Leaves the middle out of what is wider than `width` columns.
pub(crate) fn shorten(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(3);
    let tail: String = text.chars().rev().collect();
    let tail: String = head(&tail, kept - kept / 2).chars().rev().collect();
    format!("{}...{tail}", head(text, kept / 2))
}

/// The beginning of `text` that fits into `width` columns.
pub(crate) fn head(text: &str, width: usize) -> &str {
    let mut columns = 0;
    let fits = |&(_, character): &(usize, char)| {
        columns += character.width().unwrap_or(0);
        columns <= width
    };
    let end = text
        .char_indices()
        .take_while(fits)
        .last()
        .map_or(0, |(at, character)| at + character.len_utf8());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_a_terminal_obeys() {
        assert_eq!(plain(b"dockerd"), "dockerd");
        assert_eq!(plain("größe 容器".as_bytes()), "größe 容器");
        assert_eq!(plain(b"a\x1b[2Jb\n\x7f\xff"), "a\\u{1b}[2Jb\\n\\u{7f}\\xff");
        assert_eq!(plain("x\u{202e}y".as_bytes()), "x\\u{202e}y");
    }

    #[test]
    fn bytes_are_rounded_for_people() {
        assert_eq!(bytes(0), "0 bytes");
        assert_eq!(bytes(1023), "1023 bytes");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(64 << 20), "64 MiB");
        assert_eq!(bytes(u64::MAX), "15.9 EiB");
    }

    #[test]
    fn what_is_shortened_fits_whatever_it_is_written_in() {
        assert_eq!(shorten("/var/lib/docker", 15), "/var/lib/docker");
        assert_eq!(shorten("/var/lib/docker/overlay2", 13), "/var/...rlay2");
        let wide = shorten("/容器/容器/容器/容器", 13);
        assert_eq!(wide, "/容器.../容器");
        assert!(wide.width() <= 13);
        assert_eq!(shorten("容器", 0), "...");
    }
}
