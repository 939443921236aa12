//! What is wrong, where, and what to do next.

use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::redaction::{is_delicate, redacted};
use crate::visible::{same_width, visible_message};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Severity {
    Error,
    Warning,
}

/// One problem: a line that names its subject, the place in an input file if there is one, and the next step.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    severity: Severity,
    message: String,
    place: Option<Place>,
    help: Option<String>,
}

/// A place in an input file.
#[derive(Debug, Clone)]
struct Place {
    file: String,
    line: usize,
    column: usize,
    length: usize,
    /// The file's text, unless what is written there may be secret.
    source: Option<Arc<str>>,
}

/// What tells diagnostics apart.
#[derive(PartialEq, Eq, Hash)]
pub struct Key<'d> {
    severity: Severity,
    message: &'d str,
    place: Option<(&'d str, usize, usize)>,
    help: Option<&'d str>,
}

impl Diagnostic {
    /// Whatever the message repeats, it is one line of what can be seen, without passwords and private keys.
    pub fn error(message: impl AsRef<str>) -> Self {
        Self { severity: Severity::Error, message: told(message.as_ref()), place: None, help: None }
    }

    /// A message of several lines, in which no value has a line end.
    pub fn error_of_lines(message: &str) -> Self {
        let lines: Vec<String> = message.split('\n').map(told).collect();
        Self { message: lines.join("\n"), ..Self::error("") }
    }

    /// The same for a warning.
    pub fn warning_of_lines(message: &str) -> Self {
        Self { severity: Severity::Warning, ..Self::error_of_lines(message) }
    }

    pub fn warning(message: impl AsRef<str>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    /// Adds the next step.
    pub fn help(mut self, help: Option<impl AsRef<str>>) -> Self {
        self.help = help.map(|help| told(help.as_ref()));
        self
    }

    /// Adds the place, and its line if that holds no secret: line and column count from one, `length` in characters.
    pub fn at(self, file: &str, source: &Arc<str>, line: usize, column: usize, length: usize) -> Self {
        let source = Some(Arc::clone(source));
        Self { place: Some(Place { file: visible_message(file), line, column, length, source }), ..self }
    }

    /// Adds the place alone, where what is written there may be secret.
    pub fn at_unquoted(self, file: &str, line: usize, column: usize) -> Self {
        let file = visible_message(file);
        Self { place: Some(Place { file, line, column, length: 1, source: None }), ..self }
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    pub fn key(&self) -> Key<'_> {
        Key {
            severity: self.severity,
            message: &self.message,
            place: self.place.as_ref().map(|place| (&*place.file, place.line, place.column)),
            help: self.help.as_deref(),
        }
    }

    pub fn render(&self, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(&self.message));
        if let Some(place) = &self.place {
            let Place { file, line, column, .. } = place;
            group = match place.quote() {
                Some(Quote { line, text, span }) => {
                    let mark = AnnotationKind::Primary.span(span);
                    group.element(Snippet::source(text).path(file).line_start(line).annotation(mark))
                }
                None => group.element(Origin::path(file).line(*line).char_column(*column)),
            };
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }
}

/// What a message may repeat of what somebody wrote.
fn told(text: &str) -> String {
    visible_message(&redacted(text))
}

/// A line of a file as it is shown, with the stretch that is meant. Its columns are those of the file.
struct Quote {
    line: usize,
    text: String,
    span: std::ops::Range<usize>,
}

/// A line of more bytes is told by its place alone: nobody would read it.
const LONGEST: usize = 4096;

impl Place {
    fn quote(&self) -> Option<Quote> {
        let source = self.source.as_ref().filter(|source| !is_delicate(source, self.line))?;
        let sought = self.line.max(1);
        // The end of the text is the end of its last line.
        let (line, text) = (1..).zip(source.lines()).take(sought).last().unwrap_or((1, ""));
        let column = if line == sought { self.column.saturating_sub(1) } else { usize::MAX };
        if text.len() > LONGEST {
            return None;
        }
        let text = same_width(text);
        let at = |chars: usize| text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
        let span = at(column)..at(column.saturating_add(self.length.max(1)));
        Some(Quote { line, text, span })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_shows_the_line_and_the_next_step() {
        let source: Arc<str> = "name: a\nnetwork:\n  pods: 10.0.0/8\n".into();
        let diagnostic = Diagnostic::error("network.pods 10.0.0/8 is not a CIDR")
            .at("cluster.yaml", &source, 3, 9, 8)
            .help(Some("write it as 10.0.0.0/8"));
        insta::assert_snapshot!(diagnostic.render(&Renderer::plain()), @"
        error: network.pods 10.0.0/8 is not a CIDR
         --> cluster.yaml:3:9
          |
        3 |   pods: 10.0.0/8
          |         ^^^^^^^^
          |
          = help: write it as 10.0.0.0/8
        ");
    }

    #[test]
    fn what_may_be_secret_is_located_and_not_quoted() {
        let source: Arc<str> = "name: a\ndownloads: {mirrors: ['https://me:hunter2@m']}\n".into();
        let diagnostic =
            Diagnostic::error("https://me:hunter2@m is not reached").help(Some("not me:hunter2@m"));
        let delicate = diagnostic.clone().at("cluster.yaml", &source, 2, 23, 22).render(&Renderer::plain());
        insta::assert_snapshot!(delicate, @"
        error: https://m is not reached
        --> cluster.yaml:2:23
         = help: not m
        ");
        assert_eq!(diagnostic.at_unquoted("cluster.yaml", 2, 23).render(&Renderer::plain()), delicate);
    }

    #[test]
    fn nothing_is_hidden_and_no_value_begins_a_line() {
        let source: Arc<str> = "a: 1\nb: x\u{9b}31m\u{202e}y z\n".into();
        let poison = "x\u{9b}31m\u{202e}y\r\nerror: all is well\u{2028}\tz";
        let diagnostic = Diagnostic::error(format!("b is {poison}"))
            .at(&format!("{poison}.yaml"), &source, 2, 4, 7)
            .help(Some(format!("not {poison}")));
        insta::assert_snapshot!(diagnostic.render(&Renderer::plain()), @r"
        error: b is x\u{9b}31m\u{202e}y\r\nerror: all is well\u{2028}\tz
         --> x\u{9b}31m\u{202e}y\r\nerror: all is well\u{2028}\tz.yaml:2:4
          |
        2 | b: x�31m�y z
          |    ^^^^^^^
          |
          = help: not x\u{9b}31m\u{202e}y\r\nerror: all is well\u{2028}\tz
        ");
    }

    #[test]
    fn a_place_beyond_the_text_is_no_trouble() {
        let source: Arc<str> = "é\n".into();
        for (line, column, length) in [(1, 1, 1), (1, 9, 9), (9, 1, 1), (0, 0, 0)] {
            let diagnostic = Diagnostic::warning("w").at("f", &source, line, column, length);
            assert!(!diagnostic.render(&Renderer::plain()).is_empty());
        }
    }
}
