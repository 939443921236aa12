//! Documents that programs read: every field of them as the program's own version takes it.

use semver::Version;
use serde_json::{Map, Value};

use crate::cluster::fields::{self, Kind, Node, Values};
use crate::cluster::{Components, Program};
use crate::field_path::join;
use crate::meant::{AMONG_FEW, AMONG_MANY, did_you_mean};
use crate::spec::problem::Problem;

/// How many fields or words are listed to somebody who wrote another.
const FEW: usize = 12;

/// Adds what programs would refuse, or pass over, of their configuration files.
pub fn components(components: &Components, kubernetes: &Version, problems: &mut Vec<Problem>) {
    let documents = [
        (Program::Kubelet, "KubeletConfiguration"),
        (Program::KubeProxy, "KubeProxyConfiguration"),
        (Program::KubeScheduler, "KubeSchedulerConfiguration"),
    ];
    for (program, name) in documents {
        let document = Document { name, program: "Kubernetes", version: kubernetes };
        let config = &components.of(program).config;
        document.mapping(&format!("components.{program}.config"), config, problems);
    }
    let scheduler = &components.of(Program::KubeScheduler).config;
    let profiles = scheduler.get("profiles").and_then(Value::as_array);
    for (i, profile) in profiles.into_iter().flatten().enumerate() {
        let plugins = profile.get("pluginConfig").and_then(Value::as_array);
        for (j, plugin) in plugins.into_iter().flatten().enumerate() {
            let (Some(Value::String(name)), Some(Value::Object(arguments))) =
                (plugin.get("name"), plugin.get("args"))
            else {
                continue;
            };
            let document =
                Document { name: &format!("{name}Args"), program: "Kubernetes", version: kubernetes };
            let path = format!("components.kube-scheduler.config.profiles[{i}].pluginConfig[{j}].args");
            document.mapping(&path, arguments, problems);
        }
    }
}

/// Adds what containerd 2 would refuse, or pass over, of its file.
pub fn containerd(components: &Components, version: &Version, problems: &mut Vec<Problem>) {
    let config = &components.containerd.config;
    let path = "components.containerd.config";
    let plugins = config.get("plugins").and_then(Value::as_object);
    if version.major < 2 {
        for name in plugins.into_iter().flat_map(Map::keys).filter(|name| name.contains(".cri.v1.")) {
            let path = join(&format!("{path}.plugins"), name);
            let message = format!("containerd {version} has no plugin {name}");
            problems.push(Problem::error(path, message).fix("write it below io.containerd.grpc.v1.cri"));
        }
        return;
    }
    let document = |name| Document { name, program: "containerd", version };
    if let Some(root) = fields::containerd("containerd") {
        document("containerd").members(root, path, config, problems);
    }
    for (name, settings) in plugins.into_iter().flatten() {
        let path = join(&format!("{path}.plugins"), name);
        match (fields::containerd(name), settings) {
            (_, Value::Null) => {}
            // It needs C, which the programs that the table comes from are built without.
            (None, _) if name == "io.containerd.snapshotter.v1.btrfs" => {}
            (None, _) => {
                let fix = did_you_mean(name, fields::containerd_plugins(), AMONG_MANY)
                    .unwrap_or_else(|| "see `ctr plugins ls` for the whole names".to_owned());
                let message = format!("containerd {version} has no plugin {name}");
                problems.push(Problem::error(path, message).fix(fix).discreet());
            }
            (Some(node), Value::Object(settings)) => document(name).members(node, &path, settings, problems),
            (Some(_), value) => problems.push(wrong(&path, value, "a mapping")),
        }
    }
}

/// A kind of document, as a version of a program reads it.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    pub name: &'a str,
    pub program: &'a str,
    pub version: &'a Version,
}

impl Document<'_> {
    /// Adds what is wrong with a whole document; nothing where its fields are not known.
    pub fn mapping(&self, path: &str, members: &Map<String, Value>, problems: &mut Vec<Problem>) {
        if let Some(node) = fields::root(self.name, self.version) {
            self.members(node, path, members, problems);
        }
    }

    /// Adds what is wrong with the value of one field.
    pub fn value(&self, node: &Node, path: &str, value: &Value, problems: &mut Vec<Problem>) {
        // Whatever is null is as if nobody had written it.
        if value.is_null() {
            return;
        }
        if let Some((kind, values)) = node.leaf() {
            return problems.extend(self.leaf(kind, values, path, value));
        }
        match (node.item(), node.value(), value) {
            (Some(item), _, Value::Array(items)) => {
                for (number, value) in items.iter().enumerate() {
                    self.value(item, &format!("{path}[{number}]"), value, problems);
                }
            }
            (Some(_), _, _) => problems.push(wrong(path, value, "a list")),
            (_, Some(inner), Value::Object(members)) => {
                for (key, value) in members {
                    if !node.keys().has(&Value::from(key.as_str())) {
                        let known = node.keys().words();
                        problems.push(self.unknown("key", path, key, known));
                    }
                    self.value(inner, &join(path, key), value, problems);
                }
            }
            (None, None, Value::Object(members)) => self.members(node, path, members, problems),
            _ => problems.push(wrong(path, value, "a mapping")),
        }
    }

    fn members(&self, node: &Node, path: &str, members: &Map<String, Value>, problems: &mut Vec<Problem>) {
        for (name, value) in members {
            match node.member(name) {
                Some(field) => self.value(field, &join(path, name), value, problems),
                None => {
                    let known: Vec<_> = node.names().collect();
                    problems.push(self.unknown("field", path, name, &known));
                }
            }
        }
    }

    /// A name that the program does not know. Nobody knows what is written below it.
    fn unknown(&self, what: &str, path: &str, name: &str, known: &[&str]) -> Problem {
        let Document { program, version, .. } = self;
        let close = if known.len() > FEW { AMONG_MANY } else { AMONG_FEW };
        let elsewhere = self.elsewhere(name);
        let fix = match did_you_mean(name, known.iter().copied(), close) {
            Some(question) => question,
            None if elsewhere.is_some() => elsewhere.clone().unwrap_or_default(),
            None if known.len() <= FEW && !known.is_empty() => {
                format!("the {what}s here are {}", known.join(", "))
            }
            None => format!("remove it: {program} {version} has no such {what} here"),
        };
        let message = format!("unknown {what} `{name}` in {path}");
        let path = join(path, name);
        // The table is of a newer containerd, which may have dropped what this one reads.
        let is_sure = *program == "Kubernetes" || elsewhere.is_some() || version.minor >= 3;
        let problem = if is_sure { Problem::error(path, message) } else { Problem::warning(path, message) };
        problem.fix(fix).discreet()
    }

    /// Where such a field is read, if it is not here.
    fn elsewhere(&self, name: &str) -> Option<String> {
        if self.program == "Kubernetes" {
            let is_known = fields::is_field(self.name, name);
            return is_known.then(|| format!("remove it: Kubernetes {} does not have it here", self.version));
        }
        let is_cri = |plugin: &&str| plugin.contains(".cri.v1.") && *plugin != self.name;
        let has = |plugin: &&str| fields::containerd(plugin).is_some_and(|node| node.member(name).is_some());
        let plugin = fields::containerd_plugins().filter(is_cri).find(has)?;
        Some(format!("write it below {plugin}, from where containerd 2 reads it"))
    }

    fn leaf(&self, kind: Kind, values: &Values, path: &str, value: &Value) -> Option<Problem> {
        if !kind.fits(value) {
            let problem = wrong(path, value, kind.describe());
            let quotes = matches!((kind, value), (Kind::Text, Value::Number(_) | Value::Bool(_)));
            return Some(if quotes { problem.fix("write it in quotes") } else { problem });
        }
        (!values.has(value))
            .then(|| refused(path, value, values, &format!("{} {}", self.program, self.version)))
    }
}

fn wrong(path: &str, value: &Value, expected: &str) -> Problem {
    let message = match value {
        Value::Object(_) => format!("{path} is a mapping, not {expected}"),
        Value::Array(_) => format!("{path} is a list, not {expected}"),
        value => format!("{path} {value} is not {expected}"),
    };
    Problem::error(path, message).fix(format!("write {expected}"))
}

/// A value of the right kind that is not taken.
pub fn refused(path: &str, value: &Value, values: &Values, by: &str) -> Problem {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let problem = Problem::error(path, format!("{path} {text} is not taken by {by}"));
    if let Some(ranges) = values.describe() {
        return problem.fix(format!("write {ranges}"));
    }
    let words: Vec<_> = values.words().iter().copied().filter(|word| !word.is_empty()).collect();
    problem.fix(match did_you_mean(text.trim_start_matches('-'), words.iter().copied(), AMONG_FEW) {
        Some(question) => question,
        None if words.len() <= FEW => format!("choose one of {}", words.join(", ")),
        None => "remove it, or choose one that this version has".to_owned(),
    })
}
