//! What the tests of every kind ask of it.

use std::io::Write as _;

use kthw_graph::{Action, ActionError, Content, Encoder, Job, Manifest, NodeName, Origin, Value};
use kthw_store::ActionDigest;

use serde_json::{Map, Value as Json};

use super::{Artifact, Ingredients, Patch};
use crate::root::RootSecret;

/// Reads a description as lines for people, origins included.
#[derive(Default)]
pub struct Parameters(pub Vec<String>);

impl Manifest for Parameters {
    fn param(&mut self, name: &str, value: Value<'_>, origin: Origin<'_>) {
        let origin = match origin {
            Origin::Spec(path) => path.to_string(),
            Origin::Lock(entry) => format!("lock {entry}"),
            Origin::Program => "kthw".to_owned(),
        };
        self.0.push(format!("{name} = {value} ({origin})"));
    }
}

/// The members of a JSON object.
pub fn members(object: Json) -> Map<String, Json> {
    match object {
        Json::Object(members) => members,
        other => panic!("{other} is not an object"),
    }
}

/// A user's patch.
pub fn patch(path: &'static str, change: Json) -> Patch {
    Patch { path, members: members(change) }
}

/// A temporary file for a judge that wants one.
pub fn written(text: &str, suffix: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(suffix).tempfile().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("a temporary file is writable");
    file
}

/// How an artifact describes itself, one parameter a line.
pub fn description(artifact: &Artifact) -> String {
    let mut parameters = Parameters::default();
    artifact.describe(&mut parameters);
    parameters.0.join("\n")
}

/// Makes an artifact that needs no inputs.
pub fn try_make(artifact: &Artifact) -> Result<String, ActionError> {
    let name = NodeName::new("test").expect("a plain name");
    let root = RootSecret::new([0; 32]);
    let digest = ActionDigest::from_bytes([0; 32]);
    let job = Job { name: &name, action: artifact, digest, inputs: Vec::new() };
    match artifact.make(&Ingredients::new(&job, &root))? {
        Content::Public(bytes) => Ok(String::from_utf8(bytes.to_vec()).expect("rendered files are text")),
        _ => panic!("a rendered file is public"),
    }
}

/// As [`try_make`], for an artifact that nothing is wrong with. The text ends with exactly one newline.
pub fn make(artifact: impl Into<Artifact>) -> String {
    let text = try_make(&artifact.into()).expect("nothing is wrong with it");
    assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text:?}");
    text
}

/// Checks that no two of these artifacts are made of the same bytes or have the same identity, so that no
/// parameter that matters is left undescribed.
pub fn all_differ(artifacts: impl IntoIterator<Item = Artifact>) {
    let mut seen: Vec<(Vec<u8>, String)> = Vec::new();
    for artifact in artifacts {
        let mut encoder = Encoder::default();
        encoder.begin(&artifact.kind());
        artifact.describe(&mut encoder);
        let text = try_make(&artifact).expect("nothing is wrong with it");
        for (other, made) in &seen {
            assert_ne!(encoder.bytes(), other, "described alike:\n{}", description(&artifact));
            assert_ne!(&text, made, "made alike:\n{}", description(&artifact));
        }
        seen.push((encoder.bytes().to_vec(), text));
    }
}
