//! `kthw why --line`: which input is behind one line of a file.

use data_encoding::BASE64;
use kthw_graph::{Action, Content, NodeId};
use kthw_store::Output;

use super::failure::Failure;
use super::opened::ClusterSession;
use super::origins::place_of;
use super::why::shown;
use crate::diff::{Decider, Param, params, shortened};
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
    let Some(line) = number.checked_sub(1).and_then(|index| text.lines().nth(index)) else {
        let message = format!("{} has {} lines", node.name, text.lines().count());
        return Err(Failure::wrong_input(vec![Diagnostic::error(message)]));
    };
    ui.result(line);
    if let Some(Param { name, value, decided_by }) = decider(line, params(&node.action)) {
        let place = match decided_by {
            Decider::Program => "  (kthw itself)".to_owned(),
            decided_by => shown(place_of(&decided_by, positions)),
        };
        ui.result(format_args!("{name} = {}{place}", shortened(&value)));
        return Ok(());
    }
    for (slot, input) in &node.inputs {
        let Some(text) = public_text(session, *input)? else { continue };
        let input = &session.graph().node(*input).name;
        if carries(line, &text) {
            ui.result(format_args!("{slot} ← {input}; `kthw why {input}` says what that is made of"));
            return Ok(());
        }
    }
    let kind = node.action.kind();
    ui.result(format_args!("kthw itself: every {kind} of version {} has this line", kind.version));
    Ok(())
}

/// The parameter that a line shows: by its name and value, else by its value alone if that says enough.
fn decider(line: &str, params: Vec<Param>) -> Option<Param> {
    let score = |param: &Param| {
        let value = param.value.trim_matches('"');
        let shows = !value.is_empty()
            && match value.contains('\n') {
                true => !line.trim().is_empty() && value.lines().any(|part| part.trim() == line.trim()),
                false => words(line).any(|word| word == value) || (value.len() > 3 && line.contains(value)),
            };
        let name = param.name.rsplit('.').next().unwrap_or(&param.name).trim_start_matches('-');
        let plain = |text: &str| text.replace(['-', '_'], "").to_lowercase();
        let named = plain(line).contains(&plain(name));
        let telling = value.len() > 3 && !["true", "false"].contains(&value);
        (shows && (named || telling)).then_some((named, value.len()))
    };
    let scored = params.into_iter().filter_map(|param| Some((score(&param)?, param)));
    scored.max_by_key(|(score, _)| *score).map(|(_, param)| param)
}

/// The parts of a line between what separates values in most formats.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| c.is_whitespace() || "=,;:\"'[]{}()\\".contains(c)).filter(|word| !word.is_empty())
}

/// Whether a line holds an input, or is one of its lines.
fn carries(line: &str, input: &str) -> bool {
    const LEAST: usize = 8;
    let line = line.trim();
    line.len() >= LEAST
        && (input.lines().any(|own| own.trim() == line) || line.contains(&BASE64.encode(input.as_bytes())))
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
        };
        let params = vec![
            param("--event-ttl", "1h0m0s"),
            param("--profiling", "false"),
            param("--bind-address", "10.0.0.4"),
            param("--advertise-address", "10.0.0.4"),
            param("patch.maxPods", "50"),
            param("script", "first\nsecond line\n"),
            param("dns", "10.96.0.10"),
        ];
        decider(line, params).map(|param| param.name)
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
        assert_eq!(name("Type=notify"), "");
        assert_eq!(name("ReadOnly=false"), "");
        assert_eq!(name("port: 50"), "");
    }

    #[test]
    fn a_line_may_carry_an_input() {
        assert!(carries("    certificate-authority-data: aGVsbG8gd29ybGQ=", "hello world"));
        assert!(carries("  a line of it", "first\na line of it\n"));
        assert!(!carries("}", "{\n}\n"));
    }
}
