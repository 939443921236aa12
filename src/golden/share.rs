//! What most hosts of a role have in common, stored once.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use crate::cluster::{Cluster, Host};

/// The hosts of each set of roles, both in order of their names.
pub fn by_roles(cluster: &Cluster) -> BTreeMap<String, Vec<&Host>> {
    let mut groups: BTreeMap<String, Vec<&Host>> = BTreeMap::new();
    for host in &cluster.hosts {
        let roles: Vec<&str> = host.roles.iter().map(|role| role.as_str()).collect();
        groups.entry(roles.join("+")).or_default().push(host);
    }
    for hosts in groups.values_mut() {
        hosts.sort_by(|a, b| a.name.cmp(&b.name));
    }
    groups
}

/// For each path what more than half of the hosts have there. There is never a tie, and a host that comes or goes moves
/// no file unless it makes the difference. One host alone shares nothing.
pub fn shared<'h, P: Ord + Clone, T, K: Eq + Hash>(
    hosts: &'h [BTreeMap<P, T>],
    identity: impl Fn(&'h T) -> K,
) -> BTreeMap<P, &'h T> {
    let mut counts: BTreeMap<&P, HashMap<K, (usize, &'h T)>> = BTreeMap::new();
    for (path, what) in hosts.iter().flatten() {
        counts.entry(path).or_default().entry(identity(what)).or_insert((0, what)).0 += 1;
    }
    let most = |count: usize| count >= 2 && 2 * count > hosts.len();
    let winner = |(path, counts): (&P, HashMap<K, (usize, &'h T)>)| {
        let (_, what) = counts.into_values().find(|(count, _)| most(*count))?;
        Some((path.clone(), what))
    };
    counts.into_iter().filter_map(winner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hosts: &[&[(&str, &str)]], expected: &[(&str, &str)]) {
        let hosts: Vec<BTreeMap<&str, &str>> =
            hosts.iter().map(|host| host.iter().copied().collect()).collect();
        let found: Vec<(&str, &str)> =
            shared(&hosts, |what| *what).into_iter().map(|(path, what)| (path, *what)).collect();
        assert_eq!(found, expected, "{hosts:?}");
    }

    #[test]
    fn only_what_more_than_half_of_two_or_more_have_is_shared() {
        check(&[], &[]);
        check(&[&[("a", "1")]], &[]);
        check(&[&[("a", "1"), ("b", "1")], &[("a", "1"), ("b", "2")]], &[("a", "1")]);
        check(&[&[("a", "1")], &[("a", "1")], &[("a", "2")]], &[("a", "1")]);
        check(&[&[("a", "1")], &[("a", "1")], &[]], &[("a", "1")]);
        check(&[&[("a", "1")], &[], &[]], &[]);
        check(&[&[("a", "1")], &[("a", "1")], &[("a", "2")], &[("a", "2")]], &[]);
    }
}
