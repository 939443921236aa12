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
pub mod example;

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
pub fn opened(page: &Page) -> Option<(ClusterFolder, Browser)> {
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
    let found: BTreeSet<&str> = texts(&overview["nodes"]["name"]).collect();
    let listed = golden.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty());
    assert_eq!(found, listed.collect());
    assert!(texts(&details["output"]).all(|output| output.contains(':')), "every output is known");
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
    assert_eq!(browser.value::<usize>(rows), 3, "what stays the same is not drawn");
    browser.value::<()>("document.querySelector('#only input').click()");
    assert!(browser.value::<usize>(rows) > 3);
    browser.value::<()>("document.querySelector('#only input').click()");
    browser.value::<()>("void (location.hash = '#node/pki/ca/cert')");
    browser.waits_for("document.querySelector('a.row.self .label')?.textContent === 'ca/cert'");
    assert!(browser.value::<usize>(rows) > 3, "what is opened is drawn");
    assert!(!browser.value::<bool>("document.querySelector('#only input').checked"));
    browser.value::<()>("document.querySelector('#only input').click()");
    assert_eq!(browser.value::<usize>(rows), 3);
    browser.waits_for("document.querySelector('#panel h2').textContent === 'What is here'");

    browser.types("c");
    browser.waits_for("!document.getElementById('changes').hidden");
    browser.value::<()>("document.querySelector('[aria-label=Files] .change .to a').click()");
    browser.waits_for("document.querySelector('#panel h2')?.textContent === 'host/worker-1/kubelet.service'");
    let text: String = browser.text("#panel pre:not(.diff)");
    assert!(text.contains("</script><script>alert(1)</script>"), "{text}");
    assert_eq!(browser.text("#panel .diff .ins"), "+ExecStart=/usr/local/bin/kubelet --v=4\n");
    assert!(browser.text("#panel .because").contains("cluster.yaml:14"));
    browser
        .value::<()>("[...document.querySelectorAll('.change')].forEach(change => { change.open = false })");
    browser.value::<()>("document.querySelector('#panel .to a').click()");
    browser.waits_for("!document.getElementById('changes').hidden");
    assert_eq!(browser.text(".change[open] .path"), "/etc/systemd/system/kubelet.service");
    assert_eq!(browser.value::<usize>("document.querySelectorAll('.change[open]').length"), 1);
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
    // The change is one for all control planes, so each leads to it.
    browser.value::<()>("void (location.hash = '#node/host/cp-3/kube-apiserver.service')");
    browser
        .waits_for("document.querySelector('#panel h2').textContent === 'host/cp-3/kube-apiserver.service'");
    assert!(browser.text("#panel .because").contains("audit.maxAge: 90 → 91"));
    browser.value::<()>("void (location.hash = '#node/host/worker-2/kubelet.service')");
    browser.waits_for("document.querySelector('#panel h2').textContent === 'host/worker-2/kubelet.service'");
    assert!(!browser.text("#panel").contains("audit.maxAge"), "another file's change is not its");
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
fn a_page_says_why_a_secret_is_not_on_it() {
    let Some(folder) = repository::example("single") else { return };
    let reasons = || -> BTreeSet<String> {
        let details = json(&folder.kthw(&["diff", "--format", "html"]).result(), "details");
        texts(&details["reasons"]).map(str::to_owned).collect()
    };
    assert!(reasons().contains("It is a secret."), "{:?}", reasons());
    std::fs::remove_file(folder.path().join("kthw.root")).expect("our own folder");
    let reasons = reasons();
    assert!(reasons.contains("It is a secret, or follows from one that is not here."), "{reasons:?}");
    assert!(!reasons.contains("It is a secret."), "{reasons:?}");
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
    browser.types("worker-1 kubelet");
    browser.waits_for("document.querySelector('#results .badge')?.textContent === 'cause'");
    browser.types(ESCAPE);
    browser.types(ESCAPE);
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

#[test]
fn among_thousands_those_that_change_are_listed_first() {
    let mut page = example::page();
    for n in 1..=300 {
        example::host(&mut page, &format!("node-{n:04}"), &["/etc/one"]);
    }
    for (node, state) in
        [("host/node-0200/one", NodeState::Cause), ("host/node-0200/bundle", NodeState::Cascade)]
    {
        page.nodes.iter_mut().find(|n| n.name == node).expect("a node").state = state;
    }
    let Some((_folder, browser)) = opened(&page) else { return };
    let first = "document.querySelector('#panel .many li')?.textContent";
    for (address, listed) in
        [("#rows/host/node-0001/one", "node-0200cause"), ("#card/host/node-0001/one", "node-0200cascade")]
    {
        browser.value::<()>(&format!("void (location.hash = '{address}')"));
        browser.waits_for(&format!("{first} === '{listed}'"));
    }
    let note = "[...document.querySelectorAll('a.row.cause')].map(row => row.textContent)";
    let rows: BTreeSet<String> = browser.value(note);
    assert!(rows.contains("onecause ×1"), "{rows:?}");
}

/// What would run if any of it were taken for markup or a script.
const POISON: &str = "</script><script>window.ran=1</script><img src=x onerror=\"window.ran=1\"><svg/onload=window.ran=1>\u{2028}'\"`${window.ran=1}`<!--{{script}}&lt;";

/// The page of the example with poison in every text that is anybody's to choose.
fn poisoned() -> Page {
    let mut page = example::page();
    let poison = |text: &mut String| text.push_str(POISON);
    poison(&mut page.title);
    for host in &mut page.hosts {
        poison(&mut host.name);
    }
    for node in &mut page.nodes {
        poison(&mut node.name);
        poison(&mut node.output);
        node.inputs.iter_mut().for_each(|(slot, _)| poison(slot));
        for Parameter { name, value, place } in &mut node.parameters {
            [name, value].into_iter().chain(place).for_each(poison);
        }
        if let Text::Shown(text) = &node.text {
            node.text = Text::Shown(format!("{text}{POISON}").into());
        }
    }
    let changes = page.changes.as_mut().expect("the example has a change");
    poison(&mut changes.headline);
    changes.facts.iter_mut().chain(&mut changes.inputs).for_each(poison);
    for Warning { title, what, advice, causes } in &mut changes.warnings {
        [title, what, advice].into_iter().chain(causes).for_each(poison);
    }
    for arrival in &mut changes.arrivals {
        arrival.units.iter_mut().chain(&mut arrival.causes).for_each(poison);
        arrival.causes.push(POISON.to_owned());
    }
    for group in &mut changes.groups {
        poison(&mut group.path);
        group.causes.iter_mut().chain(&mut group.notes).for_each(poison);
        group.notes.push(POISON.to_owned());
        match &mut group.detail {
            Detail::Lines(lines) => lines.iter_mut().for_each(poison),
            Detail::Withheld(why) => poison(why),
            Detail::Fields(rows) => {
                for FieldRow { name, before, after } in rows {
                    [Some(name), before.as_mut(), after.as_mut()].into_iter().flatten().for_each(poison);
                }
            }
        }
    }
    changes.restarts.iter_mut().for_each(|restart| poison(&mut restart.unit));
    changes.drains.iter_mut().flat_map(|drain| &mut drain.why).for_each(poison);
    page
}

#[test]
fn no_text_of_a_page_is_markup_or_runs() {
    let page = poisoned();
    let Some((_folder, browser)) = opened(&page) else { return };
    let unharmed = |browser: &Browser| {
        let strangers = "document.querySelectorAll('img, svg:not(#edges), [onerror], [onload]').length";
        assert_eq!(browser.value::<usize>(strangers), 0);
        assert_eq!(browser.value::<usize>("document.scripts.length"), 4, "data, details, dagre and ours");
        assert!(browser.value::<bool>("window.ran === undefined"));
    };
    let headline = &page.changes.as_ref().expect("a change").headline;
    assert_eq!(browser.text("#changes h2"), *headline);
    unharmed(&browser);
    browser.types("g");
    browser.waits_for("!document.getElementById('graph').hidden");
    unharmed(&browser);
    for (kind, names) in [
        ("node", page.nodes.iter().map(|node| &node.name).collect::<Vec<_>>()),
        ("card", page.nodes.iter().map(|node| &node.name).collect()),
        ("rows", page.nodes.iter().map(|node| &node.name).collect()),
        ("host", page.hosts.iter().map(|host| &host.name).collect()),
    ] {
        for name in names {
            let quoted = Value::from(name.as_str());
            browser.value::<()>(&format!("void (location.hash = '#{kind}/' + encodeURI({quoted}))"));
            if ["node", "host"].contains(&kind) {
                browser.waits_for(&format!("document.querySelector('#panel h2').textContent === {quoted}"));
            }
            unharmed(&browser);
        }
    }
    browser.types("/");
    browser.types("kubelet");
    browser.waits_for("!document.getElementById('results').hidden");
    unharmed(&browser);
    assert_eq!(browser.console(), [""; 0]);

    // Even what came to be markup would not run.
    browser.value::<()>("document.body.insertAdjacentHTML('beforeend', '<b onclick=\"window.ran=1\">x</b>')");
    browser.value::<()>("document.querySelector('b').click()");
    browser.value::<()>(
        "document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran=1' }))",
    );
    assert!(browser.value::<bool>("window.ran === undefined"));
    assert_eq!(browser.console().len(), 2, "the browser says what it refused");
    browser.value::<()>("void (window.ran = 1)");
    assert!(!browser.value::<bool>("window.ran === undefined"), "what ran would have been seen");
}

#[test]
fn no_text_of_a_cluster_runs_on_its_page() {
    let folder = ClusterFolder::single();
    let issuer = "https://a</script><script>window.ran=1</script><img src=x onerror=window.ran=1>";
    let flags =
        format!("components:\n  kube-apiserver: {{flags: {{service-account-issuer: \"{issuer}\"}}}}\n");
    folder.write("cluster.yaml", &(folder.read("cluster.yaml") + &flags));
    folder.kthw(&["graph", "--format", "html", "--output", "graph.html"]).exits(0);
    let Some(browser) = Browser::open(&folder.path().join("graph.html")) else { return };
    browser.value::<()>("void (location.hash = '#node/host/control-plane-1/kube-apiserver.service')");
    browser.waits_for("document.querySelector('#panel h2').textContent.endsWith('kube-apiserver.service')");
    assert!(browser.text("#panel pre").contains(issuer));
    assert!(browser.text("#panel .parameters").contains(issuer));
    assert!(browser.value::<bool>("window.ran === undefined && document.images.length === 0"));
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
fn a_text_that_is_left_out_says_where_it_is() {
    let mut page = example::page();
    let last = page.nodes.iter().position(|n| n.name == "host/worker-2/kubelet.service").expect("a node");
    page.nodes[last].text = Text::Withheld("It is left out.");
    let Some((_folder, browser)) = opened(&page) else { return };
    browser.value::<()>("void (location.hash = '#node/host/worker-2/kubelet.service')");
    browser.waits_for("document.querySelector('#panel h2')?.textContent === 'host/worker-2/kubelet.service'");
    let said = browser.text("#panel .withheld");
    assert_eq!(
        said,
        "It is left out. kthw show host/worker-2/kubelet.service prints it as the folder is now. That of worker-1 is here."
    );
    browser.value::<()>("document.querySelector('#panel .withheld a').click()");
    browser.waits_for("document.querySelector('#panel h2').textContent === 'host/worker-1/kubelet.service'");
    assert!(browser.text("#panel pre:not(.diff)").starts_with("# unit"));
    browser.value::<()>("void (location.hash = '#node/pki/ca/key')");
    browser.waits_for("document.querySelector('#panel h2').textContent === 'pki/ca/key'");
    assert_eq!(browser.text("#panel .withheld").trim(), "It is a secret.", "no command prints it");
}
