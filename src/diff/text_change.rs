//! The difference of two texts: by line, by word, and by key where they have keys.

use similar::{ChangeTag, TextDiff};

use crate::spec::{FieldChange, Positions, changes};
use crate::visible::{visible, visible_blanks};

/// The difference of two texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextChange {
    pub hunks: Vec<Hunk>,
    /// By key, where the file is YAML or JSON.
    pub keys: Vec<FieldChange>,
}

/// A stretch of changed lines with some around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// As in `@@ -1,7 +1,7 @@`.
    pub header: String,
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub kind: LineKind,
    /// The words of the line, and whether each is what the change is about.
    pub words: Vec<(bool, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    Same,
    Removed,
    Added,
    /// No line, but the lack of a line break after the one before, where the other text has one.
    Unended,
}

impl Line {
    pub fn text(&self) -> String {
        self.words.iter().map(|(_, word)| word.as_str()).collect()
    }

    /// The words as people are shown them: with nothing hidden, nor blanks where they alone tell lines apart.
    pub fn shown(&self) -> Vec<(bool, String)> {
        let mut marked = self.words.iter().filter(|(marked, _)| *marked).peekable();
        let is_about_blanks = marked.peek().is_some() && marked.all(|(_, word)| is_blank(word));
        let mut shown: Vec<(bool, String)> = Vec::new();
        // Blanks at the end are seen by nobody.
        let mut is_end = matches!(self.kind, LineKind::Removed | LineKind::Added);
        for (marked, word) in self.words.iter().rev() {
            let (word, end) = match is_end {
                true => word.split_at(word.trim_end_matches(BLANKS).len()),
                false => (word.as_str(), ""),
            };
            is_end &= word.is_empty();
            let word = if *marked && is_about_blanks { visible_blanks(word) } else { visible(word) };
            shown.push((*marked, word + &visible_blanks(end)));
        }
        shown.reverse();
        shown
    }

    /// The line as people are shown it, with its mark.
    pub fn seen(&self) -> String {
        let words = self.shown().into_iter().map(|(_, word)| word);
        std::iter::once(self.mark().to_string()).chain(words).collect()
    }

    /// What stands before it in a unified diff.
    pub fn mark(&self) -> char {
        match self.kind {
            LineKind::Same => ' ',
            LineKind::Removed => '-',
            LineKind::Added => '+',
            LineKind::Unended => '\\',
        }
    }
}

impl TextChange {
    /// The change from one text to another; nothing stands for a file that is not there.
    pub fn new(path: &str, before: Option<&str>, after: Option<&str>) -> Self {
        let keys = match (is_structured(path), before, after) {
            (true, Some(before), Some(after)) => keys(before, after),
            _ => Vec::new(),
        };
        let diff = TextDiff::from_lines(before.unwrap_or_default(), after.unwrap_or_default());
        let is_ended = |text: Option<&str>| text.is_none_or(|text| text.is_empty() || text.ends_with('\n'));
        let tells_ends = is_ended(before) != is_ended(after);
        let unified = diff.unified_diff();
        let hunks = unified.iter_hunks().map(|hunk| {
            let mut lines = Vec::new();
            for change in hunk.ops().iter().flat_map(|op| diff.iter_inline_changes(op)) {
                let words = change.iter_strings_lossy();
                let mut words: Vec<(bool, String)> =
                    words.map(|(marked, word)| (marked, word.into_owned())).collect();
                let is_ended = words.last_mut().is_some_and(|(_, last)| {
                    let length = last.strip_suffix('\n').map(str::len);
                    last.truncate(length.unwrap_or(last.len()));
                    length.is_some()
                });
                let kind = match change.tag() {
                    ChangeTag::Equal => LineKind::Same,
                    ChangeTag::Delete => LineKind::Removed,
                    ChangeTag::Insert => LineKind::Added,
                };
                lines.push(Line { kind, words });
                if tells_ends && !is_ended {
                    let words = vec![(false, " No newline at end of file".to_owned())];
                    lines.push(Line { kind: LineKind::Unended, words });
                }
            }
            Hunk { header: hunk.header().to_string(), lines }
        });
        Self { hunks: hunks.collect(), keys }
    }

    /// How many lines came and how many went.
    pub fn counts(&self) -> (usize, usize) {
        let of =
            |kind| self.hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.kind == kind).count();
        (of(LineKind::Added), of(LineKind::Removed))
    }
}

const BLANKS: [char; 2] = [' ', '\t'];

fn is_blank(text: &str) -> bool {
    text.chars().all(|c| BLANKS.contains(&c))
}

fn is_structured(path: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|end| path.ends_with(end))
}

/// The changed keys of a YAML file, of each of its documents.
fn keys(before: &str, after: &str) -> Vec<FieldChange> {
    let documents = |text: &'_ str| -> Vec<String> {
        text.split("\n---\n").map(|document| document.trim_start_matches("---\n").to_owned()).collect()
    };
    let (before, after) = (documents(before), documents(after));
    if before.len() != after.len() {
        return Vec::new();
    }
    let many = after.len() > 1;
    let mut keys = Vec::new();
    for (number, (old, new)) in before.iter().zip(&after).enumerate() {
        for mut change in changes(&Positions::new(old), &Positions::new(new)) {
            if many {
                change.path = format!("{}: {}", number + 1, change.path);
            }
            keys.push(change);
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_compared_by_line_word_and_key() {
        let before = "kind: A\ndns: 10.96.0.10\nrest: [1, 2]\n";
        let change = TextChange::new("/etc/a.yaml", Some(before), Some(&before.replace("96", "97")));
        assert_eq!(change.counts(), (1, 1));
        let keys: Vec<&str> = change.keys.iter().map(|key| key.path.as_str()).collect();
        assert_eq!(keys, ["dns"]);
        let lines: Vec<String> =
            change.hunks[0].lines.iter().map(|line| format!("{}{}", line.mark(), line.text())).collect();
        assert_eq!(lines, [" kind: A", "-dns: 10.96.0.10", "+dns: 10.97.0.10", " rest: [1, 2]"]);
        assert!(change.hunks[0].lines[1].words.iter().any(|(marked, _)| *marked));
    }

    #[test]
    fn lines_that_look_alike_are_told_apart() {
        let check = |before: &str, after: &str, expected: &[&str]| {
            let change = TextChange::new("/etc/a", Some(before), Some(after));
            let seen: Vec<String> = change.hunks[0].lines.iter().map(Line::seen).collect();
            assert_eq!(seen, expected);
        };
        check("a: b\r\nc\r\n", "a: b\nc\n", &["-a: b\\r", "-c\\r", "+a: b", "+c"]);
        check("a: b\n", "a: b \n", &["-a: b", "+a: b␣"]);
        check("a: b\nc d\n", "a:\tb\nc d e\n", &["-a:␣b", "-c d", "+a:\\tb", "+c d e"]);
        check("a\n  \n", "a\n\t\n", &[" a", "-␣␣", "+\\t"]);
        check("a b\n", "a\u{a0}b\n", &["-a␣b", "+a\\u{a0}b"]);
        check("a\nb", "a\nb\n", &[" a", "-b", "\\ No newline at end of file", "+b"]);
        check("a\nb", "c\nb", &["-a", "+c", " b"]);
    }

    #[test]
    fn each_document_has_its_own_keys() {
        let before = "kind: A\n---\nkind: B\nx: 1\n";
        let change = TextChange::new("/etc/a.yaml", Some(before), Some(&before.replace("x: 1", "x: 2")));
        assert_eq!(change.keys[0].path, "2: x");
    }

    #[test]
    fn a_new_file_is_all_added() {
        assert_eq!(TextChange::new("/etc/a", None, Some("a\nb\n")).counts(), (2, 0));
    }
}
