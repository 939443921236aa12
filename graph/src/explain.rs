//! Why an action is not the one that was realised before.

use std::collections::BTreeSet;

use kthw_store::Output;

use crate::description::Description;

/// What tells two descriptions of one node apart. Empty when nothing does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The kind itself changed: another kind, or another version of it. From, to.
    pub kind: Option<(String, String)>,
    /// A cause: the node's own parameters.
    pub params: Vec<ParamChange>,
    /// A cascade: what it is made from.
    pub inputs: Vec<InputChange>,
}

impl Explanation {
    /// Whether the node itself was changed, rather than something that it is made from.
    pub fn is_cause(&self) -> bool {
        self.kind.is_some() || !self.params.is_empty()
    }

    pub fn is_empty(&self) -> bool {
        !self.is_cause() && self.inputs.is_empty()
    }
}

/// A parameter that was added, removed or changed. A list is its items joined by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamChange {
    pub name: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// An input that was added, removed or became another output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputChange {
    pub slot: String,
    pub from: Option<Output>,
    pub to: Option<Output>,
}

/// Compares what was realised with what is wanted.
pub fn explain(before: &Description<'_>, after: &Description<'_>) -> Explanation {
    let label = |d: &Description<'_>| format!("{} v{}", d.kind, d.version);
    let same_kind = before.kind == after.kind && before.version == after.version;
    Explanation {
        kind: (!same_kind).then(|| (label(before), label(after))),
        params: changed_params(before, after),
        inputs: changed_inputs(before, after),
    }
}

fn changed_params(before: &Description<'_>, after: &Description<'_>) -> Vec<ParamChange> {
    let value = |d: &Description<'_>, name: &str| {
        let items = d.params.iter().filter(|(n, _)| *n == name);
        let items: Vec<String> = items.map(|(_, value)| value.to_string()).collect();
        (!items.is_empty()).then(|| items.join(","))
    };
    let mut seen = BTreeSet::new();
    let names = after.params.iter().chain(&before.params).map(|(name, _)| *name);
    names
        .filter(|name| seen.insert(*name))
        .map(|name| ParamChange { name: name.to_owned(), from: value(before, name), to: value(after, name) })
        .filter(|change| change.from != change.to)
        .collect()
}

fn changed_inputs(before: &Description<'_>, after: &Description<'_>) -> Vec<InputChange> {
    let output = |d: &Description<'_>, slot: &str| {
        d.inputs.iter().find(|(s, _)| *s == slot).map(|(_, output)| *output)
    };
    let slots: BTreeSet<&str> = after.inputs.iter().chain(&before.inputs).map(|(slot, _)| *slot).collect();
    slots
        .into_iter()
        .map(|slot| InputChange {
            slot: slot.to_owned(),
            from: output(before, slot),
            to: output(after, slot),
        })
        .filter(|change| change.from != change.to)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Value;
    use kthw_store::Digest;

    fn description<'a>(params: &[(&'a str, &'a str)], inputs: &[(&'a str, &'a [u8])]) -> Description<'a> {
        Description {
            kind: "unit",
            version: 1,
            params: params.iter().map(|(n, v)| (*n, Value::Text(v))).collect(),
            inputs: inputs.iter().map(|(s, b)| (*s, Output::Public(Digest::of(b)))).collect(),
        }
    }

    #[test]
    fn equal_descriptions_need_no_explanation() {
        let same = description(&[("a", "1")], &[("ca", b"x")]);
        assert!(explain(&same, &same).is_empty());
    }

    #[test]
    fn a_changed_parameter_is_a_cause_and_a_changed_input_a_cascade() {
        let before = description(&[("a", "1"), ("gone", "x")], &[("ca", b"x")]);
        let after = description(&[("a", "2"), ("new", "y")], &[("ca", b"y")]);
        let explanation = explain(&before, &after);
        let params: Vec<_> =
            explanation.params.iter().map(|c| (&*c.name, c.from.as_deref(), c.to.as_deref())).collect();
        assert_eq!(
            params,
            [("a", Some("1"), Some("2")), ("new", None, Some("y")), ("gone", Some("x"), None)]
        );
        assert_eq!(explanation.inputs.len(), 1);
        assert!(explanation.is_cause());
        assert!(!explain(&description(&[], &[("ca", b"x")]), &description(&[], &[("ca", b"y")])).is_cause());
    }

    #[test]
    fn a_list_is_compared_whole() {
        let before = description(&[("san", "a"), ("san", "b")], &[]);
        let after = description(&[("san", "a"), ("san", "b"), ("san", "c")], &[]);
        let changes = explain(&before, &after).params;
        assert_eq!((changes[0].from.as_deref(), changes[0].to.as_deref()), (Some("a,b"), Some("a,b,c")));
    }
}
