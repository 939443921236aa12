//! A lock that a merge has left in conflict, read as what both sides together decided.

use super::{Lock, LockProblem, read};

const BEGIN: &str = "<<<<<<<";
const BASE: &str = "|||||||";
const MIDDLE: &str = "=======";
const END: &str = ">>>>>>>";

const BY_HAND: &str =
    "take the side that is meant (`git checkout --ours kthw.lock`, or `--theirs`), then run `kthw lock`";

/// Reads both sides and takes the later of what only ever grows: epochs, generations, and pins of either side. None where
/// there is no conflict.
pub(super) fn merged(text: &str) -> Option<Result<Lock, Vec<LockProblem>>> {
    let line = 1 + text.lines().position(|line| line.starts_with(BEGIN))?;
    let problem = |message: String| LockProblem { line, column: 1, message, fix: BY_HAND.to_owned() };
    let Some(texts) = sides(text) else {
        return Some(Err(vec![problem("the marks of a merge conflict are not complete".to_owned())]));
    };
    let [Ok(ours), Ok(theirs)] = texts.map(|text| read::trusted(&text)) else {
        return Some(Err(vec![problem("a side of a merge conflict is no lock".to_owned())]));
    };
    Some(join(ours, &theirs).map_err(|message| vec![problem(message)]))
}

/// The texts of both sides. What a merge may show of their common past is left out.
fn sides(text: &str) -> Option<[String; 2]> {
    let mut sides = [String::new(), String::new()];
    let mut within = [true, true];
    let mut open = false;
    for line in text.split_inclusive('\n') {
        match [BEGIN, BASE, MIDDLE, END].into_iter().find(|mark| line.starts_with(mark)) {
            Some(BEGIN) if !open => (open, within) = (true, [true, false]),
            Some(BASE) if within == [true, false] => within = [false, false],
            Some(MIDDLE) if open && !within[1] => within = [false, true],
            Some(END) if within == [false, true] => (open, within) = (false, [true, true]),
            Some(_) => return None,
            None => {
                for (side, _) in sides.iter_mut().zip(within).filter(|(_, within)| *within) {
                    side.push_str(line);
                }
            }
        }
    }
    (!open).then_some(sides)
}

fn join(mut ours: Lock, theirs: &Lock) -> Result<Lock, String> {
    if (&ours.cluster, &ours.root) != (&theirs.cluster, &theirs.root) {
        return Err("the sides of a merge conflict are of different clusters".to_owned());
    }
    for pin in theirs.pins() {
        let own = ours.pin(&pin.name, &pin.version, &pin.os, &pin.arch);
        if own.is_some_and(|own| own.checksum != pin.checksum) {
            return Err(format!("the sides of a merge conflict pin other bytes for {pin}"));
        }
    }
    ours.epochs.ca = ours.epochs.ca.max(theirs.epochs.ca);
    ours.epochs.leaf = ours.epochs.leaf.max(theirs.epochs.leaf);
    for (label, generation) in &theirs.generations {
        let own = ours.generations.entry(label.clone()).or_insert(*generation);
        *own = (*own).max(*generation);
    }
    ours.encryption = generations(&ours.encryption, &theirs.encryption);
    // A mark that these are not the published bytes stays, whichever side has it; who asked the publisher is believed more
    // than who measured a mirror.
    let mut pins: Vec<_> = theirs.pins().iter().chain(ours.pins()).cloned().collect();
    pins.sort_by_key(|pin| (pin.published.is_some(), !pin.measured));
    ours.set_pins(pins);
    Ok(ours)
}

/// The keys of either side, for what an older one encrypted must stay readable until nobody says otherwise. Those that both
/// sides have come first, newest first unless both have them in another order: a merge lets no key encrypt that some API
/// server may not know yet.
fn generations(ours: &[u32], theirs: &[u32]) -> Vec<u32> {
    let newest_first = |mut keys: Vec<u32>| {
        keys.sort_unstable_by(|a, b| b.cmp(a));
        keys.dedup();
        keys
    };
    let shared = |these: &[u32], those: &[u32]| -> Vec<u32> {
        these.iter().filter(|key| those.contains(key)).copied().collect()
    };
    let (own, other) = (shared(ours, theirs), shared(theirs, ours));
    let mut merged = if own == other { own } else { newest_first(own) };
    let more = newest_first([ours, theirs].concat());
    merged.extend(more.into_iter().filter(|key| !other.contains(key)));
    merged
}

#[cfg(test)]
mod tests {
    use super::super::tests::{etcd, example};
    use super::super::{Algorithm, Checksum, Epoch, Pin};
    use super::*;

    /// What git writes of two texts that differ everywhere.
    fn conflict(ours: &Lock, theirs: &Lock) -> String {
        format!(
            "<<<<<<< HEAD\n{}||||||| base\nnothing\n=======\n{}>>>>>>> theirs\n",
            ours.render(),
            theirs.render()
        )
    }

    fn refusal(ours: &Lock, theirs: &Lock) -> String {
        let problems = merged(&conflict(ours, theirs)).expect("a conflict").expect_err("it is refused");
        problems.iter().map(|problem| problem.message.clone()).collect()
    }

    #[test]
    fn what_only_grows_is_as_the_later_side_has_it() {
        let (mut ours, mut theirs) = (example(), example());
        let later = Epoch::from_unix(ours.epochs.leaf.unix() + 60).expect("in range");
        ours.generations = [("pki/ca".to_owned(), 2), ("pki/etcd/ca".to_owned(), 2)].into();
        theirs.generations = [("pki/ca".to_owned(), 3)].into();
        ours.encryption = vec![2, 1];
        theirs.encryption = vec![3, 2];
        theirs.epochs.leaf = later;
        ours.set_pins([etcd("amd64")]);
        theirs.set_pins([etcd("arm64")]);
        for text in [conflict(&ours, &theirs), conflict(&theirs, &ours)] {
            let lock = merged(&text).expect("a conflict").expect("it can be merged");
            assert_eq!((lock.generation("pki/ca"), lock.generation("pki/etcd/ca")), (3, 2));
            assert_eq!(lock.encryption, [2, 3, 1]);
            assert_eq!((lock.epochs.ca, lock.epochs.leaf), (example().epochs.ca, later));
            assert_eq!(lock.pins(), example().pins());
        }
    }

    #[test]
    fn a_merge_lets_no_key_encrypt_that_one_side_does_not_know() {
        let check = |ours: &[u32], theirs: &[u32], expected: &[u32]| {
            assert_eq!(generations(ours, theirs), expected, "{ours:?} {theirs:?}");
            assert_eq!(generations(theirs, ours), expected, "{theirs:?} {ours:?}");
        };
        check(&[1], &[1], &[1]);
        check(&[1, 2], &[1], &[1, 2]);
        check(&[2, 1], &[1], &[1, 2]);
        check(&[1, 2], &[1, 2, 3], &[1, 2, 3]);
        check(&[1, 2], &[2, 1], &[2, 1]);
        check(&[1], &[2], &[2, 1]);
    }

    #[test]
    fn a_pin_that_was_asked_of_its_publisher_wins_over_a_measured_one_and_a_mark_over_both() {
        let lock = |pin: &Pin| {
            let mut lock = example();
            lock.set_pins([pin.clone()]);
            lock
        };
        let asked = etcd("amd64");
        let mut measured = Pin { measured: true, ..etcd("amd64") };
        measured.url = "https://mirror.example.org/etcd.tar.gz".to_owned();
        let digest = "1".repeat(64);
        let published = Checksum::new(Algorithm::Sha256, &digest).expect("64 digits");
        let marked = Pin { published: Some(published), ..etcd("amd64") };
        for (better, worse) in [(&asked, &measured), (&marked, &asked), (&marked, &measured)] {
            for (ours, theirs) in [(better, worse), (worse, better)] {
                let merged = merged(&conflict(&lock(ours), &lock(theirs))).expect("a conflict");
                assert_eq!(merged.expect("it can be merged").pins(), std::slice::from_ref(better));
            }
        }
    }

    #[test]
    fn sides_that_contradict_each_other_are_refused() {
        let other = Lock { cluster: "another-0000".into(), ..example() };
        assert!(refusal(&example(), &other).contains("different clusters"));
        let mut pin = etcd("amd64");
        let digest = "0".repeat(64);
        pin.checksum =
            crate::lock::Checksum::new(crate::lock::Algorithm::Sha256, &digest).expect("64 digits");
        let mut theirs = example();
        theirs.set_pins([pin]);
        assert!(refusal(&example(), &theirs).contains("pin other bytes for etcd 3.6.14 linux/amd64"));
    }

    #[test]
    fn marks_that_are_not_complete_are_refused() {
        assert!(merged(&example().render()).is_none());
        let whole = conflict(&example(), &example());
        for mark in [MIDDLE, END] {
            let text: String = whole.split_inclusive('\n').filter(|line| !line.starts_with(mark)).collect();
            assert!(merged(&text).expect("a conflict").is_err(), "{mark}");
        }
    }
}
