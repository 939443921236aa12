//! Whether certificates are valid now and for some time: a check against the clock, which changes nothing.

use crate::certificate_text::date;
use crate::failure::{Exit, Failure};
use crate::opened::Opened;
use crate::sys::clock;
use crate::ui::Diagnostic;
use crate::validity::{Epoch, Term};

/// Fails with every certificate that is not valid yet, or not any more when this time has passed.
pub fn check(opened: &Opened, within: &str) -> Result<(), Failure> {
    let now = clock::now();
    let (now, horizon) = (now.unsigned_abs(), now.saturating_add(seconds(within)?).unsigned_abs());
    let graph = &opened.plan.graph;
    let (mut issued, mut imported) = (Vec::new(), Vec::new());
    for node in graph.order().iter().map(|id| graph.node(*id)) {
        let (Some(Term { begins, ends }), Some(epoch)) = (Term::of(&node.action), Epoch::of(&node.action))
        else {
            continue;
        };
        let problem = if begins > now {
            Diagnostic::error(format!("{} is not valid before {}", node.name, date(begins)))
        } else if ends <= horizon {
            Diagnostic::error(format!("{} expires at {}", node.name, date(ends)))
        } else {
            continue;
        };
        match epoch {
            Epoch::Elsewhere(_) => imported.push(problem.help(Some(epoch.renewal()))),
            Epoch::Authorities | Epoch::Others => issued.push(problem),
        }
    }
    // One edit renews all that kthw issued.
    if let Some(last) = issued.pop() {
        issued.push(last.help(Some("renewal is an edit of the epochs in kthw.lock")));
    }
    issued.extend(imported);
    match issued.is_empty() {
        true => Ok(()),
        false => Err(Failure { exit: Exit::Failed, diagnostics: issued }),
    }
}

/// Reads `30d`, `12h`, `45m` or `10s`.
fn seconds(text: &str) -> Result<i64, Failure> {
    let wrong = || {
        let error = Diagnostic::error(format!("`{text}` is not a time")).help(Some("write 30d or 12h"));
        Failure::wrong_input(vec![error])
    };
    let unit = text.chars().last().ok_or_else(wrong)?;
    let each = match unit {
        'd' => 86_400,
        'h' => 3_600,
        'm' => 60,
        's' => 1,
        _ => return Err(wrong()),
    };
    let number: i64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    if number < 0 { Err(wrong()) } else { Ok(number.saturating_mul(each)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_a_number_and_a_unit() {
        for (text, expected) in [("30d", 2_592_000), ("12h", 43_200), ("5m", 300), ("0s", 0)] {
            assert_eq!(seconds(text).ok(), Some(expected), "{text}");
        }
        for text in ["", "d", "30", "-1d", "1.5h", "30 d", "1w", "é"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
