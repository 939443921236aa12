//! Flags that kthw gives to a program of another version, or gives no more.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Decisions;
use crate::diff::{Area, Causes, Decider, Differences};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlagChange {
    pub unit: String,
    pub added: Vec<String>,
    pub dropped: Vec<String>,
}

/// The flags that nobody wrote and that came or went; none where no version changed.
pub fn changes(decisions: &Decisions<'_>, differences: &Differences, causes: &Causes<'_>) -> Vec<FlagChange> {
    let [before, after] = decisions.clusters;
    if before.versions == after.versions {
        return Vec::new();
    }
    let mut found: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for group in differences.groups.iter().filter(|group| group.area == Area::Host) {
        let (Some(_), Some(file), Some(unit)) =
            (group.holders[0].before, group.holders[0].after, group.path.strip_prefix(crate::tree::UNITS))
        else {
            continue;
        };
        let Some(node) = causes.change(causes.after.name(file.node)) else { continue };
        for (param, items) in &node.params {
            let is_ours = items.iter().flatten().all(|decider| *decider == Decider::Program);
            let Some(flag) = param.name.strip_prefix("--").filter(|_| is_ours) else { continue };
            let (added, dropped) = found.entry(unit.to_owned()).or_default();
            if param.before.is_empty() {
                added.insert(flag.to_owned());
            } else if param.after.is_empty() {
                dropped.insert(flag.to_owned());
            }
        }
    }
    let changed = found.into_iter().filter(|(_, (added, dropped))| !added.is_empty() || !dropped.is_empty());
    let flags = |flags: BTreeSet<String>| flags.into_iter().collect();
    changed
        .map(|(unit, (added, dropped))| FlagChange { unit, added: flags(added), dropped: flags(dropped) })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::rollout::Trial;

    #[test]
    fn flags_come_and_go_with_a_version_and_not_by_hand() {
        let at = |version: &'static str| move |text: String| text.replace("1.35.1", version);
        let by_hand = Trial::of("single").after(|text| text + "components: {kubelet: {flags: {v: 4}}}\n");
        assert_eq!(by_hand.rollout().flags, []);
        let found = Trial::of("single").before(at("1.28.3")).after(at("1.35.1")).rollout().flags;
        let shown =
            found.iter().map(|flags| format!("{} +{:?} -{:?}", flags.unit, flags.added, flags.dropped));
        insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"));
    }
}
