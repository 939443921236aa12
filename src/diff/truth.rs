//! Whether the causes of a file are its causes, asked of every way of taking some changes back.

use std::collections::{BTreeMap, HashMap};

use kthw_graph::{Graph, NodeId};
use kthw_store::Output;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use super::cause::Causes;
use super::cause_set::CauseSet;
use super::compare::{Area, Differences};
use super::edit::{Choice, EDITS, with_anchors};
use super::input::Input;
use super::trial::realised;
use crate::artifact::Artifact;
use crate::imported::ImportedAuthorities;
use crate::lock::{Epoch, Lock};
use crate::plan;
use crate::rollout::{EXAMPLES, Trial, variants};
use crate::tree::Permissions;

/// A file by where it is, or a host by itself.
type Place = (Area, String, String);
type Held = (Output, Option<Permissions>);

/// Every file of a state.
fn files(graph: &Graph<Artifact>) -> HashMap<Place, Held> {
    let realised = realised(graph);
    let output = |id: NodeId| realised[&id].output;
    let mut files = HashMap::new();
    for (host, path, id) in plan::files(graph) {
        let bundle = graph.find(&plan::bundle_name(host)).expect("every host has a bundle");
        let Artifact::Bundle(bundle) = &graph.node(bundle).action else { unreachable!("it is a bundle") };
        let held = (output(id), bundle.files.get(path).copied());
        files.insert((Area::Host, host.to_owned(), path.to_owned()), held);
        files.insert(
            (Area::Host, host.to_owned(), String::new()),
            (Output::Public(kthw_store::Digest::of(b"")), None),
        );
    }
    for (path, id) in plan::machine_files(graph) {
        let place = match path.strip_prefix("hosts/").and_then(|path| path.split_once('/')) {
            Some((host, rest)) => (Area::Machine, host.to_owned(), rest.to_owned()),
            None => (Area::Cluster, String::new(), format!("machines/{path}")),
        };
        files.insert(place, (output(id), None));
    }
    for id in graph.order() {
        let name = graph.node(*id).name.to_string();
        if plan::is_for_monitoring(&name) {
            files.insert((Area::Cluster, String::new(), name), (output(*id), None));
        }
    }
    files
}

/// Everything that is told of a comparison: each changed file, and each host that came or went, with its causes.
fn told(differences: &Differences) -> BTreeMap<Place, CauseSet> {
    let files = differences.groups.iter().flat_map(|group| {
        let place = |host: &str| (group.area, host.to_owned(), group.path.clone());
        group.holders.iter().map(move |holder| (place(&holder.host), group.causes.clone()))
    });
    let hosts = differences.added.iter().chain(&differences.removed);
    files
        .chain(hosts.map(|host| ((Area::Host, host.name.clone(), String::new()), host.causes.clone())))
        .collect()
}

/// The states without some changes, by the bits of which.
struct States {
    candidates: Vec<usize>,
    states: Vec<Option<HashMap<Place, Held>>>,
}

impl States {
    fn bits(&self, set: impl Fn(usize) -> bool) -> usize {
        (0..self.candidates.len()).filter(|bit| set(self.candidates[*bit])).map(|bit| 1 << bit).sum()
    }

    /// What is wrong with what is told of a place.
    fn wrong(&self, place: &Place, causes: &CauseSet) -> Option<String> {
        if causes.is_empty() {
            return Some("no cause".to_owned());
        }
        let at = |bits: usize| self.states[bits].as_ref().map(|files| files.get(place));
        let before = at(self.states.len() - 1).expect("all can be taken back");
        let named = self.bits(|index| causes.all.contains(&index));
        let with_more = |bits: &usize| bits & named == named && at(*bits).is_some();
        let enough = match at(named) {
            Some(then) => then == before,
            None => (0..self.states.len()).filter(with_more).all(|bits| at(bits) == Some(before)),
        };
        if !enough {
            return Some("not enough".to_owned());
        }
        let sure = |index: usize| causes.all.contains(&index) && !causes.unsure.contains(&index);
        let superfluous =
            (0..self.candidates.len()).filter(|bit| sure(self.candidates[*bit]) && !self.matters(*bit, &at));
        let superfluous: Vec<usize> = superfluous.map(|bit| self.candidates[bit]).collect();
        (!superfluous.is_empty()).then(|| format!("superfluous {superfluous:?}"))
    }

    /// Whether taking a change back makes a difference, alone or with those without which it cannot be taken back.
    fn matters<'h>(&self, bit: usize, at: &dyn Fn(usize) -> Option<Option<&'h Held>>) -> bool {
        let possible: Vec<usize> = (0..self.states.len()).filter(|bits| at(*bits).is_some()).collect();
        let is_within = |inner: usize, outer: usize| inner & outer == inner && inner != outer;
        possible.iter().any(|less| {
            possible.iter().any(|more| {
                is_within(*less, *more)
                    && (more & !less) >> bit & 1 == 1
                    && at(*less) != at(*more)
                    && !possible
                        .iter()
                        .any(|between| is_within(*less, *between) && is_within(*between, *more))
            })
        })
    }
}

/// What is wrong with the causes of a comparison; none if there is nothing to compare, or too much.
fn wrong(trial: &Trial, most: usize) -> Option<Vec<String>> {
    let planned = trial.planned()?;
    let imported = ImportedAuthorities::new();
    let undo = trial.undo(&imported);
    let [old, new] = &planned;
    let check = |differences: Differences, causes: &mut Causes<'_>| {
        let all = causes.inputs.all();
        let is_pin =
            |input: &Input| matches!(input, Input::Entry(change) if change.entry.starts_with("pin "));
        let candidates: Vec<usize> = (0..all.len()).filter(|index| !is_pin(&all[*index])).collect();
        if candidates.is_empty() || candidates.len() > most {
            return None;
        }
        let without = |bits: usize| {
            let undone = candidates.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
            let undone: Vec<&Input> = undone.map(|(_, index)| &all[*index]).collect();
            undo.without(&undone).map(|graph| files(&graph))
        };
        let states: Vec<_> = (0..1 << candidates.len()).map(without).collect();
        let mut wrong = Vec::new();
        if states.last() != Some(&Some(files(old.graph()))) {
            wrong.push("what was before is not what is left when all is taken back".to_owned());
        }
        if states[0] != Some(files(new.graph())) {
            wrong.push("what is now is not what is left when nothing is taken back".to_owned());
        }
        if wrong.is_empty() {
            let states = States { candidates, states };
            for (place, causes) in told(&differences) {
                let found = states.wrong(&place, &causes);
                wrong.extend(found.map(|found| format!("{place:?}: {found}, of {causes:?}")));
            }
        }
        if !wrong.is_empty() {
            let inputs = all.iter().enumerate().map(|(at, input)| format!("{at}: {input}"));
            wrong.splice(0..0, inputs);
        }
        Some(wrong)
    };
    trial.differences([old, new], check)
}

/// An example with some edits at once.
fn edited(choices: &[(Index, Choice)], example: &Index) -> Option<Trial> {
    let name = example.get(&EXAMPLES);
    let read = |name: &&str| -> Value { serde_saphyr::from_str(variants(name).0).expect("a mapping") };
    let others: Vec<Value> = EXAMPLES.iter().map(read).collect();
    let (_, planned) = variants(name);
    let mut spec = read(name);
    let (edits, before) = match choices.split_first() {
        // What many hosts have alike already is another thing to change.
        Some(((first, choice), edits)) if first.index(2) == 0 => {
            for host in spec["hosts"].as_array_mut()? {
                host["labels"] = serde_json::json!({"shared": "s", "also": choice[0].index(2).to_string()});
            }
            (edits, with_anchors(&spec))
        }
        _ => (choices, spec.to_string()),
    };
    for (edit, choice) in edits {
        let mut after = spec.clone();
        if edit.get(EDITS)(&mut after, &others, choice).is_some() && planned(&after.to_string()).is_some() {
            spec = after;
        }
    }
    let trial = Trial::between(name, [&before, &with_anchors(&spec)])?;
    let (kind, choice) = choices.last()?;
    Some(trial.lock_after(|lock| with_entries(lock, kind, choice)))
}

/// Perhaps another generation or epoch.
fn with_entries(lock: &mut Lock, kind: &Index, choice: &Choice) {
    let later = |epoch: Epoch| Epoch::from_unix(epoch.unix() + 3600).expect("in range");
    match kind.index(8) {
        0 => lock.epochs.leaf = later(lock.epochs.leaf),
        1 => lock.epochs.ca = later(lock.epochs.ca),
        2 => lock.encryption.insert(0, 9),
        3 => {
            let label =
                choice[0].get(&["ca", "etcd-ca", "front-proxy-ca", "service-account", "admin", "apiserver"]);
            lock.generations.insert((*label).to_owned(), 2);
        }
        _ => {}
    }
}

#[test]
fn what_is_told_of_a_change_is_the_truth() {
    // PROPTEST_CASES makes it more, of which the first are the same.
    let config = Config { cases: Config::default().cases * 3 / 8, ..Config::default() };
    let cases = config.cases;
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let choices = prop::collection::vec((any::<Index>(), any::<Choice>()), 2..6);
    let (mut compared, mut failures) = (0, Vec::new());
    for case in 0..cases {
        let choices = (any::<Index>(), choices.clone()).new_tree(&mut runner).expect("no filter").current();
        let Some(trial) = edited(&choices.1, &choices.0) else { continue };
        let Some(wrong) = wrong(&trial, 5) else { continue };
        compared += 1;
        if !wrong.is_empty() {
            failures.push(format!("case {case}:\n  {}", wrong.join("\n  ")));
        }
    }
    assert!(compared > cases / 4, "{compared}");
    assert!(failures.is_empty(), "{} of {compared}\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn what_is_told_of_changes_that_meet_is_the_truth() {
    fn hosts(spec: &mut Value) -> &mut Vec<Value> {
        spec["hosts"].as_array_mut().expect("a list")
    }
    fn rename(host: &mut Value) {
        host["name"] = format!("{}-x", host["name"].as_str().expect("a name")).into();
    }
    type Edit = fn(&mut Value);
    let cases: [(&str, Edit); 6] = [
        // A label beside an order of members that is another.
        ("production", |spec| {
            hosts(spec).swap(3, 4);
            hosts(spec)[4]["labels"] = serde_json::json!({"zone": "c"});
        }),
        // The first control plane is another one, so that its files move; and they are others.
        ("production", |spec| {
            hosts(spec).swap(0, 7);
            spec["api"]["endpoint"] = "https://api.example.org:6443".into();
        }),
        // What is gone would be another.
        ("production", |spec| {
            hosts(spec).swap(3, 4);
            spec.as_object_mut().expect("a mapping").remove("monitoring");
        }),
        // What is removed was the default.
        ("production", |spec| {
            hosts(spec).remove(7);
            spec["monitoring"].as_object_mut().expect("a section").remove("scrapeInterval");
        }),
        // One went and came where others changed places.
        ("ha-haproxy", |spec| {
            rename(&mut hosts(spec)[3]);
            hosts(spec).swap(1, 5);
        }),
        // Each of two went and came, and only one is a member.
        ("ha-haproxy", |spec| {
            rename(&mut hosts(spec)[0]);
            rename(&mut hosts(spec)[3]);
        }),
    ];
    for (name, edit) in cases {
        let mut spec: Value = serde_saphyr::from_str(variants(name).0).expect("a mapping");
        let before = spec.to_string();
        edit(&mut spec);
        let trial = Trial::between(name, [&before, &spec.to_string()]).expect("two clusters");
        assert_eq!(wrong(&trial, 5), Some(Vec::new()), "{name}: {spec}");
    }
}
