//! The views do what they are for, with the mouse and with the keyboard alone.

use super::{WIDE, assert_quiet, page_of};
use crate::testing::Page;

const SELECTED: &str = "document.querySelector('#graph [aria-selected=true] .name')?.textContent";

#[test]
fn the_call_graph_shows_the_failing_path_searches_and_folds() {
    let Some(mut page) = Page::open(&page_of("bind-mount-max"), WIDE) else {
        return;
    };
    let failing = page.eval(
        "[...document.querySelectorAll('#graph .node.failing .name')].map(one => one.textContent).join(' ')",
    );
    assert_eq!(
        failing,
        "__arm64_sys_mount path_mount graft_tree attach_recursive_mnt count_mounts"
    );
    let origin = page.eval("document.querySelector('#graph .node.origin').textContent");
    let origin = origin.as_str().unwrap();
    assert!(
        origin.contains("ENOSPC") && origin.contains("µs"),
        "{origin}"
    );

    page.click("#graph input[type=search]");
    page.write("mutex_lock");
    let found = page.eval("document.querySelector('#graph [role=status]').textContent");
    assert!(found.as_str().unwrap().starts_with("1 of "), "{found}");
    let first = page.eval(SELECTED);
    assert!(first.as_str().unwrap().contains("mutex_lock"), "{first}");
    let seen = page.eval(
        "(() => { const box = document.querySelector('#graph [aria-selected=true]').getBoundingClientRect(); \
         const frame = document.querySelector('#graph .canvas').getBoundingClientRect(); \
         return box.left >= frame.left - 1 && box.right <= frame.right + 1 && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1; })()",
    );
    assert_eq!(seen, true, "what was found is not in sight");

    let count = "document.querySelectorAll('#graph [role=treeitem]').length";
    page.click("#graph [data-node='0'] [data-fold]");
    let unfolded = page.eval(count);
    page.click("#graph [data-node='0'] [data-fold]");
    assert_eq!(page.eval(count), 1, "the syscall alone is left");
    assert!(unfolded.as_i64().unwrap() > 5, "{unfolded}");
    assert_quiet(&page, "graph");
}

#[test]
fn the_call_graph_can_be_walked_with_the_keyboard() {
    let Some(mut page) = Page::open(&page_of("bind-mount-max"), WIDE) else {
        return;
    };
    page.eval("document.querySelector('#graph svg[role=tree]').focus()");
    page.key("Home");
    assert_eq!(page.eval(SELECTED), "__arm64_sys_mount");
    page.key("ArrowLeft");
    assert_eq!(
        page.eval("document.querySelectorAll('#graph [role=treeitem]').length"),
        1
    );
    page.key("ArrowRight");
    page.key("ArrowRight");
    assert_ne!(page.eval(SELECTED), "__arm64_sys_mount");
    let active = page.eval("document.getElementById(document.querySelector('#graph [role=tree]').getAttribute('aria-activedescendant'))?.getAttribute('aria-selected')");
    assert_eq!(active, "true");
    let width = "document.querySelector('#graph svg[role=tree]').getBoundingClientRect().width";
    let before = page.eval(width).as_f64().unwrap();
    page.key("+");
    assert!(page.eval(width).as_f64().unwrap() > before);
}

#[test]
fn a_call_in_the_icicle_can_be_widened() {
    let Some(mut page) = Page::open(&page_of("docker-run-mount-max"), WIDE) else {
        return;
    };
    let status = "document.querySelector('#call .status').textContent";
    let told = page.eval(status);
    assert!(
        told.as_str().unwrap().starts_with("count_mounts took"),
        "{told}"
    );
    let width = "document.querySelector('#call .selected rect').getBoundingClientRect().width";
    let before = page.eval(width).as_f64().unwrap();
    page.eval("document.querySelector('#call svg').focus()");
    page.key("Enter");
    let after = page.eval(width).as_f64().unwrap();
    assert!(after > 50.0 * before, "{before} {after}");
    page.key("Escape");
    assert!(page.eval(width).as_f64().unwrap() < 2.0 * before + 2.0);
    page.click("#call .tools button");
    assert!(page.eval(width).as_f64().unwrap() > 4.0);
    page.eval("document.querySelector('#call svg').focus()");
    page.key("ArrowUp");
    let told = page.eval(status);
    assert!(
        told.as_str().unwrap().starts_with("attach_recursive_mnt"),
        "{told}"
    );
    assert_quiet(&page, "icicle");
}

#[test]
fn the_timeline_has_a_line_for_each_kind() {
    let Some(mut page) = Page::open(&page_of("docker-run-mount-max"), WIDE) else {
        return;
    };
    let lines = "document.querySelectorAll('#timeline .row:not(.axis)').length";
    assert_eq!(page.eval(lines), 3);
    page.click("#timeline input[type=checkbox]");
    assert_eq!(page.eval(lines), 32);
    page.eval("document.querySelector('#timeline .row').focus()");
    let told = page.eval("document.querySelector('#timeline .status').textContent");
    assert!(
        told.as_str()
            .unwrap()
            .starts_with("mount ENOSPC by dockerd: 15 times"),
        "{told}"
    );
    assert_eq!(
        page.eval(
            "document.querySelector('#timeline .subject').querySelectorAll('.moment').length"
        ),
        15
    );
}

#[test]
fn snapshots_are_found_and_their_differences_shown() {
    let Some(mut page) = Page::open(&page_of("docker-run-mount-max"), WIDE) else {
        return;
    };
    let title = page.eval("document.querySelector('#snapshots .details h3').textContent");
    assert_eq!(title, "/proc/sys/fs/mount-max", "what the answer is about");
    let rows = "document.querySelectorAll('#snapshots tbody tr').length";
    let changed = page.eval(rows).as_i64().unwrap();
    assert!(changed > 5, "{changed}");
    page.click("#snapshots input[type=checkbox]");
    page.click("#snapshots input[type=search]");
    page.write("sys/fs/mount-max");
    assert_eq!(page.eval(rows), 1);
    page.click("#snapshots tbody button");
    let shown = page.eval("document.querySelector('#snapshots .details').innerText");
    assert!(shown.as_str().unwrap().contains("12"), "{shown}");
    page.eval("{ const it = document.querySelector('#snapshots input[type=search]'); it.value = '/proc/loadavg'; it.dispatchEvent(new Event('input')); }");
    page.click("#snapshots tbody button");
    let marks = page.eval("['added', 'removed'].map(one => document.querySelectorAll(`#snapshots .diff .${one}`).length > 0)");
    assert_eq!(marks, serde_json::json!([true, true]));
    assert_quiet(&page, "snapshots");
}

#[test]
fn tables_are_sorted_by_their_heads() {
    let Some(mut page) = Page::open(&page_of("docker-run-mount-max"), WIDE) else {
        return;
    };
    let top = "document.querySelector('#tables tbody tr').cells[1].textContent";
    let count = "#tables thead th:nth-child(2) button";
    page.click(count);
    assert_eq!(page.eval(top), "300");
    page.click(count);
    assert_eq!(page.eval(top), "1");
    let state =
        page.eval("document.querySelector('#tables th:nth-child(2)').getAttribute('aria-sort')");
    assert_eq!(state, "ascending");
}
