//! Types of expressions. What cannot be known before there is a value is `Dyn`, which goes with everything.

use super::parser::Expr;
use crate::cluster::duration;

/// The variable that expressions are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variable {
    /// What a token says: of any type.
    Claims,
    /// Whom it makes of it.
    User,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    Dyn,
    /// What a claim is: it goes with everything as well, but nobody goes through its items before dyn(…) is said.
    Any,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Null,
    List(Box<Type>),
    Map(Box<Type>),
    User,
    /// What need not be there.
    Optional(Box<Type>),
    /// A URL, an amount, a moment and the like, with functions of their own.
    Other,
}

use Type::{Any, Bool, Bytes, Double, Dyn, Int, List, Map, Null, Optional, Other, Text, Uint};

/// The type of an expression; what is wrong with it otherwise.
pub fn check(expr: &Expr, variable: Variable) -> Result<Type, String> {
    let scope = match variable {
        Variable::Claims => ("claims".to_owned(), Map(Box::new(Any))),
        Variable::User => ("user".to_owned(), Type::User),
    };
    Scope(vec![scope]).of(expr)
}

/// Names with their types, the innermost last.
struct Scope(Vec<(String, Type)>);

/// Whether values of both types may be compared.
fn meet(one: &Type, other: &Type) -> bool {
    match (one, other) {
        (Any | Dyn | Other | Null, _) | (_, Any | Dyn | Other | Null) => true,
        (List(one), List(other)) | (Map(one), Map(other)) | (Optional(one), Optional(other)) => {
            meet(one, other)
        }
        (one, other) => one == other,
    }
}

/// The type of what is of one of both.
fn joined(one: Type, other: &Type) -> Type {
    match one == *other {
        true => one,
        false if one == Any || *other == Any => Any,
        false => Dyn,
    }
}

/// Whether a list or a mapping may have both in it.
fn alike(one: &Type, other: &Type) -> bool {
    let is_loose = |of: &Type| matches!(of, Dyn | Other);
    (*one == Any) == (*other == Any) && meet(one, other) || is_loose(one) || is_loose(other)
}

fn is_number(of: &Type) -> bool {
    matches!(of, Int | Uint | Double | Any | Dyn)
}

impl Scope {
    fn all(&mut self, exprs: &[Expr]) -> Result<Vec<Type>, String> {
        exprs.iter().map(|expr| self.of(expr)).collect()
    }

    fn of(&mut self, expr: &Expr) -> Result<Type, String> {
        Ok(match expr {
            Expr::Int => Int,
            Expr::Uint => Uint,
            Expr::Double => Double,
            Expr::Text(_) => Text,
            Expr::Bytes => Bytes,
            Expr::Bool => Bool,
            Expr::Null => Null,
            Expr::Ident(name) => self.ident(name)?,
            Expr::Select(of, field, optional) => {
                let found = field_of(&self.of(of)?, field)?;
                if *optional { Optional(Box::new(found)) } else { found }
            }
            Expr::Index(of, at, optional) => {
                let (of, at) = (self.of(of)?, self.of(at)?);
                let found = match (of, &at) {
                    (List(item), Int | Uint | Double | Any | Dyn | Other) => *item,
                    (Map(item), Text | Any | Dyn | Other) => *item,
                    (Any | Dyn | Other | Optional(_), _) => Dyn,
                    _ => {
                        return Err("`[…]` is after what has no items, or has another kind of key".to_owned());
                    }
                };
                if *optional { Optional(Box::new(found)) } else { found }
            }
            Expr::List(items) => {
                let items = self.all(items)?;
                let mut items = items.into_iter();
                let Some(first) = items.next() else { return Ok(List(Box::new(Dyn))) };
                let mut item = first;
                for other in items {
                    if !alike(&item, &other) {
                        return Err("a list has items of several types".to_owned());
                    }
                    item = joined(item, &other);
                }
                List(Box::new(item))
            }
            Expr::Map(entries) => {
                let mut value = None;
                let mut is_named = true;
                for (key, entry) in entries {
                    is_named &= matches!(self.of(key)?, Text);
                    let entry = self.of(entry)?;
                    if value.as_ref().is_some_and(|value| !alike(value, &entry)) {
                        return Err("a mapping has values of several types".to_owned());
                    }
                    value = Some(value.map_or_else(|| entry.clone(), |value| joined(value, &entry)));
                }
                // Of what has other keys nobody asks much.
                if is_named { Map(Box::new(value.unwrap_or(Dyn))) } else { Dyn }
            }
            Expr::Operator(sign, sides) => {
                let sides = self.all(sides)?;
                operator(sign, &sides).ok_or_else(|| {
                    format!("`{}` does not go with these types", sign.replace("negative", "-"))
                })?
            }
            Expr::Call { target, name, args } => self.call(target.as_deref(), name, args)?,
        })
    }

    fn ident(&self, name: &str) -> Result<Type, String> {
        if let Some((_, of)) = self.0.iter().rev().find(|(known, _)| known == name) {
            return Ok(of.clone());
        }
        const TYPES: &[&str] =
            &["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint", "dyn"];
        match TYPES.contains(&name) {
            true => Ok(Other),
            false => Err(format!("there is no `{name}` here, but {}", self.0[0].0)),
        }
    }

    fn call(&mut self, target: Option<&Expr>, name: &str, args: &[Expr]) -> Result<Type, String> {
        if let (None, "has", [arg]) = (target, name, args) {
            return match arg {
                Expr::Select(of, field, false) => field_of(&self.of(of)?, field).map(|_| Bool),
                _ => Err("has(…) asks for a field, such as has(claims.groups)".to_owned()),
            };
        }
        if let ("matches" | "find" | "findAll", Some(Expr::Text(pattern))) =
            (name, args.get(usize::from(target.is_none())))
            && !pattern.contains('\\')
            && regex_syntax::parse(pattern).is_err()
        {
            return Err(format!("{pattern} is no regular expression"));
        }
        if let (None, [Expr::Text(text)]) = (target, args)
            && !text.contains('\\')
            && !is_written(name, text)
        {
            return Err(format!("{text} is nothing that {name}(…) reads"));
        }
        let Some(target) = target else {
            let args = self.all(args)?;
            return global(name, &args);
        };
        // A namespace is no value.
        if let Expr::Ident(space) = target
            && NAMESPACES.contains(&space.as_str())
        {
            self.all(args)?;
            let whole = format!("{space}.{name}");
            let found = SPACED.iter().find(|row| row.0 == whole && row.1.contains(&args.len()));
            return found
                .map(|row| row.2.clone())
                .ok_or_else(|| format!("there is no function {whole} of these"));
        }
        let of = self.of(target)?;
        if let Some(result) = self.comprehension(&of, name, args) {
            return result;
        }
        let args = self.all(args)?;
        method(&of, name, &args)
    }

    /// What a macro does that gives names to items.
    fn comprehension(&mut self, of: &Type, name: &str, args: &[Expr]) -> Option<Result<Type, String>> {
        let names = match (name, args.len()) {
            ("all" | "exists" | "exists_one" | "existsOne", 2) => 1,
            ("filter" | "optMap" | "optFlatMap" | "sortBy", 2) => 1,
            ("map", 2 | 3) => 1,
            ("all" | "exists" | "existsOne", 3) => 2,
            ("transformList" | "transformMap", 3 | 4) | ("transformMapEntry", 3 | 4) => 2,
            _ => return None,
        };
        let mut given = Vec::new();
        for arg in &args[..names] {
            match arg {
                Expr::Ident(name) => given.push(name.clone()),
                _ => return Some(Err(format!("{name}(…) begins with a name for each item"))),
            }
        }
        let (key, value) = match of {
            List(item) => (Int, (**item).clone()),
            Map(value) => (Text, (**value).clone()),
            Dyn | Other => (Dyn, Dyn),
            Optional(value) if name.starts_with("opt") => (Dyn, (**value).clone()),
            Any => {
                let fix = "say dyn(…) around it: nobody knows before that a claim has items";
                return Some(Err(format!("{name}(…) is after a claim; {fix}")));
            }
            _ => return Some(Err(format!("{name}(…) is after what has no items"))),
        };
        let types = match (names, of) {
            (1, Map(_)) => vec![key],
            (1, _) => vec![value],
            _ => vec![key, value],
        };
        let before = self.0.len();
        self.0.extend(given.into_iter().zip(types));
        let found = self.all(&args[names..]);
        self.0.truncate(before);
        let found = match found {
            Ok(found) => found,
            Err(wrong) => return Some(Err(wrong)),
        };
        let is_condition = |of: &Type| matches!(of, Bool | Any | Dyn);
        let (asks, conditions) = match name {
            "map" | "transformList" | "transformMap" | "transformMapEntry" => {
                (false, &found[..found.len() - 1])
            }
            "optMap" | "optFlatMap" | "sortBy" => (false, &found[..0]),
            _ => (name != "filter", &found[..]),
        };
        if !conditions.iter().all(is_condition) {
            return Some(Err(format!("{name}(…) needs a condition that is true or false")));
        }
        Some(Ok(match name {
            _ if asks => Bool,
            "filter" | "sortBy" => match of {
                Map(_) => List(Box::new(Text)),
                other => other.clone(),
            },
            "map" | "transformList" => List(Box::new(found.last().cloned().unwrap_or(Dyn))),
            "transformMap" => Map(Box::new(found.last().cloned().unwrap_or(Dyn))),
            _ => Other,
        }))
    }
}

fn field_of(of: &Type, field: &str) -> Result<Type, String> {
    Ok(match (of, field) {
        (Type::User, "username" | "uid") => Text,
        (Type::User, "groups") => List(Box::new(Text)),
        (Type::User, "extra") => Map(Box::new(List(Box::new(Text)))),
        (Type::User, _) => {
            return Err(format!("a user has username, uid, groups and extra, and no `{field}`"));
        }
        (Map(value), _) => (**value).clone(),
        (Optional(value), _) => Optional(Box::new(field_of(value, field)?)),
        (Any | Dyn | Other, _) => Dyn,
        _ => return Err(format!("`.{field}` is after what has no fields")),
    })
}

/// The type of what an operator makes of these, if it takes them.
fn operator(sign: &str, sides: &[Type]) -> Option<Type> {
    let is_condition = |of: &Type| matches!(of, Bool | Any | Dyn | Other);
    Some(match (sign, sides) {
        ("!", [of]) if is_condition(of) => Bool,
        ("negative", [of]) if matches!(of, Int | Double | Any | Dyn | Other) => of.clone(),
        ("&&" | "||", [one, other]) if is_condition(one) && is_condition(other) => Bool,
        ("==" | "!=", [one, other]) if meet(one, other) && !is_odd(one, other) => Bool,
        ("<" | "<=" | ">" | ">=", [one, other]) => {
            let is_ordered =
                |of: &Type| matches!(of, Bool | Text | Bytes | Any | Dyn | Other) || is_number(of);
            let both = is_number(one) && is_number(other) || meet(one, other);
            return (is_ordered(one) && is_ordered(other) && both).then_some(Bool);
        }
        ("in", [one, List(item)]) if meet(one, item) && !is_odd(one, item) => Bool,
        ("in", [Text | Any | Dyn | Other, Map(_)]) | ("in", [_, Any | Dyn | Other]) => Bool,
        ("+", [one, other]) => {
            let is_added =
                |of: &Type| matches!(of, Text | Bytes | List(_) | Any | Dyn | Other) || is_number(of);
            return (is_added(one) && is_added(other) && meet(one, other))
                .then(|| joined(one.clone(), other));
        }
        ("-" | "*" | "/", [one, other]) if [one, other].iter().all(|of| is_number(of) || **of == Other) => {
            return meet(one, other).then(|| joined(one.clone(), other));
        }
        ("%", [one, other]) if [one, other].iter().all(|of| matches!(of, Int | Uint | Any | Dyn)) => {
            return meet(one, other).then(|| joined(one.clone(), other));
        }
        ("?:", [condition, yes, no]) if is_condition(condition) && meet(yes, no) => joined(yes.clone(), no),
        _ => return None,
    })
}

/// Null is no value of these.
fn is_odd(one: &Type, other: &Type) -> bool {
    let is_plain = |of: &Type| matches!(of, Bool | Int | Uint | Double | Text | Bytes | List(_) | Map(_));
    *one == Null && is_plain(other) || *other == Null && is_plain(one)
}

const NAMESPACES: &[&str] = &["format", "ip", "lists", "math", "optional", "sets", "strings"];

/// Functions that are called by their namespace: how many arguments, and the result.
const SPACED: &[(&str, &[usize], Type)] = &[
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
fn is_written(name: &str, text: &str) -> bool {
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
fn global(name: &str, args: &[Type]) -> Result<Type, String> {
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

fn method(of: &Type, name: &str, args: &[Type]) -> Result<Type, String> {
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
