//! Which versions may follow which: the version skew policy of Kubernetes, and etcd's upgrade guides.
//!
//! <https://kubernetes.io/releases/version-skew-policy/>, <https://etcd.io/docs/latest/upgrades/upgrading-etcd/>

use semver::Version;

use super::Decisions;
use super::finding::{Finding, Kind, version};
use crate::diff::Inputs;

/// How many minors a kubelet may be older than an API server.
const OLDEST_KUBELET: u64 = 3;
/// What has to run before a minor of etcd does: <https://etcd.io/docs/latest/upgrades/upgrade_3_6/> and `upgrade_3_7`.
const BEFORE_ETCD: &[(&str, Version)] = &[("3.6", Version::new(3, 5, 26)), ("3.7", Version::new(3, 6, 11))];

const ONE_BY_ONE: &str = "go through every minor version, one rollout each";

pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let [before, after] = decisions.clusters.map(|cluster| &cluster.versions);
    let mut findings = kubernetes(&before.kubernetes, &after.kubernetes, &version(inputs, "kubernetes"));
    findings.extend(etcd(&before.etcd, &after.etcd, &version(inputs, "etcd")));
    findings
}

/// The way from one minor version of a program to another.
struct Way<'a> {
    before: &'a Version,
    after: &'a Version,
    causes: &'a [usize],
}

impl<'a> Way<'a> {
    /// None where the minor stays.
    fn new(before: &'a Version, after: &'a Version, causes: &'a [usize]) -> Option<Self> {
        ((before.major, before.minor) != (after.major, after.minor)).then_some(Self { before, after, causes })
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

    fn finding(&self, kind: Kind, what: String, advice: impl Into<String>) -> Finding {
        Finding::new(kind, what, advice).because(self.causes.to_vec())
    }
}

fn kubernetes(before: &Version, after: &Version, causes: &[usize]) -> Vec<Finding> {
    let Some(way) = Way::new(before, after, causes) else { return Vec::new() };
    let [old, new] = way.minors();
    if way.is_back() {
        let what =
            format!("Kubernetes {old} → {new}: API servers are not downgraded to an earlier minor version");
        let advice = "restore a copy of etcd from before the upgrade instead (docs/etcd-restore.md)";
        return vec![way.finding(Kind::Forbidden, what, advice)];
    }
    let mut findings = Vec::new();
    if way.exceeds(1) {
        let what = format!("Kubernetes {old} → {new}: API servers must not skip a minor version");
        findings.push(way.finding(Kind::Forbidden, what, ONE_BY_ONE));
    }
    if way.exceeds(OLDEST_KUBELET) {
        let what = format!(
            "kubelets of {old} beside API servers of {new}: until the workers' turn they would be more than \
             {OLDEST_KUBELET} minor versions older"
        );
        findings.push(way.finding(Kind::Forbidden, what, ONE_BY_ONE));
    }
    let what = format!(
        "Kubernetes {old} → {new}: objects are kept in the versions of {new}, which {old} may not read"
    );
    let advice = "take a copy of etcd before (docs/etcd-restore.md); the way back is to restore it";
    findings.push(way.finding(Kind::Lasting, what, advice));
    findings
}

fn etcd(before: &Version, after: &Version, causes: &[usize]) -> Vec<Finding> {
    let Some(way) = Way::new(before, after, causes) else { return Vec::new() };
    let [old, new] = way.minors();
    if way.is_back() {
        let what = format!(
            "etcd {old} → {new}: {old} has raised the version of what is stored, and {new} refuses it"
        );
        let advice =
            "follow etcd's downgrade guide by hand (`etcdctl downgrade`), or restore a copy from before";
        return vec![way.finding(Kind::Forbidden, what, advice)];
    }
    let mut findings = Vec::new();
    if way.exceeds(1) {
        let what = format!("etcd {old} → {new}: etcd must not skip a minor version");
        findings.push(way.finding(Kind::Forbidden, what, ONE_BY_ONE));
    }
    if let Some((_, oldest)) = BEFORE_ETCD.iter().find(|(minor, oldest)| new == *minor && before < oldest) {
        let what = format!("etcd {before} → {after}: members before {oldest} may fail to become {new}");
        let series = format!("{}.{}", oldest.major, oldest.minor);
        let advice =
            format!("first set versions.etcd to {oldest} or a later {series}, in a rollout of its own");
        findings.push(way.finding(Kind::Forbidden, what, advice));
    }
    let what = format!("etcd {old} → {new}: once all members run {new}, the version of what is stored rises");
    let advice =
        "take a copy before (docs/etcd-restore.md); the way back is to restore it, or etcd's downgrade guide";
    findings.push(way.finding(Kind::Lasting, what, advice));
    findings
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
        check("3.4.30", "3.6.14", &[Kind::Forbidden, Kind::Forbidden, Kind::Lasting]);
        check("3.6.14", "3.7.3", &[Kind::Lasting]);
        check("3.6.10", "3.7.3", &[Kind::Forbidden, Kind::Lasting]);
        check("3.5.33", "3.7.3", &[Kind::Forbidden, Kind::Forbidden, Kind::Lasting]);
        check("3.6.14", "3.5.33", &[Kind::Forbidden]);
    }
}
