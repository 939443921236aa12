//! Ranges of subnets that are taken: finding out whether some are, and finding the next free one.

use std::collections::BTreeMap;

/// Runs of taken numbers, from their first to their last; no two meet or touch.
#[derive(Default)]
pub struct Taken {
    runs: BTreeMap<u64, u64>,
}

impl Taken {
    /// The run that meets `first..=last`.
    fn meeting(&self, first: u64, last: u64) -> Option<(u64, u64)> {
        let (start, end) = self.runs.range(..=last).next_back()?;
        (*end >= first).then_some((*start, *end))
    }

    /// Takes `first..=last`; says no, and takes nothing, if any of it is taken.
    pub fn take(&mut self, first: u64, last: u64) -> bool {
        if self.meeting(first, last).is_some() {
            return false;
        }
        let before = self.runs.range(..first).next_back();
        let start = match before {
            Some((start, end)) if end + 1 == first => *start,
            _ => first,
        };
        let end = self.runs.remove(&(last + 1)).unwrap_or(last);
        self.runs.insert(start, end);
        true
    }

    /// Takes `wanted`, or the next free number after it, below `count` and starting again at zero.
    pub fn take_near(&mut self, wanted: u64, count: u64) -> Option<u64> {
        let free = [wanted, 0].into_iter().find_map(|from| {
            let free = self.meeting(from, from).map_or(from, |(_, end)| end + 1);
            (free < count).then_some(free)
        })?;
        self.take(free, free).then_some(free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_cannot_be_taken_again() {
        let mut taken = Taken::default();
        assert!(taken.take(4, 7));
        assert!(taken.take(8, 8));
        assert!(taken.take(0, 3));
        assert!(!taken.take(7, 9));
        assert!(!taken.take(2, 2));
        assert_eq!(taken.runs, BTreeMap::from([(0, 8)]));
    }

    #[test]
    fn the_wanted_number_or_the_next_free_one_is_given() {
        let mut taken = Taken::default();
        assert!(taken.take(2, 3));
        let found: Vec<_> = [2, 2, 6, 6, 1, 0].map(|wanted| taken.take_near(wanted, 8)).into();
        assert_eq!(found, [Some(4), Some(5), Some(6), Some(7), Some(1), Some(0)]);
        assert_eq!(taken.take_near(3, 8), None);
    }

    #[test]
    fn a_full_end_leads_back_to_the_start() {
        let mut taken = Taken::default();
        let found = [7, 7, 7].map(|wanted| taken.take_near(wanted, 8));
        assert_eq!(found, [Some(7), Some(0), Some(1)]);
    }
}
