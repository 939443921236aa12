//! Makes single artifacts in tests, described, named and fed as in a build.

use std::collections::{BTreeMap, BTreeSet};

use kthw_graph::{
    Action, ActionError, Content, Encoder, Job, JobInput, Manifest, NodeName, Origin, Secret, Value,
};
use kthw_store::{ActionDigest, Digest, Mac, Output};
use serde_json::{Map, Value as Json};

use super::{Artifact, Certificate, Ingredients, Patch, PrivateKey, Profile, Validity};
use crate::imported::{ImportedAuthority, ImportedKeys};
use crate::root::RootSecret;

/// The root secret of every trial.
pub fn root() -> RootSecret {
    RootSecret::public_example([7; 32])
}

/// Makes an artifact from its inputs.
pub fn make(kind: impl Into<Artifact>, inputs: &[(&'static str, &Content)]) -> Result<Content, ActionError> {
    make_knowing(&ImportedKeys::default(), kind, inputs)
}

/// Makes an artifact where these keys of authorities that were made elsewhere are at hand.
pub fn make_knowing(
    keys: &ImportedKeys,
    kind: impl Into<Artifact>,
    inputs: &[(&'static str, &Content)],
) -> Result<Content, ActionError> {
    let artifact = kind.into();
    let name = NodeName::new("trial").expect("a good name");
    let mut inputs: Vec<JobInput> = inputs.iter().map(|(slot, content)| input(slot, content)).collect();
    inputs.sort_by(|a, b| a.slot.cmp(&b.slot));
    let digest = digest(&artifact, &inputs);
    let job = Job { name: &name, action: &artifact, digest, inputs };
    artifact.make(&Ingredients::new(&job, &root(), keys))
}

/// Makes an artifact that can be made, as text; it ends with exactly one newline, as every text file should.
pub fn text(kind: impl Into<Artifact>, inputs: &[(&'static str, &Content)]) -> String {
    let made = make(kind, inputs).expect("it can be made");
    let text = shown(&made);
    assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text:?}");
    text.to_owned()
}

/// The text of an artifact, secret or not.
pub fn shown(content: &Content) -> &str {
    let bytes = match content {
        Content::Public(bytes) => bytes,
        Content::Secret(bytes) => bytes.expose().as_slice(),
        Content::Stored(digest) => panic!("{digest} is not at hand"),
    };
    std::str::from_utf8(bytes).expect("text")
}

/// The identity of an artifact without inputs.
pub fn described(kind: impl Into<Artifact>) -> ActionDigest {
    digest(&kind.into(), &[])
}

/// How an artifact describes itself, one parameter a line.
pub fn description(artifact: &Artifact) -> String {
    let mut parameters = Parameters::default();
    artifact.describe(&mut parameters);
    parameters.0.join("\n")
}

/// Reads a description as lines for people, origins included.
#[derive(Default)]
pub struct Parameters(pub Vec<String>);

impl Manifest for Parameters {
    fn param(&mut self, name: &str, value: Value<'_>, origin: Origin<'_>) {
        let origin = match origin {
            Origin::Spec(path) => path.to_string(),
            Origin::Derived(paths) => paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "),
            Origin::Lock(entry) => format!("lock {entry}"),
            Origin::Program => "kthw".to_owned(),
        };
        self.0.push(format!("{name} = {value} ({origin})"));
    }
}

/// Checks that no two of these artifacts are made of the same bytes or have the same identity, so that no
/// parameter that matters is left undescribed.
pub fn all_differ(artifacts: impl IntoIterator<Item = Artifact>) {
    let mut seen: Vec<(ActionDigest, String)> = Vec::new();
    for artifact in artifacts {
        let (identity, description) = (digest(&artifact, &[]), description(&artifact));
        let made = text(artifact, &[]);
        for (other, other_made) in &seen {
            assert_ne!(&identity, other, "described alike:\n{description}");
            assert_ne!(&made, other_made, "made alike:\n{description}");
        }
        seen.push((identity, made));
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

fn digest(artifact: &Artifact, inputs: &[JobInput]) -> ActionDigest {
    let mut encoder = Encoder::default();
    encoder.begin(&artifact.kind());
    artifact.describe(&mut encoder);
    for input in inputs {
        encoder.input(&input.slot, input.output);
    }
    encoder.digest()
}

fn input(slot: &'static str, content: &Content) -> JobInput {
    let output = match content {
        Content::Public(bytes) => Output::Public(Digest::of(bytes)),
        Content::Secret(bytes) => Output::Secret(mac(bytes)),
        Content::Stored(digest) => Output::Public(*digest),
    };
    // The slots of a bundle are paths.
    let name = NodeName::new(slot.trim_start_matches('/')).expect("a good name");
    JobInput { slot: slot.into(), name, output, content: Some(content.clone()) }
}

fn mac(bytes: &Secret<Vec<u8>>) -> Mac {
    Mac::from_bytes(*blake3::keyed_hash(root().mac_key().expose(), bytes.expose()).as_bytes())
}

/// An authority as if it had been made elsewhere, and its key.
pub fn imported(generation: u32) -> (ImportedAuthority, Secret<String>) {
    let key = PrivateKey {
        cluster: "elsewhere".into(),
        label: "ca".into(),
        generation,
        root: root().fingerprint(),
    };
    let key = make(key, &[]).expect("a key");
    let certificate = Certificate {
        profile: Profile::Authority,
        common_name: "elsewhere".into(),
        organisations: Vec::new(),
        dns_names: BTreeSet::new(),
        addresses: BTreeSet::new(),
        named_by: BTreeMap::new(),
        validity: Validity { epoch: 1_795_132_800, lifetime: 3650 * 86_400 },
        decided_by: None,
    };
    let certificate = text(certificate, &[("key", &key)]);
    let authority = ImportedAuthority::from_pem(&certificate).expect("an authority");
    (authority, Secret::new(shown(&key).to_owned()))
}
