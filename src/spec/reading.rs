//! What readers of YAML take a plain scalar for: ours, and those that consumers have.

use std::fmt;

use serde_json::Value;

/// What one reader sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    Nothing,
    Flag(bool),
    Whole(i128),
    Number(f64),
    /// Days and moments too: nobody reckons with them.
    Text,
    /// What this reader refuses.
    Refused,
}

use Reading::{Flag, Nothing, Number, Refused, Text, Whole};

impl Reading {
    /// The same value as JSON has it; text and what JSON lacks have none.
    pub fn literal(self) -> Option<String> {
        match self {
            Nothing => Some("null".to_owned()),
            Flag(flag) => Some(flag.to_string()),
            Whole(number) => Some(number.to_string()),
            // As people write a number without a fraction.
            Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => Some(format!("{number:.0}")),
            Number(number) if number.is_finite() => Some(number.to_string()),
            Number(_) | Text | Refused => None,
        }
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.literal()) {
            (Nothing, _) => f.write_str("nothing"),
            (Number(number), None) => write!(f, "{number}"),
            (_, Some(literal)) => f.write_str(&literal),
            (Refused, None) => f.write_str("an error"),
            (_, None) => f.write_str("text"),
        }
    }
}

/// Whether a scalar can be anything but text: most cannot, by their first character.
fn may_be_more_than_text(text: &str) -> bool {
    const LONGEST: usize = 400;
    let first = text.chars().next();
    first.is_none_or(|c| c.is_ascii_digit() || "+-.~nNtTfFyYoO".contains(c))
        && text.len() <= LONGEST
        && !text.starts_with("---")
        && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Ours, which is by YAML 1.2.
pub fn ours(text: &str, options: serde_saphyr::Options) -> Reading {
    if !may_be_more_than_text(text) {
        return Text;
    }
    // JSON has none.
    if is_infinite_or_none(text) {
        return Refused;
    }
    match serde_saphyr::from_str_with_options::<Value>(text, options) {
        Ok(Value::Null) => Nothing,
        Ok(Value::Bool(flag)) => Flag(flag),
        Ok(Value::Number(number)) => match (number.as_i128(), number.as_f64()) {
            (Some(whole), _) => Whole(whole),
            (None, Some(number)) => Number(number),
            (None, None) => Refused,
        },
        Ok(Value::String(_)) => Text,
        Ok(_) | Err(_) => Refused,
    }
}

/// `.inf`, `.nan` and the like, which JSON cannot hold.
fn is_infinite_or_none(text: &str) -> bool {
    let bare = text.trim_start_matches(['+', '-']);
    text.len() <= bare.len() + 1 && [".inf", ".nan"].contains(&bare.to_ascii_lowercase().as_str())
}

/// PyYAML's, which is cloud-init's: YAML 1.1, but for `y` and `n`.
pub fn of_python(text: &str) -> Reading {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Nothing,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Flag(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Flag(false),
        _ => {}
    }
    if !may_be_more_than_text(text) {
        return Text;
    }
    if is_infinite_or_none(text) {
        return Number(f64::NAN);
    }
    let (negative, digits) = signed(text);
    let sign = |number: f64| if negative { -number } else { number };
    if let Some(whole) = whole_of_python(digits) {
        return match whole {
            Some(number) => Whole(if negative { -number } else { number }),
            None => Number(sign(f64::INFINITY)),
        };
    }
    // A fraction without digits before it has no sign.
    let has_sign = digits.len() < text.len();
    match fraction_of_python(digits, has_sign) {
        Some(number) => Number(sign(number)),
        None => Text,
    }
}

fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn is_all(text: &str, is: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(|b| b == b'_' || is(b))
}

/// A whole number as YAML 1.1 writes it, without its sign; `Some(None)` if it is larger than any that we reckon with.
fn whole_of_python(digits: &str) -> Option<Option<i128>> {
    let plain = digits.replace('_', "");
    let of_base = |digits: &str, base| i128::from_str_radix(digits, base).ok();
    if let Some(bits) = digits
        .strip_prefix("0b")
        .filter(|bits| !bits.is_empty() && is_all(bits, |b| matches!(b, b'0' | b'1')))
    {
        return Some(of_base(&bits.replace('_', ""), 2));
    }
    if let Some(hex) =
        digits.strip_prefix("0x").filter(|hex| !hex.is_empty() && is_all(hex, |b| b.is_ascii_hexdigit()))
    {
        return Some(of_base(&hex.replace('_', ""), 16));
    }
    if let Some(octal) = digits
        .strip_prefix('0')
        .filter(|octal| !octal.is_empty() && is_all(octal, |b| matches!(b, b'0'..=b'7')))
    {
        return Some(of_base(&format!("0{}", octal.replace('_', "")), 8));
    }
    let starts_well = digits == "0" || digits.starts_with(|c: char| matches!(c, '1'..='9'));
    if starts_well && is_all(digits, |b| b.is_ascii_digit()) {
        return Some(of_base(&plain, 10));
    }
    let (first, rest) = digits.split_once(':')?;
    let is_first =
        first.starts_with(|c: char| matches!(c, '1'..='9')) && is_all(first, |b| b.is_ascii_digit());
    let mut value = of_base(&first.replace('_', ""), 10).filter(|_| is_first)?;
    for part in rest.split(':') {
        value = value.checked_mul(60)?.checked_add(sixtieth(part)?)?;
    }
    Some(Some(value))
}

/// One place of a number to the base of 60.
fn sixtieth(part: &str) -> Option<i128> {
    let is_digits = matches!(part.len(), 1 | 2) && part.bytes().all(|b| b.is_ascii_digit());
    part.parse().ok().filter(|number| is_digits && *number < 60)
}

fn fraction_of_python(digits: &str, has_sign: bool) -> Option<f64> {
    let plain = || digits.replace('_', "").parse::<f64>().ok();
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (&digits[..at], Some(&digits[at + 1..])),
        None => (digits, None),
    };
    let is_exponent = |text: &str| {
        let digits = text.strip_prefix(['+', '-']).unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let (before, after) = mantissa.split_once('.')?;
    let is_digits = |text: &str| is_all(text, |b| b.is_ascii_digit());
    let begins = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    if before.contains(':') {
        let (first, rest) = before.split_once(':')?;
        if exponent.is_some() || !begins(first) || !is_digits(first) || !is_digits(after) {
            return None;
        }
        let mut value = first.replace('_', "").parse::<f64>().ok()?;
        for part in rest.split(':') {
            value = value * 60.0 + f64::from(u8::try_from(sixtieth(part)?).ok()?);
        }
        return Some(value + format!("0.{}", after.replace('_', "")).parse::<f64>().ok()?);
    }
    let is_whole = match before {
        "" => !has_sign && begins(after) && is_digits(after),
        before => begins(before) && is_digits(before) && is_digits(after),
    };
    if is_whole && exponent.is_none_or(is_exponent) { plain() } else { None }
}

/// That of the YAML library of Kubernetes: YAML 1.1 without numbers to the base of 60.
pub fn of_go(text: &str) -> Reading {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Nothing,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Flag(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Flag(false);
        }
        _ => {}
    }
    if !may_be_more_than_text(text) {
        return Text;
    }
    if is_infinite_or_none(text) {
        return Number(f64::NAN);
    }
    if text.starts_with('.') {
        return fraction_of_go(text).map_or(Text, Number);
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-".contains(c)) {
        return Text;
    }
    // It leaves them out wherever they are.
    let plain = text.replace('_', "");
    let (negative, digits) = signed(&plain);
    let lower = digits.to_ascii_lowercase();
    let (base, bare) = match (lower.get(..2), lower.as_bytes()) {
        (Some("0x"), _) => (16, &lower[2..]),
        (Some("0o"), _) => (8, &lower[2..]),
        (Some("0b"), _) => (2, &lower[2..]),
        (_, [b'0', _, ..]) => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    let is_of_base = !bare.is_empty() && bare.bytes().all(|b| char::from(b).is_digit(base));
    let whole = i128::from_str_radix(bare, base).ok().filter(|_| is_of_base);
    let whole = whole.map(|number| if negative { -number } else { number });
    // An unsigned number has no sign at all.
    let fits = |number: i128| {
        i64::try_from(number).is_ok() || (u64::try_from(number).is_ok() && !plain.starts_with('+'))
    };
    match whole.filter(|number| fits(*number)) {
        Some(number) => Whole(number),
        None => decimal(&plain).map_or(Text, Number),
    }
}

/// A number whose digits are decimal, as the library's pattern has it.
fn decimal(text: &str) -> Option<f64> {
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_decimal = bare.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && bare.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    text.parse::<f64>().ok().filter(|number| is_decimal && number.is_finite())
}

/// What begins with a dot is for Go's own parser, which takes underscores between digits.
fn fraction_of_go(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let parts = |at: usize| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1));
    let is_plain = text.match_indices('_').all(|(at, _)| parts(at));
    decimal(&text.replace('_', "")).filter(|_| is_plain)
}
