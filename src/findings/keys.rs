//! Which keys are replaced, and who does not know it yet.

use super::Decisions;
use super::advice::{Act, Advice};
use super::certificates::replaced_authorities;
use super::finding::{Finding, Kind, entry, field};
use crate::diff::{Causes, Inputs};

const SERVICE_ACCOUNTS: &str = "pki/service-accounts";

pub fn findings(decisions: &Decisions<'_>, causes: &Causes<'_>) -> Vec<Finding> {
    let [before, after] = decisions.locks;
    let inputs = &causes.inputs;
    for (name, is_other) in
        [("cluster", before.cluster != after.cluster), ("root", before.root != after.root)]
    {
        if is_other {
            return vec![another_cluster(name, inputs)];
        }
    }
    let authorities = replaced_authorities(causes.before, causes.after);
    let mut findings: Vec<Finding> =
        authorities.iter().map(|certificate| authority(decisions, certificate, inputs)).collect();
    if before.generation(SERVICE_ACCOUNTS) != after.generation(SERVICE_ACCOUNTS) {
        let what =
            "the key of service accounts is another: every token that was signed with the old one is refused";
        let advice =
            "restart all pods afterwards, so that they get new tokens; going back refuses the new ones";
        let because = entry(inputs, &format!("generations.{SERVICE_ACCOUNTS}"));
        findings.push(Finding::new(Kind::Lasting, what, advice).because(because));
    }
    findings.extend(PEOPLE.iter().filter_map(|name| user(decisions, name, inputs)));
    findings
}

/// Whose kubeconfigs people have.
const PEOPLE: [&str; 2] = ["admin", "super-admin"];

fn user(decisions: &Decisions<'_>, name: &str, inputs: &Inputs) -> Option<Finding> {
    let label = format!("pki/{name}");
    let [before, after] = decisions.locks.map(|lock| lock.generation(&label));
    let what = format!(
        "the key of {name} is another, and whoever has the old one is let in until its certificate expires"
    );
    let advice = format!(
        "hand out `kthw kubeconfig {name}` anew; nothing can revoke a certificate in Kubernetes but another authority"
    );
    let because = entry(inputs, &format!("generations.{label}"));
    (before != after).then(|| Finding::new(Kind::ByHand, what, advice).because(because))
}

fn another_cluster(name: &str, inputs: &Inputs) -> Finding {
    let what = format!(
        "the {name} in kthw.lock is another: every key is, so nobody trusts anybody until all hosts are changed, \
         and what etcd holds encrypted is unreadable"
    );
    let advice = Advice::from(
        "put the earlier kthw.lock back; a new cluster begins in a folder of its own, on empty hosts",
    )
    .meaning(Act::Keep);
    Finding::new(Kind::Forbidden, what, advice).because(entry(inputs, name))
}

/// An authority that is replaced in one step.
fn authority(decisions: &Decisions<'_>, certificate: &str, inputs: &Inputs) -> Finding {
    let name = certificate.trim_end_matches("/cert");
    let (imported, broken) = match name {
        "pki/etcd/ca" => (
            "etcd",
            match decisions.clusters[0].etcd_members().nth(1) {
                Some(_) => {
                    "a member that has it and one that has not refuse each other, so the first that restarts stays \
                     out, and with the second etcd loses its quorum; API servers that have not restarted are refused"
                }
                None => "API servers that have not restarted are refused",
            },
        ),
        "pki/front-proxy-ca" => (
            "frontProxy",
            "aggregated APIs, such as metrics, refuse API servers until both know the same authority",
        ),
        _ => (
            "cluster",
            "kubelets, kube-proxies, controller managers and schedulers are refused until they have restarted; pods \
             until they see the new kube-root-ca.crt; and every kubeconfig that was handed out, for good",
        ),
    };
    // No member that has the new one reaches the gate of its step.
    let is_stuck = imported == "etcd" && decisions.clusters[0].etcd_members().nth(1).is_some();
    let kind = if is_stuck { Kind::Forbidden } else { Kind::Breaking };
    let what =
        format!("the authority {name} is replaced in one step, and nobody trusts both meanwhile: {broken}");
    let advice = Advice::from(
        "keep its key: kthw cannot yet roll out two authorities side by side. By hand: trust both everywhere, then \
         reissue, then trust the new one alone",
    )
    .meaning(Act::Keep);
    let mut causes = entry(inputs, &format!("generations.{name}"));
    causes.extend(field(inputs, &format!("pki.authorities.{imported}")));
    Finding::new(kind, what, advice).because(causes)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use crate::lock::Lock;
    use crate::rollout::Trial;

    fn check(change: impl FnOnce(&mut Lock), expected: &[(Kind, &str)]) {
        let mut findings = Trial::of("production").lock_after(change).rollout().findings;
        findings.retain(|finding| finding.kind != Kind::Meanwhile);
        let found: Vec<_> = findings.iter().map(|finding| (finding.kind, finding.what.as_str())).collect();
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for ((kind, what), (expected, part)) in found.iter().zip(expected) {
            assert!(kind == expected && what.contains(part), "{what}");
        }
        assert!(findings.iter().all(|finding| finding.causes.len() == 1), "{findings:#?}");
    }

    #[test]
    fn a_key_that_others_trust_is_told_of() {
        let generation =
            |label: &'static str| move |lock: &mut Lock| _ = lock.generations.insert(label.to_owned(), 2);
        check(generation("pki/scheduler"), &[]);
        check(generation("pki/admin"), &[(Kind::ByHand, "the key of admin is another")]);
        check(generation("pki/ca"), &[(Kind::Breaking, "every kubeconfig that was handed out")]);
        check(generation("pki/etcd/ca"), &[(Kind::Forbidden, "etcd loses its quorum")]);
        check(generation("pki/front-proxy-ca"), &[(Kind::Breaking, "aggregated APIs")]);
        check(generation("pki/service-accounts"), &[(Kind::Lasting, "every token")]);
        check(
            |lock| lock.cluster = "another".to_owned(),
            &[(Kind::Forbidden, "the cluster in kthw.lock is another")],
        );
    }

    #[test]
    fn an_etcd_of_one_member_takes_another_authority() {
        let replaced = |lock: &mut Lock| _ = lock.generations.insert("pki/etcd/ca".to_owned(), 2);
        let findings = Trial::of("single").lock_after(replaced).rollout().findings;
        assert_eq!(findings[0].kind, Kind::Breaking, "{findings:#?}");
        assert!(
            findings[0].what.ends_with("API servers that have not restarted are refused"),
            "{findings:#?}"
        );
    }
}
