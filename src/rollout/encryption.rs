//! What API servers can no longer decrypt, and what they could not after going back.

use super::Decisions;
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
        these.iter().filter(|resource| !those.contains(resource)).cloned().collect::<Vec<_>>().join(", ")
    };
    let causes = || field(inputs, "encryption.resources");
    let dropped = missing(&old.resources, &new.resources);
    if old.provider != Provider::Identity && !dropped.is_empty() {
        let what = format!("{dropped} no longer decrypted: what etcd holds of them encrypted is unreadable");
        let advice = "keep them in encryption.resources";
        findings.push(Finding::new(Kind::Breaking, what, advice).because(causes()));
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
            let advice = "keep the provider: an API server is given the keys of one alone, so nothing can be written anew \
                          with another before";
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
        let between = [new.as_slice(), &dropped].concat();
        let advice = format!(
            "first `encryption = {between:?}` in kthw.lock, and roll it out; then write all objects anew ({}); and only \
             then `encryption = {new:?}`",
            rewriting(decisions.clusters[0])
        );
        return vec![Finding::new(Kind::Forbidden, what, advice).because(causes())];
    }
    let mut findings = Vec::new();
    for generation in dropped {
        let what = format!(
            "key {generation} decrypts no more: objects that were last written with it can be neither read, listed \
             nor deleted"
        );
        let advice = format!(
            "first write all objects anew ({}); only generation {generation} in kthw.lock reads what was forgotten",
            rewriting(decisions.clusters[0])
        );
        findings.push(Finding::new(Kind::Lasting, what, advice).because(causes()));
    }
    for generation in missing(new, old) {
        let what = format!("key {generation} is new: after going back what it has encrypted is unreadable");
        let advice = format!("to go back, keep generation {generation} in kthw.lock");
        findings.push(Finding::new(Kind::Lasting, what, advice).because(causes()));
        if new.first() == Some(&generation) {
            let order = |keys: &[u32]| format!("`encryption = {keys:?}`");
            let second = [old.as_slice(), &[generation]].concat();
            let advice = format!(
                "in two rollouts: first {} in kthw.lock, so that every API server can decrypt it, and then {}",
                order(&second),
                order(new)
            );
            let what = format!("what key {generation} encrypts");
            findings.extend(unread(decisions, &what, &advice, causes()));
        }
    }
    findings
}

const QUIET: &str = "choose a quiet hour, and roll out to the API servers without a pause";

/// What the first API server writes while the others do not know how to read it.
fn unread(decisions: &Decisions<'_>, what: &str, advice: &str, causes: Vec<usize>) -> Option<Finding> {
    decisions.clusters[1].control_planes().nth(1)?;
    let what = format!(
        "{what} as soon as the first API server restarts is unreadable for the others, which can list nothing of its kind \
         until they have restarted"
    );
    Some(Finding::new(Kind::Breaking, what, advice).because(causes))
}

/// The command that encrypts with the first key whatever is encrypted.
fn rewriting(cluster: &Cluster) -> String {
    format!("`kubectl get {} -A -o json | kubectl replace -f -`", cluster.encryption.resources.join(","))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use super::super::trial::Trial;

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
        check(&resources("[secrets, configmaps]", "[secrets]"), &[(Kind::Breaking, "configmaps no longer")]);
        let written = (Kind::Breaking, "what is written of configmaps as soon as the first API server");
        check(
            &resources("[secrets]", "[secrets, configmaps]"),
            &[(Kind::Lasting, "configmaps encrypted"), written],
        );
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
            advice(&[1], &[2]),
            "first `encryption = [2, 1]` in kthw.lock, and roll it out; then write all objects anew (`kubectl get \
             secrets -A -o json | kubectl replace -f -`); and only then `encryption = [2]`"
        );
        assert!(advice(&[2, 1], &[1]).starts_with("first `encryption = [1, 2]`"));
        assert!(advice(&[2, 1], &[2]).starts_with("first write all objects anew (`kubectl get secrets -A"));
    }
}
