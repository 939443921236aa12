//! Parsing: the text of a cluster file into a `ClusterSpec`, with every unknown field reported at once.

use serde::Deserialize;
use serde_saphyr::Error;

use super::document::ClusterSpec;
use super::meant::meant;
use super::positions::{Place, Positions, join};
use super::problem::{Located, Problem};
use super::schema::Fields;

/// Reads the text strictly: one YAML document, no unknown field, no key twice.
pub fn parse(text: &str) -> Result<ClusterSpec, Vec<Located>> {
    let mut unknown = Vec::new();
    let result = serde_saphyr::with_deserializer_from_str_with_options(text, options(), |yaml| {
        let mut note = |path: serde_ignored::Path<'_>| unknown.extend(field(&path));
        ClusterSpec::deserialize(serde_ignored::Deserializer::new(yaml, &mut note))
    });
    let mut problems = unknown_fields(text, &unknown);
    match result {
        Ok(spec) if problems.is_empty() => return Ok(spec),
        Ok(_) => {}
        Err(error) => problems.push(locate(text, &error)),
    }
    problems.sort_by_key(|located| (located.line, located.column));
    Err(problems)
}

/// Room for many thousand hosts, and `true` and `false` as the only booleans.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: 4_000_000,
            max_events: 16_000_000,
        },
        strict_booleans: true,
        with_snippet: false,
    }
}

/// A field: the path of what it is in, and its name.
type Field = (String, String);

fn field(path: &serde_ignored::Path<'_>) -> Option<Field> {
    match path {
        serde_ignored::Path::Map { parent, key } => Some((spell(parent), key.clone())),
        _ => None,
    }
}

/// A path as problems write it.
fn spell(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}[{index}]", spell(parent)),
        Path::Map { parent, key } => join(&spell(parent), key),
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
            spell(parent)
        }
    }
}

fn unknown_fields(text: &str, unknown: &[Field]) -> Vec<Located> {
    if unknown.is_empty() {
        return Vec::new();
    }
    let (positions, fields) = (Positions::new(text), Fields::new());
    let locate = |field| {
        let problem = unknown_field(field, &fields);
        let place = positions.locate_key(&problem.path);
        problem.at(place)
    };
    unknown.iter().map(locate).collect()
}

fn unknown_field((parent, name): &Field, fields: &Fields) -> Problem {
    let known = fields.of(parent);
    let message = match parent.as_str() {
        "" => format!("unknown field `{name}`"),
        _ => format!("unknown field `{name}` in {parent}"),
    };
    let fix = match meant(name, known.iter().map(String::as_str)) {
        Some(field) => format!("did you mean `{field}`?"),
        None => format!("the fields here are {}", known.join(", ")),
    };
    Problem::error(join(parent, name), message).fix(fix)
}

/// What the YAML reader says, in this file's words where its own speak to programmers.
fn locate(text: &str, error: &Error) -> Located {
    let error = error.without_snippet();
    let problem = match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            Problem::error("", format!("the field `{key}` is written twice")).fix("keep one of them")
        }
        Error::MultipleDocuments { .. } => Problem::error("", "there is more than one document")
            .fix("keep one cluster in a file and remove the `---` between documents"),
        Error::Eof { .. } => {
            Problem::error("", "the file is empty").fix("write a cluster.yaml with `kthw init`")
        }
        Error::SerdeInvalidType { unexpected, expected, .. } => {
            Problem::error("", format!("expected {expected}, found {unexpected}"))
        }
        Error::NullIntoString { .. } => {
            Problem::error("", "a value is missing here").fix("write the value, or remove the field")
        }
        other => Problem::error("", other.to_string()),
    };
    problem.at(place(text, error))
}

fn place(text: &str, error: &Error) -> Place {
    let Some(location) = error.location() else {
        return Place::START;
    };
    let line = usize::try_from(location.line()).unwrap_or(1).max(1);
    let column = usize::try_from(location.column()).unwrap_or(1).max(1);
    let width = text.lines().nth(line - 1).map_or(0, |line| line.chars().count());
    let span = location.span().len();
    let len = usize::try_from(span).unwrap_or(1);
    Place { line, column, len: len.min((width + 1).saturating_sub(column)).max(1) }
}
