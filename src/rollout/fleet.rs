//! A fleet in memory: what hosts run and what etcd holds while somebody does what plans tell, and follows their advice.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use semver::Version;
use serde_json::{Value, json};

use super::trial::{Planned, Trial};
use crate::cluster::Provider;
use crate::findings::Act;
use crate::lock::{Epoch, Lock};
use crate::steps::{Action, Errand, Step};

/// A cluster's file and its lock.
type State = (String, Lock);

struct Fleet {
    state: State,
    hosts: BTreeMap<String, Machine>,
    /// The members of etcd with what they run.
    members: BTreeMap<String, Version>,
    /// The key that each object was written with.
    objects: Vec<u32>,
    /// Who lives at an address, or has lived there and was not wiped.
    homes: BTreeMap<IpAddr, String>,
}

#[derive(Default)]
struct Machine {
    /// Each unit with the version of Kubernetes that it was started with.
    units: BTreeMap<String, Version>,
    /// What its API server decrypts with.
    keys: Vec<u32>,
}

const APISERVER: &str = "kube-apiserver.service";

impl Fleet {
    fn founded(state: State) -> Self {
        let planned = planned(&state).expect("a cluster to begin with");
        let mut fleet = Self {
            hosts: BTreeMap::new(),
            members: members(&planned),
            objects: vec![state.1.encryption[0]],
            homes: homes(&planned),
            state,
        };
        for (host, units) in planned.units_of_hosts() {
            let version = &planned.cluster().versions.kubernetes;
            let units = units.into_iter().map(|unit| (unit, version.clone())).collect();
            fleet.hosts.insert(host, Machine { units, keys: fleet.state.1.encryption.clone() });
        }
        fleet
    }

    /// Does every step of a plan, and fails where a host could not go on.
    fn roll_out(&mut self, to: &State) -> Result<(), String> {
        let trial = between(&self.state, to)?;
        let rollout = trial.rollout();
        if let Some(refusal) = rollout.refusals().next() {
            return Err(format!("refused: {}", refusal.what));
        }
        let planned = planned(to).expect("planned before");
        for (address, name) in homes(&planned) {
            if let Some(other) = self.homes.get(&address).filter(|other| **other != name) {
                return Err(format!("{name} is to come where {other} was not wiped"));
            }
        }
        for step in rollout.waves.iter().flat_map(|wave| wave.steps()) {
            self.take(step, &planned, &to.1)?;
            self.holds(planned.cluster().encryption.provider)?;
        }
        let after = planned.units_of_hosts();
        self.hosts.retain(|host, machine| after.contains_key(host) || !machine.units.is_empty());
        let runs: BTreeMap<String, BTreeSet<String>> = self
            .hosts
            .iter()
            .map(|(host, machine)| (host.clone(), machine.units.keys().cloned().collect()))
            .collect();
        if runs != after {
            return Err(format!("hosts run {runs:?} where {after:?} is wanted"));
        }
        if self.members != members(&planned) {
            return Err(format!("etcd has {:?} where {:?} is wanted", self.members, members(&planned)));
        }
        let moved = homes(&planned);
        self.homes.retain(|address, name| {
            moved.get(address) == Some(name) || !moved.values().any(|new| new == name)
        });
        self.homes.extend(moved);
        self.state = to.clone();
        Ok(())
    }

    fn take(&mut self, step: &Step, planned: &Planned, lock: &Lock) -> Result<(), String> {
        let versions = &planned.cluster().versions;
        let machine = self.hosts.entry(step.host.clone()).or_default();
        for action in &step.actions {
            match action {
                Action::Lead { what: Errand::AddLearner, .. } if self.members.is_empty() => {
                    return Err("there is no etcd to join".to_owned());
                }
                Action::Lead { what: Errand::AddLearner, .. } => {
                    _ = self.members.insert(step.host.clone(), versions.etcd.clone())
                }
                Action::Lead { what: Errand::RemoveMember, .. } => {
                    self.members.remove(&step.host);
                    if self.members.is_empty() {
                        return Err("the last member has left, and the data with it".to_owned());
                    }
                }
                Action::Start { unit, .. } | Action::Restart { unit, .. } => {
                    machine.units.insert(unit.clone(), versions.kubernetes.clone());
                    if unit == APISERVER {
                        machine.keys.clone_from(&lock.encryption);
                        self.objects.push(lock.encryption[0]);
                    }
                    if let Some(member) = self.members.get_mut(&step.host).filter(|_| unit == "etcd.service")
                    {
                        *member = versions.etcd.clone();
                    }
                }
                Action::Stop { unit } => _ = machine.units.remove(unit),
                _ => {}
            }
        }
        Ok(())
    }

    /// What holds at every moment: all objects can be read wherever an API server runs, nobody is newer than an API server,
    /// and members of etcd are no more than a minor apart.
    fn holds(&self, provider: Provider) -> Result<(), String> {
        let of = |unit: &'static str| {
            self.hosts
                .iter()
                .filter_map(move |(host, machine)| Some((host, machine, machine.units.get(unit)?)))
        };
        for (host, machine, serves) in of(APISERVER) {
            if let Some(key) = self.objects.iter().find(|key| !machine.keys.contains(key))
                && provider != Provider::Identity
            {
                return Err(format!("{host} cannot read what key {key} has encrypted"));
            }
            for (unit, oldest) in
                [(APISERVER, 1), ("kube-controller-manager.service", 1), ("kubelet.service", 3)]
            {
                for (client, _, asks) in of(unit) {
                    let is_newer = unit != APISERVER && asks.minor > serves.minor;
                    if is_newer || serves.minor.abs_diff(asks.minor) > oldest {
                        return Err(format!(
                            "{unit} {asks} of {client} beside the API server {serves} of {host}"
                        ));
                    }
                }
            }
        }
        let minors: BTreeSet<u64> = self.members.values().map(|version| version.minor).collect();
        match (minors.first(), minors.last()) {
            (Some(first), Some(last)) if last - first > 1 => {
                Err(format!("members of etcd of 3.{first} and 3.{last}"))
            }
            _ => Ok(()),
        }
    }

    /// Does what advice says until there is none left, and then what is wanted. Says whether all was left as it was.
    fn follow(&mut self, mut wanted: State) -> Result<bool, String> {
        let mut followed = BTreeSet::new();
        for _ in 0..24 {
            let findings = between(&self.state, &wanted)?.rollout().findings;
            let next = findings
                .into_iter()
                .find(|finding| !finding.advice.acts().is_empty() && followed.insert(finding.what.clone()));
            let Some(next) = next else {
                self.roll_out(&wanted)?;
                assert_eq!(self.state, wanted);
                return Ok(false);
            };
            for act in next.advice.acts() {
                if *act == Act::Keep {
                    return Ok(true);
                }
                self.perform(act, &mut wanted).map_err(|error| format!("{}: {error}", next.advice))?;
            }
        }
        Err("the advice has no end".to_owned())
    }

    fn perform(&mut self, act: &Act, wanted: &mut State) -> Result<(), String> {
        let (spec, lock) = &self.state;
        let (mut now, mut later) = (yaml(spec), yaml(&wanted.0));
        let next = match act {
            Act::Keep => return Ok(()),
            Act::SetEncryption { keys } => {
                let mut lock = lock.clone();
                lock.encryption.clone_from(keys);
                (spec.clone(), lock)
            }
            Act::SetVersion { of, version } => {
                let version =
                    if version.split('.').count() == 2 { format!("{version}.0") } else { version.clone() };
                set(&mut now, of, json!(version));
                (now.to_string(), lock.clone())
            }
            Act::RemoveHost { host } => {
                hosts(&mut now).retain(|one| one["name"] != **host);
                (now.to_string(), lock.clone())
            }
            Act::AddHost { host } => {
                let new = hosts(&mut later).iter().find(|one| one["name"] == **host).cloned();
                hosts(&mut now).extend(new);
                (now.to_string(), lock.clone())
            }
            Act::MoveAway { host } => {
                let known: BTreeSet<String> = [&mut now, &mut later]
                    .into_iter()
                    .flat_map(|spec| {
                        hosts(spec).iter().map(|one| one["address"].to_string()).collect::<Vec<_>>()
                    })
                    .collect();
                for one in hosts(&mut now).iter_mut().filter(|one| one["name"] == **host) {
                    let address = one["address"].as_str().expect("an address").to_owned();
                    let stem = &address[..=address.rfind('.').expect("four numbers")];
                    let free = (150..).map(|n| json!(format!("{stem}{n}")));
                    one["address"] =
                        free.into_iter().find(|free| !known.contains(&free.to_string())).expect("a free one");
                }
                (now.to_string(), lock.clone())
            }
            Act::SpreadEtcd { hosts: names } => {
                for name in names {
                    let old = hosts(&mut now).iter().find(|one| one["name"] == **name).cloned();
                    if !hosts(&mut later).iter().any(|one| one["name"] == **name) {
                        hosts(&mut later).extend(old);
                    }
                    for one in hosts(&mut later).iter_mut().filter(|one| one["name"] == **name) {
                        let roles = one["roles"].as_array_mut().expect("roles");
                        if !roles.contains(&json!("etcd")) {
                            roles.push(json!("etcd"));
                        }
                    }
                }
                (later.to_string(), wanted.1.clone())
            }
            Act::Besides { field, values } => {
                set(&mut later, field, json!(values));
                (later.to_string(), wanted.1.clone())
            }
            Act::Renew { of, moment } => {
                let epoch = Epoch::parse(moment).expect("a moment");
                match *of {
                    "ca" => wanted.1.epochs.ca = epoch,
                    _ => wanted.1.epochs.leaf = epoch,
                }
                return Ok(());
            }
            Act::Rewrite { .. } => {
                let keys = self.hosts.values().filter(|machine| machine.units.contains_key(APISERVER));
                let first: BTreeSet<u32> = keys.map(|machine| machine.keys[0]).collect();
                self.objects.iter_mut().for_each(|object| *object = *first.first().expect("an API server"));
                return Ok(());
            }
            Act::Wipe { host } => {
                self.homes.retain(|_, name| name != host);
                return Ok(());
            }
        };
        self.roll_out(&next)
    }
}

fn between(from: &State, to: &State) -> Result<Trial, String> {
    Trial::states([&from.0, &to.0], [&from.1, &to.1])
        .ok_or_else(|| format!("no good input: {:?}\n{}", crate::spec::load(&to.0).err(), to.0))
}

fn planned(state: &State) -> Option<Planned> {
    let [planned, _] = between(state, state).ok()?.planned()?;
    Some(planned)
}

fn members(planned: &Planned) -> BTreeMap<String, Version> {
    let cluster = planned.cluster();
    cluster.etcd_members().map(|host| (host.name.clone(), cluster.versions.etcd.clone())).collect()
}

fn homes(planned: &Planned) -> BTreeMap<IpAddr, String> {
    planned.cluster().hosts.iter().map(|host| (host.address, host.name.clone())).collect()
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).expect("a mapping")
}

fn hosts(spec: &mut Value) -> &mut Vec<Value> {
    spec["hosts"].as_array_mut().expect("hosts")
}

fn set(spec: &mut Value, field: &str, value: Value) {
    let at = field.split('.').fold(spec, |at, step| &mut at[step]);
    *at = value;
}

/// What becomes of an example from one state to another if all advice is followed: whether it stays as it was.
#[track_caller]
fn check(example: &str, before: impl Fn(&mut State), after: impl Fn(&mut State), is_kept: bool) {
    let trial = Trial::of(example);
    let (text, lock) = trial.state(0);
    let mut states = [(text.to_owned(), lock.clone()), (text.to_owned(), lock.clone())];
    before(&mut states[0]);
    after(&mut states[1]);
    let [from, to] = states;
    let first = between(&from, &to).unwrap_or_else(|error| panic!("{error}")).rollout();
    let is_told = first.findings.iter().any(|finding| !finding.advice.acts().is_empty());
    assert!(is_told, "there is nothing to follow: {:#?}", first.findings);
    let mut fleet = Fleet::founded(from);
    assert_eq!(fleet.follow(to), Ok(is_kept), "{:#?}", first.findings);
}

fn nothing(_: &mut State) {}

fn text(from: &'static str, to: &'static str) -> impl Fn(&mut State) {
    move |(spec, _)| {
        assert!(spec.contains(from), "{from}");
        *spec = spec.replace(from, to);
    }
}

fn keys(keys: &'static [u32]) -> impl Fn(&mut State) {
    move |(_, lock)| lock.encryption = keys.to_vec()
}

#[test]
fn a_key_of_encryption_is_exchanged_without_losing_an_object() {
    for (before, after) in [
        (&[1][..], &[2, 1][..]),
        (&[1], &[2]),
        (&[1], &[3, 2]),
        (&[2, 1], &[1]),
        (&[2, 1], &[2]),
        (&[2, 1], &[3, 1]),
        (&[2, 1], &[3, 2]),
        (&[1, 2], &[4]),
    ] {
        check("production", keys(before), keys(after), false);
        check("ha-haproxy", keys(before), keys(after), false);
    }
    check("single", keys(&[1]), keys(&[2]), false);
    check("production", nothing, text("provider: secretbox", "provider: aescbc"), true);
}

#[test]
fn minors_are_gone_through_one_by_one() {
    let at = |version: &'static str| text("kubernetes: 1.36.1", version);
    check("ha-haproxy", at("kubernetes: 1.33.4"), nothing, false);
    check("ha-haproxy", at("kubernetes: 1.31.0"), nothing, false);
    check("ha-haproxy", nothing, at("kubernetes: 1.35.1"), true);
    check(
        "production",
        at("kubernetes: 1.36.1\n  etcd: 3.5.20"),
        at("kubernetes: 1.36.1\n  etcd: 3.7.3"),
        false,
    );
    let cilium = |version: &'static str| text("kubernetes: 1.36.1", version);
    let (old, new) = ("kubernetes: 1.36.1\n  cilium: 1.16.5", "kubernetes: 1.36.1\n  cilium: 1.19.6");
    check("production", cilium(old), cilium(new), false);
    check("production", cilium(new), cilium(old), false);
}

#[test]
fn an_etcd_is_handed_on_from_member_to_member() {
    let others = |(spec, _): &mut State| {
        for n in 1..=3 {
            *spec = spec.replace(&format!("name: etcd-{n}"), &format!("name: store-{n}"));
            *spec = spec.replace(&format!("address: 10.20.0.2{n}"), &format!("address: 10.20.0.7{n}"));
        }
    };
    check("production", nothing, others, false);
    let own = |(spec, _): &mut State| {
        let mut with = yaml(spec);
        hosts(&mut with).push(json!({"name": "store", "address": "10.240.0.77", "roles": ["etcd"]}));
        *spec = with.to_string();
    };
    check("ha-haproxy", nothing, own, false);
    check("ha-haproxy", own, nothing, false);
    check("production", nothing, text("name: etcd-3", "name: etcd-4"), false);
}

#[test]
fn hosts_that_take_each_others_places_do_so_one_after_the_other() {
    let exchanged = |(spec, _): &mut State| {
        *spec = spec.replace("10.20.0.101", "10.20.0.1xx").replace("10.20.0.102", "10.20.0.101");
        *spec = spec.replace("10.20.0.1xx", "10.20.0.102");
    };
    check("production", nothing, exchanged, false);
    check("production", nothing, text("name: worker-2", "name: worker-3"), false);
    let replaced = |(spec, _): &mut State| {
        let mut other = yaml(spec);
        for host in hosts(&mut other).iter_mut().filter(|host| host["name"] == "worker-node-2") {
            host["name"] = json!("worker-node-9");
            host["address"] = json!("10.0.0.99");
        }
        *spec = other.to_string();
    };
    check("single", nothing, replaced, false);
}

#[test]
fn old_names_are_known_beside_new_ones_meanwhile() {
    check("production", nothing, text("api.production", "kube.production"), false);
    check("production", nothing, text("domain: cluster.local", "domain: k8s.local"), false);
}

#[test]
fn what_is_lost_for_good_is_kept() {
    let generation =
        |label: &'static str| move |(_, lock): &mut State| _ = lock.generations.insert(label.to_owned(), 2);
    check("production", nothing, generation("pki/etcd/ca"), true);
    check("production", nothing, |(_, lock)| lock.cluster = "another".to_owned(), true);
    check("production", nothing, |(_, lock)| lock.root = "root:00".to_owned(), true);
    let flag = |(spec, _): &mut State| {
        *spec += "components: {etcd: {flags: {force-new-cluster: true}}}\n";
    };
    check("ha-haproxy", nothing, flag, true);
}

#[test]
fn certificates_that_nobody_accepts_are_renewed() {
    let leaf = |moment: &'static str| {
        move |(_, lock): &mut State| lock.epochs.leaf = Epoch::parse(moment).expect("a moment")
    };
    check("production", nothing, leaf("2027-06-01T00:00:00Z"), false);
    let both = |(_, lock): &mut State| {
        let moment = Epoch::parse("2027-06-01T00:00:00Z").expect("a moment");
        (lock.epochs.ca, lock.epochs.leaf) = (moment, moment);
    };
    check("production", nothing, both, false);
}

#[test]
fn nobody_can_follow_a_plan_that_was_refused() {
    let trial = Trial::of("production");
    let (spec, lock) = trial.state(0);
    let mut fleet = Fleet::founded((spec.to_owned(), lock.clone()));
    let mut wanted = (spec.to_owned(), lock.clone());
    wanted.1.encryption = vec![9];
    assert!(fleet.roll_out(&wanted).is_err_and(|error| error.starts_with("refused: ")));
    // Without the advice the first API server writes what no other reads.
    wanted.1.encryption = vec![9, 2, 1];
    assert!(fleet.roll_out(&wanted).is_err_and(|error| error.contains("cannot read what key 9")));
}
