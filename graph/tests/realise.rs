//! What a session promises, tried with actions that only add up bytes.

#![expect(clippy::disallowed_methods, reason = "the test looks into the store's files")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use camino::Utf8Path;
use kthw_graph::{
    Action, ActionError, Content, Event, Executor, Goal, Graph, GraphBuilder, GraphProblem, Job, Kind,
    Limits, Manifest, NodeFailure, NodeName, Origin, Outcome, Reads, Resource, Secret, Session, SessionError,
    Slot, Transfer, Yields,
};
use kthw_store::{Digest, Output, Store};

/// Yields its text followed by what it reads, cut to `keep` bytes.
#[derive(Clone)]
struct Add {
    text: String,
    keep: usize,
    yields: Yields,
    reads: Reads,
    resource: Resource,
}

fn add(text: &str) -> Add {
    Add {
        text: text.into(),
        keep: usize::MAX,
        yields: Yields::Public,
        reads: Reads::Contents,
        resource: Resource::Cpu,
    }
}

impl Action for Add {
    fn kind(&self) -> Kind {
        let Self { yields, reads, resource, .. } = *self;
        Kind { name: "add", version: 1, yields, reads, resource }
    }

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("text", &self.text, Origin::Program);
        manifest.number("keep", self.keep as u64, Origin::Program);
    }
}

/// Counts how often each node ran and how many ran at once.
#[derive(Default)]
struct Adder {
    runs: Mutex<HashMap<String, usize>>,
    running: AtomicUsize,
    peak: AtomicUsize,
    /// Different on every call, as a clock would be.
    tick: AtomicUsize,
}

impl Adder {
    fn begin(&self, name: &NodeName) {
        *self.runs.lock().expect("no test panics here").entry(name.to_string()).or_default() += 1;
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(running, Ordering::SeqCst);
    }

    fn end(&self) {
        self.running.fetch_sub(1, Ordering::SeqCst);
    }

    fn runs(&self, name: &str) -> usize {
        self.runs.lock().expect("no test panics here").get(name).copied().unwrap_or(0)
    }
}

fn add_up(adder: &Adder, job: &Job<'_, Add>) -> Result<Vec<u8>, ActionError> {
    if job.action.text == "fail" {
        return Err("it was told to".into());
    }
    if job.action.text == "clock" {
        return Ok(adder.tick.fetch_add(1, Ordering::SeqCst).to_string().into_bytes());
    }
    let mut bytes = job.action.text.clone().into_bytes();
    if job.action.yields == Yields::Secret && job.inputs.is_empty() {
        bytes = derived(&job.action.text);
    }
    for input in &job.inputs {
        match &input.content {
            Some(Content::Public(content)) => bytes.extend_from_slice(content),
            Some(Content::Secret(content)) => bytes.extend_from_slice(content.expose()),
            Some(Content::Stored(blob)) => bytes.extend(blob.as_bytes()),
            None => bytes.extend(input.output.to_bytes()),
        }
    }
    bytes.truncate(job.action.keep);
    Ok(bytes)
}

/// A secret is not its description: it is derived from it.
fn derived(text: &str) -> Vec<u8> {
    Digest::of(text.as_bytes()).to_hex().into_bytes()
}

/// Lets the tests keep hold of the adder.
struct Shared(Arc<Adder>, Arc<Store>);

impl Executor<Add> for Shared {
    fn compute(&self, job: &Job<'_, Add>) -> Result<Content, ActionError> {
        self.0.begin(job.name);
        let bytes = add_up(&self.0, job);
        self.0.end();
        Ok(match job.action.yields {
            Yields::Secret => Content::secret(bytes?),
            Yields::Pinned => Content::Stored(self.1.put(&bytes?)?),
            _ => Content::public(bytes?),
        })
    }

    async fn transfer(
        &self,
        job: Job<'_, Add>,
        progress: &(dyn Fn(Transfer) + Send + Sync),
    ) -> Result<Content, ActionError> {
        self.0.begin(job.name);
        progress(Transfer { bytes: 1, total: Some(1) });
        tokio::time::sleep(Duration::from_millis(5)).await;
        let bytes = add_up(&self.0, &job);
        self.0.end();
        Ok(Content::Stored(self.1.put(&bytes?)?))
    }
}

/// Builds a graph from lines of name, action and the names of its inputs.
fn graph(lines: &[(&str, Add, &[&str])]) -> Result<Graph<Add>, Vec<GraphProblem>> {
    let mut builder = GraphBuilder::default();
    let name = |text: &str| NodeName::new(text).expect("tests use good names");
    for (node, action, inputs) in lines {
        let inputs: Vec<(Slot, _)> =
            inputs.iter().map(|input| (Slot::from((*input).to_owned()), builder.name(name(input)))).collect();
        let id = builder.name(name(node));
        builder.define(id, action.clone(), inputs);
    }
    builder.seal()
}

/// A store in a folder of its own, and what happened there.
struct Bench {
    folder: tempfile::TempDir,
    adder: Arc<Adder>,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), adder: Arc::default() }
    }

    fn store(&self) -> Arc<Store> {
        let path = Utf8Path::from_path(self.folder.path()).expect("UTF-8").join("store");
        Arc::new(Store::open(&path).expect("a store"))
    }

    fn session(&self, graph: Graph<Add>) -> Arc<Session<Add, Shared>> {
        let store = self.store();
        let previous = store.latest_root("test").expect("roots").map(|(_, record)| record);
        let previous = previous.and_then(|record| store.record(&record).expect("record"));
        let executor = Shared(Arc::clone(&self.adder), Arc::clone(&store));
        Arc::new(Session::new(Arc::new(graph), store, executor, Secret::new([7; 32]), previous))
    }

    /// Realises all of a graph and keeps the record.
    fn build(&self, graph: Graph<Add>, goal: Goal) -> Result<Built, SessionError> {
        let session = self.session(graph);
        let all: Vec<_> = session.graph().order().to_vec();
        let outcome = runtime().block_on(session.realise(goal, &all, LIMITS, Arc::new(|_: Event<'_>| {})))?;
        session.store().append_root("test", &session.record()).expect("a root");
        Ok(Built { session, outcome })
    }
}

const LIMITS: Limits = Limits { cpu: 2, network: 2, disk: 1 };

struct Built {
    session: Arc<Session<Add, Shared>>,
    outcome: Outcome,
}

impl Built {
    fn executed(&self) -> Vec<String> {
        let name = |id| self.session.graph().node(id).name.to_string();
        self.outcome.executed.iter().copied().map(name).collect()
    }

    fn output(&self, name: &str) -> Output {
        let id = self.session.graph().find(name).expect("a node of this name");
        self.session.realised(id).expect("a realised node").output
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        let id = self.session.graph().find(name).expect("a node of this name");
        match self.session.content(id).expect("its content") {
            Content::Public(bytes) => bytes.to_vec(),
            Content::Secret(bytes) => bytes.expose().clone(),
            Content::Stored(_) => panic!("not inline"),
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
}

fn sealed(lines: &[(&str, Add, &[&str])]) -> Graph<Add> {
    graph(lines).expect("a graph")
}

#[test]
fn a_second_build_executes_nothing() {
    let bench = Bench::new();
    let lines: &[(&str, Add, &[&str])] =
        &[("a", add("a"), &[]), ("b", add("b"), &["a"]), ("c", add("c"), &["a", "b"])];
    let first = bench.build(sealed(lines), Goal::Identify).expect("first");
    assert_eq!(first.executed(), ["a", "b", "c"]);
    assert_eq!(first.bytes("c"), b"caba");
    let outputs = first.output("c");
    drop(first);
    let second = bench.build(sealed(lines), Goal::Identify).expect("second");
    assert_eq!((second.executed().len(), second.outcome.reused), (0, 3));
    assert_eq!(second.output("c"), outputs);
}

#[test]
fn what_is_derived_is_known_and_not_kept() {
    let bench = Bench::new();
    let lines = |far: &str| {
        let derived = Add { yields: Yields::Derived, ..add("b") };
        sealed(&[("a", add("a"), &[]), ("derived", derived, &["a"]), ("far", add(far), &["derived"])])
    };
    let first = bench.build(lines("c"), Goal::Identify).expect("first");
    assert_eq!((first.bytes("derived"), first.bytes("far")), (b"ba".to_vec(), b"cba".to_vec()));
    let Output::Public(digest) = first.output("derived") else { panic!("anyone may see it") };
    assert_eq!(first.session.store().get(&digest).expect("a look"), None);
    drop(first);
    let second = bench.build(lines("c"), Goal::Identify).expect("second");
    assert_eq!((second.executed().len(), second.bytes("derived")), (0, b"ba".to_vec()));
    drop(second);
    // Whoever reads it has it made again, and no other does.
    let third = bench.build(lines("d"), Goal::Identify).expect("third");
    assert_eq!((third.executed(), third.bytes("far")), (vec!["far".to_owned()], b"dba".to_vec()));
    assert_eq!(bench.build(lines("d"), Goal::Check).expect("a check").executed().len(), 3);
}

#[test]
fn an_unchanged_output_stops_the_rebuild() {
    let bench = Bench::new();
    let lines = |text: &str| {
        let cut = Add { keep: 1, ..add("x") };
        sealed(&[("source", add(text), &[]), ("cut", cut, &["source"]), ("far", add("far"), &["cut"])])
    };
    bench.build(lines("one"), Goal::Identify).expect("first");
    let second = bench.build(lines("two"), Goal::Identify).expect("second");
    assert_eq!(second.executed(), ["source", "cut"], "what `cut` yields is the same, so `far` is fresh");
}

#[test]
fn a_change_reaches_what_is_made_from_it_and_nothing_else() {
    let bench = Bench::new();
    let lines = |text: &str| {
        sealed(&[
            ("left", add(text), &[]),
            ("right", add("right"), &[]),
            ("top", add("top"), &["left"]),
            ("other", add("other"), &["right"]),
        ])
    };
    bench.build(lines("1"), Goal::Identify).expect("first");
    assert_eq!(bench.build(lines("2"), Goal::Identify).expect("second").executed(), ["left", "top"]);
    assert!(bench.build(lines("1"), Goal::Identify).expect("back").executed().is_empty(), "it is known");
}

#[test]
fn the_order_of_definition_changes_no_output() {
    let forward = &[("a", add("a"), &[] as &[&str]), ("b", add("b"), &["a"]), ("c", add("c"), &["b", "a"])];
    let mut backward = forward.to_vec();
    backward.reverse();
    let one = Bench::new().build(sealed(forward), Goal::Identify).expect("forward").output("c");
    let two = Bench::new().build(sealed(&backward), Goal::Identify).expect("backward").output("c");
    assert_eq!(one, two);
}

#[test]
fn nodes_with_the_same_action_share_one_execution() {
    let bench = Bench::new();
    let secret = Add { yields: Yields::Secret, ..add("key") };
    let lines: &[(&str, Add, &[&str])] = &[
        ("one", add("same"), &[]),
        ("two", add("same"), &[]),
        ("key-one", secret.clone(), &[]),
        ("key-two", secret, &[]),
        (
            "after",
            Add { yields: Yields::Declassified, ..add("after:") },
            &["one", "two", "key-one", "key-two"],
        ),
    ];
    let built = bench.build(sealed(lines), Goal::Identify).expect("a build");
    assert_eq!(built.outcome.executed.len(), 3);
    assert_eq!(built.output("one"), built.output("two"));
    let key = derived("key");
    assert_eq!(built.bytes("after"), [b"after:", &key[..], &key[..], b"same", b"same"].concat());
    assert_eq!(["one", "two"].map(|name| bench.adder.runs(name)).iter().sum::<usize>(), 1);
}

#[test]
fn a_failure_names_the_node_and_keeps_what_was_done() {
    let bench = Bench::new();
    let lines = |text: &str| {
        sealed(&[("good", add("good"), &[]), ("bad", add(text), &["good"]), ("after", add("x"), &["bad"])])
    };
    let error = bench.build(lines("fail"), Goal::Identify).err().expect("a failure");
    assert_eq!(error.to_string(), "bad: it was told to");
    assert_eq!(bench.build(lines("ok"), Goal::Identify).expect("mended").executed(), ["bad", "after"]);
}

#[test]
fn secrets_are_made_again_and_never_stored() {
    let bench = Bench::new();
    let secret = Add { yields: Yields::Secret, ..add("the key") };
    let sealed_too = Add { yields: Yields::Secret, ..add("wrapped:") };
    let shown = Add { yields: Yields::Declassified, keep: 5, ..add("cert:") };
    let lines: &[(&str, Add, &[&str])] =
        &[("key", secret, &[]), ("config", sealed_too, &["key"]), ("cert", shown, &["key"])];
    let key = derived("the key");
    let first = bench.build(sealed(lines), Goal::Identify).expect("first");
    assert!(matches!(first.output("key"), Output::Secret(_)));
    assert_eq!(first.bytes("config"), [b"wrapped:", &key[..]].concat());
    drop(first);
    let second = bench.build(sealed(lines), Goal::Identify).expect("second");
    assert!(second.executed().is_empty());
    assert_eq!(second.bytes("config"), [b"wrapped:", &key[..]].concat(), "derived once more on request");
    drop(second);
    assert_eq!(grep(bench.folder.path(), &key), Vec::<std::path::PathBuf>::new());
    std::fs::write(bench.folder.path().join("planted"), &key).expect("write");
    assert_eq!(grep(bench.folder.path(), &key).len(), 1, "the search does find things");
}

fn grep(folder: &std::path::Path, needle: &[u8]) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read(&path).expect("a file").windows(needle.len()).any(|w| w == needle) {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn a_lost_blob_is_made_again_when_it_is_read() {
    let bench = Bench::new();
    let lines: &[(&str, Add, &[&str])] = &[("a", add("a"), &[]), ("b", add("b"), &["a"])];
    let built = bench.build(sealed(lines), Goal::Identify).expect("first");
    for name in ["a", "b"] {
        let Output::Public(digest) = built.output(name) else { panic!("public") };
        built.session.store().discard(&digest).expect("discard");
    }
    assert_eq!(built.bytes("b"), b"ba");
}

#[test]
fn what_is_pinned_is_known_before_it_is_fetched() {
    let bench = Bench::new();
    let download = Add { yields: Yields::Pinned, resource: Resource::Network, ..add("etcd.tar") };
    let member = Add { yields: Yields::Pinned, resource: Resource::Disk, ..add("etcd") };
    let bundle = Add { reads: Reads::Identities, ..add("bundle") };
    let lines: &[(&str, Add, &[&str])] =
        &[("tar", download, &[]), ("etcd", member, &["tar"]), ("bundle", bundle, &["etcd"])];
    let first = bench.build(sealed(lines), Goal::Identify).expect("identify");
    assert_eq!(first.executed(), ["bundle"]);
    let bundle = first.output("bundle");
    let etcd = first.session.graph().find("etcd").expect("etcd");
    let missing = first.session.content(etcd).err().expect("not here");
    assert!(matches!(missing, NodeFailure::NotFetched { .. }), "{missing}");
    drop(first);
    let fetched = bench.build(sealed(lines), Goal::Fetch).expect("fetch");
    assert_eq!(fetched.executed(), ["tar", "etcd"]);
    assert_eq!(fetched.output("bundle"), bundle, "fetching changes no identity");
    drop(fetched);
    assert!(bench.build(sealed(lines), Goal::Fetch).expect("again").executed().is_empty());
}

#[test]
fn a_check_finds_what_is_not_reproducible() {
    let bench = Bench::new();
    let lines: &[(&str, Add, &[&str])] = &[("steady", add("s"), &[]), ("fickle", add("clock"), &[])];
    bench.build(sealed(lines), Goal::Identify).expect("first");
    let error = bench.build(sealed(lines), Goal::Check).err().expect("a difference");
    let SessionError::Nodes(failures) = error else { panic!("{error}") };
    assert!(matches!(&failures[..], [NodeFailure::Irreproducible { name, .. }] if name.as_str() == "fickle"));
}

#[test]
fn limits_hold_for_each_resource() {
    let bench = Bench::new();
    let download = |text: &str| Add { yields: Yields::Pinned, resource: Resource::Network, ..add(text) };
    let names: Vec<String> = (0..12).map(|n| format!("d{n}")).collect();
    let lines: Vec<(&str, Add, &[&str])> =
        names.iter().map(|name| (&**name, download(name), &[] as &[&str])).collect();
    bench.build(sealed(&lines), Goal::Fetch).expect("fetched");
    assert_eq!(bench.adder.peak.load(Ordering::SeqCst), LIMITS.network);
}

#[test]
fn two_builds_at_once_execute_each_action_once() {
    let bench = Bench::new();
    let names: Vec<String> = (0..200).map(|n| format!("n{n}")).collect();
    let lines: Vec<(&str, Add, &[&str])> =
        names.iter().map(|name| (&**name, add(name), &[] as &[&str])).collect();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| bench.build(sealed(&lines), Goal::Identify).expect("a build"));
        }
    });
    assert!(names.iter().all(|name| bench.adder.runs(name) == 1));
}

#[test]
fn a_long_chain_and_a_wide_fan_are_no_trouble() {
    const N: usize = 20_000;
    let names: Vec<String> = (0..N).map(|n| format!("n{n}")).collect();
    let keep = |text: &str| Add { keep: 8, ..add(text) };
    let before: Vec<[&str; 1]> = (0..N).map(|n| [names[n.saturating_sub(1)].as_str()]).collect();
    let chain: Vec<(&str, Add, &[&str])> =
        (0..N).map(|n| (&*names[n], keep("c"), if n == 0 { &[] as &[&str] } else { &before[n] })).collect();
    let bench = Bench::new();
    assert_eq!(bench.build(sealed(&chain), Goal::Identify).expect("chain").outcome.executed.len(), N);

    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut fan: Vec<(&str, Add, &[&str])> = names.iter().map(|n| (&**n, keep(n), &[] as &[&str])).collect();
    fan.push(("all", keep("all"), &all));
    assert_eq!(Bench::new().build(sealed(&fan), Goal::Identify).expect("fan").outcome.executed.len(), N + 1);
}

#[test]
fn a_long_chain_of_secrets_is_derived_without_recursion() {
    const N: usize = 20_000;
    let names: Vec<String> = (0..N).map(|n| format!("n{n}")).collect();
    let before: Vec<[&str; 1]> = (0..N).map(|n| [names[n.saturating_sub(1)].as_str()]).collect();
    let link = Add { yields: Yields::Secret, keep: 8, ..add("s") };
    let chain: Vec<(&str, Add, &[&str])> = (0..N)
        .map(|n| (&*names[n], link.clone(), if n == 0 { &[] as &[&str] } else { &before[n] }))
        .collect();
    let bench = Bench::new();
    drop(bench.build(sealed(&chain), Goal::Identify).expect("first"));
    let again = bench.build(sealed(&chain), Goal::Identify).expect("again");
    assert_eq!(again.bytes(&names[N - 1]), b"ssssssss");
}

#[test]
fn a_cycle_is_shown_with_its_whole_path() {
    let problems = graph(&[
        ("a", add("a"), &["b"]),
        ("b", add("b"), &["c"]),
        ("c", add("c"), &["a"]),
        ("d", add("d"), &["d"]),
    ])
    .err()
    .expect("cycles");
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["these nodes need each other: a → b → c → a", "these nodes need each other: d → d"]);
}

#[test]
fn gaps_doubles_and_leaks_are_refused_together() {
    let secret = Add { yields: Yields::Secret, ..add("s") };
    let problems = graph(&[
        ("a", add("a"), &["nowhere"]),
        ("b", add("b"), &[]),
        ("b", add("b"), &[]),
        ("s", secret, &[]),
        ("p", add("p"), &["s"]),
        ("q", add("q"), &["b", "b"]),
    ])
    .err()
    .expect("problems");
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(texts.join("\n"));
}
