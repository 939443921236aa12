//! Names of hosts and of other things in a sentence: counted, in an order that people expect, and folded where they are many.

use std::cmp::Ordering;

/// A number with its noun.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{} {noun}{}", thousands(count), if count == 1 { "" } else { "s" })
}

fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many are named before the rest is counted.
const NAMED: usize = 6;
/// Fewer names that follow each other are no shorter as a range.
const RANGE: usize = 4;

/// The first few of some names, and how many more there are.
pub fn first_few<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {} more", thousands(more)),
    }
}

/// Names of hosts in the order that they are given in, with `worker-1 to worker-400` for those that follow each other.
pub fn hosts<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let runs: Vec<&[&str]> = names.chunk_by(|name, next| follows(name, next)).collect();
    let parts: Vec<(String, usize)> = runs
        .into_iter()
        .flat_map(|run| match run {
            [first, .., last] if run.len() >= RANGE => vec![(format!("{first} to {last}"), run.len())],
            _ => run.iter().map(|name| ((*name).to_owned(), 1)).collect(),
        })
        .collect();
    let shown = parts[..parts.len().min(NAMED)].iter().map(|(part, _)| part.as_str());
    let shown = shown.collect::<Vec<_>>().join(", ");
    let more: usize = parts.iter().skip(NAMED).map(|(_, count)| count).sum();
    let is_folded = more > 0 || parts.len() < names.len();
    match (more, is_folded) {
        (0, false) => shown,
        (0, true) => format!("{shown} ({})", counted(names.len(), "host")),
        (more, _) => format!("{shown} and {} more ({})", thousands(more), counted(names.len(), "host")),
    }
}

/// Whether a name is another with its number raised by one.
fn follows(name: &str, next: &str) -> bool {
    let (stem, number) = numbered(name);
    let (other, follower) = numbered(next);
    if stem != other || number.is_empty() || follower.is_empty() {
        return false;
    }
    let width = if number.starts_with('0') { number.len() } else { 1 };
    let raised = number.parse::<u64>().ok().and_then(|number| number.checked_add(1));
    raised.is_some_and(|raised| format!("{raised:0width$}") == follower)
}

/// A name without the number at its end, and that.
fn numbered(name: &str) -> (&str, &str) {
    name.split_at(name.trim_end_matches(|c: char| c.is_ascii_digit()).len())
}

/// The order in which `worker-2` comes before `worker-10`.
pub fn order(a: &str, b: &str) -> Ordering {
    rank(a).cmp(&rank(b)).then_with(|| a.cmp(b))
}

fn rank(name: &str) -> (&str, usize, &str) {
    let (stem, number) = numbered(name);
    let number = number.trim_start_matches('0');
    (stem, number.len(), number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_at_a_glance() {
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(1_234_567, "file"), "1,234,567 files");
    }

    #[test]
    fn hosts_that_follow_each_other_are_a_range() {
        let check = |names: &[&str], expected: &str| assert_eq!(hosts(names.iter().copied()), expected);
        check(&[], "");
        check(&["a-1", "a-2", "a-3"], "a-1, a-2, a-3");
        check(&["a-1", "a-2", "a-3", "a-4"], "a-1 to a-4 (4 hosts)");
        check(&["cp", "a-8", "a-9", "a-10", "a-11", "b-1"], "cp, a-8 to a-11, b-1 (6 hosts)");
        check(&["a-1", "a-2", "a-4", "a-5"], "a-1, a-2, a-4, a-5");
        check(&["a-08", "a-09", "a-10", "a-11"], "a-08 to a-11 (4 hosts)");
        check(&["a-8", "a-09", "a-10", "a-011"], "a-8, a-09, a-10, a-011");
        check(&["a", "b", "c", "d", "e", "f", "g", "h"], "a, b, c, d, e, f and 2 more (8 hosts)");
        let many: Vec<String> = (1..=5000).map(|n| format!("w{n}")).collect();
        assert_eq!(hosts(many.iter().map(String::as_str)), "w1 to w5000 (5,000 hosts)");
        let huge = ["a-18446744073709551615", "a-18446744073709551616"];
        check(&huge, &huge.join(", "));
    }

    #[test]
    fn other_names_are_no_range() {
        let names: Vec<String> = (1..=8).map(|n| format!("cluster.yaml:{n}")).collect();
        let shown = first_few(names.iter().map(String::as_str));
        assert!(shown.ends_with("cluster.yaml:5, cluster.yaml:6 and 2 more"), "{shown}");
    }

    #[test]
    fn numbers_are_in_their_own_order() {
        let mut names = vec!["w-10", "w-2", "a", "w-1", "w-02", "w"];
        names.sort_by(|a, b| order(a, b));
        assert_eq!(names, ["a", "w", "w-1", "w-02", "w-2", "w-10"]);
    }
}
