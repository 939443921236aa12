//! Durations as Go writes them: `1h30m`, `500ms`.

use std::time::Duration;

/// Reads a positive Go duration or zero; `None` for anything else, or for more than u64 nanoseconds hold.
pub fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (part, tail) = part(rest)?;
        total = total.checked_add(part)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(total)
}

/// Reads one number with its unit from the front.
fn part(text: &str) -> Option<(Duration, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, rest) = text.split_at(digits);
    let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
    let (unit, tail) = rest.split_at(end);
    let nanoseconds = scale(number, unit_nanoseconds(unit)?)?;
    Some((Duration::from_nanos(nanoseconds), tail))
}

fn unit_nanoseconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// `number` (with an optional fraction) times `unit`, in whole nanoseconds.
fn scale(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits = |text: &str| match text {
        "" => Some(0),
        _ => text.parse::<u64>().ok(),
    };
    let places = u32::try_from(fraction.len()).ok()?;
    let parts = u128::from(digits(fraction)?) * u128::from(unit) / 10u128.checked_pow(places)?;
    let whole = digits(whole)?.checked_mul(unit)?;
    whole.checked_add(u64::try_from(parts).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        let check = |text: &str, expected: Option<u64>| {
            let expected = expected.map(Duration::from_millis);
            assert_eq!(parse(text), expected, "{text}");
        };
        check("0", Some(0));
        check("0s", Some(0));
        check("500ms", Some(500));
        check("1h30m", Some(5_400_000));
        check("1.5h", Some(5_400_000));
        check(".5s", Some(500));
        check("8760h0m0s", Some(8760 * 3_600_000));
        check("", None);
        check("5", None);
        check("-5s", None);
        check("h", None);
        check(".s", None);
        check("1.2.3s", None);
        check("1d", None);
        check("99999999999999h", None);
        check("1.00000000000000000000000000000000000000001s", None);
    }
}
