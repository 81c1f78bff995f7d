//! Messages of the kernel's log: its own words stay, and of some what stands in their fields. All else is dropped, as any
//! driver may write any name there.

use std::sync::LazyLock;

use super::{Kind, Redactor};

/// Messages with their fields.
static TEMPLATES: LazyLock<Vec<Vec<Part>>> = LazyLock::new(|| {
    lines(include_str!("public/log_templates.txt"))
        .map(parts)
        .collect()
});

/// Words that the analyzer's rules look for.
static WORDS: LazyLock<Vec<&str>> =
    LazyLock::new(|| lines(include_str!("public/log_words.txt")).collect());

/// Fields of what security modules write (`security/lsm_audit.c`, `security/apparmor/audit.c`, `security/selinux/avc.c`,
/// `security/smack/smack_access.c`), and what stands there.
const FIELDS: [(&[u8], Field); 38] = [
    (b"type", Field::Number),
    (b"pid", Field::Number),
    (b"ppid", Field::Number),
    (b"error", Field::Number),
    (b"uid", Field::Number),
    (b"gid", Field::Number),
    (b"auid", Field::Number),
    (b"ses", Field::Number),
    (b"fsuid", Field::Number),
    (b"ouid", Field::Number),
    (b"ino", Field::Number),
    (b"capability", Field::Number),
    (b"permissive", Field::Number),
    (b"syscall", Field::Number),
    (b"sig", Field::Number),
    (b"comm", Field::Thread),
    (b"name", Field::Path),
    (b"path", Field::Path),
    (b"exe", Field::Path),
    (b"apparmor", Field::Name),
    (b"operation", Field::Name),
    (b"class", Field::Name),
    (b"profile", Field::Name),
    (b"peer", Field::Name),
    (b"label", Field::Name),
    (b"subj", Field::Name),
    (b"obj", Field::Name),
    (b"scontext", Field::Name),
    (b"tcontext", Field::Name),
    (b"tclass", Field::Name),
    (b"capname", Field::Name),
    (b"requested", Field::Name),
    (b"requested_mask", Field::Name),
    (b"denied_mask", Field::Name),
    (b"lsm", Field::Name),
    (b"action", Field::Name),
    (b"subject", Field::Name),
    (b"object", Field::Name),
];

/// Words between those fields.
const BETWEEN: [&[u8]; 7] = [
    b"audit:", b"avc:", b"denied", b"granted", b"for", b"{", b"}",
];

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Words(Vec<u8>),
    Field(Field),
}

/// What stands in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Number,
    Thread,
    Path,
    Name,
    Dropped,
}

impl Redactor {
    /// The text of a message, without time and level.
    pub(super) fn message(&mut self, message: &[u8]) -> Vec<u8> {
        let new = self.known_message(message);
        if new != message {
            self.note(Kind::LogText, message);
        }
        new
    }

    fn known_message(&mut self, message: &[u8]) -> Vec<u8> {
        let holds = |words: &[u8]| find(message, words).is_some();
        if holds(b"apparmor=\"") || holds(b"avc:  ") || holds(b"lsm=SMACK ") {
            return self.fields(message);
        }
        for template in TEMPLATES.iter() {
            if let Some(new) = self.by_template(message, template) {
                return new;
            }
        }
        let words = WORDS.iter().map(|words| words.as_bytes());
        let known: Vec<&[u8]> = words.filter(|words| holds(words)).collect();
        known.join(&b" ... "[..])
    }

    fn by_template(&mut self, message: &[u8], template: &[Part]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut rest = message;
        let mut field = None;
        for part in template {
            match part {
                Part::Field(kind) => field = Some(*kind),
                Part::Words(words) => {
                    let at = find(rest, words)?;
                    if let Some(field) = field.take() {
                        out.extend(self.field(field, &rest[..at]));
                    }
                    out.extend(words);
                    rest = &rest[at + words.len()..];
                }
            }
        }
        // A field at the end goes up to the next blank.
        if let Some(field) = field {
            let end = rest.iter().position(u8::is_ascii_whitespace);
            out.extend(self.field(field, &rest[..end.unwrap_or(rest.len())]));
        }
        Some(out)
    }

    fn field(&mut self, field: Field, text: &[u8]) -> Vec<u8> {
        match field {
            Field::Number => number(text).to_vec(),
            Field::Thread => self.thread(text),
            Field::Path => self.path(text),
            Field::Name => self.name(Kind::Word, text),
            Field::Dropped => b"...".to_vec(),
        }
    }

    /// `key="value" key=value`, and what security modules write between them.
    fn fields(&mut self, message: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = message;
        while !rest.is_empty() {
            let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
            out.extend(&rest[..blanks]);
            rest = &rest[blanks..];
            let (word, behind) = rest.split_at(word_len(rest));
            out.extend(self.key_and_value(word));
            rest = behind;
        }
        out
    }

    fn key_and_value(&mut self, word: &[u8]) -> Vec<u8> {
        let Some(at) = word.iter().position(|&byte| byte == b'=') else {
            return match BETWEEN.contains(&word) || word.starts_with(b"audit(") {
                true => word.to_vec(),
                false => self.name(Kind::Word, word),
            };
        };
        let (key, value) = (&word[..at], &word[at + 1..]);
        let Some((_, field)) = FIELDS.iter().find(|(known, _)| *known == key) else {
            return Vec::new();
        };
        let is_quoted = value.len() > 1 && value.starts_with(b"\"") && value.ends_with(b"\"");
        let quote: &[u8] = if is_quoted { b"\"" } else { b"" };
        let value = &value[quote.len()..value.len() - quote.len()];
        [key, b"=", quote, &self.field(*field, value), quote].concat()
    }
}

/// Up to a blank that is not between quotes.
fn word_len(text: &[u8]) -> usize {
    let mut is_quoted = false;
    let is_end = |byte: &u8| {
        is_quoted ^= *byte == b'"';
        *byte == b' ' && !is_quoted
    };
    text.iter().position(is_end).unwrap_or(text.len())
}

/// The digits at the front.
fn number(text: &[u8]) -> &[u8] {
    let len = text
        .iter()
        .enumerate()
        .take_while(|(at, byte)| byte.is_ascii_digit() || *at == 0 && **byte == b'-')
        .count();
    &text[..len]
}

fn find(text: &[u8], words: &[u8]) -> Option<usize> {
    text.windows(words.len()).position(|part| part == words)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

fn parts(line: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for (number, piece) in line.split(['{', '}']).enumerate() {
        let field = match (number % 2, piece) {
            (0, "") => continue,
            (0, words) => {
                parts.push(Part::Words(words.into()));
                continue;
            }
            (_, "number") => Field::Number,
            (_, "thread") => Field::Thread,
            (_, "path") => Field::Path,
            (_, "name") => Field::Name,
            _ => Field::Dropped,
        };
        parts.push(Part::Field(field));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        let new = Redactor::new([1; 32]).message(text.as_bytes());
        String::from_utf8(new).unwrap()
    }

    #[test]
    fn only_known_words_are_left() {
        for text in [
            "nfs: server filer.acme.example is fine",
            "usb 1-1: SerialNumber: 0123ACME",
            "acme-drop: IN=eth0 SRC=10.1.2.3 DST=10.1.2.4 MAC=00:11:22:33:44:55",
            "CIFS: Attempting to mount //filer/payroll",
        ] {
            assert_eq!(message(text), "", "{text}");
        }
        assert_eq!(
            message("IPv4: host payroll: nf_conntrack: table full, dropping packet"),
            "nf_conntrack: table full"
        );
    }

    #[test]
    fn fields_get_pseudonyms() {
        let mut redactor = Redactor::new([1; 32]);
        let thread = String::from_utf8(redactor.thread(b"ledgerd")).unwrap();
        let killed = message(
            "Memory cgroup out of memory: Killed process 77 (ledgerd) total-vm:12kB, anon-rss:34kB, file-rss:0kB",
        );
        assert_eq!(
            killed,
            format!(
                "Memory cgroup out of memory: Killed process 77 ({thread}) total-vm:12kB, anon-rss:34kB"
            )
        );
        let refused = message(
            "Yama: ptrace attach of \"acmed\"[12] was attempted by \"ledgerd\"[34] and more",
        );
        assert!(
            refused.ends_with(&format!("was attempted by \"{thread}\"[34]")),
            "{refused}"
        );
        assert!(
            !refused.contains("acmed") && refused.contains("\"[12]"),
            "{refused}"
        );
    }

    #[test]
    fn what_security_modules_write_keeps_its_form() {
        let denied = message(
            "audit: type=1400 audit(1700000000.1:2): apparmor=\"DENIED\" operation=\"open\" profile=\"acme.ledger\" name=\"/srv/pay roll\" pid=7 comm=\"ledgerd\" info=\"acme text\" fsuid=0",
        );
        assert!(denied.starts_with("audit: type=1400 audit(1700000000.1:2): apparmor=\"DENIED\" "));
        assert!(
            denied.contains(" pid=7 comm=\"") && denied.ends_with(" fsuid=0"),
            "{denied}"
        );
        for secret in ["acme", "ledger", "pay", "roll"] {
            assert!(!denied.contains(secret), "{denied}");
        }
        let avc = message(
            "audit: type=1400 audit(1.1:2): avc:  denied  { read } for  pid=7 comm=\"ledgerd\" name=\"payroll\" dev=\"acme-vg\" ino=5 scontext=acme_u:acme_r:acme_t:s0 tclass=file permissive=0",
        );
        assert!(
            avc.contains("avc:  denied  { read } for  pid=7 comm=\""),
            "{avc}"
        );
        assert!(!avc.contains("acme") && !avc.contains("payroll"), "{avc}");
    }
}
