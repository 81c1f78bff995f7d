//! Script in every place that the recorded host has a say in does nothing.

use format_spec::record::Phase;

use super::{NARROW, WIDE, assert_quiet, html};
use crate::testing::{Page, Recording};

/// Each breaks out of another place: text, an attribute, a script element, a template, a comment.
const HOSTILE: [&str; 5] = [
    "<script>window.hacked=1</script>",
    "\"><img src=x onerror=window.hacked=2>",
    "</script><script>window.hacked=3</script>",
    "${window.hacked=4}`;window.hacked=5//",
    "<!--<script>\u{2028}'};window.hacked=6;//",
];

fn recording(hostile: &str) -> Recording {
    let mut recording = Recording::new();
    if let Some(manifest) = &mut recording.manifest {
        manifest.host.hostname = hostile.into();
        manifest.host.os_release = hostile.into();
        manifest.command_line.push(hostile.into());
    }
    recording.fail(40, 28, hostile, 50_000_000);
    recording.path(1, &format!("/{hostile}"));
    recording.fact(hostile, 7);
    recording.fail(56, 2, hostile, 60_000_000);
    let value = format!("{hostile}\n{hostile}\n");
    let path = format!("/proc/sys/{hostile}");
    recording.snapshot(
        Phase::Start,
        10,
        &[("/proc/sys/kernel/hostname", &value), (&path, "1")],
    );
    recording.snapshot(
        Phase::End,
        90_000_000,
        &[("/proc/sys/kernel/hostname", "x"), (&path, &value)],
    );
    let kernel = &mut recording.kernel;
    kernel.syscall_enter(40);
    kernel.enter("__arm64_sys_mount");
    kernel.enter(hostile);
    kernel.returned("count_mounts", -28);
    kernel.leave_with(hostile, Some(-28));
    kernel.leave_with("__arm64_sys_mount", Some(-28));
    kernel.syscall_exit(40, -28);
    recording.take_events(1);
    recording
}

#[test]
fn hostile_strings_are_shown_and_do_nothing() {
    for (hostile, screen) in HOSTILE.into_iter().zip([WIDE, NARROW].into_iter().cycle()) {
        let Some(mut page) = Page::open(&html(&recording(hostile).load()), screen) else {
            return;
        };
        // All that is lazily shown: every view, folded parts, the differences, titles.
        page.eval(
            "document.querySelectorAll('details').forEach(one => one.open = true); \
             document.querySelectorAll('#graph button, #snapshots tbody button').forEach(one => one.click())",
        );
        assert_eq!(page.eval("typeof window.hacked"), "undefined", "{hostile}");
        let own = page.eval("[document.scripts.length, document.images.length, document.querySelectorAll('iframe, object, embed, link').length]");
        assert_eq!(own, serde_json::json!([2, 0, 0]), "{hostile}");
        let plain = crate::text::plain(hostile.as_bytes());
        let shown = page.eval("document.body.innerText");
        let shown = shown.as_str().unwrap();
        // comm, path, host, sysctl and kernel function are all there to be read.
        let times = shown.matches(plain.as_str()).count();
        assert!(times >= 8, "{times} times {plain}: {shown}");
        let drawn = page.eval("[...document.querySelectorAll('#graph .name, #call text')].map(one => one.textContent).join('\\n')");
        assert!(drawn.as_str().unwrap().contains(&plain[..8]), "{drawn}");
        assert_quiet(&page, hostile);
    }
}

/// Were a hole left open all the same: the policy stops what comes through.
#[test]
fn the_policy_stops_what_is_put_in() {
    let Some(mut page) = Page::open(&html(&recording("x").load()), WIDE) else {
        return;
    };
    page.eval(
        "new Promise(done => { const script = document.createElement('script'); script.textContent = 'window.hacked = 1'; \
         const image = document.createElement('img'); image.src = 'https://example.invalid/x.png'; \
         document.body.append(script, image); setTimeout(done, 200); })",
    );
    assert_eq!(page.eval("typeof window.hacked"), "undefined");
    assert!(
        page.problems
            .iter()
            .any(|problem| problem.contains("script-src")),
        "{:?}",
        page.problems
    );
    assert!(
        page.problems
            .iter()
            .any(|problem| problem.contains("default-src")),
        "{:?}",
        page.problems
    );
}
