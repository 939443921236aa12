//! What people wrote, as a terminal or a page may be given it: each character as it is seen.

use std::fmt::Write;

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

/// The same for a message, in which tabs mean nothing either.
pub fn visible_message(text: &str) -> String {
    visible(text).replace('\t', "\\t")
}

/// A line of a file with a sign in place of each character that is hidden, so that columns stay what they are.
pub fn same_width(line: &str) -> String {
    line.chars().map(|c| if is_hidden(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// JSON that says the same, with its own escapes in place of what is hidden.
pub fn visible_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        match is_hidden(c) && c != '\n' {
            true => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(shown, "\\u{unit:04x}");
                }
            }
            false => shown.push(c),
        }
    }
    shown
}

/// The same, with every blank as a sign.
pub fn visible_blanks(text: &str) -> String {
    visible(text).replace(' ', "␣").replace('\t', "\\t")
}

fn is_hidden(c: char) -> bool {
    // Marks without a width, ends of lines and paragraphs, what turns the direction of writing, and letters that are blank.
    let is_format = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
        | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    let is_no_character = c as u32 & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}');
    // What looks like a space and is none.
    let is_blank = c.is_whitespace() && !matches!(c, ' ' | '\t');
    c.is_control() && c != '\t' || is_format || is_no_character || is_blank
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
        assert_eq!(visible_message("a\tb\u{85}c"), r"a\tb\u{85}c");
    }

    #[test]
    fn json_stays_what_it_says() {
        let text = "\u{9b}a\u{7f}\u{202e}\u{e0041}\u{2028}\n\t\"\\é🦀\u{1d173}";
        let json = serde_json::to_string_pretty(&[text]).expect("a text");
        let shown = visible_json(&json);
        assert!(shown.chars().all(|c| c == '\n' || !is_hidden(c)), "{shown}");
        assert!(shown.contains(r"\u202e\udb40\udc41") && shown.contains("é🦀"), "{shown}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&shown).expect("JSON"), [text]);
    }
}
