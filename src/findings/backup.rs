//! Copies of etcd and of hosts that are taken no more, kept for a shorter time, or kept elsewhere.

use super::Decisions;
use super::finding::{Finding, Kind, field};
use crate::cluster::{Backup, Layer};
use crate::diff::Inputs;
use crate::names;

pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let [old, new] = decisions.clusters.map(|cluster| cluster.etcd.backup.as_ref());
    let Some(old) = old else { return Vec::new() };
    let found = match new {
        None => vec![gone(old)],
        Some(new) => changed(old, new),
    };
    let causes = field(inputs, "etcd.backup");
    found.into_iter().map(|finding| finding.because(causes.clone())).collect()
}

fn gone(old: &Backup) -> Finding {
    let what = format!(
        "no copies of etcd are taken from now on: what happens after the last one in {} cannot be restored",
        old.directory
    );
    Finding::new(Kind::Lasting, what, "keep etcd.backup, unless something else takes copies")
}

fn changed(old: &Backup, new: &Backup) -> Vec<Finding> {
    let mut found = Vec::new();
    let later = |layer: &Layer| new.layers.iter().find(|other| other.kind == layer.kind);
    let stopped = old.layers.iter().filter(|layer| later(layer).is_none());
    let stopped: Vec<&str> = stopped.map(|layer| layer.kind.as_str()).collect();
    if !stopped.is_empty() {
        let layers = names::first_few(stopped);
        let what =
            format!("copies of {layers} are taken no more, and those that are there are never deleted");
        let advice = format!("delete them below {} once nobody needs them", old.directory);
        found.push(Finding::new(Kind::Lasting, what, advice));
    }
    let is_shorter = |layer: &&Layer| later(layer).is_some_and(|later| later.keep < layer.keep);
    let shorter: Vec<&str> = old.layers.iter().filter(is_shorter).map(|layer| layer.kind.as_str()).collect();
    if old.directory == new.directory && !shorter.is_empty() {
        let layers = names::first_few(shorter);
        let what = format!(
            "copies of {layers} are kept for a shorter time: the next run deletes all that are older"
        );
        found.push(Finding::new(Kind::Lasting, what, "move elsewhere what is worth keeping first"));
    }
    if old.directory != new.directory {
        let what = format!(
            "copies are in {} from now on: those in {} stay there, and nobody deletes them",
            new.directory, old.directory
        );
        let advice = format!(
            "see that the disk of {} has room, and on each host move or delete what is in {}",
            new.directory, old.directory
        );
        found.push(Finding::new(Kind::ByHand, what, advice));
    }
    if old.off_site.is_some() && new.off_site.is_none() {
        let what = "copies leave their hosts no more: whoever loses a disk loses the copies on it";
        found.push(Finding::new(
            Kind::Lasting,
            what,
            "keep etcd.backup.offSite, unless something else takes them away",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use crate::rollout::Trial;

    #[test]
    fn copies_that_go_are_told() {
        let check = |from: &str, to: &str, kind: Kind, part: &str| {
            let change = |text: String| {
                assert!(text.contains(from), "{from}");
                text.replace(from, to)
            };
            let told = |trial: Trial| {
                let findings = trial.rollout().findings;
                findings.into_iter().find(|finding| finding.what.contains(part))
            };
            let found = told(Trial::of("production").after(change)).expect(part);
            assert!(found.kind == kind && !found.causes.is_empty(), "{found:?}");
            assert_eq!(told(Trial::of("production").before(change)).filter(|_| kind == Kind::Lasting), None);
        };
        check("keep: 720h", "keep: 700h", Kind::Lasting, "copies of daily are kept for a shorter time");
        check("directory: /srv/backup", "directory: /srv/other", Kind::ByHand, "those in /srv/backup stay");
        let off_site = "    offSite: {command: /usr/local/bin/copy-off-site}\n";
        check(off_site, "", Kind::Lasting, "copies leave their hosts no more");
        let section = |text: String| {
            let (before, rest) = text.split_once("  backup:\n").expect("copies");
            let (_, after) = rest.split_once("\n\n").expect("another section");
            format!("{before}\n{after}")
        };
        let findings = Trial::of("production").after(section).rollout().findings;
        let found = findings.iter().find(|finding| finding.what.starts_with("no copies of etcd"));
        assert!(
            found.is_some_and(|found| found.kind == Kind::Lasting && !found.causes.is_empty()),
            "{findings:#?}"
        );
    }
}
