//! The changes of inputs that something follows from, and what is not known of them.

use std::collections::BTreeSet;

/// The changes that something follows from, as indices of the changes of inputs.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CauseSet {
    pub all: BTreeSet<usize>,
    /// Those of them that could not be told apart: not all of them need be causes.
    pub unsure: BTreeSet<usize>,
}

impl CauseSet {
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// At least one of these, and it is not known which.
    pub fn any_of(indices: impl IntoIterator<Item = usize>) -> Self {
        let all: BTreeSet<usize> = indices.into_iter().collect();
        let unsure = if all.len() > 1 { all.clone() } else { BTreeSet::new() };
        Self { all, unsure }
    }

    /// In words, given how to list some of them.
    pub fn words(&self, list: impl Fn(&BTreeSet<usize>) -> String) -> String {
        let sure = &self.all - &self.unsure;
        let unsure = || format!("of these {} changes: {}", self.unsure.len(), list(&self.unsure));
        match (sure.is_empty(), self.unsure.is_empty()) {
            (_, true) => list(&sure),
            (true, false) => format!("at least one {}", unsure()),
            (false, false) => format!("{}, and perhaps some {}", list(&sure), unsure()),
        }
    }

    /// Adds the causes of something else, of which one may be sure of more.
    pub fn extend(&mut self, other: &Self) {
        let sure = |set: &Self| &set.all - &set.unsure;
        let sure = &sure(self) | &sure(other);
        self.all.extend(&other.all);
        self.unsure = &(&self.unsure | &other.unsure) - &sure;
    }
}

impl FromIterator<usize> for CauseSet {
    fn from_iter<I: IntoIterator<Item = usize>>(indices: I) -> Self {
        Self { all: indices.into_iter().collect(), unsure: BTreeSet::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sure_of_one_file_is_sure_beside_what_is_not() {
        let mut causes = CauseSet::any_of([1, 2, 3]);
        causes.extend(&[2].into_iter().collect());
        assert_eq!((causes.all, causes.unsure), ([1, 2, 3].into(), [1, 3].into()));
    }

    #[test]
    fn words_claim_no_more_than_is_known() {
        let words = |set: &CauseSet| set.words(|list| format!("{list:?}"));
        let mut causes = CauseSet::any_of([1, 2, 3]);
        assert_eq!(words(&causes), "at least one of these 3 changes: {1, 2, 3}");
        causes.extend(&[7].into_iter().collect());
        assert_eq!(words(&causes), "{7}, and perhaps some of these 3 changes: {1, 2, 3}");
        assert_eq!(words(&CauseSet::any_of([4])), "{4}");
    }
}
