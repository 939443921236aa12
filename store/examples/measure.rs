//! Measures a store: `cargo run --release -p kthw-store --example measure -- FOLDER`.
#![expect(clippy::disallowed_macros, reason = "a program that prints its findings")]

use std::time::Instant;

use camino::Utf8Path;
use kthw_store::{ActionDigest, Batch, Digest, Output, Record, RecordEntry, Store, StoreError};

const NODES: u32 = 50_000;
const BATCH: u32 = 4_000;

fn main() -> Result<(), StoreError> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "/tmp/kthw-measure".to_owned());
    let root = Utf8Path::new(&folder).join("store");
    let started = Instant::now();
    let store = Store::open(&root)?;
    report("open a new store", started);

    let started = Instant::now();
    let mut batch = Batch::new();
    for i in 0..NODES {
        batch.public(action(i), content(i, 400), content(i, 500 + (i as usize * 7) % 2000));
        if batch.len() as u32 == BATCH {
            store.commit(std::mem::take(&mut batch))?;
        }
    }
    store.commit(batch)?;
    report("commit 50,000 realisations", started);

    let started = Instant::now();
    let found = (0..NODES).filter_map(|i| store.realisation(&action(i)).transpose());
    let outputs = found.collect::<Result<Vec<Output>, _>>()?;
    report("look up 50,000 realisations", started);

    let started = Instant::now();
    for output in &outputs {
        if let Output::Public(digest) = output {
            store.get(digest)?.expect("it was stored");
        }
    }
    report("get 50,000 blobs", started);

    let entry = |i| RecordEntry {
        name: format!("host/worker-node-{i}/etc/kubernetes/kubelet.yaml"),
        action: action(i),
        output: outputs[i as usize],
    };
    let record = Record { entries: (0..NODES).map(entry).collect() };
    let started = Instant::now();
    let bytes = record.encode().expect("names are short");
    report("encode 50,000 entries", started);
    let started = Instant::now();
    Record::decode(&bytes).expect("it was encoded");
    report("decode 50,000 entries", started);
    let started = Instant::now();
    store.append_root("build", &record)?;
    report("append a root of 50,000", started);

    let started = Instant::now();
    drop(store);
    report("close", started);
    let started = Instant::now();
    let store = Store::open(&root)?;
    store.latest_root("build")?;
    store.forget_missing_files()?;
    report("open again, look at the root", started);

    let started = Instant::now();
    let mut writer = store.writer()?;
    let chunk = content(1, 1 << 20);
    for _ in 0..1024 {
        writer.append(&chunk)?;
    }
    report("write 1 GiB", started);
    let written = writer.finish()?;
    report("… with sync", started);
    drop(store);

    let started = Instant::now();
    let store = Store::open(&root)?;
    store.verify(&mut |_, _| {})?;
    report("verify", started);
    drop(store);
    let started = Instant::now();
    let collected = kthw_store::collect(&root, 0, false)?;
    report("collect all", started);
    println!("{collected:?} {}", written.sha256);
    Ok(())
}

fn action(i: u32) -> ActionDigest {
    ActionDigest::from_bytes(*Digest::of(&i.to_le_bytes()).as_bytes())
}

fn content(seed: u32, size: usize) -> Vec<u8> {
    let line = format!("{} = {seed}\n", Digest::of(&seed.to_le_bytes()));
    line.bytes().cycle().take(size).collect()
}

fn report(what: &str, started: Instant) {
    println!("{:>9.3} s  {what}", started.elapsed().as_secs_f64());
}
