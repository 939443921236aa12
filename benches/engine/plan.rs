//! From the decided cluster to the graph, and the description of each of its nodes.

use criterion::{Criterion, Throughput};
use kthw::artifact::Artifact;
use kthw_graph::{Action as _, Encoder, Graph};

use super::w5k::{self, WORKERS};

pub fn bench(criterion: &mut Criterion) {
    let (cluster, lock, root) = (w5k::cluster(WORKERS), w5k::lock(), w5k::root());
    let plan = w5k::planned(&cluster, &lock, &root);
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(10).throughput(Throughput::Elements(plan.graph.len() as u64));
    group.bench_function("nodes", |bencher| {
        bencher.iter_with_large_drop(|| w5k::planned(&cluster, &lock, &root));
    });
    group.bench_function("descriptions", |bencher| bencher.iter(|| describe(&plan.graph)));
    group.finish();
}

/// The bytes of all descriptions, without the identities of inputs, which only a session knows.
fn describe(graph: &Graph<Artifact>) -> usize {
    let mut encoder = Encoder::default();
    let describe = |id| {
        let action = &graph.node(id).action;
        encoder.begin(&action.kind());
        action.describe(&mut encoder);
        encoder.digest();
        encoder.bytes().len()
    };
    graph.order().iter().copied().map(describe).sum()
}
