//! Style and script of the page, and the policy that allows these alone.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};

/// The parts of the style sheet.
const STYLES: [&str; 3] = [
    include_str!("assets/page.css"),
    include_str!("assets/views.css"),
    include_str!("assets/print.css"),
];

/// The parts of the script, in the order in which they need each other.
const SCRIPTS: [&str; 10] = [
    include_str!("assets/dom.js"),
    include_str!("assets/format.js"),
    include_str!("assets/forest.js"),
    include_str!("assets/graph.js"),
    include_str!("assets/details.js"),
    include_str!("assets/icicle.js"),
    include_str!("assets/timeline.js"),
    include_str!("assets/diff.js"),
    include_str!("assets/snapshots.js"),
    include_str!("assets/main.js"),
];

/// Style and script as they stand in the page.
pub(super) struct Assets {
    pub(super) style: String,
    pub(super) script: String,
}

impl Assets {
    pub(super) fn new() -> Self {
        // Browsers read line ends as `\n` before they hash; git may have given these files others.
        let join = |parts: &[&str]| parts.concat().replace("\r\n", "\n");
        Self {
            style: join(&STYLES),
            script: format!("(() => {{\n\"use strict\";\n{}}})();\n", join(&SCRIPTS)),
        }
    }

    /// The content security policy: the file's own script and style, and no request to anywhere.
    pub(super) fn policy(&self) -> String {
        let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
        format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
            hash(&self.script),
            hash(&self.style)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A script element ends at the first `</script`, whatever is around it; the same goes for a style.
    #[test]
    fn nothing_ends_its_own_element() {
        let Assets { style, script } = Assets::new();
        for text in [script, style] {
            let text = text.to_ascii_lowercase();
            for end in ["</script", "</style", "<!--"] {
                assert!(!text.contains(end), "{end}");
            }
        }
    }

    /// What is untrusted is shown as text: nothing in the script turns text into markup or code.
    #[test]
    fn the_script_makes_no_markup_of_text() {
        let script = Assets::new().script;
        for banned in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
            "srcdoc",
            "DOMParser",
        ] {
            assert!(!script.contains(banned), "{banned}");
        }
    }
}
