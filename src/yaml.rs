//! YAML as every reader understands it: old readers take no string for a boolean, a number or a time.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// A value that YAML has no form for.
#[derive(Debug, thiserror::Error)]
#[error("this cannot be written as YAML: {0}")]
pub struct YamlError(String);

/// Writes a value in block style, two spaces deep, without ever folding a string.
pub fn to_string(value: &impl Serialize) -> Result<String, YamlError> {
    let options = serde_saphyr::ser_options! { indent_step: 2, prefer_block_scalars: false };
    let mut text =
        serde_saphyr::to_string_with_options(value, options).map_err(|error| YamlError(error.to_string()))?;
    text.truncate(text.trim_end_matches('\n').len());
    text.push('\n');
    Ok(text)
}

/// Writes a value with every text of several lines as it is, for documents that carry files.
pub fn readable(value: &impl Serialize) -> Result<String, YamlError> {
    let options = serde_saphyr::ser_options! {
        indent_step: 2,
        prefer_block_scalars: true,
        folded_wrap_chars: usize::MAX,
    };
    serde_saphyr::to_string_with_options(value, options).map_err(|error| YamlError(error.to_string()))
}

/// Writes a Kubernetes document: `apiVersion` and `kind`, then the other fields sorted.
pub fn document(document: &Value) -> Result<String, YamlError> {
    to_string(&Document(document))
}

struct Document<'a>(&'a Value);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const FIRST: [&str; 2] = ["apiVersion", "kind"];
        let Value::Object(fields) = self.0 else { return self.0.serialize(serializer) };
        let first = FIRST.iter().filter_map(|name| fields.get_key_value(*name));
        let rest = fields.iter().filter(|(name, _)| !FIRST.contains(&name.as_str()));
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        for (name, value) in first.chain(rest) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{approved, file, judge};
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    use serde_json::{Map, json};

    /// Strings that some reader of YAML takes for something else.
    const TREACHEROUS: &[&str] = &[
        "no",
        "NO",
        "on",
        "off",
        "y",
        "true",
        "12:30:45",
        "190:20:30",
        "1_000",
        "0x1F",
        "0o17",
        "017",
        "0b1",
        "1e3",
        ".inf",
        ".nan",
        "1.30",
        "null",
        "~",
        "",
        "2026-01-01",
        "=",
        "<<",
        "-",
        "- a",
        "? a",
        "a: b",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "%a",
        "@a",
        "`a",
        "|",
        ">",
        "{a}",
        "[a]",
        "'a'",
        "\"a\"",
        " leading",
        "trailing ",
        "two\nlines",
        "two\nlines\n",
        "\n",
        "a\tb",
        "a\\nb",
        "ünï",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "...",
        "---",
    ];

    fn treacherous() -> Value {
        let mut map = Map::new();
        for text in TREACHEROUS {
            map.insert((*text).to_owned(), json!(text));
        }
        let long = "word ".repeat(60);
        json!({"map": map, "list": TREACHEROUS, "long": long})
    }

    /// What the judge understands of a document, as JSON.
    fn read_by_python(document: &str) -> Option<Value> {
        const PROGRAM: &str = "
import json, os, sys
try:
    import yaml
except ImportError:
    print('skipped: no PyYAML')
    sys.exit(os.environ.get('KTHW_REQUIRE_JUDGES') == '1')
print(json.dumps(yaml.safe_load(open(sys.argv[1], encoding='utf-8'))))
";
        let file = file(document);
        let printed = approved(judge("python3")?.arg("-c").arg(PROGRAM).arg(file.path()));
        serde_json::from_str(&printed).ok()
    }

    #[test]
    fn a_document_starts_with_what_it_is_and_sorts_the_rest() {
        let written = document(&json!({
            "zone": "a", "kind": "K", "apiVersion": "v1", "empty": {}, "none": [], "list": [{"b": 1, "a": 2}],
        }));
        insta::assert_snapshot!(written.expect("plain values"), @r"
        apiVersion: v1
        kind: K
        empty: {}
        list:
        - a: 2
          b: 1
        none: []
        zone: a
        ");
    }

    #[test]
    fn treacherous_strings_have_a_fixed_spelling() {
        insta::assert_snapshot!(to_string(&treacherous()).expect("plain values"));
    }

    #[test]
    fn an_old_reader_takes_every_string_for_a_string() {
        let value = treacherous();
        let Some(read) = read_by_python(&to_string(&value).expect("plain values")) else { return };
        assert_eq!(read, value);
    }

    #[test]
    fn a_text_that_is_carried_arrives_as_it_is() {
        let mut texts: Vec<String> = TREACHEROUS.iter().map(|text| format!("a\n{text}\nb\n")).collect();
        texts.extend(TREACHEROUS.iter().map(|text| (*text).to_owned()));
        texts.extend(
            ["\n\n", "a\n", "a\n\n", "  a\n b\n", "\n  a\n", "a\n\t\n", "a\r\nb\r\n", "a\n \n"]
                .map(str::to_owned),
        );
        texts.push(format!("{}\n{}\n", "word ".repeat(60), "x".repeat(300)));
        let files: Vec<Value> = texts.iter().map(|text| json!({"content": text, "path": "/a"})).collect();
        let value = json!({"texts": texts, "files": files, "last": "a\n\n"});
        let written = readable(&value).expect("plain values");
        assert_eq!(serde_saphyr::from_str::<Value>(&written).expect("own output"), value);
        let Some(read) = read_by_python(&written) else { return };
        assert_eq!(read, value);
    }

    #[test]
    fn kubernetes_takes_every_string_for_a_string() {
        let Some(mut kubectl) = judge("kubectl") else { return };
        let data = treacherous()["map"].clone();
        let config_map =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "no"}, "data": data});
        let written = file(&document(&config_map).expect("plain values"));
        let read = approved(
            kubectl.args(["annotate", "--local", "-o", "json", "-f"]).arg(written.path()).arg("on=off"),
        );
        let read: Value = serde_json::from_str(&read).expect("kubectl prints JSON");
        assert_eq!(read["data"], data);
    }

    #[test]
    fn an_old_reader_takes_any_string_for_itself() {
        let mut runner = TestRunner::deterministic();
        let texts = prop::collection::vec(any::<String>(), 500).new_tree(&mut runner).expect("strings");
        let value = json!(texts.current());
        let Some(read) = read_by_python(&to_string(&value).expect("plain values")) else { return };
        assert_eq!(read, value);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(texts in prop::collection::btree_map(any::<String>(), any::<String>(), 0..8)) {
            let written = to_string(&texts).expect("plain values");
            prop_assert!(written.ends_with('\n') && !written.ends_with("\n\n"));
            prop_assert_eq!(serde_saphyr::from_str::<std::collections::BTreeMap<String, String>>(&written).expect("own output"), texts);
        }
    }
}
