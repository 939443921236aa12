//! Parts of documents that tests write: what is between two marks.

#![expect(clippy::disallowed_methods, reason = "a document that is accepted is written")]

use std::fs;
use std::path::Path;

const END: &str = "<!-- end -->\n";

/// Insists that a document holds a text behind the comment that begins its place, or writes it.
pub fn holds(document: &str, comment: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = fs::read_to_string(&path).expect("the document is there");
    let begin = format!("<!-- {comment} -->\n");
    let (before, rest) = text.split_once(&begin).expect("the place begins");
    let (found, after) = rest.split_once(END).expect("the place ends");
    if std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
        let text = format!("{before}{begin}{expected}{END}{after}");
        fs::write(&path, text).expect("the document is writable");
    } else {
        assert_eq!(found, expected, "`just accept` writes {document}");
    }
}
