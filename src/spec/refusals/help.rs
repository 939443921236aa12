//! What help tells to write is accepted: help never repeats the mistake, nor makes another one.

use serde_json::{Map, Value};

use crate::field_path::{join, steps};
use crate::spec::problem::Problem;
use crate::spec::{load, presets};

/// What people write instead of a word.
fn mistakes(word: &str) -> Vec<String> {
    let end = word.char_indices().last().map_or(0, |(at, _)| at);
    vec![
        word.to_uppercase(),
        format!("{word}s"),
        word[..end].to_owned(),
        format!("{word}.x"),
        format!("-{word}_"),
        word.replace('-', "_"),
    ]
}

/// The word that help tells to write.
fn advised(problem: &Problem) -> Option<&str> {
    let fix = problem.fix.as_deref()?;
    let meant = fix.strip_prefix("did you mean `").and_then(|rest| rest.split_once('`'));
    let word = match (meant, fix.strip_prefix("write ")) {
        (Some((word, _)), _) => word,
        (None, Some(rest)) => match rest.split_once(": ") {
            Some((path, word)) if path == problem.path => word,
            Some((word, _)) => word,
            None => rest,
        },
        (None, None) => return None,
    };
    (!word.contains(' ')).then_some(word.trim_matches('`'))
}

/// The value at a path.
fn at<'v>(document: &'v mut Value, path: &str) -> Option<&'v mut Value> {
    within(document, path, 0)
}

/// The mapping that holds the member at a path, and its key.
fn holder<'v>(document: &'v mut Value, path: &str) -> Option<(&'v mut Map<String, Value>, String)> {
    let key = steps(path).last()?.into_owned();
    Some((within(document, path, 1)?.as_object_mut()?, key))
}

/// The value at a path without so many of its last steps.
fn within<'v>(document: &'v mut Value, path: &str, without: usize) -> Option<&'v mut Value> {
    let taken = steps(path).count().checked_sub(without)?;
    steps(path).take(taken).try_fold(document, |value, step| match value {
        Value::Object(members) => members.get_mut(&*step),
        Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The paths of all scalars, or of all members of mappings.
fn places(value: &Value, members: bool, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = join(path, key);
                found.extend(members.then(|| path.clone()));
                places(value, members, &path, found);
            }
        }
        Value::Array(items) => {
            (0..)
                .zip(items)
                .for_each(|(i, item): (usize, _)| places(item, members, &format!("{path}[{i}]"), found));
        }
        Value::String(_) if !members => found.push(path.to_owned()),
        _ => {}
    }
}

fn problems(document: &Value) -> Vec<Problem> {
    let problems = load(&document.to_string()).map_or_else(|problems| problems, |(_, warnings)| warnings);
    problems.into_iter().map(|located| located.problem).collect()
}

/// How much of the advice was followed.
fn follow(broken: &Value, renamed: bool) -> usize {
    let mut followed = 0;
    for problem in problems(broken) {
        let Some(word) = advised(&problem) else { continue };
        let mut mended = broken.clone();
        let written = match renamed {
            false => at(&mut mended, &problem.path).map(|value| *value = word.into()).is_some(),
            true => holder(&mut mended, &problem.path).is_some_and(|(members, key)| {
                match (members.remove(&key), members.contains_key(word)) {
                    (Some(value), false) => members.insert(word.to_owned(), value).is_none(),
                    _ => false,
                }
            }),
        };
        if written {
            followed += 1;
            let same = |after: &Problem| after.path == problem.path && after.message == problem.message;
            let advice = problem.fix.as_deref().unwrap_or_default();
            assert_ne!(&mended, broken, "{}: {advice}", problem.message);
            let left = problems(&mended);
            assert!(!left.iter().any(same), "{}: {advice}", problem.message);
            let repeats = |after: &Problem| after.path == problem.path && after.fix == problem.fix;
            assert!(!left.iter().any(repeats), "{}: {advice}: {left:?}", problem.message);
        }
    }
    followed
}

#[test]
fn what_help_tells_to_write_is_accepted() {
    let mut followed = [0; 2];
    for example in [presets::PRODUCTION, presets::HA_IPVS] {
        let document: Value = serde_saphyr::from_str(example).expect("an example");
        let mut scalars = Vec::new();
        places(&document, false, "", &mut scalars);
        for path in scalars {
            let word = at(&mut document.clone(), &path).and_then(|value| value.as_str().map(str::to_owned));
            for mistake in mistakes(&word.expect("a text")) {
                let mut broken = document.clone();
                *at(&mut broken, &path).expect("a value") = mistake.into();
                followed[0] += follow(&broken, false);
            }
        }
        let mut members = Vec::new();
        places(&document, true, "", &mut members);
        for path in members {
            let mut broken = document.clone();
            let (members, key) = holder(&mut broken, &path).expect("a member of a mapping");
            let value = members.remove(&key).expect("a member");
            members.insert(format!("{key}x"), value);
            followed[1] += follow(&broken, true);
        }
    }
    assert!(followed[0] > 20 && followed[1] > 30, "{followed:?}");
}
