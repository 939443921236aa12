//! Hosts that are alike, so that thousands of them are one thing to look at.

use std::collections::HashMap;

use super::Page;

/// More folds than this are a list and no picture: the smallest share one.
const MOST: usize = 24;

/// Groups hosts by the paths of their files and what kind of node is behind each, in the order of the hosts.
pub fn folds(page: &Page) -> Vec<Vec<usize>> {
    let mut folds: Vec<Vec<usize>> = Vec::new();
    let mut known: HashMap<Vec<(&str, &str)>, usize> = HashMap::new();
    for (host, found) in page.hosts.iter().enumerate() {
        let files = page.nodes[found.bundle].inputs.iter();
        let mut shape: Vec<(&str, &str)> =
            files.map(|(path, node)| (path.as_str(), page.nodes[*node].kind)).collect();
        shape.sort_unstable();
        let fold = *known.entry(shape).or_insert_with(|| {
            folds.push(Vec::new());
            folds.len() - 1
        });
        folds[fold].push(host);
    }
    limited(folds)
}

fn limited(mut folds: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    if folds.len() <= MOST {
        return folds;
    }
    folds.sort_by_key(|fold| std::cmp::Reverse(fold.len()));
    let mut rest = folds.split_off(MOST - 1).concat();
    rest.sort_unstable();
    folds.push(rest);
    folds.sort_by_key(|fold| fold[0]);
    folds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::example::{host, page};

    #[test]
    fn hosts_are_alike_by_paths_and_kinds() {
        let mut page = page();
        assert_eq!(folds(&page), [vec![0], vec![1, 2]]);
        let bundle = page.hosts[2].bundle;
        page.nodes[bundle].inputs.reverse();
        assert_eq!(
            folds(&page),
            [vec![0], vec![1, 2]],
            "the order of files is nothing to tell them apart by"
        );
        page.nodes[bundle].inputs[0].0.push_str(".d");
        assert_eq!(folds(&page), [vec![0], vec![1], vec![2]]);
    }

    #[test]
    fn a_change_of_kind_tells_hosts_apart() {
        let mut page = page();
        let file = page.nodes[page.hosts[2].bundle].inputs[0].1;
        page.nodes[file].kind = "documents";
        assert_eq!(folds(&page).len(), 3);
    }

    #[test]
    fn what_is_too_much_for_a_picture_shares_a_fold() {
        let mut page = page();
        for n in 0..100 {
            host(&mut page, &format!("odd-{n}"), &[format!("/etc/odd-{n}").as_str()]);
        }
        let folds = folds(&page);
        assert_eq!(folds.len(), MOST);
        assert!(folds.contains(&vec![1, 2]), "the large ones stay by themselves");
        let mut all = folds.concat();
        all.sort_unstable();
        assert_eq!(all, (0..103).collect::<Vec<_>>());
    }
}
