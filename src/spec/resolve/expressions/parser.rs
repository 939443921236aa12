//! The tree of an expression.

use super::lexer::{self, Token};

#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    Int,
    Uint,
    Double,
    Text(String),
    Bytes,
    Bool,
    Null,
    Ident(String),
    /// A field, which need not be there where the last is true.
    Select(Box<Expr>, String, bool),
    Index(Box<Expr>, Box<Expr>, bool),
    Call {
        target: Option<Box<Expr>>,
        name: String,
        args: Vec<Expr>,
    },
    /// An operator by its sign, `?:` among them.
    Operator(&'static str, Vec<Expr>),
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
}

impl Expr {
    /// Whether the field of an identifier is taken anywhere within.
    pub fn selects(&self, ident: &str, field: &str) -> bool {
        let within = |expr: &Expr| expr.selects(ident, field);
        match self {
            Expr::Select(of, name, _) => {
                name == field && matches!(&**of, Expr::Ident(known) if known == ident) || within(of)
            }
            Expr::Index(of, at, _) => within(of) || within(at),
            Expr::Call { target, args, .. } => {
                target.as_deref().is_some_and(within) || args.iter().any(within)
            }
            Expr::Operator(_, items) | Expr::List(items) => items.iter().any(within),
            Expr::Map(entries) => entries.iter().any(|(key, value)| within(key) || within(value)),
            _ => false,
        }
    }
}

/// Words that are no names.
const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

/// Operators of two sides, from those that bind least.
const LEVELS: &[&[&str]] =
    &[&["||"], &["&&"], &["==", "!=", "<=", ">=", "<", ">", "in"], &["+", "-"], &["*", "/", "%"]];

/// How deep an expression may be.
const DEEPEST: usize = 100;

pub fn parse(text: &str) -> Result<Expr, String> {
    let mut parser = Parser { words: lexer::words(text)?, at: 0, depth: 0 };
    let expr = parser.expr()?;
    match parser.peek() {
        None => Ok(expr),
        Some(word) => Err(format!("{} is where the expression should end", shown(word))),
    }
}

struct Parser {
    words: Vec<Token>,
    at: usize,
    depth: usize,
}

fn shown(word: &Token) -> String {
    match word {
        Token::Ident(name) => format!("`{name}`"),
        Token::Sign(sign) => format!("`{sign}`"),
        Token::Text(_) | Token::Bytes => "a string".to_owned(),
        Token::Int | Token::Uint | Token::Double => "a number".to_owned(),
    }
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.words.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        self.at += 1;
        self.words.get(self.at - 1).cloned()
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(known)) if *known == sign);
        self.at += usize::from(found);
        found
    }

    fn expects(&mut self, sign: &str) -> Result<(), String> {
        if self.takes(sign) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(word) => format!("{} is where `{sign}` should be", shown(word)),
            None => format!("it ends where `{sign}` should be"),
        })
    }

    fn expr(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("it is too deep".to_owned());
        }
        let mut expr = self.level(0)?;
        if self.takes("?") {
            let yes = self.level(0)?;
            self.expects(":")?;
            expr = Expr::Operator("?:", vec![expr, yes, self.expr()?]);
        }
        self.depth -= 1;
        Ok(expr)
    }

    fn level(&mut self, level: usize) -> Result<Expr, String> {
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        loop {
            let sign = match self.peek() {
                Some(Token::Sign(known)) => signs.iter().find(|sign| *sign == known),
                Some(Token::Ident(name)) => signs.iter().find(|sign| *sign == name),
                _ => None,
            };
            let Some(sign) = sign else { return Ok(left) };
            self.at += 1;
            left = Expr::Operator(sign, vec![left, self.level(level + 1)?]);
        }
    }

    fn unary(&mut self) -> Result<Expr, String> {
        for (sign, name) in [("!", "!"), ("-", "negative")] {
            if self.takes(sign) {
                while self.takes(sign) {}
                return Ok(Expr::Operator(name, vec![self.member()?]));
            }
        }
        self.member()
    }

    fn member(&mut self) -> Result<Expr, String> {
        let mut expr = self.primary()?;
        loop {
            if self.takes(".") {
                let name = self.name()?;
                expr = match self.takes("(") {
                    true => Expr::Call { target: Some(Box::new(expr)), name, args: self.items(")")? },
                    false => Expr::Select(Box::new(expr), name, false),
                };
            } else if self.takes(".?") {
                expr = Expr::Select(Box::new(expr), self.name()?, true);
            } else if self.takes("[") || matches!(self.peek(), Some(Token::Sign("[?"))) {
                let optional = self.takes("[?");
                let at = self.expr()?;
                self.expects("]")?;
                expr = Expr::Index(Box::new(expr), Box::new(at), optional);
            } else {
                return Ok(expr);
            }
        }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Ident(name)) if name != "in" => Ok(name),
            Some(word) => Err(format!("{} is where a name should be", shown(&word))),
            None => Err("it ends where a name should be".to_owned()),
        }
    }

    fn primary(&mut self) -> Result<Expr, String> {
        let Some(word) = self.next() else { return Err("it ends where a value should be".to_owned()) };
        Ok(match word {
            Token::Int => Expr::Int,
            Token::Uint => Expr::Uint,
            Token::Double => Expr::Double,
            Token::Text(text) => Expr::Text(text),
            Token::Bytes => Expr::Bytes,
            Token::Sign("(") => {
                let expr = self.expr()?;
                self.expects(")")?;
                expr
            }
            Token::Sign("[") => Expr::List(self.items("]")?),
            Token::Sign("{") => Expr::Map(self.entries()?),
            Token::Sign(".") => Expr::Ident(self.name()?),
            Token::Ident(name) => match name.as_str() {
                "true" | "false" => Expr::Bool,
                "null" => Expr::Null,
                reserved if RESERVED.contains(&reserved) => {
                    return Err(format!("`{reserved}` is a word of CEL's own"));
                }
                _ if self.takes("(") => Expr::Call { target: None, name, args: self.items(")")? },
                _ => Expr::Ident(name),
            },
            word => return Err(format!("{} is where a value should be", shown(&word))),
        })
    }

    /// Expressions up to a sign, parted by commas.
    fn items(&mut self, end: &str) -> Result<Vec<Expr>, String> {
        let mut items = Vec::new();
        while !self.takes(end) {
            items.push(self.expr()?);
            if !self.takes(",") {
                self.expects(end)?;
                break;
            }
            // Of calls, nothing ends with a comma.
            if end == ")" && matches!(self.peek(), Some(Token::Sign(")"))) {
                return Err("`)` is where a value should be".to_owned());
            }
        }
        Ok(items)
    }

    fn entries(&mut self) -> Result<Vec<(Expr, Expr)>, String> {
        let mut entries = Vec::new();
        while !self.takes("}") {
            self.takes("?");
            let key = self.expr()?;
            self.expects(":")?;
            entries.push((key, self.expr()?));
            if !self.takes(",") {
                self.expects("}")?;
                break;
            }
        }
        Ok(entries)
    }
}
