//! Mounts: sources and options name servers, volumes, users and folders.

use std::{collections::HashSet, sync::LazyLock};

use super::{Kind, Redactor};

/// Options of mounts.
static OPTIONS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let lines = include_str!("public/mount_options.txt").lines();
    let lines = lines.filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).collect()
});

impl Redactor {
    /// `36 35 98:0 /root /point options shared:1 - type source options`; a source may be any name.
    pub(super) fn mount(&mut self, line: &[u8]) -> Vec<u8> {
        let mut behind = None;
        let words: Vec<Vec<u8>> = line
            .split(|&byte| byte == b' ')
            .enumerate()
            .map(|(at, word)| {
                if word == b"-" && behind.is_none() && at > 5 {
                    behind = Some(at);
                    return word.to_vec();
                }
                match (at, behind) {
                    // mount, parent, device; what is shared with which group.
                    (0..=2, _) => word.to_vec(),
                    (3 | 4, _) => self.path(word),
                    (_, None) => self.options(word),
                    (at, Some(dash)) if at == dash + 1 => self.name(Kind::Word, word),
                    (at, Some(dash)) if at == dash + 2 => self.source(word),
                    _ => self.options(word),
                }
            })
            .collect();
        words.join(&b' ')
    }

    /// What is mounted: a device, `server:/export`, `//server/share`, a list of servers, any name.
    fn source(&mut self, source: &[u8]) -> Vec<u8> {
        match source {
            [b'/', rest @ ..] if !rest.starts_with(b"/") && !source.contains(&b':') => {
                self.path(source)
            }
            _ => self.pieces(source),
        }
    }

    /// Options with commas between them. One with a name that is not known is replaced whole.
    pub(super) fn options(&mut self, options: &[u8]) -> Vec<u8> {
        let options = options.split(|&byte| byte == b',');
        let options: Vec<_> = options.map(|option| self.option_of_mount(option)).collect();
        options.join(&b',')
    }

    fn option_of_mount(&mut self, option: &[u8]) -> Vec<u8> {
        let at = option.iter().position(|&byte| matches!(byte, b'=' | b':'));
        let (key, value) = option.split_at(at.unwrap_or(option.len()));
        if !str::from_utf8(key).is_ok_and(|key| OPTIONS.contains(key)) {
            // It may be an address, or have a number that is a secret.
            if value.first() != Some(&b'=') {
                return self.core(option, true);
            }
            let key = self.name(Kind::Word, key);
            return match value.split_first() {
                Some((between, value)) => [&key[..], &[*between], &self.hidden(value)].concat(),
                None => key,
            };
        }
        match value.split_first() {
            Some((between, value)) => [key, &[*between], &self.value_of_option(value)].concat(),
            None => key.to_vec(),
        }
    }

    fn value_of_option(&mut self, value: &[u8]) -> Vec<u8> {
        // Sizes, counts, modes and times.
        let (last, digits) = value.split_last().unwrap_or((&b'0', b""));
        let is_number = digits.iter().all(u8::is_ascii_digit)
            && (last.is_ascii_digit() || b"kKmMgGtTpPeE%".contains(last) && !digits.is_empty());
        if is_number {
            return value.to_vec();
        }
        self.pieces(value)
    }

    /// Paths, addresses and names with any separators between them.
    pub(super) fn pieces(&mut self, text: &[u8]) -> Vec<u8> {
        let is_end = |byte: u8| b",;()[]{}<>\"'|= \t".contains(&byte);
        let mut out = Vec::with_capacity(text.len());
        for part in text.chunk_by(|a, b| !is_end(*a) && !is_end(*b)) {
            if is_end(part[0]) {
                out.extend(part);
            } else {
                out.extend(self.core(part, true));
            }
        }
        out
    }
}
