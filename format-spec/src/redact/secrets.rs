//! Passwords: no recorder writes them, whether it redacts or not.

/// Keys whose value is a secret: of mounts (cifs, ceph, davfs, 9p) and of command lines.
const KEYS: [&[u8]; 12] = [
    b"password",
    b"password2",
    b"passwd",
    b"pass",
    b"pw",
    b"pwd",
    b"passphrase",
    b"secret",
    b"token",
    b"key_secret",
    b"access_key",
    b"credential",
];

/// What stands for a secret.
const HIDDEN: &[u8] = b"***";

/// The text with `***` for the values of such keys; `None` when there are none.
///
/// A key stands at the front of an option, `-o user=x,password=y` or `--password=y`; its value goes up to a comma, a
/// blank or a quote. A comma may be doubled within it, as cifs wants it.
pub(super) fn without_secrets(text: &[u8]) -> Option<Vec<u8>> {
    let mut out: Option<Vec<u8>> = None;
    let mut done = 0;
    let mut at = 0;
    while let Some(found) = text[at..].iter().position(|&byte| byte == b'=') {
        let equals = at + found;
        at = equals + 1;
        let start = text[..equals]
            .iter()
            .rposition(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'));
        let key = text[start.map_or(0, |before| before + 1)..equals].to_ascii_lowercase();
        if !KEYS.contains(&key.as_slice()) || at < done {
            continue;
        }
        let end = at + value_len(&text[at..]);
        if end == at || &text[at..end] == HIDDEN {
            continue;
        }
        let out = out.get_or_insert_with(Vec::new);
        out.extend(&text[done..at]);
        out.extend(HIDDEN);
        (at, done) = (end, end);
    }
    out.map(|mut out| {
        out.extend(&text[done..]);
        out
    })
}

fn value_len(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b',' if text.get(at + 1) == Some(&b',') => at += 2,
            b',' | b' ' | b'\t' | b'\n' | b'"' | b'\'' | b'\0' => break,
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secrets_are_hidden_and_nothing_else() {
        let hidden = |text: &str| {
            without_secrets(text.as_bytes()).map(|new| String::from_utf8(new).unwrap())
        };
        for (text, due) in [
            (
                "user=bob,password=482913,vers=3",
                "user=bob,password=***,vers=3",
            ),
            ("password=a,,b,uid=0", "password=***,uid=0"),
            ("--password=x", "--password=***"),
            ("PASSWD=x secret=y\nz", "PASSWD=*** secret=***\nz"),
        ] {
            assert_eq!(hidden(text).as_deref(), Some(due));
        }
        for text in [
            "",
            "password",
            "password=",
            "password=***",
            "compass=north",
            "a=b,c=d",
        ] {
            assert_eq!(hidden(text), None, "{text}");
        }
    }
}
