//! `kthw init`: write a new cluster folder and build it. It asks nothing.

use std::sync::Arc;

use super::{build, lock, output};
use crate::cli::{Build, Init, Preset};
use crate::failure::Failure;
use crate::opened::read_cluster;
use crate::plan;
use crate::root::RootSecret;
use crate::sources::{Folder, LOCK, PRIVATE, SPEC};
use crate::spec::presets;
use crate::sys::{entropy, files};
use crate::territory::Territory;
use crate::ui::{Diagnostic, Ui};
use crate::upstream;

pub fn run(folder: &Folder, args: Init, ui: &Ui) -> Result<(), Failure> {
    let folder = match args.destination {
        Some(path) => folder.within(&path),
        None => folder.clone(),
    };
    if files::exists(&folder.join(LOCK)) {
        let error = Diagnostic::error(format!("{} exists already", folder.join(LOCK)));
        let help = "name a new folder, or `kthw build` what is there";
        return Err(Failure::wrong_input(vec![error.help(Some(help))]));
    }
    let territory = Territory::of(&folder);
    [SPEC, LOCK, ".gitignore", ".gitattributes"]
        .iter()
        .try_for_each(|name| territory.check_input(&folder.join(name)))?;
    // A cluster's file that somebody has written already is what they want.
    let written = files::read_text(&folder.join(SPEC))?;
    let spec: Arc<str> = match (&written, args.preset) {
        (Some(text), _) => text.clone(),
        (None, Preset::Production) => presets::PRODUCTION.to_owned(),
        (None, Preset::Single) => presets::SINGLE.to_owned(),
        (None, Preset::Cilium) => presets::CILIUM.to_owned(),
        (None, Preset::HaIpvs) => presets::HA_IPVS.to_owned(),
        (None, Preset::HaHaproxy) => presets::HA_HAPROXY.to_owned(),
    }
    .into();
    // The build that follows says what there is to warn of.
    let (cluster, _) = read_cluster("", &spec).map_err(Failure::wrong_input)?;
    create_root(&folder)?;
    let mut pins = lock::new_lock(&folder, &cluster.name)?;
    pins.set_pins(plan::needs(&cluster).iter().filter_map(upstream::published));
    ensure_lines(&folder, ".gitignore", &[&format!("{PRIVATE}/")])?;
    ensure_lines(&folder, ".gitattributes", &ATTRIBUTES)?;
    if written.is_none() {
        output::write_input(&folder, SPEC, &spec)?;
    }
    // Last, so that a folder with a lock is a whole cluster folder.
    output::write_input(&folder, LOCK, &pins.render())?;
    ui.message(format!(
        "wrote {SPEC}, {LOCK} and the root secret {} (keep a copy of it)",
        folder.private_root()
    ));
    build::run(folder, Build::default(), ui)
}

/// A root secret that is there already, say from a first try, stays.
fn create_root(folder: &Folder) -> Result<(), Failure> {
    let private = folder.private();
    if files::is_link(&private) {
        let error =
            Diagnostic::error(format!("{private} is a link, and the root secret would be where it leads"));
        let help = "remove it: that folder is made here, for its owner alone";
        return Err(Failure::wrong_input(vec![error.help(Some(help))]));
    }
    folder.create_private()?;
    let root = RootSecret::new(entropy::random().map_err(Failure::failed)?);
    files::create(&folder.private_root(), root.render().expose().as_bytes(), 0o600)?;
    Ok(())
}

/// Golden files are compared byte for byte, so that git is to change no line ending in them; the list of all nodes is for
/// programs, and forges fold it.
const ATTRIBUTES: [&str; 2] = ["snapshots/** -text", "snapshots/graph.txt linguist-generated"];

/// Adds the lines that a file lacks, whatever else it holds.
fn ensure_lines(folder: &Folder, name: &str, lines: &[&str]) -> Result<(), Failure> {
    let before = files::read_text(&folder.join(name))?.unwrap_or_default();
    let is_there = |line: &&&str| before.lines().any(|found| found.trim() == **line);
    let missing: String =
        lines.iter().filter(|line| !is_there(line)).map(|line| format!("{line}\n")).collect();
    if !missing.is_empty() {
        let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
        output::write_input(folder, name, &format!("{before}{gap}{missing}"))?;
    }
    Ok(())
}
