//! Rules about logs, which all programs of Kubernetes have in common (`Validate` of component-base/logs/api).

use serde_json::Value;

use super::told::nanoseconds;
use super::{Rule, all, each, refusal, together};
use crate::cluster::Quantity;

pub const RULES: &[Rule] = &[
    // Nothing is its own interval.
    each("logging.flushFrequency", |value| nanoseconds(value).is_none_or(|time| time >= 0), "more than 0s")
        .since(35),
    each("logging.verbosity", is_verbosity, "0 to 2147483647"),
    each("logging.vmodule[].verbosity", is_verbosity, "0 to 2147483647"),
    each(
        "logging.vmodule[].filePattern",
        |value| value.as_str().is_none_or(|text| !text.is_empty() && !text.contains(['=', ','])),
        "the name of a file without its ending, or a pattern of names",
    ),
    all(|told| {
        let items = told.items("logging.vmodule").iter().enumerate();
        let nameless =
            items.filter(|(_, item)| item.is_object() && item.get("filePattern").is_none_or(Value::is_null));
        nameless
            .map(|(number, _)| {
                let what = "has no filePattern";
                refusal(
                    format!("logging.vmodule[{number}]"),
                    what,
                    "add the name of a file without its ending",
                )
            })
            .collect()
    }),
    together(|told| {
        let is_text = ["", "text"].contains(&told.text("logging.format"));
        (!is_text && !told.items("logging.vmodule").is_empty()).then(|| {
            let what = format!("does not go with logging.format {}", told.text("logging.format"));
            refusal("logging.vmodule", what, "remove it, or the format: only text has it")
        })
    }),
    all(|told| {
        let fields = [
            "logging.options.json.infoBufferSize",
            "logging.options.json.splitStream",
            "logging.options.text.infoBufferSize",
            "logging.options.text.splitStream",
        ];
        let is_set = |field: &&str| match told.get(field) {
            Some(Value::Bool(value)) => *value,
            Some(Value::String(text)) => Quantity::parse(text).is_some_and(|amount| !amount.is_zero()),
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            _ => false,
        };
        if told.gate("LoggingAlphaOptions") {
            return Vec::new();
        }
        fields.into_iter().filter(is_set).map(|field| super::gated(field, "LoggingAlphaOptions")).collect()
    }),
    together(|told| {
        let is_closed = told.text("logging.format") == "json" && !told.gate("LoggingBetaOptions");
        (is_closed && crate::cluster::flags::gate(told.program, told.version, "LoggingBetaOptions").is_some())
            .then(|| super::gated("logging.format", "LoggingBetaOptions"))
    }),
];

fn is_verbosity(value: &Value) -> bool {
    value.as_u64().is_none_or(|number| i32::try_from(number).is_ok())
}
