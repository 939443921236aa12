//! A host's whole file tree by identity, and the services that read it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use kthw_store::Output;
use serde::Serialize;

use super::{Ingredients, Make};
use crate::tree::{Permissions, Service};

/// What a host is to hold. Each path is also the slot of the input that belongs there.
pub struct Bundle {
    pub host: String,
    pub files: BTreeMap<Cow<'static, str>, Permissions>,
    pub services: Vec<Service>,
}

/// The text of a bundle.
#[derive(Serialize)]
struct Document<'a> {
    host: &'a str,
    files: BTreeMap<&'a str, File>,
    services: &'a [Service],
}

#[derive(Serialize)]
struct File {
    output: String,
    mode: String,
    owner: &'static str,
}

impl Make for Bundle {
    /// A bundle names secrets by their MAC and holds none, so it is public.
    const KIND: Kind = Kind {
        name: "bundle",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("host", &self.host, Origin::Spec(format_args!("hosts[{}].name", self.host)));
        // A host has many files and few kinds of permissions; to print each of them would be most of the work.
        let mut printed: Vec<(Permissions, String)> = Vec::new();
        for (path, permissions) in &self.files {
            let known = printed.iter().position(|(known, _)| known == permissions).unwrap_or_else(|| {
                printed.push((*permissions, permissions.to_string()));
                printed.len() - 1
            });
            manifest.text(path, &printed[known].1, Origin::Program);
        }
        for service in &self.services {
            manifest.text("service", &service.unit, Origin::Program);
            manifest.text("stage", service.stage.as_str(), Origin::Program);
            manifest.list(&service.unit, &service.reads, Origin::Program);
            manifest.text("on-change", service.on_change.as_str(), Origin::Program);
        }
    }

    fn make(&self, from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let outputs: BTreeMap<&str, Output> =
            from.inputs().iter().map(|input| (&*input.slot, input.output)).collect();
        let files = self.files.iter().map(|(path, permissions)| {
            let output = outputs.get(&**path).map(ToString::to_string);
            let file = |output| File {
                output,
                mode: format!("{:04o}", permissions.mode),
                owner: permissions.owner.as_str(),
            };
            output.map(|output| (&**path, file(output)))
        });
        let files: Option<_> = files.collect();
        let files = files.ok_or("a file of the bundle has no input")?;
        let document = Document { host: &self.host, files, services: &self.services };
        Ok(Content::public(serde_json::to_vec_pretty(&document)?))
    }
}
