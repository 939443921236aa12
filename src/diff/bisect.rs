//! Which changes make a difference, found by undoing them half by half.

use super::cause_set::CauseSet;

/// Something as it is without some changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial<T> {
    Is(T),
    /// Changes may need each other: without these alone, there is no state at all.
    Impossible,
    /// It would take too long to find out.
    Unknown,
}

/// The changes among these without which something is not what it is `now`: each that makes a difference by itself and,
/// where none does, few that do together. Without all that are found it is what it is without all of these. Where few changes
/// matter few trials are made, and always of the same halves.
/// If those that are guessed `first` account for all of it, the others are not searched.
pub fn bisect<T: PartialEq>(
    among: &[usize],
    first: &[usize],
    now: &T,
    trial: &mut dyn FnMut(&[usize]) -> Trial<T>,
) -> CauseSet {
    let mut search = Search { trial, found: CauseSet::default() };
    let among = if search.accounts(first, among, now).unwrap_or_default() { first } else { among };
    search.narrow(among, &[], now);
    // Where it would take too long, what is found stands.
    let _ = search.complete(among);
    search.found
}

struct Search<'t, T> {
    trial: &'t mut dyn FnMut(&[usize]) -> Trial<T>,
    found: CauseSet,
}

/// It would take too long to find out.
struct TooLong;

/// Two parts of a set.
type Parts = (Vec<usize>, Vec<usize>);

impl<T: PartialEq> Search<'_, T> {
    /// Finds those of a set that make a difference to what there is without the others, given that the whole set does.
    fn narrow(&mut self, among: &[usize], others: &[usize], now: &T) {
        let found = match among {
            [] | [_] => Ok(among.iter().copied().collect()),
            _ => self.halve(among, others, now),
        };
        self.found.extend(&found.unwrap_or_else(|TooLong| CauseSet::any_of(among.iter().copied())));
    }

    /// Whether some are all that makes a difference: without them nothing is left of it, and without the others all of it.
    fn accounts(&mut self, some: &[usize], among: &[usize], now: &T) -> Result<bool, TooLong> {
        let others: Vec<usize> = among.iter().copied().filter(|index| !some.contains(index)).collect();
        if some.is_empty() || others.is_empty() || self.without(&others, &[])?.as_ref() != Some(now) {
            return Ok(false);
        }
        let without = self.without(some, &[])?;
        Ok(without.is_some() && without == self.without(among, &[])?)
    }

    /// Adds what only matters once that which is found is undone: of a file that is gone, what would be another in it.
    fn complete(&mut self, among: &[usize]) -> Result<(), TooLong> {
        loop {
            let found: Vec<usize> = self.found.all.iter().copied().collect();
            let rest: Vec<usize> =
                among.iter().copied().filter(|index| !self.found.all.contains(index)).collect();
            if found.is_empty() || rest.is_empty() {
                return Ok(());
            }
            let needed = self.needed(&rest, &found)?;
            let undone = [found.as_slice(), &needed].concat();
            let rest: Vec<usize> = rest.into_iter().filter(|index| !needed.contains(index)).collect();
            match (self.without(&undone, &[])?, self.without(among, &[])?) {
                (Some(then), Some(before)) if then != before => self.narrow(&rest, &undone, &then),
                _ => return Ok(()),
            }
            if self.found.all.len() == found.len() {
                return Ok(());
            }
        }
    }

    /// Narrows both halves. What needs each other stays together, and is what is found if nothing of it can go alone.
    fn halve(&mut self, among: &[usize], others: &[usize], now: &T) -> Result<CauseSet, TooLong> {
        let Some((left, right)) = self.parted(among, others)? else {
            let all = among.iter().copied();
            return Ok(match self.without(among, others)? {
                Some(then) if then != *now => all.collect(),
                Some(_) => CauseSet::default(),
                None => CauseSet::any_of(all),
            });
        };
        let (one, other) = (self.without(&left, others)?, self.without(&right, others)?);
        let is_other = |state: &Option<T>| state.as_ref().is_some_and(|then| then != now);
        if is_other(&one) {
            self.narrow(&left, others, now);
        }
        if is_other(&other) {
            self.narrow(&right, others, now);
        } else if other.is_none() || !is_other(&one) {
            // The right may matter too, if only after the left: it needs that, or neither does it without the other.
            let both = self.without(among, others)?;
            if let Some(one) = one.filter(|one| both.is_some_and(|both| both != *one)) {
                if one == *now && other.is_some() {
                    self.narrow(&left, &[&right, others].concat(), now);
                }
                self.narrow(&right, &[&left, others].concat(), &one);
            }
        }
        Ok(CauseSet::default())
    }

    /// Two parts of a set of which the first can be undone without the second; none if there are none.
    fn parted(&mut self, among: &[usize], others: &[usize]) -> Result<Option<Parts>, TooLong> {
        let (left, right) = among.split_at(among.len() / 2);
        let halves = [(left.to_vec(), right.to_vec()), (right.to_vec(), left.to_vec())];
        // Of pairs, halves may have one each.
        let singles = among
            .iter()
            .map(|one| (vec![*one], among.iter().copied().filter(|other| other != one).collect::<Vec<_>>()));
        for (half, rest) in halves.into_iter().chain(singles) {
            let needed = self.needed(&rest, &[half.as_slice(), others].concat())?;
            let left = [half.as_slice(), &needed].concat();
            if needed.len() < rest.len() && self.without(&left, others)?.is_some() {
                let right = rest.iter().copied().filter(|index| !needed.contains(index)).collect();
                return Ok(Some((left, right)));
            }
        }
        Ok(None)
    }

    /// The few of these that have to be undone with others, so that those can be undone at all.
    fn needed(&mut self, among: &[usize], others: &[usize]) -> Result<Vec<usize>, TooLong> {
        if self.without(&[], others)?.is_some() {
            return Ok(Vec::new());
        }
        if among.len() <= 1 {
            return Ok(among.to_vec());
        }
        let (left, right) = among.split_at(among.len() / 2);
        let right = self.needed(right, &[left, others].concat())?;
        let left = self.needed(left, &[&right, others].concat())?;
        Ok([left, right].concat())
    }

    fn without(&mut self, among: &[usize], others: &[usize]) -> Result<Option<T>, TooLong> {
        let mut undone = [among, others].concat();
        undone.sort_unstable();
        match (self.trial)(&undone) {
            Trial::Is(then) => Ok(Some(then)),
            Trial::Impossible => Ok(None),
            Trial::Unknown => Err(TooLong),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What is found of twenty changes, and in how many trials.
    fn found(trial: impl Fn(&dyn Fn(usize) -> bool) -> Option<usize>) -> (Vec<usize>, usize) {
        let all: Vec<usize> = (0..20).collect();
        let mut trials = BTreeSet::new();
        let mut try_it = |undone: &[usize]| {
            trials.insert(undone.to_vec());
            trial(&|change| undone.contains(&change)).map_or(Trial::Impossible, Trial::Is)
        };
        let found = bisect(&all, &[], &0, &mut try_it);
        assert_eq!(found.unsure, BTreeSet::new());
        (found.all.into_iter().collect(), trials.len())
    }

    #[test]
    fn one_of_twenty_is_found_in_few_trials() {
        for cause in 0..20 {
            let (causes, trials) = found(|is_undone| Some(is_undone(cause).into()));
            assert_eq!(causes, [cause]);
            assert!(trials <= 11, "{trials}");
        }
    }

    #[test]
    fn each_that_makes_a_difference_is_found() {
        let (causes, _) = found(|is_undone| Some(usize::from(is_undone(3)) + 2 * usize::from(is_undone(17))));
        assert_eq!(causes, [3, 17]);
        let (causes, _) = found(|is_undone| Some((0..20).filter(|change| is_undone(*change)).count()));
        assert_eq!(causes, (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn what_only_some_do_together_they_are_blamed_for_together() {
        let (causes, _) = found(|is_undone| Some((is_undone(4) && is_undone(15)).into()));
        assert_eq!(causes, [4, 15]);
        let (causes, _) = found(|is_undone| Some((is_undone(0) && is_undone(1) && is_undone(19)).into()));
        assert_eq!(causes, [0, 1, 19]);
    }

    #[test]
    fn a_range_and_an_address_in_it_are_undone_together() {
        for (range, address) in [(2, 12), (12, 2), (6, 7), (0, 19)] {
            let (causes, trials) = found(|is_undone| {
                (is_undone(range) == is_undone(address)).then_some(is_undone(address).into())
            });
            assert_eq!(causes, [range.min(address), range.max(address)]);
            assert!(trials <= 40, "{trials}");
            // What follows from something else is not blamed on them.
            let (causes, _) =
                found(|is_undone| (is_undone(range) == is_undone(address)).then_some(is_undone(10).into()));
            assert_eq!(causes, [10]);
        }
    }

    #[test]
    fn of_pairs_that_are_undone_together_one_is_blamed() {
        // Two hosts have other names: each is one that went and one that came.
        let is_possible = |is_undone: &dyn Fn(usize) -> bool| {
            is_undone(0) == is_undone(10) && is_undone(1) == is_undone(11)
        };
        let (causes, _) = found(|is_undone| is_possible(is_undone).then(|| is_undone(1).into()));
        assert_eq!(causes, [1, 11]);
    }

    #[test]
    fn what_can_be_undone_only_after_another_is_found_beside_it() {
        // A feature needs a setting, and each is seen in the file.
        for (feature, setting) in [(1, 18), (18, 1), (8, 9)] {
            let (causes, _) = found(|is_undone| {
                let (feature, setting) = (is_undone(feature), is_undone(setting));
                (feature || !setting).then_some(usize::from(feature) + 2 * usize::from(setting))
            });
            assert_eq!(causes, [feature.min(setting), feature.max(setting)]);
            let (causes, _) = found(|is_undone| {
                (is_undone(feature) || !is_undone(setting)).then_some(is_undone(setting).into())
            });
            assert_eq!(causes, [setting]);
        }
    }

    #[test]
    fn what_none_of_them_does_is_blamed_on_none() {
        assert_eq!(found(|_| Some(0)).0, [0; 0]);
        let all: Vec<usize> = (0..20).collect();
        let stuck = bisect(&all, &[], &0, &mut |_| Trial::Impossible);
        assert_eq!(stuck, CauseSet::any_of(all));
    }

    #[test]
    fn a_guess_saves_trials_and_changes_nothing() {
        let all: Vec<usize> = (0..20).collect();
        for (guess, most) in [(&[5][..], 3), (&[5, 17], 6), (&[6], 12), (&[], 12)] {
            let mut trials = 0;
            let found = bisect(&all, guess, &0, &mut |undone| {
                trials += 1;
                Trial::Is(usize::from(undone.contains(&5)))
            });
            assert_eq!(found, [5].into_iter().collect());
            assert!(trials <= most * 2, "{guess:?}: {trials}");
        }
    }

    #[test]
    fn what_matters_only_where_another_is_undone_is_found_too() {
        // A file is gone with its section, and would be another if it were not.
        for (section, other) in [(1, 18), (18, 1), (8, 9)] {
            let (causes, _) = found(|is_undone| {
                Some(if is_undone(section) { 1 + usize::from(is_undone(other)) } else { 0 })
            });
            assert_eq!(causes, [section.min(other), section.max(other)]);
        }
    }

    #[test]
    fn where_trials_end_no_more_is_said_than_is_known() {
        let all: Vec<usize> = (0..20).collect();
        for (limit, expected) in [(0, 20), (2, 10), (4, 5), (6, 3), (8, 1)] {
            let mut trials = BTreeSet::new();
            let mut try_it = |undone: &[usize]| {
                if trials.len() == limit && !trials.contains(undone) {
                    return Trial::Unknown;
                }
                trials.insert(undone.to_vec());
                Trial::Is(undone.contains(&7))
            };
            let found = bisect(&all, &[], &false, &mut try_it);
            assert!(found.all.contains(&7) && found.all.len() == expected, "{limit}: {found:?}");
            assert_eq!(found.unsure.len(), if expected == 1 { 0 } else { expected }, "{limit}: {found:?}");
        }
    }
}
