//! What API servers can no longer decrypt, and what they could not after going back.

use super::Decisions;
use super::advice::{Act, Advice};
use super::finding::{Finding, Kind, entry, field};
use crate::cluster::{Cluster, Provider};
use crate::diff::Inputs;

pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let [old, new] = decisions.clusters.map(|cluster| &cluster.encryption);
    let mut findings = Vec::new();
    if old.provider != new.provider {
        let causes = field(inputs, "encryption.provider");
        if old.provider == Provider::Identity {
            findings.extend(unread(
                decisions,
                &format!("what is written of {}", new.resources.join(", ")),
                QUIET,
                causes.clone(),
            ));
        }
        findings.push(another_provider(old.provider, new.provider).because(causes));
    } else if new.provider != Provider::Identity {
        findings.extend(generations(decisions, inputs));
    }
    let missing = |these: &[String], those: &[String]| {
        let is_covered = |resource: &&String| those.iter().any(|pattern| covers(pattern, resource));
        these.iter().filter(|resource| !is_covered(resource)).cloned().collect::<Vec<_>>().join(", ")
    };
    let causes = || field(inputs, "encryption.resources");
    let dropped = missing(&old.resources, &new.resources);
    if old.provider != Provider::Identity && !dropped.is_empty() {
        let what = format!("{dropped} no longer decrypted: what etcd holds of them encrypted is unreadable");
        let advice = Advice::from(
            "keep them in encryption.resources: what is listed there is written encrypted, and nothing else is read so",
        )
        .meaning(Act::Keep);
        findings.push(Finding::new(Kind::Forbidden, what, advice).because(causes()));
    }
    let added = missing(&new.resources, &old.resources);
    if new.provider != Provider::Identity && !added.is_empty() {
        let what = format!(
            "{added} encrypted from now on: after going back what was written meanwhile is unreadable"
        );
        findings.push(Finding::new(Kind::Lasting, what, AFTERWARDS).because(causes()));
        findings.extend(unread(decisions, &format!("what is written of {added}"), QUIET, causes()));
    }
    findings
}

/// Whether an entry of a list means a resource, or all that another entry means: `*.` is the core group, `*.apps` another,
/// and `*.*` all of them.
fn covers(pattern: &str, resource: &str) -> bool {
    let group = |name: &str| name.split_once('.').map_or("", |(_, group)| group).to_owned();
    pattern == resource
        || pattern == "*.*"
        || pattern.strip_prefix("*.").is_some_and(|wanted| resource != "*.*" && group(resource) == wanted)
}

const AFTERWARDS: &str = "to go back, keep the key and write the objects anew without it first";

fn another_provider(old: Provider, new: Provider) -> Finding {
    match old {
        Provider::Identity => {
            let what = format!(
                "{new} encrypts from now on: after going back what was written meanwhile is unreadable"
            );
            Finding::new(Kind::Lasting, what, AFTERWARDS)
        }
        old => {
            let what = format!("{old} → {new}: what etcd holds encrypted by {old} is unreadable");
            let advice = Advice::from(
                "keep the provider: an API server is given the keys of one alone, so nothing can be written anew with \
                 another before",
            )
            .meaning(Act::Keep);
            Finding::new(Kind::Forbidden, what, advice)
        }
    }
}

fn generations(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let [old, new] = decisions.locks.map(|lock| &lock.encryption);
    let missing = |these: &[u32], those: &[u32]| -> Vec<u32> {
        these.iter().filter(|generation| !those.contains(generation)).copied().collect()
    };
    let causes = || entry(inputs, "encryption");
    let dropped = missing(old, new);
    // Whatever is written anew before that is encrypted with the first key.
    if let Some(encrypts) = old.first().filter(|first| dropped.contains(first)) {
        let what = format!(
            "{old:?} → {new:?}: key {encrypts} encrypts until then and decrypts no more afterwards, so what etcd holds \
             encrypted by it is lost to the cluster"
        );
        let added = missing(new, old);
        let mut advice = Advice::from("in kthw.lock, one rollout each: ");
        if is_unknown(decisions, old, new) {
            let known = [old.as_slice(), &added].concat();
            advice = advice
                .act(Act::SetEncryption { keys: known })
                .say(", so that every API server can decrypt what the new key encrypts; ");
        }
        let advice = advice
            .act(Act::SetEncryption { keys: [new.as_slice(), &dropped].concat() })
            .say("; then ")
            .act(rewriting(decisions.clusters[0]))
            .say("; and only then ")
            .say(Act::SetEncryption { keys: new.clone() }.to_string());
        return vec![Finding::new(Kind::Forbidden, what, advice).because(causes())];
    }
    let mut findings = Vec::new();
    for generation in dropped {
        let what = format!(
            "key {generation} decrypts no more: objects that were last written with it can be neither read, listed \
             nor deleted"
        );
        let advice = Advice::from("first ")
            .act(rewriting(decisions.clusters[0]))
            .say(format!("; only generation {generation} in kthw.lock reads what was forgotten"));
        findings.push(Finding::new(Kind::Lasting, what, advice).because(causes()));
    }
    for generation in missing(new, old) {
        let what = format!("key {generation} is new: after going back what it has encrypted is unreadable");
        let advice = format!("to go back, keep generation {generation} in kthw.lock");
        findings.push(Finding::new(Kind::Lasting, what, advice).because(causes()));
        if new.first() == Some(&generation) {
            let known = [old.as_slice(), &missing(new, old)].concat();
            let advice = Advice::from("in two rollouts: first ")
                .act(Act::SetEncryption { keys: known })
                .say(" in kthw.lock, so that every API server can decrypt it, and then ")
                .say(Act::SetEncryption { keys: new.clone() }.to_string());
            let what = format!("what key {generation} encrypts");
            findings.extend(unread(decisions, &what, advice, causes()));
        }
    }
    findings
}

const QUIET: &str = "choose a quiet hour, and roll out to the API servers without a pause";

/// What the first API server writes while the others do not know how to read it.
fn unread(
    decisions: &Decisions<'_>,
    what: &str,
    advice: impl Into<Advice>,
    causes: Vec<usize>,
) -> Option<Finding> {
    decisions.clusters[1].control_planes().nth(1)?;
    let what = format!(
        "{what} as soon as the first API server restarts is unreadable for the others, which can list nothing of its kind \
         until they have restarted"
    );
    Some(Finding::new(Kind::Breaking, what, advice).because(causes))
}

/// The command that encrypts with the first key whatever is encrypted.
fn rewriting(cluster: &Cluster) -> Act {
    let resources = cluster.encryption.resources.join(",");
    Act::Rewrite { command: format!("`kubectl get {resources} -A -o json | kubectl replace -f -`") }
}

/// Whether a key comes to encrypt that other API servers cannot decrypt with until they have restarted.
fn is_unknown(decisions: &Decisions<'_>, old: &[u32], new: &[u32]) -> bool {
    let is_new = new.first().is_some_and(|first| !old.contains(first));
    is_new && decisions.clusters[1].control_planes().nth(1).is_some()
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use crate::rollout::Trial;

    fn check(trial: &Trial, expected: &[(Kind, &str)]) {
        let findings = trial.rollout().findings;
        let found: Vec<_> = findings.iter().filter(|finding| finding.kind != Kind::Meanwhile).collect();
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (finding, (kind, start)) in found.iter().zip(expected) {
            assert!(finding.kind == *kind && finding.what.starts_with(start), "{finding:?}");
            assert!(!finding.causes.is_empty(), "{finding:?}");
        }
    }

    #[test]
    fn what_is_unreadable_is_told_for_both_directions() {
        let lock = |before: &'static [u32], after: &'static [u32]| {
            Trial::of("production")
                .lock_before(|lock| lock.encryption = before.to_vec())
                .lock_after(|lock| lock.encryption = after.to_vec())
        };
        check(&lock(&[2, 1], &[2, 1]), &[]);
        check(&lock(&[2, 1], &[2]), &[(Kind::Lasting, "key 1 decrypts no more")]);
        check(&lock(&[1], &[2]), &[(Kind::Forbidden, "[1] → [2]: key 1 encrypts until then")]);
        // To write objects anew would encrypt them with key 2 once more.
        check(&lock(&[2, 1], &[1]), &[(Kind::Forbidden, "[2, 1] → [1]: key 2 encrypts until then")]);
        check(&lock(&[2, 1], &[3, 1]), &[(Kind::Forbidden, "[2, 1] → [3, 1]: key 2 encrypts until then")]);
        check(
            &lock(&[1], &[2, 1]),
            &[(Kind::Lasting, "key 2 is new"), (Kind::Breaking, "what key 2 encrypts as soon as")],
        );
        check(&lock(&[1], &[1, 2]), &[(Kind::Lasting, "key 2 is new")]);
        check(&lock(&[1, 2], &[2, 1]), &[]);
        let provider = |from: &'static str, to: &'static str| {
            Trial::of("production")
                .before(|text| text.replace("provider: secretbox", &format!("provider: {from}")))
                .after(|text| text.replace("provider: secretbox", &format!("provider: {to}")))
        };
        check(&provider("secretbox", "aescbc"), &[(Kind::Forbidden, "secretbox → aescbc")]);
        let written =
            (Kind::Breaking, "what is written of configmaps, secrets as soon as the first API server");
        check(
            &provider("identity", "secretbox"),
            &[(Kind::Lasting, "secretbox encrypts from now on"), written],
        );
        check(&provider("secretbox", "identity"), &[(Kind::Forbidden, "secretbox → identity")]);
        let resources = |from: &'static str, to: &'static str| {
            Trial::of("production")
                .before(|text| text.replace("[secrets, configmaps]", from))
                .after(|text| text.replace("[secrets, configmaps]", to))
        };
        check(&resources("[secrets, configmaps]", "[secrets]"), &[(Kind::Forbidden, "configmaps no longer")]);
        let written = (Kind::Breaking, "what is written of configmaps as soon as the first API server");
        check(
            &resources("[secrets]", "[secrets, configmaps]"),
            &[(Kind::Lasting, "configmaps encrypted"), written],
        );
    }

    #[test]
    fn a_wildcard_stands_for_what_it_covers() {
        for (pattern, resource, expected) in [
            ("*.", "secrets", true),
            ("*.", "deployments.apps", false),
            ("*.apps", "deployments.apps", true),
            ("*.*", "*.apps", true),
            ("*.apps", "*.*", false),
            ("secrets", "*.", false),
            ("leases.coordination.k8s.io", "leases.coordination.k8s.io", true),
            ("*.coordination.k8s.io", "leases.coordination.k8s.io", true),
        ] {
            assert_eq!(super::covers(pattern, resource), expected, "{pattern} {resource}");
        }
    }

    #[test]
    fn every_api_server_can_decrypt_before_one_encrypts() {
        let advice = |example: &str| {
            let trial = Trial::of(example)
                .lock_before(|lock| lock.encryption = vec![1])
                .lock_after(|lock| lock.encryption = vec![2, 1]);
            let findings = trial.rollout().findings;
            findings.into_iter().find(|finding| finding.kind == Kind::Breaking).map(|finding| finding.advice)
        };
        let in_two = "in two rollouts: first `encryption = [1, 2]` in kthw.lock, so that every API server can decrypt it, \
                      and then `encryption = [2, 1]`";
        assert_eq!(advice("production").as_deref(), Some(in_two));
        assert_eq!(advice("single"), None, "there is no other API server");
    }

    #[test]
    fn keys_change_in_an_order_that_loses_nothing() {
        let advice = |before: &'static [u32], after: &'static [u32]| {
            let trial = Trial::of("production")
                .both(|text| text.replace("[secrets, configmaps]", "[secrets]"))
                .lock_before(|lock| lock.encryption = before.to_vec())
                .lock_after(|lock| lock.encryption = after.to_vec());
            trial.rollout().findings.remove(0).advice
        };
        assert_eq!(
            &*advice(&[1], &[2]),
            "in kthw.lock, one rollout each: `encryption = [1, 2]`, so that every API server can decrypt what the new key \
             encrypts; `encryption = [2, 1]`; then write all objects anew (`kubectl get secrets -A -o json | kubectl \
             replace -f -`); and only then `encryption = [2]`"
        );
        assert!(
            advice(&[2, 1], &[1]).starts_with("in kthw.lock, one rollout each: `encryption = [1, 2]`; then")
        );
        assert!(advice(&[2, 1], &[2]).starts_with("first write all objects anew (`kubectl get secrets -A"));
    }
}
