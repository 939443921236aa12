//! Which versions may follow which: the version skew policy of Kubernetes, and the upgrade guides of what runs with it.
//!
//! <https://kubernetes.io/releases/version-skew-policy/>, <https://etcd.io/docs/latest/upgrades/upgrading-etcd/>,
//! <https://docs.cilium.io/en/stable/operations/upgrade/>, <https://github.com/containerd/containerd/blob/main/RELEASES.md>,
//! <https://coredns.io/manual/toc/#upgrading>

use semver::Version;

use super::Decisions;
use super::advice::{Act, Advice};
use super::finding::{Finding, Kind, version};
use crate::cluster::Cni;
use crate::diff::Inputs;

const ETCD: &str = "versions.etcd";

/// How many minors a kubelet may be older than an API server.
const OLDEST_KUBELET: u64 = 3;
/// What has to run before a minor of etcd does: <https://etcd.io/docs/latest/upgrades/upgrade_3_6/> and `upgrade_3_7`.
const BEFORE_ETCD: &[(&str, Version)] = &[("3.6", Version::new(3, 5, 26)), ("3.7", Version::new(3, 6, 11))];

pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let [before, after] = decisions.clusters.map(|cluster| &cluster.versions);
    let mut findings = kubernetes(&before.kubernetes, &after.kubernetes, &version(inputs, "kubernetes"));
    findings.extend(etcd(&before.etcd, &after.etcd, &version(inputs, "etcd")));
    let clusters = decisions.clusters;
    if clusters.iter().all(|cluster| cluster.network.cni == Cni::Cilium) {
        findings.extend(cilium(&before.cilium, &after.cilium, &version(inputs, "cilium")));
    }
    if clusters.iter().all(|cluster| cluster.workers().next().is_some()) {
        findings.extend(containerd(&before.containerd, &after.containerd, &version(inputs, "containerd")));
    }
    if clusters.iter().all(|cluster| cluster.addons.core_dns.is_some()) {
        findings.extend(core_dns(&before.coredns, &after.coredns, &version(inputs, "coredns")));
    }
    findings
}

/// The way from one minor version of a program to another.
struct Way<'a> {
    before: &'a Version,
    after: &'a Version,
    causes: &'a [usize],
    field: &'static str,
}

impl<'a> Way<'a> {
    /// None where the minor stays.
    fn new(
        before: &'a Version,
        after: &'a Version,
        causes: &'a [usize],
        field: &'static str,
    ) -> Option<Self> {
        let is_other = (before.major, before.minor) != (after.major, after.minor);
        is_other.then_some(Self { before, after, causes, field })
    }

    /// Every minor in between, one rollout each.
    fn one_by_one(&self) -> Advice {
        let (from, to) = match self.is_back() {
            true => (self.after.minor + 1, self.before.minor),
            false => (self.before.minor + 1, self.after.minor),
        };
        let mut between: Vec<u64> = (from..to).collect();
        if self.is_back() {
            between.reverse();
        }
        let oldest = |minor: u64| {
            let of_etcd = BEFORE_ETCD.iter().filter(|_| self.field == ETCD && !self.is_back());
            of_etcd.map(|(_, oldest)| oldest).find(|oldest| oldest.minor == minor)
        };
        let first = oldest(self.before.minor).filter(|oldest| self.before < *oldest).map(ToString::to_string);
        let each = between.into_iter().map(|minor| match oldest(minor) {
            Some(oldest) => oldest.to_string(),
            None => format!("{}.{minor}", self.before.major),
        });
        let mut advice = Advice::from("go through every minor version, one rollout each: ");
        for (at, version) in first.into_iter().chain(each).enumerate() {
            advice = advice
                .say(if at == 0 { "" } else { ", then " })
                .act(Act::SetVersion { of: self.field, version });
        }
        advice.say(format!(", and then {}", self.after))
    }

    fn is_back(&self) -> bool {
        self.after < self.before
    }

    /// Whether it goes up by more than so many minors.
    fn exceeds(&self, minors: u64) -> bool {
        self.before.major != self.after.major || self.after.minor.saturating_sub(self.before.minor) > minors
    }

    /// Both minors, as people write them.
    fn minors(&self) -> [String; 2] {
        [self.before, self.after].map(|version| format!("{}.{}", version.major, version.minor))
    }

    fn finding(&self, kind: Kind, what: String, advice: impl Into<Advice>) -> Finding {
        Finding::new(kind, what, advice).because(self.causes.to_vec())
    }
}

fn kubernetes(before: &Version, after: &Version, causes: &[usize]) -> Vec<Finding> {
    let Some(way) = Way::new(before, after, causes, "versions.kubernetes") else { return Vec::new() };
    let [old, new] = way.minors();
    if way.is_back() {
        let what =
            format!("Kubernetes {old} → {new}: API servers are not downgraded to an earlier minor version");
        let advice =
            Advice::from("restore a copy of etcd from before the upgrade instead (docs/etcd-restore.md)")
                .meaning(Act::Keep);
        return vec![way.finding(Kind::Forbidden, what, advice)];
    }
    let mut findings = Vec::new();
    if way.exceeds(1) {
        let what = format!("Kubernetes {old} → {new}: API servers must not skip a minor version");
        findings.push(way.finding(Kind::Forbidden, what, way.one_by_one()));
    }
    if way.exceeds(OLDEST_KUBELET) {
        let what = format!(
            "kubelets of {old} beside API servers of {new}: until the workers' turn they would be more than \
             {OLDEST_KUBELET} minor versions older"
        );
        findings.push(way.finding(Kind::Forbidden, what, way.one_by_one()));
    }
    let what = format!(
        "Kubernetes {old} → {new}: objects are kept in the versions of {new}, which {old} may not read"
    );
    let advice = "take a copy of etcd before (docs/etcd-restore.md); the way back is to restore it";
    findings.push(way.finding(Kind::Lasting, what, advice));
    findings
}

fn etcd(before: &Version, after: &Version, causes: &[usize]) -> Vec<Finding> {
    let Some(way) = Way::new(before, after, causes, ETCD) else { return Vec::new() };
    let [old, new] = way.minors();
    if way.is_back() {
        let what = format!(
            "etcd {old} → {new}: {old} has raised the version of what is stored, and {new} refuses it"
        );
        let advice = Advice::from(
            "follow etcd's downgrade guide by hand (`etcdctl downgrade`), or restore a copy from before",
        )
        .meaning(Act::Keep);
        return vec![way.finding(Kind::Forbidden, what, advice)];
    }
    let mut findings = Vec::new();
    if way.exceeds(1) {
        let what = format!("etcd {old} → {new}: etcd must not skip a minor version");
        findings.push(way.finding(Kind::Forbidden, what, way.one_by_one()));
    } else if let Some((_, oldest)) =
        BEFORE_ETCD.iter().find(|(minor, oldest)| new == *minor && before < oldest)
    {
        let what = format!("etcd {before} → {after}: members before {oldest} may fail to become {new}");
        let series = format!("{}.{}", oldest.major, oldest.minor);
        let advice = Advice::from("first ")
            .act(Act::SetVersion { of: ETCD, version: oldest.to_string() })
            .say(format!(" or a later {series}, in a rollout of its own"));
        findings.push(way.finding(Kind::Forbidden, what, advice));
    }
    let what = format!("etcd {old} → {new}: once all members run {new}, the version of what is stored rises");
    let advice =
        "take a copy before (docs/etcd-restore.md); the way back is to restore it, or etcd's downgrade guide";
    findings.push(way.finding(Kind::Lasting, what, advice));
    findings
}

/// Cilium tests and supports the way from one minor to the next and back, and no other.
fn cilium(before: &Version, after: &Version, causes: &[usize]) -> Option<Finding> {
    let way = Way::new(before, after, causes, "versions.cilium")?;
    let [old, new] = way.minors();
    if before.major != after.major || before.minor.abs_diff(after.minor) > 1 {
        let what = format!(
            "Cilium {old} → {new}: only the way from one minor version to the next, or back, is supported; with any other \
             agents may lose what they know of pods and policies, and pods their network"
        );
        return Some(way.finding(Kind::Breaking, what, way.one_by_one()));
    }
    let what =
        format!("Cilium {old} → {new}: what only {old} knows, and policies or resources use, works no more");
    let advice = "read the upgrade notes of both, and see that nothing uses what came with the later one";
    way.is_back().then(|| way.finding(Kind::Breaking, what, advice))
}

/// containerd reads what an earlier minor has left, and from one long-term release to the next.
fn containerd(before: &Version, after: &Version, causes: &[usize]) -> Option<Finding> {
    let way = Way::new(before, after, causes, "versions.containerd")?;
    let [old, new] = way.minors();
    if way.is_back() {
        let what = format!(
            "containerd {old} → {new}: it may not read what {old} has kept of images and containers, nor manage what \
             {old} has started"
        );
        let advice = "while a node is drained: `crictl rmp --all --force` and `crictl rmi --all` before its step, so that nothing \
                      is left of the later one";
        return Some(way.finding(Kind::Breaking, what, advice));
    }
    let is_next_major = after.major == before.major + 1 && after.minor <= 1;
    let skips = match before.major == after.major {
        true => after.minor - before.minor > 1,
        false => !is_next_major,
    };
    let what = format!(
        "containerd {old} → {new} skips minor versions: what was deprecated in between may be gone, from the configuration, \
         from runtimes and from images"
    );
    let advice = "read the release notes of those in between, `ctr deprecations list` on a worker, and watch the first worker, \
                  which goes alone";
    // One minor more is what a later Kubernetes brings, too; it is drained for and told like that.
    skips.then(|| way.finding(Kind::ByHand, what, advice))
}

/// The Corefile is left as somebody has made it, and plugins come and go with minors.
fn core_dns(before: &Version, after: &Version, causes: &[usize]) -> Option<Finding> {
    let way = Way::new(before, after, causes, "versions.coredns")?;
    let [old, new] = way.minors();
    let says = match (way.is_back(), way.exceeds(1)) {
        (true, _) => "goes back: it may not know what the Corefile says",
        (false, true) => "skips minor versions: what was deprecated in between may be gone from its plugins",
        (false, false) => return None,
    };
    let what = format!("CoreDNS {old} → {new} {says}, and does not start with what it does not know");
    let advice = "see with `kubectl get configmap coredns -n kube-system -o yaml` that the later one knows each plugin and option";
    Some(way.finding(Kind::ByHand, what, advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(findings: &[Finding]) -> Vec<Kind> {
        findings.iter().map(|finding| finding.kind).collect()
    }

    #[test]
    fn kubernetes_goes_up_one_minor_at_a_time() {
        let check = |before: &str, after: &str, expected: &[Kind]| {
            let found = kubernetes(&before.parse().unwrap(), &after.parse().unwrap(), &[]);
            assert_eq!(kinds(&found), expected, "{before} {after}");
        };
        check("1.35.1", "1.35.1", &[]);
        check("1.35.1", "1.35.4", &[]);
        check("1.35.4", "1.35.1", &[]);
        check("1.35.4", "1.36.0", &[Kind::Lasting]);
        check("1.34.4", "1.36.0", &[Kind::Forbidden, Kind::Lasting]);
        check("1.33.4", "1.36.0", &[Kind::Forbidden, Kind::Lasting]);
        check("1.32.4", "1.36.0", &[Kind::Forbidden, Kind::Forbidden, Kind::Lasting]);
        check("1.36.3", "1.37.2", &[Kind::Lasting]);
        check("1.36.0", "1.35.9", &[Kind::Forbidden]);
    }

    #[test]
    fn what_runs_beside_kubernetes_has_ways_of_its_own() {
        type Judge = fn(&Version, &Version, &[usize]) -> Option<Finding>;
        let check = |judge: Judge, before: &str, after: &str, expected: Option<Kind>| {
            let found = judge(&before.parse().unwrap(), &after.parse().unwrap(), &[]);
            assert_eq!(found.map(|finding| finding.kind), expected, "{before} {after}");
        };
        for (before, after, expected) in [
            ("1.18.6", "1.18.9", None),
            ("1.18.6", "1.19.0", None),
            ("1.19.0", "1.18.6", Some(Kind::Breaking)),
            ("1.17.0", "1.19.2", Some(Kind::Breaking)),
            ("1.20.1", "1.18.0", Some(Kind::Breaking)),
        ] {
            check(cilium, before, after, expected);
        }
        for (before, after, expected) in [
            ("2.1.9", "2.1.1", None),
            ("2.1.9", "2.2.7", None),
            ("2.1.9", "2.3.4", Some(Kind::ByHand)),
            ("1.7.34", "2.1.9", None),
            ("1.7.34", "2.2.0", Some(Kind::ByHand)),
            ("2.2.0", "1.7.34", Some(Kind::Breaking)),
            ("2.2.0", "2.1.9", Some(Kind::Breaking)),
        ] {
            check(containerd, before, after, expected);
        }
        for (before, after, expected) in [
            ("1.12.0", "1.12.4", None),
            ("1.12.0", "1.13.1", None),
            ("1.11.3", "1.13.1", Some(Kind::ByHand)),
            ("1.14.2", "1.13.1", Some(Kind::ByHand)),
        ] {
            check(core_dns, before, after, expected);
        }
    }

    #[test]
    fn every_minor_in_between_is_named() {
        let advice = |before: &str, after: &str| {
            let found = cilium(&before.parse().unwrap(), &after.parse().unwrap(), &[]);
            found.expect("a finding").advice.to_string()
        };
        let start = "go through every minor version, one rollout each: ";
        assert_eq!(
            advice("1.16.5", "1.19.0"),
            format!("{start}versions.cilium 1.17, then versions.cilium 1.18, and then 1.19.0")
        );
        assert_eq!(advice("1.19.0", "1.17.3"), format!("{start}versions.cilium 1.18, and then 1.17.3"));
    }

    #[test]
    fn etcd_goes_up_one_minor_at_a_time_and_from_a_good_patch() {
        let check = |before: &str, after: &str, expected: &[Kind]| {
            let found = etcd(&before.parse().unwrap(), &after.parse().unwrap(), &[]);
            assert_eq!(kinds(&found), expected, "{before} {after}");
        };
        check("3.6.1", "3.6.14", &[]);
        check("3.6.14", "3.6.1", &[]);
        check("3.5.33", "3.6.14", &[Kind::Lasting]);
        check("3.5.25", "3.6.14", &[Kind::Forbidden, Kind::Lasting]);
        check("3.4.30", "3.5.33", &[Kind::Lasting]);
        check("3.4.30", "3.6.14", &[Kind::Forbidden, Kind::Lasting]);
        check("3.6.14", "3.7.3", &[Kind::Lasting]);
        check("3.6.10", "3.7.3", &[Kind::Forbidden, Kind::Lasting]);
        check("3.5.33", "3.7.3", &[Kind::Forbidden, Kind::Lasting]);
        let found = etcd(&"3.5.20".parse().unwrap(), &"3.7.3".parse().unwrap(), &[]);
        let way = "one rollout each: versions.etcd 3.5.26, then versions.etcd 3.6.11, and then 3.7.3";
        assert!(found[0].advice.ends_with(way), "{found:?}");
        check("3.6.14", "3.5.33", &[Kind::Forbidden]);
    }
}
