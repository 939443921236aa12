//! Amounts as Kubernetes writes them: `100m`, `1.5Gi`, `3e2`.

/// An amount, in billionths: finer ones are not told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i128);

const ONE: i128 = 1_000_000_000;
/// More than anybody has; whoever writes more has as much.
const MOST: i128 = i64::MAX as i128 * ONE;

impl Quantity {
    pub const ZERO: Quantity = Quantity(0);

    pub const fn of(whole: i64) -> Quantity {
        Quantity(whole as i128 * ONE)
    }

    /// Reads a number with a suffix or an exponent.
    pub fn parse(text: &str) -> Option<Quantity> {
        let (sign, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        let (base, exponent) = scale(suffix)?;
        let digits = format!("{whole}{fraction}");
        let value =
            digits.bytes().fold(0i128, |sum, b| sum.saturating_mul(10).saturating_add(i128::from(b - b'0')));
        let power = base.checked_pow(exponent.unsigned_abs()).unwrap_or(MOST);
        let places = 10i128.checked_pow(u32::try_from(fraction.len()).ok()?).unwrap_or(MOST);
        let scaled = match exponent {
            0.. => ceiling(value.saturating_mul(power).saturating_mul(ONE), places),
            _ => ceiling(value.saturating_mul(ONE), power.saturating_mul(places)),
        };
        Some(Quantity(sign * scaled.min(MOST)))
    }

    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is a whole number.
    pub fn is_whole(self) -> bool {
        self.0 % ONE == 0
    }
}

impl std::ops::Add for Quantity {
    type Output = Quantity;

    fn add(self, other: Quantity) -> Quantity {
        Quantity(self.0.saturating_add(other.0))
    }
}

/// In bytes or what else it is of, with a binary suffix where one fits.
impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let whole = self.0 / ONE;
        let suffixes = [(30, "Gi"), (20, "Mi"), (10, "Ki")];
        match suffixes.iter().find(|(bits, _)| whole != 0 && whole % (1 << bits) == 0) {
            _ if !self.is_whole() => write!(f, "{}m", ceiling(self.0, ONE / 1000)),
            Some((bits, suffix)) => write!(f, "{}{suffix}", whole >> bits),
            None => write!(f, "{whole}"),
        }
    }
}

fn ceiling(value: i128, by: i128) -> i128 {
    value / by + i128::from(value % by > 0)
}

/// The base and the exponent that a suffix stands for.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    let decimal = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"].iter().position(|known| *known == suffix);
    if let Some(at) = decimal {
        return Some((10, 3 * (i32::try_from(at).ok()? - 3)));
    }
    if let Some(at) = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].iter().position(|known| *known == suffix) {
        return Some((2, 10 * (i32::try_from(at).ok()? + 1)));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| (10, exponent.parse::<i32>().unwrap_or(i32::MAX).clamp(-300, 300)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_what_kubernetes_takes_them_for() {
        let check = |text: &str, expected: i128| {
            assert_eq!(Quantity::parse(text), Some(Quantity(expected)), "{text}");
        };
        check("0", 0);
        check("1", ONE);
        check("-1k", -1000 * ONE);
        check("100m", ONE / 10);
        check(".5", ONE / 2);
        check("1.5Gi", 1536 * 1024 * 1024 * ONE);
        check("3e2", 300 * ONE);
        check("1E", 1_000_000_000_000_000_000 * ONE);
        check("1E-1", ONE / 10);
        check("1.000000000001", ONE + 1);
        check("0.1n", 1);
        check("99Ei", MOST);
        check("1e900", MOST);
        for text in ["", ".", "1.2.3", "1ki", "1KB", "1e", "Mi", "1 Gi", "--1", "0x10"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_written_as_people_write_them() {
        let check = |text: &str, expected: &str| {
            assert_eq!(Quantity::parse(text).expect("an amount").to_string(), expected, "{text}");
        };
        check("1024Mi", "1Gi");
        check("612Mi", "612Mi");
        check("1000", "1000");
        check("1500m", "1500m");
        check("0", "0");
    }
}
