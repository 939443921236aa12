//! Functions of expressions, with what they are called on and what they make.

use super::types::Type::{self, Any, Bool, Bytes, Double, Dyn, Int, List, Map, Optional, Other, Text, Uint};
use super::types::{joined, meet};
use crate::cluster::duration;

/// Names before functions that are no values.
pub(super) const NAMESPACES: &[&str] = &["format", "ip", "lists", "math", "optional", "sets", "strings"];

/// Functions that are called by their namespace: how many arguments, and the result.
pub(super) const SPACED: &[(&str, &[usize], Type)] = &[
    ("format.named", &[1], Other),
    ("format.dns1123Label", &[0], Other),
    ("format.dns1123LabelPrefix", &[0], Other),
    ("format.dns1123Subdomain", &[0], Other),
    ("format.dns1123SubdomainPrefix", &[0], Other),
    ("format.dns1035Label", &[0], Other),
    ("format.dns1035LabelPrefix", &[0], Other),
    ("format.qualifiedName", &[0], Other),
    ("format.labelValue", &[0], Other),
    ("format.uri", &[0], Other),
    ("format.uuid", &[0], Other),
    ("format.byte", &[0], Other),
    ("format.date", &[0], Other),
    ("format.datetime", &[0], Other),
    ("ip.isCanonical", &[1], Bool),
    ("lists.range", &[1], Other),
    ("optional.none", &[0], Other),
    ("optional.of", &[1], Other),
    ("optional.ofNonZeroValue", &[1], Other),
    ("sets.contains", &[2], Bool),
    ("sets.equivalent", &[2], Bool),
    ("sets.intersects", &[2], Bool),
    ("strings.quote", &[1], Text),
];

/// Whether a literal is what a conversion reads.
pub(super) fn is_written(name: &str, text: &str) -> bool {
    match name {
        "int" => text.parse::<i64>().is_ok(),
        "uint" => text.parse::<u64>().is_ok(),
        "double" => text.parse::<f64>().is_ok(),
        "duration" => duration::parse(text.trim_start_matches('-')).is_some(),
        "timestamp" => text.parse::<jiff::Timestamp>().is_ok(),
        _ => true,
    }
}

/// A function that is called on nothing.
pub(super) fn global(name: &str, args: &[Type]) -> Result<Type, String> {
    let is_text = |of: &Type| matches!(of, Text | Any | Dyn | Other);
    let result = match (name, args) {
        ("size", [Text | Bytes | List(_) | Map(_) | Any | Dyn | Other]) => Some(Int),
        ("int", [_]) => Some(Int),
        ("uint", [_]) => Some(Uint),
        ("double", [_]) => Some(Double),
        ("string", [_]) => Some(Text),
        ("bytes", [_]) => Some(Bytes),
        ("bool", [_]) => Some(Bool),
        ("dyn", [_]) => Some(Dyn),
        ("type", [_]) => Some(Other),
        ("duration" | "timestamp", [_]) => Some(Other),
        ("matches", [text, pattern]) if is_text(text) && is_text(pattern) => Some(Bool),
        ("isURL" | "isQuantity" | "isIP" | "isCIDR", [text]) if is_text(text) => Some(Bool),
        ("isSemver", [text] | [text, _]) if is_text(text) => Some(Bool),
        ("url" | "quantity" | "ip" | "cidr", [text]) if is_text(text) => Some(Other),
        ("semver", [text] | [text, _]) if is_text(text) => Some(Other),
        _ => None,
    };
    result.ok_or_else(|| format!("there is no function {name} of these"))
}

/// Functions that are called on a value: on which, how many arguments, and the result where it is one.
type Method = (&'static str, On, &'static [usize], Option<Type>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    Text,
    List,
    Other,
}

const METHODS: &[Method] = &[
    ("size", On::Text, &[0], Some(Int)),
    ("size", On::List, &[0], Some(Int)),
    ("contains", On::Text, &[1], Some(Bool)),
    ("startsWith", On::Text, &[1], Some(Bool)),
    ("endsWith", On::Text, &[1], Some(Bool)),
    ("matches", On::Text, &[1], Some(Bool)),
    ("charAt", On::Text, &[1], Some(Text)),
    ("indexOf", On::Text, &[1, 2], Some(Int)),
    ("lastIndexOf", On::Text, &[1, 2], Some(Int)),
    ("lowerAscii", On::Text, &[0], Some(Text)),
    ("upperAscii", On::Text, &[0], Some(Text)),
    ("trim", On::Text, &[0], Some(Text)),
    ("replace", On::Text, &[2, 3], Some(Text)),
    ("substring", On::Text, &[1, 2], Some(Text)),
    ("format", On::Text, &[1], Some(Text)),
    ("split", On::Text, &[1, 2], None),
    ("find", On::Text, &[1], Some(Text)),
    ("findAll", On::Text, &[1, 2], None),
    ("join", On::List, &[0, 1], Some(Text)),
    ("isSorted", On::List, &[0], Some(Bool)),
    ("sum", On::List, &[0], None),
    ("min", On::List, &[0], None),
    ("max", On::List, &[0], None),
    ("indexOf", On::List, &[1], Some(Int)),
    ("lastIndexOf", On::List, &[1], Some(Int)),
    ("slice", On::List, &[2], None),
    ("flatten", On::List, &[0, 1], None),
    ("distinct", On::List, &[0], None),
    ("sort", On::List, &[0], None),
    ("reverse", On::List, &[0], None),
    ("first", On::List, &[0], None),
    ("last", On::List, &[0], None),
    ("orValue", On::Other, &[1], None),
    ("or", On::Other, &[1], None),
    ("hasValue", On::Other, &[0], Some(Bool)),
    ("value", On::Other, &[0], None),
    ("getScheme", On::Other, &[0], Some(Text)),
    ("getHost", On::Other, &[0], Some(Text)),
    ("getHostname", On::Other, &[0], Some(Text)),
    ("getPort", On::Other, &[0], Some(Text)),
    ("getEscapedPath", On::Other, &[0], Some(Text)),
    ("getQuery", On::Other, &[0], None),
    ("getFullYear", On::Other, &[0, 1], Some(Int)),
    ("getMonth", On::Other, &[0, 1], Some(Int)),
    ("getDayOfYear", On::Other, &[0, 1], Some(Int)),
    ("getDayOfMonth", On::Other, &[0, 1], Some(Int)),
    ("getDate", On::Other, &[0, 1], Some(Int)),
    ("getDayOfWeek", On::Other, &[0, 1], Some(Int)),
    ("getHours", On::Other, &[0, 1], Some(Int)),
    ("getMinutes", On::Other, &[0, 1], Some(Int)),
    ("getSeconds", On::Other, &[0, 1], Some(Int)),
    ("getMilliseconds", On::Other, &[0, 1], Some(Int)),
    ("sign", On::Other, &[0], Some(Int)),
    ("isInteger", On::Other, &[0], Some(Bool)),
    ("asInteger", On::Other, &[0], Some(Int)),
    ("asApproximateFloat", On::Other, &[0], Some(Double)),
    ("add", On::Other, &[1], None),
    ("sub", On::Other, &[1], None),
    ("isLessThan", On::Other, &[1], Some(Bool)),
    ("isGreaterThan", On::Other, &[1], Some(Bool)),
    ("compareTo", On::Other, &[1], Some(Int)),
    ("family", On::Other, &[0], Some(Int)),
    ("isUnspecified", On::Other, &[0], Some(Bool)),
    ("isLoopback", On::Other, &[0], Some(Bool)),
    ("isLinkLocalMulticast", On::Other, &[0], Some(Bool)),
    ("isLinkLocalUnicast", On::Other, &[0], Some(Bool)),
    ("isGlobalUnicast", On::Other, &[0], Some(Bool)),
    ("containsIP", On::Other, &[1], Some(Bool)),
    ("containsCIDR", On::Other, &[1], Some(Bool)),
    ("ip", On::Other, &[0], None),
    ("masked", On::Other, &[0], None),
    ("prefixLength", On::Other, &[0], Some(Int)),
    ("major", On::Other, &[0], Some(Int)),
    ("minor", On::Other, &[0], Some(Int)),
    ("patch", On::Other, &[0], Some(Int)),
    ("validate", On::Other, &[1], None),
];

/// What is asked of what need not be there.
fn optional(value: &Type, name: &str, args: &[Type]) -> Result<Type, String> {
    match (name, args) {
        ("hasValue", []) => Ok(Bool),
        ("value", []) => Ok(value.clone()),
        ("or", [other]) => Ok(joined(Optional(Box::new(value.clone())), other)),
        ("orValue", [other]) if meet(value, other) => Ok(joined(value.clone(), other)),
        _ => Err(format!("there is no function {name} of what need not be there")),
    }
}

/// A function that is called on a value of this type.
pub(super) fn method(of: &Type, name: &str, args: &[Type]) -> Result<Type, String> {
    let on = match of {
        Any | Dyn | Other => None,
        Optional(value) => return optional(value, name, args),
        Text | Bytes => Some(On::Text),
        List(_) => Some(On::List),
        // Of mappings only their size is asked.
        Map(_) if name == "size" => Some(On::List),
        _ => return Err(format!("`.{name}(…)` is after what has no functions")),
    };
    let suits =
        |row: &&Method| row.0 == name && row.2.contains(&args.len()) && on.is_none_or(|on| row.1 == on);
    let mut found = METHODS.iter().filter(suits);
    let Some(first) = found.next() else {
        return Err(format!("there is no function {name} of this, with {} arguments", args.len()));
    };
    let takes_text =
        matches!(name, "contains" | "startsWith" | "endsWith" | "matches" | "split" | "join" | "find")
            && on != Some(On::Other);
    if takes_text && args.first().is_some_and(|arg| !matches!(arg, Text | Any | Dyn | Other)) {
        return Err(format!("{name}(…) takes a string"));
    }
    let is_of_texts = |of: &Type| !matches!(of, List(item) if !matches!(**item, Text | Any | Dyn | Other));
    if name == "join" && !is_of_texts(of) {
        return Err("join(…) is after a list of what are no strings".to_owned());
    }
    if name == "format" && args.contains(&List(Box::new(Any))) {
        return Err("format(…) takes no claims: say dyn(…) around them".to_owned());
    }
    Ok(match (&first.3, name, of) {
        (Some(result), _, _) if found.next().is_none() || *result == Int => result.clone(),
        (None, "split" | "findAll", _) => List(Box::new(Text)),
        (None, "slice" | "distinct" | "sort" | "reverse", List(_)) => of.clone(),
        (None, "sum" | "min" | "max", List(item)) => (**item).clone(),
        (None, "or", _) | (None, "add" | "sub" | "ip" | "masked" | "validate" | "first" | "last", _) => Other,
        _ => Dyn,
    })
}
