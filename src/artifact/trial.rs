//! Makes single artifacts in tests, named and fed as in a build.

use kthw_graph::{Action, ActionError, Content, Encoder, Job, JobInput, NodeName, Secret};
use kthw_store::{ActionDigest, Digest, Mac, Output};

use super::{Artifact, Ingredients};
use crate::root::RootSecret;

/// The root secret of every trial.
pub fn root() -> RootSecret {
    RootSecret::public_example([7; 32])
}

/// Makes an artifact from its inputs.
pub fn make(kind: impl Into<Artifact>, inputs: &[(&'static str, &Content)]) -> Result<Content, ActionError> {
    let artifact = kind.into();
    let name = NodeName::new("trial").expect("a good name");
    let mut inputs: Vec<JobInput> = inputs.iter().map(|(slot, content)| input(slot, content)).collect();
    inputs.sort_by(|a, b| a.slot.cmp(&b.slot));
    let digest = digest(&artifact, &inputs);
    let job = Job { name: &name, action: &artifact, digest, inputs };
    artifact.make(&Ingredients::new(&job, &root()))
}

/// Makes an artifact that can be made, as text.
pub fn text(kind: impl Into<Artifact>, inputs: &[(&'static str, &Content)]) -> String {
    shown(&make(kind, inputs).expect("it can be made")).to_owned()
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

/// A text in a file, for judges that read files.
pub fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::io::Write::write_all(&mut file, text.as_bytes()).expect("a temporary file is writable");
    file
}

/// What describes an artifact without inputs.
pub fn described(kind: impl Into<Artifact>) -> ActionDigest {
    digest(&kind.into(), &[])
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
    let name = NodeName::new(slot).expect("a good name");
    JobInput { slot: slot.into(), name, output, content: Some(content.clone()) }
}

fn mac(bytes: &Secret<Vec<u8>>) -> Mac {
    Mac::from_bytes(*blake3::keyed_hash(root().mac_key().expose(), bytes.expose()).as_bytes())
}
