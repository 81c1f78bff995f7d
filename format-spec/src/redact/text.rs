//! Texts: what names someone is found by its form, token by token.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    Kind, Redactor,
    address::is_mac,
    name::{is_uuid, is_word},
};

/// Keys of messages and settings whose value is a name.
const NAMED: [&[u8]; 12] = [
    b"comm",
    b"username",
    b"domain",
    b"name",
    b"profile",
    b"hostname",
    b"user",
    b"acct",
    b"label",
    b"subj",
    b"obj",
    b"peer",
];

/// What ends a token.
fn is_end(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b"()[]{}<>\"'`,;|=\0".contains(&byte)
}

impl Redactor {
    /// A text: paths, addresses, ids, mail addresses, host names and values of variables are replaced.
    pub(super) fn text(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut key: &[u8] = b"";
        for part in text.split_inclusive(|&byte| is_end(byte)) {
            let (token, end) = match part.split_last() {
                Some((&last, token)) if is_end(last) => (token, Some(last)),
                _ => (part, None),
            };
            let value = std::mem::take(&mut key);
            if NAMED.contains(&value) {
                out.extend(self.thread(token));
            } else if is_variable(value) && !token.starts_with(b"/") {
                out.extend(self.value(token));
            } else {
                out.extend(self.token(token));
            }
            out.extend(end);
            key = match end {
                Some(b'=') => token,
                // A value may stand between quotes.
                Some(b'"' | b'\'') if token.is_empty() => value,
                _ => b"",
            };
        }
        out
    }

    /// A text of which nothing is known: as [`Redactor::text`], and words that are not public are replaced too.
    pub(super) fn strict(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        for part in text.split_inclusive(|&byte| is_end(byte)) {
            let (token, end) = match part.split_last() {
                Some((&last, token)) if is_end(last) => (token, Some(last)),
                _ => (part, None),
            };
            out.extend(self.bare(token, true));
            out.extend(end);
        }
        out
    }

    /// What stands between two ends.
    fn token(&mut self, token: &[u8]) -> Vec<u8> {
        self.bare(token, false)
    }

    /// A token without the dots and colons at its end.
    fn bare(&mut self, token: &[u8], is_strict: bool) -> Vec<u8> {
        let core = token.trim_ascii_end();
        let trailing = core
            .iter()
            .rev()
            .take_while(|byte| b".:!?".contains(byte))
            .count();
        let (core, rest) = core.split_at(core.len() - trailing);
        let rest = rest.to_vec();
        let new = self.core(core, is_strict);
        [new, rest].concat()
    }

    /// A token; where the text is not the recorder's own, `is_strict`, its words are replaced unless they are public.
    pub(super) fn core(&mut self, token: &[u8], is_strict: bool) -> Vec<u8> {
        if token.len() < 2 {
            return token.to_vec();
        }
        if let Some(host) = self.host(token) {
            return host;
        }
        if token.starts_with(b"/") {
            // Lists, as of overlay's lower folders.
            let paths: Vec<_> = split_paths(token).map(|path| self.path(path)).collect();
            return paths.concat();
        }
        if let Some(at) = token
            .windows(2)
            .position(|pair| pair == b":/" || pair == b"@/")
        {
            // A server, with or without a port.
            let (server, path) = token.split_at(at);
            let server = match self.address(server) {
                Some(address) => address,
                None => self.name(Kind::PathName, server),
            };
            let (between, path) = path.split_at(1);
            return [&server, between, &self.path(path)].concat();
        }
        if is_mac(token) {
            return self.mac(token);
        }
        if is_uuid(token) {
            return self.id(token);
        }
        if let Some(new) = self.kernel_address(token).or_else(|| self.address(token)) {
            return new;
        }
        if let Some(at) = token.iter().position(|&byte| byte == b'@')
            && at > 0
        {
            self.note(Kind::MailAddress, token);
            let (user, domain) = (&token[..at], &token[at + 1..]);
            let user = self.name(Kind::MailAddress, user);
            return [user, b"@".to_vec(), self.name(Kind::MailAddress, domain)].concat();
        }
        if token.starts_with(b"@") {
            // An abstract socket.
            return [b"@".to_vec(), self.path(&token[1..])].concat();
        }
        let is_long_id = token.len() >= 32 && token.iter().all(u8::is_ascii_hexdigit);
        if is_long_id && token.iter().any(u8::is_ascii_alphabetic) {
            return self.id(token);
        }
        match is_strict {
            true => self.words(Kind::Word, token),
            false => self.hosts_within(token),
        }
    }

    /// `10.1.2.3`, `10.1.2.3:80`, `10.1.2.0/24`, and the same of IPv6.
    pub(super) fn address(&mut self, token: &[u8]) -> Option<Vec<u8>> {
        let text = str::from_utf8(token).ok()?;
        let end = text.find('/').unwrap_or(text.len());
        let (address, suffix) = text.split_at(end);
        let new = if let Ok(address) = address.parse::<Ipv6Addr>() {
            self.ipv6(address).to_string()
        } else {
            let (address, port) = address.split_at(address.find(':').unwrap_or(address.len()));
            let is_port = |port: &str| port.bytes().skip(1).all(|byte| byte.is_ascii_digit());
            let address: Ipv4Addr = Some(address).filter(|_| is_port(port))?.parse().ok()?;
            format!("{}{port}", self.ipv4(address))
        };
        Some(format!("{new}{suffix}").into_bytes())
    }

    /// An address of the kernel's half, by its form: a text may hold one that no field is known to hold.
    fn kernel_address(&mut self, token: &[u8]) -> Option<Vec<u8>> {
        let digits = token.strip_prefix(b"0x").unwrap_or(token);
        let is_kernel = digits.len() == 16
            && digits.starts_with(b"ffff")
            && digits.iter().all(u8::is_ascii_hexdigit)
            && digits.iter().any(|digit| *digit != b'f');
        is_kernel.then(|| {
            self.note(Kind::KernelAddress, digits);
            [
                &token[..token.len() - digits.len()],
                b"0".repeat(16).as_slice(),
            ]
            .concat()
        })
    }

    /// A token with a host's name as one of its words.
    fn hosts_within(&mut self, token: &[u8]) -> Vec<u8> {
        if self.hosts.is_empty() {
            return token.to_vec();
        }
        let mut out = Vec::with_capacity(token.len());
        let is_part = |byte: u8| is_word(byte) || byte == b'-' || byte == b'.';
        for part in token.split_inclusive(|&byte| !is_part(byte)) {
            let (word, separator) = match part.split_last() {
                Some((last, word)) if !is_part(*last) => (word, Some(*last)),
                _ => (part, None),
            };
            let new = self.host(word).unwrap_or_else(|| word.to_vec());
            out.extend(new);
            out.extend(separator);
        }
        out
    }

    /// The value of a variable: numbers stay.
    fn value(&mut self, value: &[u8]) -> Vec<u8> {
        let new = self.name(Kind::Environment, value);
        if new != value {
            self.note(Kind::Environment, value);
        }
        new
    }

    /// The name of a thread, at most 15 bytes.
    pub(super) fn thread(&mut self, name: &[u8]) -> Vec<u8> {
        let mut new = if name.starts_with(b"/") {
            self.path(name)
        } else {
            self.name(Kind::ThreadName, name)
        };
        if new != name {
            new.truncate(15);
        }
        new
    }
}

/// Whether a word looks like the name of an environment variable.
fn is_variable(word: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    word.len() > 2
        && word.iter().all(is_letter)
        && word.iter().any(u8::is_ascii_uppercase)
        && word != b"UUID"
}

/// The parts of `/a:/b:/c`, each with the colon behind it.
fn split_paths(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = list;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let next = rest
            .windows(2)
            .position(|pair| pair == b":/")
            .map_or(rest.len(), |at| at + 1);
        let (path, left) = rest.split_at(next);
        rest = left;
        Some(path)
    })
}

/// The text with zeros for its kernel addresses; `None` when there are none.
///
/// An address is 16 hexadecimal digits from `ffff000000000000` up, with or without `0x`, but for all ones: as
/// /proc/modules and the kernel's log have them.
pub(super) fn without_addresses(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = None;
    let mut at = 0;
    while let Some(found) = text[at..].windows(4).position(|four| four == b"ffff") {
        let start = at + found;
        let run = text[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_hexdigit());
        let end = start + run.count();
        let is_apart = start == 0 || !text[start - 1].is_ascii_hexdigit();
        if is_apart && end - start == 16 && text[start..end].iter().any(|&digit| digit != b'f') {
            out.get_or_insert_with(|| text.to_vec())[start..end].fill(b'0');
        }
        at = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_addresses_are_hidden_and_nothing_else() {
        let hidden = |text: &str| {
            without_addresses(text.as_bytes()).map(|new| String::from_utf8(new).unwrap())
        };
        let modules =
            hidden("bridge 315392 0 - Live 0xffffb3212b73f000\nstp 1 0xffff800080000000\n");
        assert_eq!(
            modules.unwrap(),
            "bridge 315392 0 - Live 0x0000000000000000\nstp 1 0x0000000000000000\n"
        );
        for text in [
            "",
            "ffff",
            "18446744073709551615 ffffffffffffffff",
            "00ffff800080000000",
            "CapEff: 000001ffffffffff",
            "fe80ffff800080000000ffff00000000",
        ] {
            assert_eq!(hidden(text), None, "{text}");
        }
    }
}
