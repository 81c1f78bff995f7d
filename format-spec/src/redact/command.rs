//! Command lines: of the recorder, and of the kernel.

use std::{collections::HashSet, sync::LazyLock};

use super::{Kind, Redactor};

/// Options of the recorder.
static OPTIONS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let lines = include_str!("public/options.txt").lines();
    let lines = lines.filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).collect()
});

fn is_option(word: &[u8]) -> bool {
    str::from_utf8(word).is_ok_and(|word| OPTIONS.contains(word))
}

impl Redactor {
    /// A word of the recorder's command line, in front of the recorded command.
    pub(super) fn option(&mut self, word: &[u8]) -> Vec<u8> {
        match word.iter().position(|&byte| byte == b'=') {
            _ if is_option(word) => word.to_vec(),
            Some(at) if is_option(&word[..at]) => {
                [&word[..=at], &self.argument(&word[at + 1..])].concat()
            }
            _ => self.argument(word),
        }
    }

    /// A word of a command: nothing in it is known.
    pub(super) fn argument(&mut self, word: &[u8]) -> Vec<u8> {
        if word.starts_with(b"/") {
            return self.path(word);
        }
        self.name(Kind::Word, word)
    }

    /// The kernel's command line: parameters with a public name keep it, and nothing else.
    pub(super) fn kernel_command(&mut self, line: &[u8]) -> Vec<u8> {
        let words = line.split(|&byte| byte == b' ');
        let words: Vec<_> = words.map(|word| self.parameter(word)).collect();
        words.join(&b' ')
    }

    fn parameter(&mut self, word: &[u8]) -> Vec<u8> {
        match word.iter().position(|&byte| byte == b'=') {
            Some(at) => {
                let key = self.name(Kind::Word, &word[..at]);
                [&key, &b"="[..], &self.strict(&word[at + 1..])].concat()
            }
            None => self.strict(word),
        }
    }
}
