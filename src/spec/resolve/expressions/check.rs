//! The type of an expression, and what is wrong with it.

use super::functions::{NAMESPACES, SPACED, global, is_written, method};
use super::parser::Expr;
use super::types::Type::{
    self, Any, Bool, Bytes, Double, Dyn, Int, List, Map, Null, Optional, Other, Text, Uint,
};
use super::types::{joined, meet};

/// The variable that expressions are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variable {
    /// What a token says: of any type.
    Claims,
    /// Whom it makes of it.
    User,
}

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
