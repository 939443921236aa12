//! Plain scalars of free-form parts that their consumer would take for something else than we do.

use std::collections::HashSet;
use std::sync::Arc;

use super::document::{ClusterSpec, ComponentSpec};
use super::parse::options;
use super::positions::Positions;
use super::problem::{Located, Problem};
use super::reading::{self, Reading};
use super::tree::{Content, Entry, Items, Node};
use crate::field_path::join;
use crate::redaction::redacted;

/// Who reads what is written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Consumer {
    CloudInit,
    Kubernetes,
    /// A command line, which is text.
    Flags,
}

/// The parts whose values are their consumer's matter, and who that is.
const PARTS: [(&[&str], Consumer); 6] = [
    (&["machines", "userData"], Consumer::CloudInit),
    (&["audit", "policy"], Consumer::Kubernetes),
    (&["authentication", "jwt"], Consumer::Kubernetes),
    (&["controlPlane", "admissionConfig"], Consumer::Kubernetes),
    (&["addons", "cilium", "values"], Consumer::Kubernetes),
    (&["components"], Consumer::Kubernetes),
];

/// A problem for each scalar that reaches its consumer as something else than it would in a file of the consumer's own.
pub fn check(text: &str, spec: &ClusterSpec) -> Vec<Located> {
    if !has_parts(spec) {
        return Vec::new();
    }
    let positions = Positions::new(text);
    let Some(root) = positions.root() else { return Vec::new() };
    let mut search = Search { told: HashSet::new(), found: Vec::new() };
    for (steps, consumer) in PARTS {
        let mut node = Some(root);
        for step in steps {
            node = node.and_then(|node| Some(node.child(step, Items::counted)?.node));
        }
        let Some(node) = node else { continue };
        match consumer {
            Consumer::Kubernetes if steps == ["components"] => search.components(node),
            _ => search.walk(&steps.join("."), node, consumer),
        }
    }
    search.found
}

/// Whether anything is written there: a large file is not read as a tree for nothing.
fn has_parts(spec: &ClusterSpec) -> bool {
    let components = &spec.components;
    let is_written = |component: &ComponentSpec| *component != ComponentSpec::default();
    let user_data = spec.machines.as_ref().is_some_and(|machines| !machines.user_data.is_null());
    user_data
        || !spec.audit.policy.is_null()
        || !spec.authentication.jwt.is_empty()
        || !spec.control_plane.admission_config.is_empty()
        || !spec.addons.cilium.values.is_null()
        || [
            &components.kube_apiserver,
            &components.kube_controller_manager,
            &components.kube_scheduler,
            &components.kubelet,
            &components.kube_proxy,
            &components.etcd,
            &components.containerd,
        ]
        .into_iter()
        .any(is_written)
}

struct Search {
    /// What aliases repeat is told once.
    told: HashSet<(usize, usize)>,
    found: Vec<Located>,
}

impl Search {
    fn components(&mut self, node: &Node) {
        let Content::Mapping(programs) = &node.content else { return };
        for Entry { key, node, .. } in &programs.list {
            for (field, consumer) in [("flags", Consumer::Flags), ("config", Consumer::Kubernetes)] {
                if let Some(visit) = node.child(field, Items::counted) {
                    self.walk(&format!("components.{key}.{field}"), visit.node, consumer);
                }
            }
        }
    }

    fn walk(&mut self, path: &str, node: &Node, consumer: Consumer) {
        match &node.content {
            Content::Scalar(text) if node.is_plain && !node.is_tagged => {
                self.scalar(path, node, text, consumer)
            }
            Content::Sequence(items) => {
                for (i, item) in items.nodes.iter().enumerate() {
                    self.walk(&format!("{path}[{i}]"), item, consumer);
                }
            }
            Content::Mapping(entries) => {
                for entry in &entries.list {
                    self.key(path, entry, consumer);
                    self.walk(&join(path, &entry.key), &entry.node, consumer);
                }
            }
            Content::Scalar(_) | Content::Alias => {}
        }
    }

    fn scalar(&mut self, path: &str, node: &Node, text: &Arc<str>, consumer: Consumer) {
        let Some((theirs, ours)) = disagreement(text, consumer) else { return };
        let message = match (consumer, ours) {
            (Consumer::Flags, _) => {
                format!("{path} {text} is {ours} in YAML 1.2 and {theirs} on a command line")
            }
            _ => format!(
                "{path} {text} is {theirs} to {}, which reads YAML 1.1, and {ours} in YAML 1.2",
                consumer.name()
            ),
        };
        // What an alias stands for is put right at its anchor.
        self.tell(path, node.place, message, fix(text, &[theirs, ours]), consumer);
    }

    /// Keys are text to us.
    fn key(&mut self, within: &str, entry: &Entry, consumer: Consumer) {
        let key = &entry.key;
        let theirs = match consumer {
            Consumer::CloudInit => reading::of_python(key),
            Consumer::Kubernetes => reading::of_go(key),
            Consumer::Flags => return,
        };
        let is_same = match theirs {
            Reading::Text | Reading::Refused => true,
            // It goes by such keys in their order, which is that of their digits.
            Reading::Whole(_) if consumer == Consumer::CloudInit => key.bytes().all(|b| b.is_ascii_digit()),
            theirs => theirs.literal().as_deref() == Some(&**key) && theirs != Reading::Nothing,
        };
        if entry.is_guessed && !is_same {
            let message = format!(
                "the key {key} of {within} is {theirs} to {}, which reads YAML 1.1, and text in YAML 1.2",
                consumer.name()
            );
            self.tell(&join(within, key), entry.place, message, fix(key, &[theirs, Reading::Text]), consumer);
        }
    }

    fn tell(&mut self, path: &str, place: super::Place, message: String, fix: String, consumer: Consumer) {
        if self.told.insert((place.line, place.column)) {
            let problem = Problem::error(path, redacted(&message)).fix(fix);
            // What is beside it may be secret.
            let problem = if consumer == Consumer::CloudInit { problem.discreet() } else { problem };
            self.found.push(problem.at(place));
        }
    }
}

impl Consumer {
    fn name(self) -> &'static str {
        match self {
            Consumer::CloudInit => "cloud-init",
            Consumer::Kubernetes | Consumer::Flags => "Kubernetes",
        }
    }
}

/// What the consumer takes a scalar for, and what we do, if that is not the same.
fn disagreement(text: &str, consumer: Consumer) -> Option<(Reading, Reading)> {
    let ours = reading::ours(text, options());
    // Whoever reads the value says what is wrong with it.
    if ours == Reading::Refused {
        return None;
    }
    let theirs = match consumer {
        Consumer::CloudInit => reading::of_python(text),
        Consumer::Kubernetes => reading::of_go(text),
        Consumer::Flags => match (ours, reading::of_go(text)) {
            // What is text to us is given on as it is written, and so is what a program reads as the same number.
            (Reading::Text | Reading::Flag(_) | Reading::Nothing, _) => return None,
            (Reading::Whole(_), theirs) if theirs == ours && ours.literal().as_deref() != Some(text) => {
                Reading::Text
            }
            (_, theirs) => theirs,
        },
    };
    (theirs != ours).then_some((theirs, ours))
}

/// How to write what may be meant so that all readers agree.
fn fix(text: &str, readings: &[Reading]) -> String {
    let mut ways: Vec<String> = readings.iter().filter_map(|reading| reading.literal()).collect();
    ways.dedup();
    ways.retain(|way| way != text);
    let quoted = format!("'{}' in quotes", text.replace('\'', "''"));
    match ways.join(" or ") {
        ways if ways.is_empty() => format!("write {quoted}"),
        ways => format!("write {quoted} for the text, or {ways}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    use serde_json::{Value, json};

    use super::*;
    use crate::judge::{approved, file, judge};

    /// Scalars that readers differ about, and others of the same letters.
    fn scalars() -> Vec<String> {
        const KNOWN: &str = "0644 0100 0o17 0o8 no No nO on y Y N yes off tRue 1:30 1:60 190:20:30 190:20:30.15 52:54:00:12:34:56 1e3 \
            1E3 1.5e3 1.5e+3 1e+3 -1e-3 1_000 1__0 _1 1_ 1_000.5 .5 -.5 +.5 .5e+1 ._5 5. 0x1F 0X1F 0x 0x_1F -0x1F ~ null NULL nUll \
            2026-01-01 2026-1-1 18446744073709551615 18446744073709551616 9223372036854775808 -9223372036854775809 \
            -0 +0 +1 -01 08 09 00 0 0_7 -0.0 0.0 .inf -.inf +.Inf .nan .NaN 0b11 0b12 -0b1 12e03 1e400 007.5 1,000 0.10 +18446744073709551615 \
            1.2.3 10.0.0.1 v1 1a 0xg 0o 0b 1- 1+1 -_1 0_ 0o1_7 true false 2001-12-14t21:59:43.10-05:00 1e 1e+ e3 .e3 . .. -. + 012.5 0_1.5 0755 777";
        let mut runner = TestRunner::deterministic();
        let generated = prop_oneof![
            "[-+]?0?[0-9_]{1,6}",
            "[-+]?0[xXoObB]?[0-9a-fA-F_]{0,5}",
            "[-+]?[0-9_]{0,3}\\.[0-9_]{0,3}([eE][-+]?[0-9]{0,3})?",
            "[-+]?[0-9]{1,3}(:[0-9]{1,2}){1,3}(\\.[0-9]{0,2})?",
            "[-+0-9._:exobB]{1,7}",
            "(y|n|yes|no|on|off|true|false|null)",
            "[0-9]{18,22}",
        ];
        let more = prop::collection::vec(generated, 3000).new_tree(&mut runner).expect("scalars").current();
        let is_plain = |text: &String| {
            !text.starts_with("-_ ") && !text.ends_with(':') && text != "-" && !text.starts_with("---")
        };
        let all = KNOWN.split_whitespace().map(str::to_owned).chain(more);
        all.filter(is_plain).collect()
    }

    /// What PyYAML makes of each, as a word for its kind and its value.
    fn read_by_python(texts: &[String]) -> Option<Vec<Value>> {
        const PROGRAM: &str = "
import json, math, os, sys
try:
    import yaml
except ImportError:
    print('skipped: no PyYAML')
    sys.exit(os.environ.get('KTHW_REQUIRE_JUDGES') == '1')
def read(text):
    try:
        value = yaml.safe_load('a: ' + text)['a']
    except Exception:
        return 'broken'
    if value is None or isinstance(value, (bool, str)):
        return value if not isinstance(value, str) else 'text'
    if isinstance(value, int):
        return {'whole': str(value)}
    if isinstance(value, float):
        return {'number': repr(value)} if math.isfinite(value) else 'endless'
    return 'text'
print(json.dumps([read(text) for text in json.load(open(sys.argv[1]))]))
";
        let file = file(&serde_json::to_string(texts).expect("texts"));
        let printed = approved(judge("python3")?.arg("-c").arg(PROGRAM).arg(file.path()));
        serde_json::from_str(&printed).ok()
    }

    #[test]
    fn python_reads_scalars_as_we_know_it() {
        let texts = scalars();
        let Some(read) = read_by_python(&texts) else { return };
        for (text, theirs) in texts.iter().zip(read) {
            let ours = reading::of_python(text);
            let is_same = match (&theirs, ours) {
                (Value::String(word), _) if word == "broken" => true,
                (Value::String(word), Reading::Number(number)) => word == "endless" && !number.is_finite(),
                (Value::Object(of), Reading::Whole(number)) => {
                    of.get("whole") == Some(&json!(number.to_string()))
                }
                // Larger than any number that we reckon with.
                (Value::Object(of), Reading::Number(number)) if !number.is_finite() => {
                    of.contains_key("whole")
                }
                (Value::Object(of), Reading::Number(number)) => {
                    let theirs =
                        of.get("number").and_then(Value::as_str).and_then(|text| text.parse::<f64>().ok());
                    theirs.is_some_and(|theirs| (theirs - number).abs() <= theirs.abs() * 1e-12)
                }
                (Value::Null, Reading::Nothing) => true,
                (Value::Bool(theirs), Reading::Flag(ours)) => *theirs == ours,
                (Value::String(word), Reading::Text) => word == "text",
                _ => false,
            };
            assert!(is_same, "{text}: PyYAML reads {theirs}, and we think {ours:?}");
        }
    }

    #[test]
    fn kubernetes_reads_scalars_as_we_know_it() {
        let Some(mut kubectl) = judge("kubectl") else { return };
        // JSON has no number without an end, and kubectl refuses one.
        let is_finite =
            |text: &String| !matches!(reading::of_go(text), Reading::Number(number) if !number.is_finite());
        let texts: Vec<String> = scalars().into_iter().filter(is_finite).collect();
        let values: String = texts.iter().map(|text| format!("- {text}\n")).collect();
        let document =
            file(&format!("apiVersion: a.example.org/v1\nkind: A\nmetadata: {{name: a}}\nvalues:\n{values}"));
        let read = approved(
            kubectl.args(["annotate", "--local", "-o", "json", "-f"]).arg(document.path()).arg("a=b"),
        );
        let read: Value = serde_json::from_str(&read).expect("kubectl prints JSON");
        for (text, theirs) in texts.iter().zip(read["values"].as_array().expect("a list")) {
            let ours = reading::of_go(text);
            let is_same = match (theirs, ours) {
                (Value::Null, Reading::Nothing) => true,
                (Value::Bool(theirs), Reading::Flag(ours)) => *theirs == ours,
                (Value::String(theirs), Reading::Text) => theirs == text,
                #[expect(clippy::cast_precision_loss, reason = "kubectl prints large numbers as fractions")]
                (Value::Number(theirs), Reading::Whole(ours)) => {
                    theirs.as_i128() == Some(ours)
                        || theirs.as_f64().is_some_and(|theirs| theirs == ours as f64)
                }
                (Value::Number(theirs), Reading::Number(ours)) => {
                    theirs.as_f64().is_some_and(|theirs| (theirs - ours).abs() <= ours.abs() * 1e-12)
                }
                _ => false,
            };
            assert!(is_same, "{text}: kubectl reads {theirs}, and we think {ours:?}");
        }
    }

    #[test]
    fn what_passes_reaches_python_as_what_it_would_read() {
        let texts = scalars();
        let is_taken = |text: &String| reading::ours(text, options()) != Reading::Refused;
        let passed: Vec<String> = texts
            .into_iter()
            .filter(|text| is_taken(text) && disagreement(text, Consumer::CloudInit).is_none())
            .collect();
        let ours: Vec<Value> = passed
            .iter()
            .map(|text| serde_saphyr::from_str_with_options(text, options()).expect("a scalar that is taken"))
            .collect();
        assert!(passed.len() > 100);
        let written: Vec<String> = ours
            .iter()
            .map(|value| crate::yaml::to_string(value).expect("a scalar").trim_end().to_owned())
            .collect();
        let (Some(meant), Some(found)) = (read_by_python(&passed), read_by_python(&written)) else { return };
        for ((text, written), (meant, found)) in passed.iter().zip(&written).zip(meant.iter().zip(&found)) {
            assert_eq!(meant, found, "{text} is written as {written}");
        }
    }

    #[test]
    fn both_readings_are_known_of_each_kind() {
        let check = |text: &str, consumer, expected: Option<&str>| {
            let found = disagreement(text, consumer).map(|(theirs, ours)| format!("{theirs} {ours}"));
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        use Consumer::{CloudInit, Flags, Kubernetes};
        check("0750", CloudInit, Some("488 750"));
        check("0750", Kubernetes, Some("488 750"));
        check("0750", Flags, Some("488 750"));
        check("0o17", CloudInit, Some("text 15"));
        check("0o17", Kubernetes, None);
        check("0o17", Flags, Some("text 15"));
        check("off", CloudInit, Some("false text"));
        check("off", Kubernetes, Some("false text"));
        check("off", Flags, None);
        check("y", CloudInit, None);
        check("y", Kubernetes, Some("true text"));
        check("2:45", CloudInit, Some("165 text"));
        check("2:45", Kubernetes, None);
        check("2e3", CloudInit, Some("text 2000"));
        check("2e3", Kubernetes, None);
        check("0x1F", CloudInit, None);
        check("0x1F", Flags, Some("text 31"));
        check("2026-01-01", CloudInit, None);
        for text in ["12", "-3", "1.5", "true", "~", "word", "10.0.0.1", "1.2.3"] {
            for consumer in [CloudInit, Kubernetes, Flags] {
                check(text, consumer, None);
            }
        }
    }
}
