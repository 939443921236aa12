//! What a field or a flag takes: a kind of value, and of that kind certain words or ranges.

use serde_json::Value;

use crate::cluster::{Quantity, duration};

/// The kind of a field's value, as the program's own decoder has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Int32,
    Int64,
    Uint32,
    Float,
    Text,
    Duration,
    /// A duration, or nanoseconds as a number.
    DurationOrInt,
    /// An amount of Kubernetes, such as `100Mi`.
    Quantity,
    IntOrText,
    /// A mapping without fields.
    Mapping,
    /// Whatever the program reads itself.
    Any,
}

impl Kind {
    pub(super) fn parse(word: &str) -> Option<Kind> {
        Some(match word {
            "bool" => Kind::Bool,
            "int32" => Kind::Int32,
            "int64" => Kind::Int64,
            "uint32" => Kind::Uint32,
            "float" => Kind::Float,
            "string" => Kind::Text,
            "duration" => Kind::Duration,
            "duration-or-int" => Kind::DurationOrInt,
            "quantity" => Kind::Quantity,
            "int-or-string" => Kind::IntOrText,
            "mapping" => Kind::Mapping,
            "any" => Kind::Any,
            _ => return None,
        })
    }

    /// The kind in words, for messages.
    pub fn describe(self) -> &'static str {
        match self {
            Kind::Bool => "true or false",
            Kind::Int32 | Kind::Int64 => "a whole number",
            Kind::Uint32 => "a whole number from 0 on",
            Kind::Float => "a number",
            Kind::Text => "a string",
            Kind::Duration => "a duration such as 1m30s",
            Kind::DurationOrInt => "a duration such as 5s",
            Kind::Quantity => "an amount such as 100Mi",
            Kind::IntOrText => "a whole number or a string",
            Kind::Mapping => "a mapping",
            Kind::Any => "a value",
        }
    }

    /// Whether the program's decoder takes the value.
    pub fn fits(self, value: &Value) -> bool {
        match (self, value) {
            (Kind::Any, _) | (Kind::Bool, Value::Bool(_)) | (Kind::Mapping, Value::Object(_)) => true,
            (Kind::Text | Kind::IntOrText, Value::String(_)) => true,
            (Kind::Int32 | Kind::IntOrText, number) => {
                number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
            }
            (Kind::Uint32, number) => number.as_u64().is_some_and(|number| u32::try_from(number).is_ok()),
            (Kind::Int64, number) => number.as_i64().is_some(),
            (Kind::Float, number) => number.is_number(),
            (Kind::DurationOrInt, Value::Number(number)) => number.is_i64() || number.is_u64(),
            (Kind::Duration | Kind::DurationOrInt, Value::String(text)) => nanoseconds(text).is_some(),
            (Kind::Quantity, Value::String(text)) => Quantity::parse(text).is_some(),
            (Kind::Quantity, Value::Number(_)) => true,
            _ => false,
        }
    }
}

/// Which values of its kind are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// Nothing is known of any that is refused.
    All,
    Words {
        words: Vec<&'static str>,
        /// Whether a word after `-` takes it away.
        negated: bool,
    },
    /// Numbers, or nanoseconds, from and to these and with them.
    Ranges(Vec<(Option<i128>, Option<i128>)>, &'static str),
}

impl Values {
    pub(super) fn parse(kind: &str, text: &'static str) -> Option<Values> {
        if text == "-" {
            return Some(Values::All);
        }
        if matches!(kind, "string" | "keys") {
            let (negated, rest) = match text.strip_prefix("[-]|") {
                Some(rest) => (true, rest),
                None => (false, text),
            };
            let words = rest.split('|').map(|word| if word == "\"\"" { "" } else { word }).collect();
            return Some(Values::Words { words, negated });
        }
        let number = |text: &str| match text {
            "" => Some(None),
            _ if kind == "duration" => nanoseconds(text).map(Some),
            _ => text.parse().ok().map(Some),
        };
        let range = |text: &'static str| {
            let (from, to) = text.split_once("..").unwrap_or((text, text));
            Some((number(from)?, number(to)?))
        };
        Some(Values::Ranges(text.split('|').map(range).collect::<Option<_>>()?, text))
    }

    /// Whether the word or number is among them.
    pub fn has(&self, value: &Value) -> bool {
        match self {
            Values::All => true,
            Values::Words { words, negated } => value.as_str().is_none_or(|word| {
                let bare = word.strip_prefix('-').filter(|_| *negated).unwrap_or(word);
                words.contains(&bare)
            }),
            Values::Ranges(ranges, _) => {
                let number = match value {
                    Value::String(text) => nanoseconds(text),
                    number => number.as_i64().map(i128::from),
                };
                let within = |number: i128| {
                    let is_in = |(from, to): &(Option<i128>, Option<i128>)| {
                        from.is_none_or(|from| from <= number) && to.is_none_or(|to| number <= to)
                    };
                    ranges.iter().any(is_in)
                };
                number.is_none_or(within)
            }
        }
    }

    /// The words, where there are only certain ones.
    pub fn words(&self) -> &[&'static str] {
        match self {
            Values::Words { words, .. } => words,
            _ => &[],
        }
    }

    /// The ranges in words, for messages.
    pub fn describe(&self) -> Option<String> {
        let Values::Ranges(_, text) = self else { return None };
        let range = |range: &str| match range.split_once("..") {
            Some((from, "")) => format!("{from} or more"),
            Some(("", to)) => format!("{to} or less"),
            Some((from, to)) => format!("from {from} to {to}"),
            None => range.to_owned(),
        };
        Some(text.split('|').map(range).collect::<Vec<_>>().join(", or "))
    }
}

/// A Go duration, which may be negative.
pub fn nanoseconds(text: &str) -> Option<i128> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let nanoseconds = i128::try_from(duration::parse(rest)?.as_nanos()).ok()?;
    // What Go can count.
    i64::try_from(nanoseconds).is_ok().then_some(sign * nanoseconds)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_kind_takes_what_the_decoder_takes() {
        let check = |kind: &str, good: &[Value], bad: &[Value]| {
            let kind = Kind::parse(kind).expect("a kind");
            for value in good {
                assert!(kind.fits(value), "{kind:?} {value}");
            }
            for value in bad {
                assert!(!kind.fits(value), "{kind:?} {value}");
            }
        };
        check("bool", &[json!(true)], &[json!("true"), json!(1)]);
        check("int32", &[json!(-1), json!(2147483647)], &[json!("1"), json!(2147483648i64), json!(1.5)]);
        check("int64", &[json!(2147483648i64)], &[json!(1e3), json!("9")]);
        check("uint32", &[json!(0)], &[json!(-1)]);
        check("string", &[json!("")], &[json!(5), json!(false), json!(["a"])]);
        check("duration", &[json!("-1s"), json!("1h2m"), json!("0")], &[json!(10), json!("10"), json!("1d")]);
        check("duration-or-int", &[json!("5s"), json!(5000000000i64)], &[json!(1.5), json!("5")]);
        let amounts = [json!("100Mi"), json!(1), json!("1e3"), json!(".5"), json!("-1k"), json!("1E")];
        check("quantity", &amounts, &[json!("100MB"), json!("1ki"), json!(""), json!("1.2.3"), json!(true)]);
        check("int-or-string", &[json!(1), json!("10%")], &[json!(true), json!(1.5)]);
        check("mapping", &[json!({})], &[json!([])]);
    }

    #[test]
    fn values_are_words_or_ranges() {
        let check = |kind: &str, text: &'static str, good: &[Value], bad: &[Value]| {
            let values = Values::parse(kind, text).expect("values");
            for value in good {
                assert!(values.has(value), "{text} {value}");
            }
            for value in bad {
                assert!(!values.has(value), "{text} {value}");
            }
        };
        check("string", "-", &[json!("whatever")], &[]);
        check(
            "string",
            "\"\"|none|static",
            &[json!(""), json!("static")],
            &[json!("Static"), json!("-none")],
        );
        check("string", "[-]|*|a", &[json!("-a"), json!("*"), json!("a")], &[json!("-b"), json!("--a")]);
        check("int32", "-1|1..65535", &[json!(-1), json!(65535)], &[json!(0), json!(65536), json!(-2)]);
        check("int64", "..5", &[json!(-9)], &[json!(6)]);
        check("duration", "0s|2m0.000000001s..", &[json!("0s"), json!("3m")], &[json!("2m"), json!("-1s")]);
        let described = Values::parse("int32", "-1|1..65535|70000..").and_then(|values| values.describe());
        assert_eq!(described.as_deref(), Some("-1, or from 1 to 65535, or 70000 or more"));
    }
}
