//! Paths of fields in the cluster's file, such as `hosts[worker-1].labels[example.org/zone]`.

use std::borrow::Cow;

/// The path of the field `key` of what is at `path`: in brackets where it would be taken for more than one step.
pub fn join(path: &str, key: &str) -> String {
    match (path.is_empty(), key.is_empty() || key.contains(['.', '[', ']', '"'])) {
        (_, true) => item(path, key),
        (true, false) => key.to_owned(),
        (false, false) => format!("{path}.{key}"),
    }
}

/// The path of the item of this name in the list at `path`.
pub fn item(path: &str, name: &str) -> String {
    match name.is_empty() || name.contains([']', '"']) {
        true => format!("{path}[{}]", serde_json::Value::from(name)),
        false => format!("{path}[{name}]"),
    }
}

/// Splits `a.b[c.d].e` into `a`, `b`, `c.d`, `e`.
pub fn steps(path: &str) -> impl Iterator<Item = Cow<'_, str>> {
    ends(path).map(|(step, _)| step)
}

/// The paths of everything that the value at `path` is in, outermost first, and `path` itself.
pub fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    ends(path).map(|(_, end)| &path[..end])
}

/// Whether the value at `path` is in that at `holder`.
pub fn is_within(path: &str, holder: &str) -> bool {
    path.strip_prefix(holder).is_some_and(|rest| rest.starts_with(['.', '[']))
}

/// Each step, and where it ends.
fn ends(path: &str) -> impl Iterator<Item = (Cow<'_, str>, usize)> {
    let mut rest = path;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (step, tail) = match rest.strip_prefix('[') {
            Some(inner) => bracketed(inner),
            None => {
                let key = rest.strip_prefix('.').unwrap_or(rest);
                let (key, tail) = key.split_at(key.find(['.', '[']).unwrap_or(key.len()));
                (Cow::Borrowed(key), tail)
            }
        };
        rest = tail;
        Some((step, path.len() - tail.len()))
    })
}

/// A step from within its bracket on, and what follows it.
fn bracketed(inner: &str) -> (Cow<'_, str>, &str) {
    if inner.starts_with('"') {
        let mut quoted = serde_json::Deserializer::from_str(inner).into_iter::<String>();
        if let Some(Ok(step)) = quoted.next() {
            let tail = &inner[quoted.byte_offset()..];
            return (Cow::Owned(step), tail.strip_prefix(']').unwrap_or(tail));
        }
    }
    let (step, tail) = inner.split_once(']').unwrap_or((inner, ""));
    (Cow::Borrowed(step), tail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_is_as_plain_as_its_keys_allow() {
        let check = |keys: &[&str], expected: &str| {
            let path = keys.iter().fold(String::new(), |path, key| join(&path, key));
            assert_eq!(path, expected);
        };
        check(&["network", "pods"], "network.pods");
        check(&["labels", "example.org/zone", "b"], "labels[example.org/zone].b");
        check(&["a.b"], "[a.b]");
        check(&["a", "", "b[0]", "\"c\""], r#"a[""]["b[0]"]["\"c\""]"#);
        assert_eq!(join(&item("hosts", "w.1"), "address"), "hosts[w.1].address");
    }

    #[test]
    fn a_value_is_in_everything_before_it() {
        let prefixes: Vec<&str> = prefixes(r#"a.b[c.d]["e]"].f"#).collect();
        assert_eq!(prefixes, ["a", "a.b", "a.b[c.d]", r#"a.b[c.d]["e]"]"#, r#"a.b[c.d]["e]"].f"#]);
        assert!(is_within("hosts[a].name", "hosts[a]") && is_within("hosts[a]", "hosts"));
        assert!(!is_within("hosts", "hosts") && !is_within("networks", "network"));
    }

    proptest! {
        #[test]
        fn what_is_joined_is_split_again(
            keys in prop::collection::vec((any::<bool>(), "[a.\\[\\]\"\\\\ä]{0,4}"), 0..5),
        ) {
            let path = keys.iter().fold(String::new(), |path, (is_item, key)| match is_item {
                true => item(&path, key),
                false => join(&path, key),
            });
            let keys: Vec<&str> = keys.iter().map(|(_, key)| key.as_str()).collect();
            prop_assert_eq!(steps(&path).collect::<Vec<_>>(), keys.clone());
            prop_assert_eq!(prefixes(&path).count(), keys.len());
        }

        #[test]
        fn no_path_makes_splitting_panic(path in "\\PC{0,20}") {
            prop_assert!(steps(&path).count() <= path.len());
        }
    }
}
