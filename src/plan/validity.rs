//! Whether certificates are valid within the time of the authorities that are made here.

use super::PlanProblem;
use crate::artifact::Validity;
use crate::cluster::{Authority, Pki};
use crate::lock::Epochs;
use crate::names::counted;

const DAY: u64 = 86_400;

/// What is wrong with the epochs of the lock, together with the lifetimes of the cluster's file.
pub fn problems(pki: &Pki, epochs: Epochs) -> Vec<PlanProblem> {
    let of = |epoch: crate::lock::Epoch, lifetime: std::time::Duration| Validity {
        epoch: epoch.unix().unsigned_abs(),
        lifetime: lifetime.as_secs(),
    };
    let (leaf, authority) = (of(epochs.leaf, pki.leaf_lifetime), of(epochs.ca, pki.ca_lifetime));
    let are_made_here = Authority::ALL.iter().any(|one| !pki.authorities.contains_key(one));
    let mut problems = Vec::new();
    let mut refuse = |class, message, fix| problems.push(PlanProblem::Epoch { class, message, fix });
    let excess = leaf.not_after().saturating_sub(authority.not_after());
    if are_made_here && excess > 0 {
        let time = time(excess);
        let message = format!("certificates of the epoch `leaf` would outlive their authorities by {time}");
        let fix = "write an earlier moment, renew the authorities by a later `ca`, or shorten \
                   pki.certificateValidityPeriod";
        refuse("leaf", message, fix);
    }
    let early = authority.not_before().saturating_sub(leaf.not_before());
    if are_made_here && early > 0 {
        let time = time(early);
        let message = format!("certificates of the epoch `leaf` would begin {time} before their authorities");
        let fix = "write the moment of `ca` or a later one, which renews these certificates";
        refuse("leaf", message, fix);
    }
    problems
}

/// A time in the largest unit of which it is at least one.
fn time(seconds: u64) -> String {
    let units = [(DAY, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let (unit, name) = units.into_iter().find(|(unit, _)| seconds >= *unit).unwrap_or((1, "second"));
    counted(usize::try_from(seconds.div_ceil(unit)).unwrap_or(usize::MAX), name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::cluster::AuthorityFiles;
    use crate::lock::Epoch;

    #[test]
    fn a_certificate_is_valid_within_the_time_of_its_authority() {
        let day = |n: u64| Duration::from_secs(n * DAY);
        let epoch = |text: &str| Epoch::parse(text).expect("a moment");
        let check = |ca: &str, leaf: &str, imported: &[Authority], expected: &[&str]| {
            let files = || AuthorityFiles { certificate: "a".to_owned(), key: "b".to_owned() };
            let authorities: BTreeMap<_, _> = imported.iter().map(|one| (*one, files())).collect();
            let pki = Pki {
                ca_lifetime: day(100),
                leaf_lifetime: day(10),
                authorities,
                warn_before: Some(day(30)),
            };
            let found = problems(&pki, Epochs { ca: epoch(ca), leaf: epoch(leaf) });
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{ca} {leaf}");
        };
        let begin = "2030-01-01T00:00:00Z";
        check(begin, begin, &[], &[]);
        check(begin, "2030-04-01T00:00:00Z", &[], &[]);
        let late = "certificates of the epoch `leaf` would outlive their authorities by 1 second";
        check(begin, "2030-04-01T00:00:01Z", &[], &[late]);
        check(begin, "2030-04-01T00:00:01Z", &[Authority::Etcd], &[late]);
        check(begin, "2030-04-01T00:00:01Z", &Authority::ALL, &[]);
        let early = "certificates of the epoch `leaf` would begin 31 days before their authorities";
        check(begin, "2029-12-01T00:00:00Z", &[], &[early]);
        for (moment, time) in [
            ("2029-12-31T23:56:00Z", "4 minutes"),
            ("2029-12-31T23:00:00Z", "1 hour"),
            ("2029-12-31T22:59:59Z", "2 hours"),
            ("2029-12-31T23:59:59Z", "1 second"),
            ("2029-12-31T00:00:00Z", "1 day"),
            ("2029-12-30T23:00:00Z", "2 days"),
        ] {
            let early =
                format!("certificates of the epoch `leaf` would begin {time} before their authorities");
            check(begin, moment, &[], &[&early]);
        }
    }
}
