//! The words of an expression.

#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Ident(String),
    Int,
    Uint,
    Double,
    /// What a string says, as far as somebody wants to know.
    Text(String),
    Bytes,
    Sign(&'static str),
}

/// Longer signs first.
const SIGNS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", ".?", "[?", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", ".",
    ",", "(", ")", "[", "]", "{", "}",
];

/// Cuts a text into words; what is wrong with it otherwise.
pub fn words(text: &str) -> Result<Vec<Token>, String> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.find('\n').map_or("", |end| &comment[end..]);
            continue;
        }
        let Some(first) = rest.chars().next() else { return Ok(words) };
        if let Some((token, after)) = quoted(rest)? {
            words.push(token);
            rest = after;
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            words.push(Token::Ident(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if first.is_ascii_digit()
            || first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            let (token, after) = number(rest)?;
            words.push(token);
            rest = after;
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            words.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            return Err(format!("`{first}` is no sign of CEL"));
        }
    }
}

/// A string or bytes at the front, with what follows.
fn quoted(text: &str) -> Result<Option<(Token, &str)>, String> {
    let prefix = text.find(['"', '\'']).unwrap_or(text.len());
    let marks = &text[..prefix];
    if prefix == text.len() || prefix > 2 || !marks.chars().all(|c| "rRbB".contains(c)) {
        return Ok(None);
    }
    let (is_raw, is_bytes) = (marks.contains(['r', 'R']), marks.contains(['b', 'B']));
    let body = &text[prefix..];
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| body.starts_with(quote)).unwrap_or("'");
    let body = &body[quote.len()..];
    let mut said = String::new();
    let mut rest = body;
    loop {
        if let Some(after) = rest.strip_prefix(quote) {
            let token = if is_bytes { Token::Bytes } else { Token::Text(said) };
            return Ok(Some((token, after)));
        }
        let mut characters = rest.chars();
        match characters.next() {
            None => return Err("a string has no end".to_owned()),
            Some('\n' | '\r') if quote.len() == 1 => return Err("a string has no end on its line".to_owned()),
            Some('\\') if !is_raw => {
                let length = escape(characters.as_str(), is_bytes)?;
                said.push('\\');
                rest = &characters.as_str()[length..];
            }
            Some(other) => {
                said.push(other);
                rest = characters.as_str();
            }
        }
    }
}

/// How long the escape after a backslash is.
fn escape(text: &str, is_bytes: bool) -> Result<usize, String> {
    let bytes = text.as_bytes();
    let all = |count: usize, fits: fn(&u8) -> bool| {
        text.get(1..=count).is_some_and(|code| code.as_bytes().iter().all(fits))
    };
    let is_octal = |b: &u8| (b'0'..=b'7').contains(b);
    match bytes.first() {
        Some(b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'"' | b'\'' | b'\\' | b'?' | b'`') => Ok(1),
        Some(b'x' | b'X') if all(2, u8::is_ascii_hexdigit) => Ok(3),
        Some(b'u') if !is_bytes && all(4, u8::is_ascii_hexdigit) => Ok(5),
        Some(b'U') if !is_bytes && all(8, u8::is_ascii_hexdigit) => Ok(9),
        Some(b'0'..=b'3') if bytes.get(1..3).is_some_and(|code| code.iter().all(is_octal)) => Ok(3),
        _ => Err("a string has a `\\` before what nobody escapes".to_owned()),
    }
}

fn number(text: &str) -> Result<(Token, &str), String> {
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (mut token, mut end) = (Token::Int, digits(text));
    let mut fits = text[..end].parse::<u64>().is_ok();
    if let Some(rest) = hexadecimal {
        let length = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
        if length == 0 {
            return Err("0x has no digits".to_owned());
        }
        (end, fits) = (2 + length, u64::from_str_radix(&rest[..length], 16).is_ok());
    } else {
        if let Some(fraction) = text[end..].strip_prefix('.').filter(|rest| digits(rest) > 0) {
            (token, end, fits) = (Token::Double, end + 1 + digits(fraction), true);
        }
        if let Some(exponent) = text[end..].strip_prefix(['e', 'E']) {
            let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits(unsigned) > 0 {
                let length = exponent.len() - unsigned.len() + digits(unsigned);
                (token, end, fits) = (Token::Double, end + 1 + length, true);
            }
        }
    }
    if token == Token::Int && text[end..].starts_with(['u', 'U']) {
        (token, end) = (Token::Uint, end + 1);
    }
    match fits {
        true => Ok((token, &text[end..])),
        false => Err(format!("{} is too large a number", &text[..end])),
    }
}
