//! `kthw graph --format html`: one page, used in a browser as a person would use it.

use std::collections::BTreeSet;

use kthw::page::{
    Arrival, ChangeGroup, ChangeKind, Changes, Detail, Drain, FieldRow, Group, Home, Hosts, NodeState, Page,
    PageHost, PageNode, Parameter, Restart, Text, Warning, Whose,
};
use serde_json::Value;

use crate::browser::{Browser, DOWN, ENTER, ESCAPE, RIGHT};
use crate::cluster_folder::ClusterFolder;
use crate::repository;

// The page with a change that the module's own tests are about.
#[path = "../../src/page/example.rs"]
mod example;

/// The JSON of one of the page's script elements.
pub fn json(html: &str, id: &str) -> Value {
    let start = format!("<script type=\"application/json\" id=\"{id}\">");
    let (_, rest) = html.split_once(&start).expect("the element is there");
    let (text, _) = rest.split_once("</script>").expect("the element ends");
    serde_json::from_str(text).expect("it is JSON")
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().expect("a list").iter().map(|item| item.as_str().expect("a text"))
}

/// A browser with a page that no program made.
fn opened(page: &Page) -> Option<(ClusterFolder, Browser)> {
    let folder = ClusterFolder::empty();
    folder.write("page.html", &page.render());
    let browser = Browser::open(&folder.path().join("page.html"))?;
    Some((folder, browser))
}

#[test]
fn the_page_has_every_node_and_every_public_text() {
    let folder = ClusterFolder::single();
    let html = folder.kthw(&["graph", "--format", "html"]).result();
    folder.kthw(&["snapshot", "--dir", "../golden"]).exits(0);
    let golden = folder.read("../golden/graph.txt");
    let (overview, details) = (json(&html, "overview"), json(&html, "details"));
    let lines = texts(&overview["nodes"]["name"]).zip(texts(&details["output"]));
    let found: BTreeSet<(&str, &str)> = lines.collect();
    let expected = golden.lines().map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        (words[0], words[2])
    });
    assert_eq!(found, expected.collect());
    let shown: BTreeSet<&str> = texts(&details["texts"]).collect();
    for file in
        ["hosts/worker-node-1/etc/systemd/system/kubelet.service", "roles/worker/etc/containerd/config.toml"]
    {
        assert!(shown.contains(&*folder.read(&format!("../golden/{file}"))), "{file}");
    }
    assert_eq!(shown.len(), texts(&details["texts"]).count(), "no text is there twice");
}

#[test]
fn a_page_goes_where_it_is_told() {
    let folder = ClusterFolder::single();
    let printed = folder.kthw(&["graph", "--format", "html"]).result();
    let quiet = folder.kthw(&["graph", "--format", "html", "--output", "pages/graph.html"]).result();
    assert_eq!(quiet, "");
    assert_eq!(folder.read("pages/graph.html"), printed);
    folder.kthw(&["graph", "--output", "graph.txt"]).exits(0);
    assert_eq!(folder.read("graph.txt"), folder.kthw(&["graph"]).result());
}

#[test]
fn a_node_is_found_opened_and_left_by_keyboard() {
    let folder = ClusterFolder::single();
    folder.kthw(&["graph", "--format", "html", "--output", "graph.html"]).exits(0);
    let Some(browser) = Browser::open(&folder.path().join("graph.html")) else { return };
    assert_eq!(browser.text("#title"), "hard-way");
    assert_eq!(browser.value::<usize>("document.querySelectorAll('.card:not([hidden])').length"), 8);
    assert_eq!(browser.text(".head[title='worker-node-1, worker-node-2'] p"), "2 hosts, 22 nodes");

    browser.types("/");
    browser.types("kubelet.conf");
    browser.waits_for("!document.getElementById('results').hidden");
    assert_eq!(browser.text("#results [aria-selected=true] span"), "kubelet.conf");
    browser.types(DOWN);
    assert_eq!(browser.text("#results [aria-selected=true] span"), "host/worker-node-1/kubelet.conf");
    browser.types(ENTER);
    browser
        .waits_for("document.querySelector('#panel h2').textContent === 'host/worker-node-1/kubelet.conf'");
    assert!(browser.text("#panel").contains("It is a secret."));
    assert_eq!(browser.text("a.row.self .label"), "kubelet.conf");
    assert!(
        browser.value::<bool>("document.querySelectorAll('a.row.up').length > 3"),
        "its ancestors are lit"
    );

    // By its path on a host.
    browser.types("/");
    browser.types("worker-node-2:/etc/crictl");
    browser.types(ENTER);
    browser.waits_for("document.querySelector('#panel h2').textContent === 'config/crictl'");
    let shown = folder.kthw(&["show", "worker-node-2:/etc/crictl.yaml"]).result();
    assert_eq!(browser.text("#panel pre"), shown);
    assert!(browser.text("#panel").contains("/etc/crictl.yaml"));

    // Upwards, and about the graph by arrows.
    browser.types(ESCAPE);
    browser.waits_for("document.querySelector('#panel h2').textContent === 'Configuration'");
    browser.types(ESCAPE);
    browser.waits_for("document.querySelector('#panel h2').textContent === 'What is here'");
    let focus = "document.activeElement.textContent";
    let before: String = browser.value(focus);
    browser.types(DOWN);
    let below: String = browser.value(focus);
    browser.types(RIGHT);
    let beside: String = browser.value(focus);
    assert!(before != below && below != beside, "{before} {below} {beside}");
    browser.types(ENTER);
    browser.waits_for("document.querySelector('#panel h2').textContent !== 'What is here'");

    assert_eq!(browser.console(), [""; 0]);
    assert_eq!(
        browser.value::<usize>("performance.getEntriesByType('resource').length"),
        0,
        "nothing is loaded"
    );
}

#[test]
fn a_parameter_is_shown_with_the_line_that_decided_it() {
    let folder = ClusterFolder::single();
    folder.kthw(&["graph", "--format", "html", "--output", "graph.html"]).exits(0);
    let Some(browser) = Browser::open(&folder.path().join("graph.html")) else { return };
    browser.value::<()>("void (location.hash = '#node/config/kube-proxy')");
    browser.waits_for("document.querySelector('#panel h2').textContent === 'config/kube-proxy'");
    let why = folder.kthw(&["why", "config/kube-proxy"]).result();
    let places: Vec<String> =
        browser.value("[...document.querySelectorAll('#panel td small')].map(e => e.textContent)");
    assert!(places.iter().any(|place| place.starts_with("cluster.yaml:")), "{places:?}");
    for place in places {
        assert!(why.contains(&format!("({place})")), "{place}\n{why}");
    }
}

#[test]
fn a_change_comes_first_and_colours_the_graph() {
    let Some((_folder, browser)) = opened(&example::page()) else { return };
    assert_eq!(browser.text("#changes h2"), "1 of 3 hosts is touched, 1 unit restarts");
    assert!(browser.value::<bool>("document.getElementById('graph').hidden"));
    assert_eq!(browser.text(".change .ins"), "+ExecStart=/usr/local/bin/kubelet --v=4\n");
    assert!(browser.text(".because").contains("cluster.yaml:14"));
    assert_eq!(browser.text(".restarts tbody tr"), "1kubelet.serviceworker-1");
    assert_eq!(browser.text(".drains tbody tr"), "worker-1another containerd");
    assert!(browser.text(".warning").starts_with("Cannot simply be undone"));

    browser.types("g");
    browser.waits_for("!document.getElementById('graph').hidden");
    assert_eq!(browser.text("a.row.cause .label"), "kubelet.service");
    assert_eq!(browser.value::<usize>("document.querySelectorAll('a.row.cascade').length"), 2);
    let rows = "document.querySelectorAll('.card:not([hidden]) a.row').length";
    assert!(browser.value::<usize>(rows) > 3);
    browser.value::<()>("document.querySelector('#only input').click()");
    assert_eq!(browser.value::<usize>(rows), 3);

    browser.types("c");
    browser.waits_for("!document.getElementById('changes').hidden");
    browser.value::<()>("document.querySelector('[aria-label=Files] .change .to a').click()");
    browser.waits_for("document.querySelector('#panel h2')?.textContent === 'host/worker-1/kubelet.service'");
    let text: String = browser.text("#panel pre");
    assert!(text.contains("</script><script>alert(1)</script>"), "{text}");
    assert_eq!(browser.console(), [""; 0]);
    browser.value::<()>("void console.error('planted')");
    assert_eq!(browser.console().len(), 1, "a complaint would have been heard");
}

/// Production with a flag of every API server, a label of one worker, and another worker in place of the other one.
fn changed() -> Option<ClusterFolder> {
    let folder = repository::example("production")?;
    folder.edit("cluster.yaml", "maxAge: 90", "maxAge: 91");
    folder.edit("cluster.yaml", "zone: b", "zone: c");
    folder.edit("cluster.yaml", "name: worker-1", "name: worker-9");
    Some(folder)
}

#[test]
fn a_real_change_comes_first_and_colours_the_graph() {
    let Some(folder) = changed() else { return };
    folder.kthw(&["diff", "--format", "html", "--output", "diff.html"]).exits(0);
    let Some(browser) = Browser::open(&folder.path().join("diff.html")) else { return };
    let said = folder.kthw(&["diff"]).result();
    let headline = said.lines().next().expect("a headline");
    assert_eq!(browser.text("#changes h2").to_lowercase(), headline.to_lowercase());
    let restarts: Vec<String> = browser
        .value("[...document.querySelectorAll('.restarts:not(.drains) tbody tr')].map(e => e.textContent)");
    assert_eq!(restarts[0], "1kube-apiserver.servicecp-1, cp-2, cp-3");
    let arrivals: Vec<String> =
        browser.value("[...document.querySelectorAll('[aria-label=Hosts] .path')].map(e => e.textContent)");
    assert_eq!(arrivals, ["worker-9", "worker-1"]);
    assert!(browser.text("#size").starts_with("8 hosts · "), "who goes is not counted");

    let unit = "[...document.querySelectorAll('.change')].find(e => e.textContent.includes('--audit-log-maxage=91'))";
    browser.value::<()>(&format!("void ({unit}.open = false)"));
    assert!(!browser.value::<bool>(&format!("{unit}.querySelector('pre').checkVisibility()")));
    browser.value::<()>(&format!("{unit}.querySelector('summary').click()"));
    assert!(browser.value::<bool>(&format!("{unit}.querySelector('pre').checkVisibility()")));
    let why: String = browser.value(&format!("{unit}.querySelector('.because').textContent"));
    assert!(why.contains("audit.maxAge: 90 → 91"), "{why}");
    browser.value::<()>(&format!("{unit}.querySelector('.to a').click()"));
    browser
        .waits_for("document.querySelector('#panel h2')?.textContent === 'host/cp-1/kube-apiserver.service'");
    let labels = |state: &str| -> BTreeSet<String> {
        let rows = format!("[...document.querySelectorAll('a.row.{state} .label')].map(e => e.textContent)");
        browser.value(&rows)
    };
    assert!(labels("cause").contains("kube-apiserver.service"), "{:?}", labels("cause"));
    assert!(labels("cascade").contains("bundle"), "{:?}", labels("cascade"));
    assert!(labels("added").contains("kubelet.conf"), "{:?}", labels("added"));

    browser.value::<()>("void (location.hash = '#node/host/worker-1/kubelet.conf')");
    browser.waits_for("document.querySelector('#panel h2').textContent === 'host/worker-1/kubelet.conf'");
    assert_eq!(browser.text("#panel .badge"), "removed");
    assert!(!browser.text("#panel").contains("kthw show"), "what is gone cannot be shown");
    browser.value::<()>("void (location.hash = '#host/worker-1')");
    browser.waits_for("document.querySelector('#panel h2').textContent === 'worker-1'");
    assert_eq!(browser.text("#panel .badge"), "removed");
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
fn nothing_changed_is_a_page_that_says_so() {
    let Some(folder) = repository::example("single") else { return };
    let html = folder.kthw(&["diff", "--format", "html"]).result();
    let overview = json(&html, "overview");
    assert_eq!(overview["changes"]["headline"], "Nothing changes");
    assert_eq!(overview["states"], Value::Object(serde_json::Map::new()));
}

#[test]
fn thousands_of_hosts_that_are_alike_are_one_card() {
    let mut page = example::page();
    for n in 1..=3000 {
        example::host(&mut page, &format!("node-{n:04}"), &["/etc/one", "/etc/two", "/etc/three"]);
    }
    let Some((_folder, browser)) = opened(&page) else { return };
    browser.types("g");
    browser.waits_for("!document.getElementById('graph').hidden");
    assert_eq!(browser.text(".head[title='node-0001 … node-3000'] p"), "3,000 hosts, 12,000 nodes");
    browser.types("/");
    browser.types("node-2999 two");
    browser.types(ENTER);
    browser.waits_for("document.querySelector('#panel h2').textContent === 'host/node-2999/two'");
    browser.types(ESCAPE);
    browser.waits_for("document.querySelector('#panel h2').textContent === 'node-2999'");
    browser.types(ESCAPE);
    browser.waits_for("document.querySelector('#panel h2').textContent === 'node-0001 … node-3000'");
    let listed = "document.querySelector('#panel .many').children.length";
    assert_eq!(browser.value::<usize>(listed), 100);
    browser.value::<()>("document.querySelector('#panel .more').click()");
    assert_eq!(browser.value::<usize>(listed), 200);
    assert_eq!(browser.console(), [""; 0]);
}
