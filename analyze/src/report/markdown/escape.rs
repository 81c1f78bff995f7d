//! Untrusted text in Markdown.
//!
//! Backslashes are not enough: GitHub and GitLab look for mentions, references and links in what has been rendered.
//! They leave code alone, and so does every dialect with everything else; so each word that could mean anything is
//! written as code. Names of functions and files gain by it.

/// `text` as code, on one line.
pub(super) fn code(text: &str) -> String {
    let text = one_line(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    let edge = |character: Option<char>| character.is_none_or(|it| it == '`' || it == ' ');
    let pad = if edge(text.chars().next()) || edge(text.chars().last()) {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// `text` as code in a cell of a table, where a bar ends the cell even in code.
pub(super) fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// `text` as a block of code for a shell.
pub(super) fn block(text: &str) -> String {
    let text = one_line(text);
    let fence = "`".repeat((longest_run(&text) + 1).max(3));
    format!("{fence}sh\n{text}\n{fence}\n")
}

/// A sentence, words that could mean anything in Markdown as code.
pub(super) fn text(text: &str) -> String {
    let words: Vec<String> = one_line(text).split(' ').map(word).collect();
    words.join(" ")
}

fn word(word: &str) -> String {
    // Punctuation around a word stays outside of its code.
    let core = word.trim_start_matches('(');
    let before = &word[..word.len() - core.len()];
    let core = core.trim_end_matches([',', ';', ':', '.', ')']);
    let behind = &word[before.len() + core.len()..];
    if core.is_empty() && !word.is_empty() || is_number(core) && !behind.is_empty() {
        // `-`, `1.` and `1)` begin lists.
        return if is_number(core) && behind.starts_with([',', ';', ':']) {
            word.to_owned()
        } else {
            code(word)
        };
    }
    if is_number(core) || core.chars().all(is_harmless) && !core.starts_with('-') {
        return word.to_owned();
    }
    format!("{before}{}{behind}", code(core))
}

/// Characters that mean nothing in any dialect, wherever they stand in a word. A dot is none of them: what is dotted
/// may turn into a link.
fn is_harmless(character: char) -> bool {
    character.is_alphanumeric() || "-,;()%'\"?/".contains(character) || !character.is_ascii()
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|it| it.is_ascii_digit() || it == '.')
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// Length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    let runs = text.split(|character| character != '`').map(str::len);
    runs.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_holds_whatever_is_in_it() {
        assert_eq!(code("mount"), "`mount`");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code(""), "`  `");
        assert_eq!(code("a\nb"), "`a b`");
        assert_eq!(cell("a|b"), "`a\\|b`");
        assert_eq!(block("a ``` b"), "````sh\na ``` b\n````\n");
    }

    #[test]
    fn only_words_that_mean_something_become_code() {
        assert_eq!(
            text("13 of 12 mounts in mount namespace 4026531841 (dockerd)"),
            "13 of 12 mounts in mount namespace 4026531841 (dockerd)"
        );
        assert_eq!(
            text("count_mounts decides it by sysctl_mount_max, which fs.mount-max sets"),
            "`count_mounts` decides it by `sysctl_mount_max`, which `fs.mount-max` sets"
        );
        assert_eq!(
            text("disk 28 % used at /var/lib"),
            "disk 28 % used at /var/lib"
        );
        for hostile in [
            "<script>alert(1)</script>",
            "@root",
            "#1",
            "!7",
            "[x](y)",
            "*b*",
            "https://x",
            "www.x.org",
            "&lt;",
            "~~x~~",
            "$1",
            "1.",
            "-",
            "a|b",
        ] {
            let shown = text(hostile);
            assert!(shown.contains('`'), "{hostile} became {shown}");
        }
    }
}
