//! Where a line of a YAML or JSON file is: the keys that lead to it. For texts as kthw writes them, one key a line.

/// A line as a reader sees it: where its list item begins, if it begins one, where its text does, and its key.
struct Seen {
    item: Option<usize>,
    column: usize,
    key: Option<String>,
}

/// What holds a line: a list item that begins at a column, or a key that is left of it.
enum Within {
    Item(usize),
    Key(usize),
}

/// The document that a line is in, counted from zero, and the keys to it.
pub fn key_path(text: &str, index: usize) -> (usize, Vec<String>) {
    let lines: Vec<&str> = text.lines().collect();
    let above = &lines[..index];
    let start = above.iter().rposition(|line| *line == "---").map_or(0, |at| at + 1);
    let document = above.iter().filter(|line| **line == "---").count();
    let Seen { item, column, key } = seen(lines[index]);
    let mut keys = Vec::from_iter(key);
    let mut within = item.map_or(Within::Key(column), Within::Item);
    for line in above[start..].iter().rev().filter(|line| !line.trim().is_empty()) {
        let Seen { item, column, key } = seen(line);
        let is_outside = match within {
            Within::Item(at) => column <= at,
            Within::Key(at) => column < at,
        };
        match (item, &within) {
            _ if is_outside => {
                keys.extend(key);
                within = item.map_or(Within::Key(column), Within::Item);
            }
            (Some(item), Within::Key(at)) if column == *at => within = Within::Item(item),
            _ => {}
        }
    }
    keys.reverse();
    (document, keys)
}

/// The list item that a line is part of, if there is one: all of its lines.
pub fn item(text: &str, index: usize) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let column = |line: &str| line.len() - line.trim_start().len();
    let begins = |line: &str| line.trim_start().starts_with("- ");
    let inner = column(lines[index]);
    let first =
        (0..=index).rev().find(|at| begins(lines[*at]) && (*at == index || column(lines[*at]) < inner))?;
    let margin = column(lines[first]);
    // Whatever is not further right ends the item.
    let rest = lines[first + 1..].iter().take_while(|line| column(line) > margin);
    let all: Vec<&str> = std::iter::once(&lines[first]).chain(rest).copied().collect();
    (index < first + all.len()).then(|| all.join("\n"))
}

fn seen(line: &str) -> Seen {
    let margin = line.len() - line.trim_start().len();
    let text = line.trim_start();
    let (item, column, text) = match text.strip_prefix("- ") {
        Some(text) => (Some(margin), margin + 2, text),
        None => (None, margin, text),
    };
    let key = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once("\":").map(|(key, _)| key.to_owned()),
        None => {
            text.split_once(": ").map(|(key, _)| key).or_else(|| text.strip_suffix(':')).map(str::to_owned)
        }
    };
    Seen { item, column, key }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"kind: A
a:
  b:
  - name: x
    c: 1
  - name: y
    "d.e": 2
list:
- one
- two
---
kind: B
text: |
  first
"#;

    #[test]
    fn a_line_is_found_by_the_keys_above_it() {
        let path = |line: usize| {
            let (document, keys) = key_path(TEXT, line - 1);
            format!("{document} {}", keys.join(" "))
        };
        for (line, expected) in [
            (1, "0 kind"),
            (3, "0 a b"),
            (4, "0 a b name"),
            (5, "0 a b c"),
            (7, "0 a b d.e"),
            (9, "0 list"),
            (12, "1 kind"),
            (14, "1 text"),
        ] {
            assert_eq!(path(line), expected, "{line}");
        }
    }

    #[test]
    fn an_item_is_all_of_its_lines() {
        assert_eq!(item(TEXT, 4).as_deref(), Some("  - name: x\n    c: 1"));
        assert_eq!(item(TEXT, 5).as_deref(), Some("  - name: y\n    \"d.e\": 2"));
        assert_eq!(item(TEXT, 8).as_deref(), Some("- one"));
        assert_eq!(item(TEXT, 0), None);
        assert_eq!(item(TEXT, 11), None);
    }
}
