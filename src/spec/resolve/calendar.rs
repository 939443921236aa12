//! Calendar events of systemd: `Sun *-*-* 02:00:00`, `*:0/30`, `daily`.

use crate::spec::problem::Problem;

const WORDS: [&str; 9] =
    ["minutely", "hourly", "daily", "weekly", "monthly", "quarterly", "semiannually", "yearly", "annually"];
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Reports what systemd could not read as a calendar event.
pub fn check(path: &str, event: &str, problems: &mut Vec<Problem>) {
    if !is_event(event) {
        problems.push(
            Problem::error(path, format!("{path} {event} is not a calendar event of systemd")).fix(
                "write it like daily, *:0/30, or Sun *-*-* 02:00:00; `systemd-analyze calendar` explains it",
            ),
        );
    }
}

/// A word, or weekdays, a date and a time in this order, of which one may do.
fn is_event(event: &str) -> bool {
    if WORDS.contains(&event.to_ascii_lowercase().as_str()) {
        return true;
    }
    let mut parts = event.split_whitespace().peekable();
    let weekdays = parts.next_if(|part| is_weekdays(part)).is_some();
    let date = parts.next_if(|part| is_of(part, '-')).is_some();
    let time = parts.next_if(|part| is_of(part, ':')).is_some();
    let zone = parts.next();
    (weekdays || date || time) && zone.is_none_or(|zone| zone == "UTC") && parts.next().is_none()
}

/// `Mon`, `Mon,Thu`, `Mon..Fri`, in whole words too.
fn is_weekdays(part: &str) -> bool {
    let is_day = |day: &str| {
        let day = day.to_ascii_lowercase();
        let long = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        WEEKDAYS.contains(&day.as_str()) || long.contains(&day.as_str())
    };
    part.split(',').all(|range| range.split("..").all(is_day) && range.split("..").count() <= 2)
}

/// Two or three fields of a date (`-`) or a time (`:`), each of numbers, ranges and steps.
fn is_of(part: &str, separator: char) -> bool {
    let is_number =
        |text: &str| !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    let is_range =
        |text: &str| text == "*" || text.split("..").count() <= 2 && text.split("..").all(is_number);
    let is_step = |text: &str| match text.split_once('/') {
        Some((start, step)) => is_range(start) && is_number(step),
        None => is_range(text),
    };
    let fields: Vec<&str> = part.split(separator).collect();
    (2..=3).contains(&fields.len()) && fields.iter().all(|field| field.split(',').all(is_step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{approved, judge, refused};

    const GOOD: &[&str] = &[
        "daily",
        "Weekly",
        "*:0/30",
        "*-*-* 02:00:00",
        "Sun *-*-* 02:00:00",
        "Mon..Fri 22:30",
        "Sat,Sunday 04:00 UTC",
        "*-*-01 03:15",
        "2026-1..6-01,15 00:00",
        "Sun",
    ];
    const BAD: &[&str] =
        &["", "dayly", "30m", "Son 02:00", "02:00 Sun", "*-*-*-* 02:00", "02:00\nOnBootSec=1", "a:b"];

    #[test]
    fn events_are_told_from_other_texts() {
        for event in GOOD {
            assert!(is_event(event), "{event}");
        }
        for event in BAD {
            assert!(!is_event(event), "{event:?}");
        }
    }

    #[test]
    fn systemd_agrees() {
        for event in GOOD {
            let Some(mut systemd) = judge("systemd-analyze") else { return };
            approved(systemd.args(["calendar", event]));
        }
        for event in BAD {
            let Some(mut systemd) = judge("systemd-analyze") else { return };
            refused(systemd.args(["calendar", event]));
        }
    }
}
