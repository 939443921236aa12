//! The blast radius of a rollout on one line: first what is dangerous, then what is done, last what is left to hands.

use std::collections::BTreeSet;

use super::Rollout;
use crate::findings::{Kind, Reissue};
use crate::names::counted;
use crate::steps::{Step, Wave};

pub fn summary(rollout: &Rollout) -> String {
    if rollout.is_empty() {
        return "nothing to do: no file of any host changes".to_owned();
    }
    let dangers = [Kind::Forbidden, Kind::Lasting, Kind::Breaking].map(|kind| things(rollout, kind));
    let done = [
        files(rollout),
        hosts("adds", &rollout.added),
        hosts("removes", &rollout.removed),
        restarts(rollout),
        reloads(rollout),
        starts(rollout),
        stops(rollout),
        drains(rollout),
        certificates(rollout),
    ];
    let parts = dangers.into_iter().chain(done).chain([things(rollout, Kind::ByHand)]);
    let parts: Vec<String> = parts.flatten().collect();
    if parts.is_empty() { "nothing to do".to_owned() } else { parts.join("; ") }
}

/// How many things there are to know of a kind.
fn things(rollout: &Rollout, kind: Kind) -> Option<String> {
    let count = rollout.of_kind(kind).count();
    let verb = match kind {
        Kind::Breaking if count > 1 => "break what runs",
        Kind::ByHand if count > 1 => "need your hands",
        kind => kind.title(),
    };
    (count > 0).then(|| format!("{} {verb}", counted(count, "thing")))
}

fn files(rollout: &Rollout) -> Option<String> {
    let Rollout { files, touched, .. } = rollout;
    (*files > 0).then(|| format!("changes {} on {}", counted(*files, "file"), named(touched, "host")))
}

fn hosts(verb: &str, hosts: &[String]) -> Option<String> {
    (!hosts.is_empty()).then(|| format!("{verb} {}", named(hosts, "host")))
}

/// One by its name, several by their number.
fn named(names: &[String], noun: &str) -> String {
    match names {
        [one] => one.clone(),
        names => counted(names.len(), noun),
    }
}

fn restarts(rollout: &Rollout) -> Option<String> {
    let (mut units, mut hosts, mut waves) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for restart in rollout.restarts() {
        units.insert(restart.unit);
        hosts.insert(restart.host.to_owned());
        waves.insert(restart.wave);
    }
    let hosts = Vec::from_iter(hosts);
    match Vec::from_iter(units).as_slice() {
        [] => None,
        [unit] => Some(format!("restarts {unit} on {}", named(&hosts, "host"))),
        _ => {
            let count = rollout.restarts().count();
            let waves = counted(waves.len(), "wave");
            Some(format!("restarts {} on {} in {waves}", counted(count, "unit"), named(&hosts, "host")))
        }
    }
}

fn reloads(rollout: &Rollout) -> Option<String> {
    let (mut units, mut hosts) = (BTreeSet::new(), Vec::new());
    for step in rollout.waves.iter().flat_map(Wave::steps).filter(|step| step.reloads().next().is_some()) {
        units.extend(step.reloads());
        hosts.push(step.host.clone());
    }
    let on = named(&hosts, "host");
    match Vec::from_iter(units).as_slice() {
        [] => None,
        [unit] => Some(format!("reloads {unit} on {on}")),
        units => Some(format!("reloads {} on {on}", counted(units.len(), "unit"))),
    }
}

/// The steps of hosts that are there before and after: what else is done goes with a host.
fn steps(rollout: &Rollout) -> impl Iterator<Item = &Step> {
    let is_staying =
        |step: &&Step| !rollout.added.contains(&step.host) && !rollout.removed.contains(&step.host);
    rollout.waves.iter().flat_map(Wave::steps).filter(is_staying)
}

fn starts(rollout: &Rollout) -> Option<String> {
    let count = steps(rollout).flat_map(Step::starts).count();
    (count > 0).then(|| format!("starts {}", counted(count, "unit")))
}

fn stops(rollout: &Rollout) -> Option<String> {
    let count = steps(rollout).flat_map(Step::stops).count();
    (count > 0).then(|| format!("stops {}", counted(count, "unit")))
}

fn drains(rollout: &Rollout) -> Option<String> {
    let drained: Vec<String> =
        steps(rollout).filter(|step| step.drain().is_some()).map(|step| step.host.clone()).collect();
    (!drained.is_empty()).then(|| format!("drains {}", named(&drained, "node")))
}

fn certificates(rollout: &Rollout) -> Option<String> {
    let count = rollout.certificates.iter().map(Reissue::count).sum();
    (count > 0).then(|| format!("reissues {}", counted(count, "certificate")))
}

#[cfg(test)]
mod tests {
    use super::super::trial::Trial;

    #[test]
    fn the_blast_radius_is_one_line() {
        let summary = |trial: Trial| trial.rollout().summary();
        assert_eq!(summary(Trial::of("production")), "nothing to do: no file of any host changes");
        let upgrade = Trial::of("production").before(|text| text.replace("1.36.1", "1.33.1"));
        insta::assert_snapshot!("an_upgrade", summary(upgrade));
        let member = |text: String| {
            text.replace(
                "name: worker-2\n    address: 10.20.0.102",
                "name: worker-9\n    address: 10.20.0.109",
            )
        };
        insta::assert_snapshot!("another_worker", summary(Trial::of("production").after(member)));
    }

    #[test]
    fn one_of_a_kind_is_named() {
        let flag = |text: String| text + "components: {kube-apiserver: {flags: {v: 4}}}\n";
        let summary = |trial: Trial| trial.after(flag).rollout().summary();
        assert_eq!(
            summary(Trial::of("single")),
            "changes 1 file on control-plane-1; restarts kube-apiserver.service on control-plane-1"
        );
        assert_eq!(
            summary(Trial::of("ha-haproxy")),
            "changes 3 files on 3 hosts; restarts kube-apiserver.service on 3 hosts"
        );
    }

    #[test]
    fn reloads_are_no_restarts() {
        let third = |text: String| text.replace("address: 10.240.0.12", "address: 10.240.0.13");
        let summary = Trial::of("ha-haproxy").after(third).rollout().summary();
        assert!(summary.contains("; reloads haproxy.service on lb-0; "), "{summary}");
    }

    #[test]
    fn what_needs_hands_alone_is_summed_up() {
        let mut rollout = Trial::of("single")
            .after(|text| {
                text.replace(
                    "  - name: worker-node-1\n",
                    "  - name: worker-node-1\n    labels: {disk: ssd}\n",
                )
            })
            .rollout();
        assert!(rollout.summary().ends_with("; 1 thing needs your hands"), "{}", rollout.summary());
        rollout.files = 0;
        rollout.waves.clear();
        assert_eq!(rollout.summary(), "1 thing needs your hands");
    }

    #[test]
    fn what_goes_with_a_host_is_counted_with_it() {
        let worker = "  - {name: worker-9, address: 10.20.0.109, roles: [worker]}\n";
        let more =
            |text: String| text.replace("  - name: worker-1\n", &format!("{worker}  - name: worker-1\n"));
        let summary = Trial::of("production").before(more).rollout().summary();
        assert_eq!(summary, "removes worker-9; 2 things need your hands");
    }

    #[test]
    fn what_no_host_has_is_no_less_reissued() {
        let trial = Trial::of("production")
            .lock_after(|lock| _ = lock.generations.insert("pki/monitoring".to_owned(), 2));
        let rollout = trial.rollout();
        assert!(!rollout.is_empty());
        assert_eq!(rollout.summary(), "reissues 1 certificate");
    }
}
