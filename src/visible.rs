//! What people wrote, as a terminal or a page may be given it: each character as it is seen.

/// The text on one line, with escapes in place of what moves the cursor, hides or reorders what is beside it.
pub fn visible(text: &str) -> String {
    text.chars().fold(String::new(), |mut shown, c| {
        match is_hidden(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
        shown
    })
}

fn is_hidden(c: char) -> bool {
    // Marks without a width, ends of lines and paragraphs, and what turns the direction of writing.
    let is_format =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    (c.is_control() && c != '\t') || is_format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_written_out_and_nothing_else() {
        let check = |text: &str, expected: &str| assert_eq!(visible(text), expected);
        check("\u{1b}[2J\u{9b}x\r\n\u{7}", r"\u{1b}[2J\u{9b}x\r\n\u{7}");
        check("a\u{202e}b\u{200b}", r"a\u{202e}b\u{200b}");
        for fine in ["", "\ta: [b] 'c' \"d\" \\e", "Zürich → 東京 é e\u{301} 🦀"] {
            check(fine, fine);
        }
    }
}
