//! A key with its certificate, signed by the cluster's authority, on one thread.

use std::collections::HashMap;

use criterion::{Criterion, Throughput};
use kthw::artifact::{Artifact, Ingredients};
use kthw::imported::ImportedKeys;
use kthw::root::RootSecret;
use kthw_graph::{Action as _, Content, Encoder, Graph, Job, JobInput, NodeId};
use kthw_store::{Digest, Mac, Output};

use super::w5k;

/// How many are made in each round.
const WORKERS: u32 = 50;

pub fn bench(criterion: &mut Criterion) {
    let (cluster, lock, root) = (w5k::cluster(WORKERS), w5k::lock(), w5k::root());
    let graph = w5k::planned(&cluster, &lock, &root).graph;
    let mut maker = Maker { graph: &graph, root: &root, made: HashMap::new() };
    maker.make("pki/ca/key");
    maker.make("pki/ca/cert");
    let pairs = (1..=WORKERS)
        .flat_map(|n| ["key", "cert"].map(|part| format!("host/worker-node-{n}/pki/kubelet-server/{part}")));
    let pairs: Vec<String> = pairs.collect();
    let mut group = criterion.benchmark_group("certificates");
    group.throughput(Throughput::Elements(WORKERS.into()));
    group.bench_function("pairs", |bencher| bencher.iter(|| pairs.iter().for_each(|name| maker.make(name))));
    group.finish();
}

/// Makes nodes one after the other and keeps what it made.
struct Maker<'a> {
    graph: &'a Graph<Artifact>,
    root: &'a RootSecret,
    made: HashMap<NodeId, Content>,
}

impl Maker<'_> {
    fn make(&mut self, name: &str) {
        let id = self.graph.find(name).expect("the plan holds what is measured");
        let job = self.job(id);
        let content = job.action.make(&Ingredients::new(&job, self.root, &ImportedKeys::default()));
        self.made.insert(id, content.expect("the plan is sound"));
    }

    fn job(&self, id: NodeId) -> Job<'_, Artifact> {
        let node = self.graph.node(id);
        let mut encoder = Encoder::default();
        encoder.begin(&node.action.kind());
        node.action.describe(&mut encoder);
        let input = |(slot, input): &(kthw_graph::Slot, NodeId)| {
            let content = self.made[input].clone();
            let (name, output) = (self.graph.node(*input).name.clone(), output(&content));
            JobInput { slot: slot.clone(), name, output, content: Some(content) }
        };
        let inputs: Vec<JobInput> = node.inputs.iter().map(input).collect();
        for input in &inputs {
            encoder.input(&input.slot, input.output);
        }
        Job { name: &node.name, action: &node.action, digest: encoder.digest(), inputs }
    }
}

/// Names contents by their bytes; the key of a secret's MAC makes no difference here.
fn output(content: &Content) -> Output {
    match content {
        Content::Public(bytes) => Output::Public(Digest::of(bytes)),
        Content::Secret(bytes) => Output::Secret(Mac::from_bytes(*Digest::of(bytes.expose()).as_bytes())),
        Content::Stored(blob) => Output::Public(*blob),
    }
}
