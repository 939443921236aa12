//! How a page looks where nobody looks: in the dark, on paper, on a phone, and to somebody without a pointer.

use data_encoding::BASE64;
use kthw::page::Page;
use serde_json::json;

use crate::browser::{Browser, DOWN, ENTER, ESCAPE, TAB, UP};
use crate::page::{example, opened};

/// What WCAG wants of text of this size.
const READABLE: f64 = 4.5;

/// For each text that a selector finds, its contrast with what is behind it.
const CONTRASTS: &str = "(selector => {
    const parse = (text) => text.match(/[\\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
    const behind = (element) => {
        const [r, g, b, alpha = 1] = parse(getComputedStyle(element).backgroundColor);
        return alpha > 0 || !element.parentElement ? [r, g, b] : behind(element.parentElement);
    };
    return [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility()).map((element) => {
        const [text, ground] = [parse(getComputedStyle(element).color), behind(element)].map(luminance);
        return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
    });
})";

fn emulate(browser: &Browser, media: &str, scheme: &str) {
    let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
    browser.command("Emulation.setEmulatedMedia", &json!({ "media": media, "features": features }));
}

fn go(browser: &Browser, address: &str, until: &str) {
    browser.value::<()>(&format!("void (location.hash = '{address}')"));
    browser.waits_for(until);
}

fn contrasts(browser: &Browser, selector: &str) -> Vec<f64> {
    browser.value(&format!("{CONTRASTS}({})", json!(selector)))
}

#[track_caller]
fn check_contrast(browser: &Browser, selectors: &[&str]) {
    for selector in selectors {
        let found = contrasts(browser, selector);
        assert!(!found.is_empty(), "nothing is {selector}");
        assert!(found.iter().all(|contrast| *contrast >= READABLE), "{selector}: {found:?}");
    }
}

/// How light what is behind the page is, from 0 to 255.
fn ground(browser: &Browser) -> f64 {
    browser.value("Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])")
}

#[test]
fn every_text_is_readable_by_day_and_by_night() {
    let Some((_folder, browser)) = opened(&example::page()) else { return };
    for (scheme, grounds) in [("light", 200.0..=255.0), ("dark", 0.0..=50.0)] {
        emulate(&browser, "", scheme);
        assert!(grounds.contains(&ground(&browser)), "{scheme}: {}", ground(&browser));
        go(&browser, "#changes", "!document.getElementById('changes').hidden");
        check_contrast(&browser, &["header h1 a", "#size", "#views a", "#search"]);
        check_contrast(&browser, &["#changes h2", "#changes h3", ".facts", ".warning p", ".badge"]);
        check_contrast(&browser, &[".diff .ins", ".diff .del", ".diff .hunk", ".fields .differs span"]);
        check_contrast(&browser, &["#changes a", ".restarts td", ".because li", "summary .on"]);
        go(&browser, "#graph", "document.querySelector('#panel h2')?.textContent === 'What is here'");
        check_contrast(&browser, &[".card h2", ".card .head p", ".row .label", ".row .note", ".sign"]);
        check_contrast(
            &browser,
            &["#panel p", "#panel a", "#panel h3", "#panel small", "#panel .badge", "kbd"],
        );
        go(&browser, "#node/host/worker-1/kubelet.service", "!!document.querySelector('a.row.self')");
        check_contrast(&browser, &["a.row.self .label", "a.row.self .sign", "a.row.down .label"]);
        check_contrast(&browser, &["#panel h2", "#panel pre", ".parameters th", ".parameters td", ".output"]);
    }
    browser.value::<()>("document.getElementById('size').style.setProperty('color', 'var(--line)')");
    assert!(contrasts(&browser, "#size")[0] < READABLE, "what is hard to read would have been seen");
}

#[test]
fn a_state_is_told_by_more_than_its_colour() {
    let Some((_folder, browser)) = opened(&example::page()) else { return };
    go(&browser, "#graph", "!document.getElementById('graph').hidden");
    let signs: Vec<String> = browser.value(
        "[...document.querySelectorAll('.legend .badge')].map(e => getComputedStyle(e, '::before').content)",
    );
    let mut different = signs.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 4, "{signs:?}");
    assert!(!different.contains(&"none".to_owned()), "{signs:?}");
    assert_eq!(browser.text("a.row.cause .note"), "cause ×1");
    // Where there is room for a sign alone, who hears the page is told the word.
    let of_card: String = browser.value(
        "getComputedStyle(document.querySelector('.card.cause .head .sign.cause'), '::before').content",
    );
    assert_eq!(of_card, "\"◆\" / \"cause \"");
}

/// Prints the page, and says how many details were closed on the paper.
fn printed(browser: &Browser) -> usize {
    browser.value::<()>(
        "addEventListener('beforeprint', () => { window.closedOnPaper = document.querySelectorAll('.change:not([open])').length })",
    );
    let pdf = browser.command("Page.printToPDF", &json!({ "preferCSSPageSize": true }));
    let pdf = pdf["data"].as_str().expect("a PDF is a text in base64");
    assert!(BASE64.decode(pdf.as_bytes()).expect("base64").starts_with(b"%PDF"));
    browser.value("window.closedOnPaper")
}

#[test]
fn a_change_is_whole_on_paper() {
    let Some((_folder, browser)) = opened(&example::page()) else { return };
    browser.value::<()>("document.querySelectorAll('.change').forEach(change => { change.open = false })");
    assert_eq!(printed(&browser), 0, "on paper nothing can be opened");
    assert!(browser.value::<usize>("document.querySelectorAll('.change:not([open])').length") > 0);

    emulate(&browser, "print", "dark");
    assert!(ground(&browser) == 0.0 || ground(&browser) > 200.0, "paper is not dark");
    let seen = |selector: &str| -> bool {
        browser.value(&format!(
            "(({{ width, height }}) => width > 0 && height > 0)(document.querySelector('{selector}').getBoundingClientRect())"
        ))
    };
    for shown in
        ["#changes h2", ".warning", ".restarts", ".drains", ".change summary", "#canvas .card:not([hidden])"]
    {
        assert!(seen(shown), "{shown}");
    }
    for hidden in ["search", "#views", "#panel", ".fold", ".to"] {
        assert!(!seen(hidden), "{hidden}");
    }
    let ink = "Math.max(...getComputedStyle(document.querySelector('#changes h2')).color.match(/\\d+/g))";
    assert!(browser.value::<f64>(ink) < 100.0, "ink is dark");

    // What is open goes with the graph, as long as it is.
    go(&browser, "#node/host/worker-1/kubelet.service", "!!document.querySelector('a.row.self')");
    assert!(seen("#panel"));
    assert!(
        browser
            .value::<bool>("(p => p.scrollHeight <= p.clientHeight + 1)(document.getElementById('panel'))")
    );
    let below = "document.getElementById('panel').getBoundingClientRect().top >= document.getElementById('canvas').getBoundingClientRect().bottom";
    assert!(browser.value::<bool>(below));
}

#[test]
fn a_list_that_goes_on_says_so_on_paper() {
    let mut page = example::page();
    let inputs = &mut page.changes.as_mut().expect("a change").inputs;
    inputs.extend((0..150).map(|n| format!("cluster.yaml:{n}")));
    let Some((_folder, browser)) = opened(&page) else { return };
    emulate(&browser, "print", "light");
    assert_eq!(browser.text("#changes .more"), "51 changes more");
    assert!(browser.value::<bool>("document.querySelector('#changes .more').checkVisibility()"));
}

/// Whether what has the focus shows it.
fn focus_is_seen(browser: &Browser) -> bool {
    browser.value(
        "(style => style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2)(getComputedStyle(document.activeElement))",
    )
}

#[test]
fn a_page_is_used_without_a_pointer() {
    let Some((_folder, browser)) = opened(&example::page()) else { return };
    let focus =
        || -> String { browser.value("document.activeElement.id || document.activeElement.className") };
    let mut stops = Vec::new();
    while !stops.contains(&"search".to_owned()) {
        assert!(stops.len() < 5, "the search is near: {stops:?}");
        browser.types(TAB);
        assert!(focus_is_seen(&browser), "{}", focus());
        stops.push(focus());
    }
    browser.types("worker-2 kubelet");
    browser.types(ENTER);
    browser.waits_for("document.querySelector('#panel h2')?.textContent === 'host/worker-2/kubelet.service'");

    browser.types(DOWN);
    assert!(focus().contains("row") || focus().contains("head"), "{}", focus());
    let before: String = browser.value("document.activeElement.textContent");
    browser.types(UP);
    assert!(focus_is_seen(&browser), "{}", focus());
    assert_ne!(before, browser.value::<String>("document.activeElement.textContent"));
    browser.types(ENTER);
    browser.waits_for("document.querySelector('#panel h2').textContent !== 'host/worker-2/kubelet.service'");

    for _ in 0..4 {
        browser.types(ESCAPE);
    }
    browser.waits_for("!document.getElementById('changes').hidden");
    // A change is opened by its summary, and leads to the graph.
    browser.value::<()>("document.querySelector('#changes .change summary').focus()");
    let open = "document.querySelector('#changes .change').open";
    let was: bool = browser.value(open);
    browser.types(ENTER);
    assert_ne!(was, browser.value::<bool>(open));
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
fn a_page_fits_a_phone() {
    let mut page: Page = example::page();
    page.title = "a-cluster-with-a-rather-long-name".to_owned();
    let Some((_folder, browser)) = opened(&page) else { return };
    let phone = json!({ "width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true });
    browser.command("Emulation.setDeviceMetricsOverride", &phone);
    browser.waits_for("innerWidth === 390");
    let fits = |selector: &str| -> bool {
        browser.value(&format!("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('{selector}'))"))
    };
    assert!(fits("html") && fits("header") && fits("#changes"));
    assert!(browser.value::<f64>("document.querySelector('header').offsetHeight") < 200.0);
    assert!(browser.value::<f64>("document.getElementById('search').offsetWidth") > 300.0);
    go(&browser, "#node/host/worker-1/kubelet.service", "!!document.querySelector('a.row.self')");
    assert!(fits("html") && fits("#panel"));
    let stacked = "document.getElementById('panel').getBoundingClientRect().top >= document.getElementById('canvas').getBoundingClientRect().bottom";
    assert!(browser.value::<bool>(stacked));
    let row_is_seen = "(([row, canvas]) => row.top >= canvas.top && row.bottom <= canvas.bottom)
        ([document.querySelector('a.row.self'), document.getElementById('canvas')].map(e => e.getBoundingClientRect()))";
    assert!(browser.value::<bool>(row_is_seen));
    let moved = "[...document.querySelectorAll('.card')].some(card => card.scrollTop > 0)";
    assert!(!browser.value::<bool>(moved), "no card loses its head to its last row");
}
