//! Types of expressions. What cannot be known before there is a value is `Dyn`, which goes with everything.

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

use Type::{Any, Dyn, List, Map, Null, Optional, Other};

/// Whether values of both types may be compared.
pub(super) fn meet(one: &Type, other: &Type) -> bool {
    match (one, other) {
        (Any | Dyn | Other | Null, _) | (_, Any | Dyn | Other | Null) => true,
        (List(one), List(other)) | (Map(one), Map(other)) | (Optional(one), Optional(other)) => {
            meet(one, other)
        }
        (one, other) => one == other,
    }
}

/// The type of what is of one of both.
pub(super) fn joined(one: Type, other: &Type) -> Type {
    match one == *other {
        true => one,
        false if one == Any || *other == Any => Any,
        false => Dyn,
    }
}
