//! Measures the pure parts of the engine: reading, planning and signing.

mod certificates;
mod load;
mod plan;
mod w5k;

criterion::criterion_group!(engine, load::bench, plan::bench, certificates::bench);
criterion::criterion_main!(engine);
