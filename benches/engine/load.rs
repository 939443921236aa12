//! From the text of a cluster file to the decided cluster.

use criterion::{Criterion, Throughput};
use kthw::spec;

use super::w5k::{self, WORKERS};

pub fn bench(criterion: &mut Criterion) {
    let text = w5k::text(WORKERS);
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10).throughput(Throughput::Elements(WORKERS.into()));
    group.bench_function("hosts", |bencher| bencher.iter(|| spec::load(&text).is_ok()));
    group.finish();
}
