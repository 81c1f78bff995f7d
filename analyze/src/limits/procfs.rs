//! Numbers in the text of procfs. Nothing here fails: what cannot be read is not known.

/// A number as procfs prints it: `-1` and `unlimited` and `max` are no limit at all.
pub(super) fn number(word: &str) -> Option<u64> {
    match word {
        "unlimited" | "max" | "-1" => Some(u64::MAX),
        _ => word.parse().ok(),
    }
}

/// A word of a text, counted from 0; words are what stands between blanks and slashes.
pub(super) fn word(text: &str, index: usize) -> Option<u64> {
    let mut words = text
        .split(|character: char| character.is_whitespace() || character == '/')
        .filter(|word| !word.is_empty());
    number(words.nth(index)?)
}

/// What stands behind `name` at the beginning of a line.
pub(super) fn line<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name))
}

/// The number behind the word `label`.
pub(super) fn labelled(line: &str, label: &str) -> Option<u64> {
    let mut words = line.split_whitespace();
    words.find(|word| *word == label)?;
    number(words.next()?)
}

/// The line of a user in /proc/key-users, behind its colon (`proc_key_users_show`, `security/keys/proc.c`).
pub(super) fn key_user(text: &str, uid: u32) -> Option<&str> {
    text.lines().find_map(|line| {
        let (user, rest) = line.split_once(':')?;
        (user.trim().parse() == Ok(uid)).then_some(rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_lines() {
        assert_eq!(word("0.00 0.01 0.05 2/114 1201\n", 4), Some(114));
        assert_eq!(word("max\n", 0), Some(u64::MAX));
        assert_eq!(word("1 2", 2), None);
        assert_eq!(word("", 0), None);
        let sockstat = "sockets: used 9\nTCP: inuse 5 orphan 0 tw 2 alloc 7 mem 1\n";
        let tcp = line(sockstat, "TCP:").unwrap();
        assert_eq!(labelled(tcp, "tw"), Some(2));
        assert_eq!(labelled(tcp, "mem"), Some(1));
        assert_eq!(labelled(tcp, "nothing"), None);
        assert_eq!(labelled("TCP: mem", "mem"), None);
    }

    #[test]
    fn key_users_are_found_by_their_number() {
        let text = "    0:    23 22/22 20/1000000 381/25000000\n 1000:     5 5/5 3/200 60/20000\n";
        let line = key_user(text, 1000).unwrap();
        assert_eq!((word(line, 3), word(line, 4)), (Some(3), Some(200)));
        assert_eq!(key_user(text, 100), None);
        assert_eq!(key_user("nonsense", 0), None);
    }
}
