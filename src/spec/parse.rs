//! Parsing: the text of a cluster file into a `ClusterSpec`, with every unknown field reported at once.

use serde::Deserialize;
use serde_saphyr::Error;

use super::document::ClusterSpec;
use super::place::Place;
use super::positions::Positions;
use super::problem::{Located, Problem};
use super::schema::Fields;
use crate::field_path::join;
use crate::meant::{AMONG_MANY, did_you_mean};

/// Reads the text strictly: one YAML document, no unknown field, no key twice.
pub fn parse(text: &str) -> Result<ClusterSpec, Vec<Located>> {
    match read(text) {
        (Some(spec), problems) if problems.is_empty() => Ok(spec),
        (_, problems) => Err(problems),
    }
}

/// What the text says where it can be read, and what is wrong with it.
pub(super) fn read(text: &str) -> (Option<ClusterSpec>, Vec<Located>) {
    let mut unknown = Vec::new();
    let result = serde_saphyr::with_deserializer_from_str_with_options(text, options(), |yaml| {
        let mut note = |path: serde_ignored::Path<'_>| unknown.extend(field(&path));
        ClusterSpec::deserialize(serde_ignored::Deserializer::new(yaml, &mut note))
    });
    let mut problems = unknown_fields(text, &unknown);
    if let Err(error) = &result {
        match conflict(text) {
            Some(conflict) => problems = vec![conflict],
            None => problems.push(locate(text, error)),
        }
    }
    problems.sort_by_key(|located| (located.line, located.column));
    (result.ok(), problems)
}

/// What an unfinished merge leaves, which explains every other problem.
fn conflict(text: &str) -> Option<Located> {
    let line = text.lines().position(|line| line.starts_with("<<<<<<< "))?;
    let fix = "only you know which side is meant: edit it, then run `kthw lock` and `kthw snapshot`";
    let problem = Problem::error("", "this is left of a merge conflict").fix(fix);
    Some(Located { problem, line: line + 1, column: 1, len: 7 })
}

/// Room for many thousand hosts, which may all be merged with one anchor, and `true` and `false` as the only booleans.
pub(super) fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: 4_000_000,
            max_events: 16_000_000,
            max_aliases: 500_000,
            max_merge_keys: 500_000,
            // How much all aliases stand for is bounded besides.
            enforce_alias_anchor_ratio: false,
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
    let fix = did_you_mean(name, known.iter().map(String::as_str), AMONG_MANY)
        .unwrap_or_else(|| format!("the fields here are {}", known.join(", ")));
    // Nobody knows what it holds.
    Problem::error(join(parent, name), message).fix(fix)
}

/// What the YAML reader says, in words for who writes the file.
fn locate(text: &str, error: &Error) -> Located {
    // What is wrong with an alias is wrong where it is used: its anchor holds something that is right there.
    let outer = error.without_snippet();
    let error = match outer {
        Error::AliasError { error, .. } => error,
        error => error,
    };
    let [used, written] = [outer, error].map(|error| place(text, error));
    let path = Positions::new(text).path_at(used, written).unwrap_or_default();
    let subject = match path.as_str() {
        "" => "the file",
        path => path,
    };
    let (message, fix) = match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            (format!("the field `{key}` is written twice"), "keep one of them")
        }
        Error::MultipleDocuments { .. } => {
            ("there is more than one document".to_owned(), "keep one cluster in a file")
        }
        Error::Unexpected { expected, .. } => {
            let (what, fix) = shape(expected);
            (format!("{subject} is not {what}"), fix)
        }
        Error::InvalidScalar { .. } => {
            (format!("{subject} is not a whole number in its range"), "write digits only")
        }
        Error::NullIntoString { .. } => {
            (format!("{subject} has no value"), "write the value, or remove the field")
        }
        // What follows would repeat what is written.
        Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
            (format!("{subject} is not {expected}"), "correct the YAML")
        }
        Error::NonFiniteFloat { .. } | Error::QuotingRequired { .. } => {
            (format!("{subject} is not a string"), "write it in quotes")
        }
        Error::UnsupportedTag { .. } | Error::TaggedEnumMismatch { .. } => {
            (format!("{subject} has a tag"), "remove it, or write the value in quotes")
        }
        other => (other.to_string(), "correct the YAML"),
    };
    Problem::error(path, message).fix(fix).at(used)
}

/// What the reader's word for an event means for the file, and how to write it.
fn shape(expected: &str) -> (&str, &'static str) {
    match expected {
        "string scalar" => ("a string", "write one word, in quotes if it has special characters"),
        "mapping start" => ("a mapping", "write `field: value` lines"),
        "sequence start" => ("a list", "write [a, b], or one `- item` for each line"),
        other => (other, "correct the YAML"),
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spec::{
        ApiSpec, AuditSpec, ComponentSpec, ComponentsSpec, DownloadsSpec, EncryptionSpec, HostSpec,
        ImageFileSpec, ImageSpec, LoadBalancerSpec, MachineNetworkSpec, MachineSpec, MachinesSpec,
        NetworkSpec, PkiSpec, SshSpec, TaintSpec, UserSpec, VersionsSpec, load, presets,
    };

    /// Any text that YAML can hold, with those that look like something else more often.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z0-9./:-]{0,12}",
            "[ -~äß\n]{0,20}",
            Just("no".to_owned()),
            Just("1.30".to_owned()),
            Just("~".to_owned()),
            Just("0x1F".to_owned()),
            Just("12:30:45".to_owned()),
            Just("# no comment".to_owned()),
        ]
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            text().prop_map(Into::into),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
                prop::collection::btree_map("[a-zA-Z]{1,6}", inner, 0..3)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn host() -> impl Strategy<Value = HostSpec> {
        let ssh = (prop::option::of(text()), prop::option::of(any::<u16>()));
        let taint = (text(), text(), text());
        (
            (text(), text(), prop::collection::vec(text(), 0..3)),
            prop::option::of(text()),
            ssh,
            prop::collection::btree_map(text(), text(), 0..3),
            prop::collection::vec(taint, 0..2),
            prop::option::of(text()),
            machine(),
        )
            .prop_map(
                |((name, address, roles), arch, (user, port), labels, taints, pod_cidr, machine)| HostSpec {
                    name,
                    address,
                    roles,
                    arch,
                    ssh: SshSpec { user, port },
                    labels,
                    taints: taints
                        .into_iter()
                        .map(|(key, value, effect)| TaintSpec { key, value, effect })
                        .collect(),
                    pod_cidr,
                    machine,
                },
            )
    }

    fn machine() -> impl Strategy<Value = MachineSpec> {
        let sizes = (prop::option::of(any::<u32>()), prop::option::of(text()), prop::option::of(text()));
        (sizes, prop::option::of(text())).prop_map(|((cpus, memory, disk), mac)| MachineSpec {
            cpus,
            memory,
            disk,
            mac,
        })
    }

    fn machines() -> impl Strategy<Value = MachinesSpec> {
        let network = (prop::option::of(text()), prop::collection::vec(text(), 0..3));
        let image = (text(), text(), prop::option::of(text()));
        (network, image, prop::collection::vec(text(), 0..3), json()).prop_map(
            |((gateway, nameservers), (url, checksum, name), ssh_authorized_keys, user_data)| MachinesSpec {
                network: MachineNetworkSpec { gateway, nameservers, ..MachineNetworkSpec::default() },
                image: ImageSpec { name, amd64: Some(ImageFileSpec { url, checksum }), arm64: None },
                user: UserSpec { ssh_authorized_keys, ..UserSpec::default() },
                user_data,
                ..MachinesSpec::default()
            },
        )
    }

    fn component() -> impl Strategy<Value = ComponentSpec> {
        let flags = prop::collection::btree_map("[a-z-]{1,8}", json(), 0..3);
        (flags, json()).prop_map(|(flags, config)| ComponentSpec { flags, config })
    }

    fn load_balancer() -> impl Strategy<Value = LoadBalancerSpec> {
        (text(), prop::option::of(text()), prop::option::of(text()))
            .prop_map(|(kind, address, interface)| LoadBalancerSpec { kind, address, interface })
    }

    fn sections() -> impl Strategy<Value = ClusterSpec> {
        let texts = || prop::collection::vec(text(), 0..3);
        (
            (text(), text(), text(), prop::option::of(any::<u8>())),
            (prop::option::of(text()), prop::option::of(load_balancer()), texts()),
            component(),
            (json(), any::<u32>()),
            (text(), texts()),
            prop::option::of(machines()),
        )
            .prop_map(
                |(network, (endpoint, load_balancer, sans), kubelet, audit, encryption, machines)| {
                    ClusterSpec {
                        machines,
                        network: NetworkSpec {
                            hosts: network.0,
                            domain: network.1,
                            dns: Some(network.2),
                            pod_mask: network.3,
                            ..NetworkSpec::default()
                        },
                        api: ApiSpec { endpoint, load_balancer, sans: sans.clone() },
                        components: ComponentsSpec { kubelet, ..ComponentsSpec::default() },
                        audit: AuditSpec { policy: audit.0, max_age: audit.1, ..AuditSpec::default() },
                        encryption: EncryptionSpec {
                            provider: encryption.0.clone(),
                            resources: encryption.1,
                        },
                        pki: PkiSpec { certificate_validity_period: encryption.0, ..PkiSpec::default() },
                        downloads: DownloadsSpec { mirrors: sans },
                        ..ClusterSpec::default()
                    }
                },
            )
    }

    fn spec() -> impl Strategy<Value = ClusterSpec> {
        let versions = (text(), prop::option::of(text()));
        let hosts = prop::collection::vec(host(), 0..3);
        (text(), versions, hosts, sections()).prop_map(|(name, (kubernetes, etcd), hosts, rest)| {
            ClusterSpec {
                name,
                versions: VersionsSpec { kubernetes, etcd, ..VersionsSpec::default() },
                hosts,
                ..rest
            }
        })
    }

    proptest! {
        #[test]
        fn a_written_spec_reads_back_the_same(spec in spec()) {
            let text = serde_saphyr::to_string(&spec).unwrap();
            match parse(&text) {
                Ok(read) => prop_assert_eq!(read, spec),
                Err(problems) => prop_assert!(false, "{:?}\n{}", problems, text),
            }
        }

        #[test]
        fn no_text_makes_loading_panic(text in "(\\PC|[\n:{}\\[\\]&*!-]){0,200}") {
            let _ = load(&text);
        }

        #[test]
        fn no_edit_of_a_good_file_makes_loading_panic(
            at in any::<prop::sample::Index>(),
            cut in 0..8usize,
            insert in "[ -~\n]{0,6}",
        ) {
            let mut text: Vec<char> = presets::SINGLE.chars().collect();
            let start = at.index(text.len());
            let end = (start + cut).min(text.len());
            text.splice(start..end, insert.chars());
            let _ = load(&String::from_iter(text));
        }
    }
}
