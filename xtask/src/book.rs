//! The book in `docs` and the other pages of the repository: every link leads somewhere, every page is in the book.

use std::fs;
use std::path::{Path, PathBuf};

use crate::dirs;

/// The pages in `folder` and below, those of builds left out.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    const NOT_PAGES: [&str; 5] = ["target", "out", "dist", "book", ".git"];
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name());
        let is_link = entry.file_type().unwrap().is_symlink();
        if path.is_dir() && !is_link && !NOT_PAGES.iter().any(|not| name == *not) {
            pages(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// Targets of Markdown links that are files, without anchors. Code spans and blocks hold none.
fn links(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced || line.starts_with("    ") {
            continue;
        }
        for part in line.split('`').step_by(2) {
            let targets = part.split("](").skip(1);
            let targets = targets.filter_map(|rest| rest.split(')').next());
            found.extend(targets.map(|target| target.split('#').next().unwrap_or_default()));
        }
    }
    found.retain(|target| !target.is_empty() && !target.contains("://"));
    found
}

#[test]
fn every_link_leads_somewhere() {
    let mut all = Vec::new();
    pages(dirs::repo(), &mut all);
    let mut broken = Vec::new();
    for page in &all {
        let text = fs::read_to_string(page).unwrap();
        let folder = page.parent().unwrap();
        for target in links(&text) {
            if !folder.join(target).exists() {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(all.len() > 20, "{all:?}");
    assert_eq!(broken, [""; 0]);
}

#[test]
fn every_page_is_in_the_book() {
    let book = dirs::repo().join("docs/src");
    let summary = fs::read_to_string(book.join("SUMMARY.md")).unwrap();
    let listed = links(&summary);
    for entry in fs::read_dir(&book).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_page = name.ends_with(".md") && name != "SUMMARY.md";
        assert!(!is_page || listed.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn code_holds_no_links() {
    let text = "[a](x.md) `[b](y.md)` [`c`](z.md#part)\n\n    [d](w.md)\n\n```\n[e](v.md)\n```\n[f](https://g)\n";
    assert_eq!(links(text), ["x.md", "z.md"]);
}
