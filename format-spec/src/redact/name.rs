//! Names, ids and words.

use std::{collections::HashSet, sync::LazyLock};

use super::{Kind, Redactor, address::is_mac};

/// Names that every system has, and words of the kernel's own.
static PUBLIC: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    include_str!("public/words.txt")
        .split_whitespace()
        .collect()
});

/// Letters of made-up words: none is a hexadecimal digit or a vowel, so that no word is an id, and few are words.
const LETTERS: &[u8] = b"ghjklmnpqrstvwxz";

/// Letters of a made-up word.
const WORD_LEN: usize = 8;

/// Fewest digits of a hexadecimal number that is an id.
const ID_LEN: usize = 12;

/// What stands between the names of a list.
const LISTED: &[u8] = b",;:=@";

/// Most digits of a number that tells nothing.
const NUMBER_LEN: usize = 6;

impl Redactor {
    /// A name: its public parts, its separators and its short numbers stay.
    pub(super) fn name(&mut self, kind: Kind, name: &[u8]) -> Vec<u8> {
        if let Some(host) = self.host(name) {
            return host;
        }
        if name.is_empty() || is_public(name) {
            return name.to_vec();
        }
        if is_uuid(name) {
            return self.id(name);
        }
        if is_mac(name) {
            return self.mac(name);
        }
        if let Some(new) = self.address(name) {
            return new;
        }
        // A list: each may be an address.
        if name.iter().any(|byte| LISTED.contains(byte)) {
            let parts = name.split_inclusive(|byte| LISTED.contains(byte));
            let parts: Vec<_> = parts.map(|part| self.listed(kind, part)).collect();
            return parts.concat();
        }
        let has_octets = has_octets(name);
        let mut out = Vec::with_capacity(name.len());
        let mut whole = true;
        for part in name.split_inclusive(|byte| !is_word(*byte)) {
            let (word, separator) = match part.split_last() {
                Some((last, word)) if !is_word(*last) => (word, Some(*last)),
                _ => (part, None),
            };
            let new = match has_octets && word.iter().all(u8::is_ascii_digit) {
                true => self.digits(word),
                false => self.word(kind, word),
            };
            whole &= new == word;
            out.extend(new);
            out.extend(separator);
        }
        if !whole {
            self.note(kind, name);
        }
        out
    }

    fn listed(&mut self, kind: Kind, part: &[u8]) -> Vec<u8> {
        match part.split_last() {
            Some((last, name)) if LISTED.contains(last) => {
                [&self.name(kind, name)[..], &[*last]].concat()
            }
            _ => self.name(kind, part),
        }
    }

    /// A text of which nothing is known: words that are not public are replaced, and numbers stay.
    pub(super) fn words(&mut self, kind: Kind, text: &[u8]) -> Vec<u8> {
        if let Some(host) = self.host(text) {
            return host;
        }
        if text.is_empty() || is_public(text) {
            return text.to_vec();
        }
        let has_octets = has_octets(text);
        let mut out = Vec::with_capacity(text.len());
        for part in text.chunk_by(|a, b| is_word(*a) == is_word(*b)) {
            let is_number = part.iter().all(u8::is_ascii_digit);
            if is_number && has_octets {
                out.extend(self.digits(part));
            } else if is_number || !is_word(part[0]) {
                out.extend(part);
            } else {
                out.extend(self.word(kind, part));
            }
        }
        out
    }

    /// What may be a secret, whatever it looks like.
    pub(super) fn hidden(&mut self, text: &[u8]) -> Vec<u8> {
        if text.is_empty() {
            return Vec::new();
        }
        self.note(Kind::Word, text);
        self.made_up(text)
    }

    /// The name of a network interface: those that every system has stay.
    pub(super) fn interface(&mut self, name: &[u8]) -> Vec<u8> {
        const OWN: [&[u8]; 3] = [b"all", b"default", b"lo"];
        match OWN.contains(&name) {
            true => name.to_vec(),
            false => {
                self.note(Kind::Interface, name);
                self.made_up(name)
            }
        }
    }

    /// One word, without separators.
    fn word(&mut self, kind: Kind, word: &[u8]) -> Vec<u8> {
        if word.len() <= 1 || is_public(word) || is_number(word) {
            word.to_vec()
        } else if is_id(word) {
            self.id(word)
        } else if word.iter().all(u8::is_ascii_digit) {
            self.digits(word)
        } else {
            self.note(kind, word);
            self.made_up(word)
        }
    }

    fn made_up(&self, word: &[u8]) -> Vec<u8> {
        let keyed = self.keyed(b"word", word);
        let letter = |byte: &u8| LETTERS[usize::from(byte & 15)];
        keyed[..WORD_LEN].iter().map(letter).collect()
    }

    fn digits(&mut self, number: &[u8]) -> Vec<u8> {
        self.note(Kind::Id, number);
        let keyed = self.keyed(b"digits", number);
        let digit = |at: usize| b'0' + keyed[at % keyed.len()] % 10;
        (0..number.len()).map(digit).collect()
    }

    /// Hexadecimal digits by others: the beginning of an id stays the beginning of its pseudonym.
    pub(super) fn id(&mut self, id: &[u8]) -> Vec<u8> {
        self.note(Kind::Id, id);
        let mut out = Vec::with_capacity(id.len());
        for (at, &byte) in id.iter().enumerate() {
            let Some(value) = char::from(byte).to_digit(16) else {
                out.push(byte);
                continue;
            };
            let keyed = self.keyed(b"id", &id[..at].to_ascii_lowercase());
            let value = value ^ u32::from(keyed[0] & 15);
            let digit = char::from_digit(value, 16).unwrap_or('0');
            out.extend(digit.to_string().bytes());
        }
        out
    }

    /// Learns the name of the host, and its first label.
    pub(super) fn learn_host(&mut self, name: &[u8]) {
        let name = name.trim_ascii();
        let label = name.split(|&byte| byte == b'.').next().unwrap_or_default();
        for name in [name, label] {
            if name.len() > 1 && name != b"(none)" && name != b"localhost" {
                self.hosts.insert(name.to_ascii_lowercase());
            }
        }
    }

    /// The pseudonym of a host's name, or of a name in its domain.
    pub(super) fn host(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        if !self.hosts.contains(&name.to_ascii_lowercase()) {
            return None;
        }
        self.note(Kind::HostName, name);
        let mut labels = Vec::new();
        for label in name.to_ascii_lowercase().split(|&byte| byte == b'.') {
            labels.push([b"host-".as_slice(), &self.made_up(label)].concat());
        }
        Some(labels.join(&b'.'))
    }
}

pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// Whether a whole name is one that every system has.
pub(super) fn is_public(name: &[u8]) -> bool {
    str::from_utf8(name).is_ok_and(|name| PUBLIC.contains(name))
}

/// A short number, with a letter before or behind it at most: `12`, `60s`, `v2`, `N0`.
fn is_number(word: &[u8]) -> bool {
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    digits > 0 && digits <= NUMBER_LEN && word.len() <= digits + 1
}

fn is_id(word: &[u8]) -> bool {
    let is_hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    word.len() >= ID_LEN && word.iter().all(is_hex) && word.iter().any(u8::is_ascii_alphabetic)
}

/// Whether a name holds four octets: `ip-10-1-2-3`, as clouds name their hosts.
fn has_octets(name: &[u8]) -> bool {
    let is_octet = |part: &&[u8]| {
        let number = str::from_utf8(part).ok().and_then(|part| part.parse().ok());
        number.is_some_and(|number: u16| number <= 255)
    };
    b".-_".iter().any(|&separator| {
        let parts = name.split(|&byte| byte == separator);
        let mut run = 0;
        parts.into_iter().any(|part| {
            run = if is_octet(&part) { run + 1 } else { 0 };
            run == 4
        })
    })
}

pub(super) fn is_uuid(word: &[u8]) -> bool {
    let lens = word.split(|&byte| byte == b'-').map(<[u8]>::len);
    lens.eq([8, 4, 4, 4, 12])
        && word
            .iter()
            .all(|&byte| byte == b'-' || byte.is_ascii_hexdigit())
}
