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

/// The same, with every blank as a sign.
pub fn visible_blanks(text: &str) -> String {
    visible(text).replace(' ', "␣").replace('\t', "\\t")
}

fn is_hidden(c: char) -> bool {
    // Marks without a width, ends of lines and paragraphs, what turns the direction of writing, and letters that are blank.
    let is_format = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}');
    // What looks like a space and is none.
    let is_blank = c.is_whitespace() && !matches!(c, ' ' | '\t');
    c.is_control() && c != '\t' || is_format || is_blank
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_written_out_and_nothing_else() {
        let check = |text: &str, expected: &str| assert_eq!(visible(text), expected);
        check("\u{1b}[2J\u{9b}x\r\n\u{7}", r"\u{1b}[2J\u{9b}x\r\n\u{7}");
        check("a\u{202e}b\u{200b}", r"a\u{202e}b\u{200b}");
        check("a\u{a0}b\u{3000}c\u{ad}d\u{e0041}", r"a\u{a0}b\u{3000}c\u{ad}d\u{e0041}");
        for fine in ["", "\ta: [b] 'c' \"d\" \\e", "Zürich → 東京 é e\u{301} 🦀"] {
            check(fine, fine);
        }
    }
}
