//! Expressions of CEL, as far as it can be said without a value whether the API server compiles them: how they are
//! written, which names they use, and of which types what they compare is.

mod check;
mod functions;
mod lexer;
mod parser;
mod types;

pub use check::Variable;
pub use parser::Expr;

/// Reads an expression about one variable; what is wrong with it otherwise.
pub fn read(text: &str, variable: Variable) -> Result<Expr, String> {
    let expr = parser::parse(text)?;
    check::check(&expr, variable)?;
    Ok(expr)
}

/// The same for an expression that has to say whether something is so.
pub fn read_condition(text: &str, variable: Variable) -> Result<Expr, String> {
    let expr = parser::parse(text)?;
    match check::check(&expr, variable)? {
        types::Type::Bool => Ok(expr),
        _ => Err("it does not say true or false for certain: compare it, as in claims.a == 'b'".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_right_is_read() {
        for text in [
            "claims.sub",
            "'a:' + claims.sub",
            "claims['x-y'].z",
            "claims.?groups.orValue([])",
            "dyn(claims.groups).map(g, 'oidc:' + g)",
            "has(claims.a) ? claims.a : 'b'",
            "dyn(claims.a)",
            r#"claims.name.split("@")[0].lowerAscii()"#,
            "[1, 2, 3].exists(i, i == claims.n)",
            "{'a': claims.b}",
            "1 + 2 * -3 % 4 // five",
            "r'a\\d' + \"\"\"b\"\"\"",
            "0x1F == 31 && 1u < 2u || !false",
        ] {
            assert_eq!(read(text, Variable::Claims).map(|_| ()), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_written_wrong_is_not() {
        for text in [
            "",
            "claims.",
            "claims.a +",
            "(claims.a",
            "claims.a == ",
            "a",
            "user.username",
            "claims.a b",
            "'a",
            "claims.a.b(",
            "nosuch(claims.a)",
            "'a' + 1",
            "'a' < 1",
            "!'a'",
            "'a'.nosuch",
            "has(claims)",
            "claims.all(1, true)",
            "claims.a = 'b'",
            "1.5.6",
            "[1, 'a']",
            "'a' && true",
            "claims.a & true",
            "claims.a.map(g, g)",
            "[claims.a, 'b']",
            "in",
            "size()",
            "'a'.size(1)",
        ] {
            assert!(read(text, Variable::Claims).is_err(), "{text}");
        }
    }

    #[test]
    fn conditions_say_whether() {
        let good = [
            "user.username != 'a'",
            "!user.username.startsWith('system:')",
            "user.groups.all(g, !g.startsWith('a'))",
            "'a' in user.extra",
        ];
        let bad = [
            "user.username",
            "user.name == 'a'",
            "user.groups == 'a'",
            "user",
            "user.username + 1 == 2",
            "user.extra['a']",
        ];
        for text in good {
            assert!(read_condition(text, Variable::User).is_ok(), "{text}");
        }
        for text in bad {
            assert!(read_condition(text, Variable::User).is_err(), "{text}");
        }
        assert!(read_condition("claims.a", Variable::Claims).is_err());
        assert!(read_condition("claims.a == 1", Variable::Claims).is_ok());
    }

    #[test]
    fn fields_are_found_wherever_they_are() {
        let uses = |text: &str| read(text, Variable::Claims).unwrap().selects("claims", "email");
        assert!(
            uses("claims.email")
                && uses("'a' + claims.email.lowerAscii()")
                && uses("claims.?email.orValue('')")
        );
        assert!(!uses("claims.mail") && !uses("claims.a.email") && !uses("'claims.email'"));
    }
}
