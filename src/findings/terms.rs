//! Certificates that nobody accepts, at the moment of the plan or beside those that they replace.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Decisions;
use super::advice::{Act, Advice};
use super::finding::{Finding, Kind, entry, field};
use crate::artifact::Artifact;
use crate::certificate_text::date;
use crate::cluster::Authority;
use crate::diff::{Causes, Inputs};
use crate::names::{counted, first_few};
use crate::validity::{self, Epoch, Notice, Term};

/// What is not valid must not be brought to any host; where nothing is done, it is only told.
pub fn findings(decisions: &Decisions<'_>, causes: &Causes<'_>, is_done: bool) -> Vec<Finding> {
    let after = causes.after;
    let nodes = after.graph.order().iter().map(|id| (after.name(*id), after.action(*id)));
    let notices = validity::notices(nodes, &decisions.clusters[1].pki, decisions.now);
    let told = |Notice { epoch, what, is_valid, .. }: Notice| {
        let kind = match (is_valid, is_done) {
            (true, _) => Kind::ByHand,
            (false, true) => Kind::Forbidden,
            (false, false) => Kind::Breaking,
        };
        let advice = match is_valid {
            true if epoch == Epoch::Others && outlives(decisions) => {
                Advice::from("renew them with other epochs `ca` and `leaf` in kthw.lock")
                    .say(WITH_AUTHORITIES)
            }
            true => Advice::from(epoch.renewal()),
            false => renewal(decisions, epoch),
        };
        let what = if is_valid { what } else { format!("{what}, and whoever is shown one refuses it") };
        Finding::new(kind, what, advice).because(deciders(&causes.inputs, epoch))
    };
    let told = notices.into_iter().map(told).chain(gaps(decisions, causes));
    told.chain(brief(decisions, &causes.inputs)).collect()
}

/// A week: whoever renews by hand does so in working hours.
const BRIEF: u64 = 7 * 24 * 3600;

/// Terms that become so short that one rollout has to follow the other.
fn brief(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let [before, after] = decisions.clusters.map(|cluster| &cluster.pki);
    let terms = [
        ("pki.certificateValidityPeriod", before.leaf_lifetime, after.leaf_lifetime),
        ("pki.caCertificateValidityPeriod", before.ca_lifetime, after.ca_lifetime),
    ];
    let are_brief = terms.into_iter().filter(|(_, old, new)| new < old && new.as_secs() < BRIEF);
    let finding = |(path, _, new): (&str, _, Duration)| {
        let hours = counted(usize::try_from(new.as_secs() / 3600).unwrap_or(usize::MAX), "hour");
        let what = format!(
            "{path} becomes {hours}: within that time after the epoch in kthw.lock the next certificates have to be on all hosts, or \
             no program trusts another"
        );
        let advice =
            "have something renew and roll out well within that time, every time; or choose a longer one";
        Finding::new(Kind::Breaking, what, advice).because(field(inputs, path))
    };
    are_brief.map(finding).collect()
}

/// Why a later `leaf` alone is not enough.
const WITH_AUTHORITIES: &str = ": by another `leaf` alone they would outlive their authorities";

/// Whether certificates that are made anew now would end after the authorities that are made here.
fn outlives(decisions: &Decisions<'_>) -> bool {
    let pki = &decisions.clusters[1].pki;
    let are_made_here = Authority::ALL.iter().any(|one| !pki.authorities.contains_key(one));
    let authorities = decisions.locks[1].epochs.ca.unix().unsigned_abs() + pki.ca_lifetime.as_secs();
    are_made_here && decisions.now + pki.leaf_lifetime.as_secs() > authorities
}

/// The epochs by which all is valid from now on. An authority begins no later than what it signs.
fn renewal(decisions: &Decisions<'_>, epoch: Epoch) -> Advice {
    let advice = Advice::from(epoch.renewal());
    let moment = date(decisions.now);
    let renew = |of| Act::Renew { of, moment: moment.clone() };
    match epoch {
        Epoch::Authorities => advice.say(", now: ").act(renew("ca")).say(" and ").act(renew("leaf")),
        Epoch::Others if outlives(decisions) => {
            let words = "renew them with other epochs `ca` and `leaf` in kthw.lock, now: ";
            Advice::from(words).act(renew("ca")).say(" and ").act(renew("leaf")).say(WITH_AUTHORITIES)
        }
        Epoch::Others if decisions.locks[1].epochs.ca.unix().unsigned_abs() <= decisions.now => {
            advice.say(", now: ").act(renew("leaf"))
        }
        Epoch::Others | Epoch::Elsewhere(_) => advice.meaning(Act::Keep),
    }
}

/// Certificates that are never valid together with those that they replace: whoever has restarted and whoever has not
/// refuse each other. Where what is replaced is not valid anyway, that is the way back to one that is.
fn gaps(decisions: &Decisions<'_>, causes: &Causes<'_>) -> Vec<Finding> {
    let (before, after) = (causes.before, causes.after);
    let mut found: BTreeMap<(Epoch, Term, Term), Vec<&str>> = BTreeMap::new();
    for node in after.graph.order().iter().map(|id| after.graph.node(*id)) {
        let name = node.name.as_str();
        let then = before.graph.find(name).and_then(|id| Term::of(before.action(id)));
        let action: &Artifact = &node.action;
        if let (Some(old), Some(new), Some(epoch)) = (then, Term::of(action), Epoch::of(action))
            && !old.meets(new)
        {
            found.entry((epoch, old, new)).or_default().push(name);
        }
    }
    let gap = |((epoch, old, new), names): ((Epoch, Term, Term), Vec<&str>)| {
        let what = format!(
            "{} ({}) valid from {} on, and what is replaced until {}: at no moment both are, so whoever has restarted and \
             whoever has not refuse each other",
            counted(names.len(), "certificate"),
            first_few(names),
            date(new.begins),
            date(old.ends)
        );
        let (kind, advice) = match old.holds(decisions.now) {
            true => (Kind::Forbidden, renewal(decisions, epoch)),
            false => (
                Kind::Breaking,
                Advice::from(
                    "what is replaced is not valid now, so gates are not reached before all have the new ones: write the \
                     files of a wave on all of its hosts first, and restart its units together",
                ),
            ),
        };
        Finding::new(kind, what, advice).because(deciders(&causes.inputs, epoch))
    };
    found.into_iter().map(gap).collect()
}

fn deciders(inputs: &Inputs, epoch: Epoch) -> Vec<usize> {
    let (name, path) = match epoch {
        Epoch::Authorities => ("epochs.ca", "pki.caCertificateValidityPeriod".to_owned()),
        Epoch::Others => ("epochs.leaf", "pki.certificateValidityPeriod".to_owned()),
        Epoch::Elsewhere(authority) => ("", format!("pki.authorities.{authority}")),
    };
    let mut causes = entry(inputs, name);
    causes.extend(field(inputs, &path));
    causes
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use crate::lock::Epoch;
    use crate::rollout::{NOW, Trial};

    const YEAR: u64 = 365 * 24 * 3600;
    const DAY: u64 = 24 * 3600;

    fn told(trial: &Trial) -> Vec<(Kind, String)> {
        let findings = trial.rollout().findings;
        let of_terms = findings.into_iter().filter(|finding| finding.what.contains("certificate"));
        of_terms.map(|finding| (finding.kind, finding.what)).collect()
    }

    #[track_caller]
    fn check(trial: &Trial, expected: &[(Kind, &str)]) {
        let found = told(trial);
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for ((kind, what), (expected, part)) in found.iter().zip(expected) {
            assert!(kind == expected && what.contains(part), "{kind:?} {what}");
        }
    }

    fn leaf(at: u64) -> impl Fn(&mut crate::lock::Lock) + Copy {
        move |lock| {
            lock.epochs.leaf = Epoch::from_unix(i64::try_from(at).expect("a moment")).expect("a moment");
            lock.epochs.ca = lock.epochs.ca.min(lock.epochs.leaf);
        }
    }

    #[test]
    fn what_is_not_valid_now_is_refused_at_both_ends() {
        let trial = || Trial::of("production");
        check(&trial(), &[]);
        check(&trial().lock_after(leaf(NOW - DAY)), &[]);
        check(&trial().lock_after(leaf(NOW + 40 * DAY)), &[(Kind::Forbidden, "not valid before")]);
        // The earlier ones end before the later ones begin.
        check(
            &trial().lock_after(leaf(NOW + 3 * YEAR)),
            &[(Kind::Forbidden, "not valid before"), (Kind::Forbidden, "refuse each other")],
        );
        check(&trial().lock_after(leaf(NOW - YEAR - DAY)), &[(Kind::Forbidden, "expired at")]);
        check(
            &trial().lock_after(leaf(NOW - 2 * YEAR)),
            &[(Kind::Forbidden, "expired at"), (Kind::Forbidden, "refuse each other")],
        );
        check(&trial().lock_after(leaf(NOW - YEAR + 20 * DAY)), &[(Kind::ByHand, "expire at")]);
        check(&trial().lock_after(leaf(NOW - YEAR + 40 * DAY)), &[]);
    }

    #[test]
    fn a_cluster_whose_certificates_have_expired_can_be_renewed() {
        let expired = Trial::of("production").lock_before(leaf(NOW - 2 * YEAR));
        check(&expired, &[(Kind::Breaking, "refuse each other")]);
        let early = Trial::of("production").lock_before(leaf(NOW + 2 * YEAR));
        check(&early, &[(Kind::Breaking, "refuse each other")]);
    }

    #[test]
    fn certificates_are_renewed_with_authorities_that_end_before_them() {
        let short = |text: String| text + "pki: {caCertificateValidityPeriod: 9000h}\n";
        let at = |moment: u64| {
            let trial =
                Trial::of("production").both(short).lock_before(leaf(moment)).lock_after(leaf(moment));
            let findings = trial.rollout().findings;
            findings.iter().map(|finding| finding.advice.to_string()).collect::<Vec<_>>().join("; ")
        };
        // They end in ten days, and expired ten days ago.
        for moment in [NOW - YEAR + 10 * DAY, NOW - YEAR - 9 * DAY] {
            let advice = at(moment);
            assert!(advice.contains("`ca` and `leaf`"), "{advice}");
        }
    }

    #[test]
    fn terms_that_become_brief_are_told() {
        let with = |line: &'static str| move |text: String| text + line;
        let brief = |trial: Trial| {
            let findings = trial.rollout().findings.into_iter();
            findings.filter(|finding| finding.what.contains(" becomes ")).collect::<Vec<_>>()
        };
        let hour = "pki: {certificateValidityPeriod: 1h}\n";
        let found = brief(Trial::of("production").after(with(hour)).lock_after(leaf(NOW)));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].kind == Kind::Breaking && found[0].what.contains("becomes 1 hour: "), "{found:?}");
        assert!(!found[0].causes.is_empty());
        assert!(brief(Trial::of("production").both(with(hour))).is_empty());
        let month = with("pki: {certificateValidityPeriod: 720h}\n");
        assert!(brief(Trial::of("production").after(month)).is_empty());
    }

    #[test]
    fn nothing_is_refused_where_nothing_is_done() {
        let ended = Trial::of("single").lock_before(leaf(NOW - 2 * YEAR)).lock_after(leaf(NOW - 2 * YEAR));
        check(&ended, &[(Kind::Breaking, "expired at")]);
    }

    #[test]
    fn how_long_before_the_end_it_is_told_is_decided_or_a_third_of_the_term() {
        let with = |line: &'static str| Trial::of("production").both(move |text| text + line);
        let ends_in = |trial: Trial, days: u64| trial.lock_after(leaf(NOW - YEAR + days * DAY));
        let soon = [(Kind::ByHand, "expire at")];
        check(&ends_in(with("pki: {warnBefore: 1200h}\n"), 49), &soon);
        check(&ends_in(with("pki: {warnBefore: 1200h}\n"), 51), &[]);
        check(&ends_in(with("pki: {warnBefore: 0s}\n"), 1), &[]);
        let short = || with("pki: {certificateValidityPeriod: 72h}\n");
        check(&short().lock_before(leaf(NOW)).lock_after(leaf(NOW - DAY)), &[]);
        check(&short().lock_before(leaf(NOW)).lock_after(leaf(NOW - 2 * DAY - 3600)), &soon);
    }
}
