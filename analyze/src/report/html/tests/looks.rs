//! Every committed bundle as a page, on a wide and a narrow screen, light, dark and printed.

use serde_json::Value;

use super::{NARROW, WIDE, assert_quiet, html, page_of, read};
use crate::{
    diagnosis::diagnose,
    report::Report,
    testing::{Page, Screen, committed},
};

/// Largest page that goes into a ticket, in bytes.
const MAX_PAGE: usize = 2 << 20;

/// Least contrast of text that WCAG 2.2 asks for on level AA.
const LEAST_CONTRAST: f64 = 4.5;

#[test]
fn every_bundle_renders_on_a_wide_and_a_narrow_screen() {
    for path in committed::bundles() {
        let bundle = read(&path);
        let report = Report::new(&bundle, &diagnose(&bundle));
        let text = html(&bundle);
        let name = path.display().to_string();
        assert!(text.len() < MAX_PAGE, "{name}: {} bytes", text.len());
        for screen in [WIDE, NARROW] {
            let Some(mut page) = Page::open(&text, screen) else {
                return;
            };
            let answer = page.eval("document.querySelector('#answer').innerText");
            if let Some(culprit) = report.culprits.first() {
                let answer = answer.as_str().unwrap();
                for wanted in [&culprit.id, &culprit.summary, &culprit.remedy[0]] {
                    assert!(
                        answer.contains(wanted.as_str()),
                        "{name}: {wanted}: {answer}"
                    );
                }
            }
            let empty = page.eval(
                "[...document.querySelectorAll('.view .body')].filter(one => one.innerText === '').length",
            );
            assert_eq!(empty, 0, "{name}");
            let beyond = page.eval("document.documentElement.scrollWidth - innerWidth");
            assert!(
                beyond.as_i64().unwrap() <= 0,
                "{name} is {beyond} too wide at {screen:?}"
            );
            assert_quiet(&page, &name);
        }
    }
}

#[test]
fn the_answer_needs_no_script_and_is_in_the_first_screen() {
    let text = page_of("docker-run-mount-max");
    let before = &text[..text.find("<script").unwrap()];
    for wanted in [
        "sysctl:fs.mount-max",
        "13 mounts + 1 or more asked for &gt; 12",
        "count_mounts",
        "sysctl -w fs.mount-max=24",
    ] {
        assert!(before.contains(wanted), "{wanted}");
    }
    for screen in [WIDE, NARROW] {
        let Some(mut page) = Page::open(&text, screen) else {
            return;
        };
        let end = page.eval("document.querySelector('.remedy li').getBoundingClientRect().bottom");
        assert!(
            end.as_f64().unwrap() < f64::from(screen.height),
            "{end} of {screen:?}"
        );
    }
}

#[test]
fn every_text_can_be_read_in_light_and_dark() {
    let text = page_of("docker-run-mount-max");
    for dark in [false, true] {
        let Some(mut page) = Page::open(&text, Screen { dark, ..WIDE }) else {
            return;
        };
        page.eval("document.querySelectorAll('details').forEach(one => one.open = true)");
        let faint = page.eval(&format!("({CONTRASTS})({LEAST_CONTRAST})"));
        assert_eq!(faint, Value::Array(Vec::new()), "dark: {dark}");
        let page_colour = page.eval("getComputedStyle(document.body).backgroundColor");
        assert_eq!(page_colour == "rgb(255, 255, 255)", !dark, "{page_colour}");
    }
}

/// Texts whose contrast with what is behind them is below a number. The colours of SVG are looked at where the text has
/// a rectangle beside it.
const CONTRASTS: &str = r"least => {
    const numbers = colour => colour.match(/[\d.]+/g).map(Number);
    const light = colour => {
        const [r, g, b] = numbers(colour).map(part => {
            const share = part / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const solid = colour => colour.startsWith('rgb') && (numbers(colour)[3] ?? 1) === 1;
    const behind = element => {
        for (let at = element; at; at = at.parentElement) {
            const beside = at.parentElement?.querySelector(':scope > rect');
            if (at.namespaceURI.endsWith('svg') && beside) {
                const fill = getComputedStyle(beside).fill;
                if (solid(fill)) return fill;
            }
            const colour = getComputedStyle(at).backgroundColor;
            if (solid(colour)) return colour;
        }
        return getComputedStyle(document.body).backgroundColor;
    };
    const texts = [...document.querySelectorAll('body *')].filter(one =>
        !['SCRIPT', 'NOSCRIPT', 'STYLE', 'title'].includes(one.tagName) && !one.disabled && !one.classList.contains('skip')
        && [...one.childNodes].some(child => child.nodeType === 3 && child.data.trim() !== ''));
    return texts.flatMap(one => {
        const style = getComputedStyle(one);
        const front = one.namespaceURI.endsWith('svg') ? style.fill : style.color;
        const [high, low] = [light(front), light(behind(one))].sort((a, b) => b - a);
        const contrast = (high + 0.05) / (low + 0.05);
        return contrast < least ? [`${one.textContent.slice(0, 40)}: ${contrast.toFixed(2)}`] : [];
    });
}";

#[test]
fn print_leaves_the_controls_out_and_unfolds_the_tables() {
    let Some(mut page) = Page::open(&page_of("docker-run-mount-max"), WIDE) else {
        return;
    };
    page.print();
    page.eval("dispatchEvent(new Event('beforeprint'))");
    let shown = page.eval(
        "[...document.querySelectorAll('nav, .tools, .remedy button')].filter(one => one.offsetHeight > 0).length",
    );
    assert_eq!(shown, 0);
    assert_eq!(
        page.eval("document.querySelectorAll('details:not([open])').length"),
        0
    );
    let answer = page.eval("document.querySelector('#answer').offsetHeight > 0");
    assert_eq!(answer, true);
}
