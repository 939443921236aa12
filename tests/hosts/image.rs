//! Images of containers, made here: a file or two of this machine, and what they are called.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde_json::json;
use sha2::{Digest as _, Sha256};

/// Writes an archive that `ctr images import` reads: an image with these files, and links to the first by other names.
pub fn write(archive: &Path, name: &str, entrypoint: &[&str], files: &[(&Path, &str)], links: &[&str]) {
    let mut layer = tar::Builder::new(Vec::new());
    for (file, place) in files {
        add(&mut layer, place, &fs::read(file).expect("a file of ours"));
    }
    for link in links {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        layer.append_link(&mut header, link, Path::new("/").join(files[0].1)).expect("in memory");
    }
    let layer = layer.into_inner().expect("in memory");
    let config = json!({
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": entrypoint, "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{}", sha256(&layer))]},
    });
    let config = config.to_string();
    let place = format!("{}.json", sha256(config.as_bytes()));
    let manifest = json!([{"Config": place, "RepoTags": [name], "Layers": ["layer.tar"]}]);
    let mut image = tar::Builder::new(File::create(archive).expect("our own folder"));
    add(&mut image, &place, config.as_bytes());
    add(&mut image, "layer.tar", &layer);
    add(&mut image, "manifest.json", manifest.to_string().as_bytes());
    image.into_inner().expect("our own folder");
}

fn add(archive: &mut tar::Builder<impl Write>, path: &str, bytes: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o755);
    archive.append_data(&mut header, path, bytes).expect("it is written");
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
