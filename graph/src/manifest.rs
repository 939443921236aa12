//! How an action describes itself, once, to every reader.

use std::fmt;

/// A parameter's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    Text(&'a str),
    Number(u64),
    Flag(bool),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
        }
    }
}

/// Where a parameter's value was decided. It is shown to people and never hashed.
#[derive(Clone, Copy)]
pub enum Origin<'a> {
    /// A field of the cluster's file, such as `network.pods` or `hosts[worker-1].labels`.
    Spec(fmt::Arguments<'a>),
    /// Several fields of the cluster's file. By the first it can be set, and from all of them it follows.
    Derived(&'a [&'a dyn fmt::Display]),
    /// An entry of the lock.
    Lock(fmt::Arguments<'a>),
    /// The program itself.
    Program,
}

/// A reader of descriptions. An action names its parameters to it in a fixed order; a list is one name
/// given several times.
pub trait Manifest {
    fn param(&mut self, name: &str, value: Value<'_>, origin: Origin<'_>);
}

impl dyn Manifest + '_ {
    pub fn text(&mut self, name: &str, value: &str, origin: Origin<'_>) {
        self.param(name, Value::Text(value), origin);
    }

    pub fn number(&mut self, name: &str, value: u64, origin: Origin<'_>) {
        self.param(name, Value::Number(value), origin);
    }

    pub fn flag(&mut self, name: &str, value: bool, origin: Origin<'_>) {
        self.param(name, Value::Flag(value), origin);
    }

    /// A value by its printed form.
    pub fn display(&mut self, name: &str, value: impl fmt::Display, origin: Origin<'_>) {
        self.text(name, &value.to_string(), origin);
    }

    /// A list, by the printed form of its items.
    pub fn list<T: fmt::Display>(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = T>,
        origin: Origin<'_>,
    ) {
        for value in values {
            self.display(name, value, origin);
        }
    }
}
