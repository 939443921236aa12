//! `kthw why --line`: which input is behind one line of a file.

use std::borrow::Cow;
use std::collections::HashSet;

use data_encoding::BASE64;
use kthw_graph::{Action, Content, NodeId};
use kthw_store::Output;

use super::super::origins::place_of;
use super::key_path::{item, key_path};
use super::shown;
use crate::artifact::step;
use crate::diff::{Decider, Param, params, shortened};
use crate::failure::Failure;
use crate::opened::ClusterSession;
use crate::spec::Positions;
use crate::ui::{Diagnostic, Ui};

/// Says who decided a line, counted from one.
pub fn answer(
    session: &ClusterSession,
    id: NodeId,
    number: usize,
    positions: &Positions<'_>,
    ui: &Ui,
) -> Result<(), Failure> {
    let node = session.graph().node(id);
    let Some(text) = public_text(session, id)? else {
        let message = format!("{} is no public text, so that its lines cannot be asked about", node.name);
        return Err(Failure::failed(message).help("without --line `kthw why` says what it is made of"));
    };
    let found = number.checked_sub(1).and_then(|index| Some((index, text.lines().nth(index)?)));
    let Some((index, line)) = found else {
        let message = format!("{} has {} lines", node.name, text.lines().count());
        return Err(Failure::wrong_input(vec![Diagnostic::error(message)]));
    };
    ui.result(line);
    if let Some(Param { name, value, decided_by, .. }) = at(&text, index, params(&node.action)) {
        let place = match decided_by {
            Decider::Program => "  (kthw itself)".to_owned(),
            decided_by => shown(place_of(&decided_by, positions)),
        };
        ui.result(format_args!("{name} = {}{place}", shortened(&value)));
        return Ok(());
    }
    for (slot, input) in &node.inputs {
        let Some(part) = public_text(session, *input)? else { continue };
        let input = &session.graph().node(*input).name;
        if carries(&text, index, &part) {
            ui.result(format_args!("{slot} ← {input}; `kthw why {input}` says what that is made of"));
            return Ok(());
        }
    }
    if text.starts_with("-----BEGIN ") {
        // What is encoded has no lines of its own.
        ui.result(format_args!("all that it is made of; `kthw why {}` says what that is", node.name));
        return Ok(());
    }
    let kind = node.action.kind();
    ui.result(format_args!("kthw itself: every {kind} of version {} has this line", kind.version));
    Ok(())
}

/// The parameter that a line of a text shows: by the keys that lead there, by the list item that it is in, or by itself.
fn at(text: &str, index: usize, params: Vec<Param>) -> Option<Param> {
    let line = text.lines().nth(index)?;
    let (document, keys) = key_path(text, index);
    by_keys(&keys, document, &params)
        .or_else(|| by_item(line, &item(text, index)?, &params))
        .cloned()
        .or_else(|| decider(line, &keys, params))
}

/// The leaf of a patch, or of one of several documents, that holds what these keys lead to.
fn by_keys<'p>(keys: &[String], document: usize, params: &'p [Param]) -> Option<&'p Param> {
    let keys: Vec<Cow<'_, str>> = keys.iter().map(|key| step(key)).collect();
    let path = keys.join(".");
    let holds =
        |leaf: &str| path.strip_prefix(leaf).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let patched = params.iter().find(|param| param.name.strip_prefix("patch.").is_some_and(holds));
    let begins = |param: &&Param| param.name == "document" && param.value == "begins";
    let start = || params.iter().enumerate().filter(|(_, param)| begins(param)).nth(document);
    patched.or_else(|| {
        let of_document = params[start()?.0 + 1..].iter().take_while(|param| !begins(param));
        of_document.into_iter().find(|param| holds(&param.name))
    })
}

/// The parameter of several words, such as a taint, some of which a line shows and all of which its list item does.
fn by_item<'p>(line: &str, item: &str, params: &'p [Param]) -> Option<&'p Param> {
    let shown: HashSet<&str> = words(item).collect();
    let parts = |param: &Param| words(&param.value).count();
    let all = params.iter().filter(|param| {
        !param.value.contains(char::is_whitespace)
            && parts(param) > 1
            && words(&param.value).any(|word| words(line).any(|shown| shown == word))
            && words(&param.value).all(|word| shown.contains(word))
    });
    all.max_by_key(|param| parts(param))
}

/// The parameter that a line shows: by its name and value, else by its value alone if that says enough.
fn decider(line: &str, keys: &[String], params: Vec<Param>) -> Option<Param> {
    let score = |param: &Param| {
        let value = param.value.trim_matches('"');
        let shows = !value.is_empty()
            && match value.contains('\n') {
                true => !line.trim().is_empty() && value.lines().any(|part| part.trim() == line.trim()),
                false => words(line).any(|word| word == value) || (value.len() > 3 && line.contains(value)),
            };
        let name = param.name.rsplit('.').next().unwrap_or(&param.name).trim_start_matches('-');
        let plain = |text: &str| text.replace(['-', '_'], "").to_lowercase();
        let named = [line]
            .into_iter()
            .chain(keys.iter().map(String::as_str))
            .any(|text| plain(text).contains(&plain(name)));
        // `--peer-ca` shows no `--ca`.
        let exactly = words(line).any(|word| plain(word) == plain(name));
        let telling = value.len() > 3 && !["true", "false"].contains(&value);
        (shows && (named || telling)).then_some((exactly, named, value.len()))
    };
    // Of equals the first.
    let scored = params.into_iter().rev().filter_map(|param| Some((score(&param)?, param)));
    scored.max_by_key(|(score, _)| *score).map(|(_, param)| param)
}

/// The parts of a line between what separates values in most formats.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| c.is_whitespace() || "=,;:\"'[]{}()\\".contains(c)).filter(|word| !word.is_empty())
}

/// Whether a line of a text holds an input, or is one of its lines where the text repeats all of them.
fn carries(text: &str, index: usize, input: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let own: Vec<&str> = input.lines().map(str::trim).collect();
    if input.is_empty() || lines[index].contains(&BASE64.encode(input.as_bytes())) {
        return !input.is_empty();
    }
    let first = (index + 1).saturating_sub(own.len());
    (first..=index).any(|start| lines[start..].starts_with(&own))
}

fn public_text(session: &ClusterSession, id: NodeId) -> Result<Option<String>, Failure> {
    if !matches!(session.realised(id).map(|realised| realised.output), Some(Output::Public(_))) {
        return Ok(None);
    }
    match session.content(id)? {
        Content::Public(bytes) => Ok(String::from_utf8(bytes.to_vec()).ok()),
        Content::Secret(_) | Content::Stored(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Option<String> {
        let param = |name: &str, value: &str| Param {
            name: name.to_owned(),
            value: value.to_owned(),
            decided_by: Decider::Program,
            also: Vec::new(),
        };
        let params = vec![
            param("--event-ttl", "1h0m0s"),
            param("--profiling", "false"),
            param("--bind-address", "10.0.0.4"),
            param("--advertise-address", "10.0.0.4"),
            param("patch.maxPods", "50"),
            param("script", "first\nsecond line\n"),
            param("dns", "10.96.0.10"),
            param("--ca", "/etc/ca.crt"),
            param("--peer-ca", "/etc/ca.crt"),
        ];
        decider(line, &[], params).map(|param| param.name)
    }

    #[test]
    fn a_line_is_decided_by_the_parameter_that_it_shows() {
        let name = |line: &str| found(line).unwrap_or_default();
        assert_eq!(name("  --event-ttl=1h0m0s \\"), "--event-ttl");
        assert_eq!(name("  --profiling=false \\"), "--profiling");
        assert_eq!(name("  --advertise-address=10.0.0.4 \\"), "--advertise-address");
        assert_eq!(name("maxPods: 50"), "patch.maxPods");
        assert_eq!(name("- \"10.96.0.10\""), "dns");
        assert_eq!(name("second line"), "script");
        assert_eq!(name("  --ca=/etc/ca.crt \\"), "--ca");
        assert_eq!(name("  --peer-ca=/etc/ca.crt \\"), "--peer-ca");
        assert_eq!(name("Type=notify"), "");
        assert_eq!(name("ReadOnly=false"), "");
        assert_eq!(name("port: 50"), "");
    }

    #[test]
    fn a_line_may_carry_an_input() {
        assert!(carries("    certificate-authority-data: aGVsbG8gd29ybGQ=", 0, "hello world"));
        let pem = |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        let both = pem("one") + &pem("two");
        // A line that many texts have is of the one that is repeated around it.
        for (index, expected) in
            [(0, [true, false]), (2, [true, false]), (3, [false, true]), (4, [false, true])]
        {
            assert_eq!(["one", "two"].map(|body| carries(&both, index, &pem(body))), expected, "{index}");
        }
        assert!(!carries(&both, 0, &pem("three")) && !carries(&both, 0, ""));
    }
}
