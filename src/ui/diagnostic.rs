//! What is wrong, where, and what to do next.

use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::redaction::{is_delicate, redacted};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Severity {
    Error,
    Warning,
}

/// One problem: a line that names its subject, the place in an input file if there is one, and the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    severity: Severity,
    message: String,
    place: Option<Place>,
    help: Option<String>,
}

/// A place in an input file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    file: String,
    line: usize,
    column: usize,
    /// The file's text with the stretch that is meant, unless it may be secret.
    quoted: Option<(Arc<str>, std::ops::Range<usize>)>,
}

impl Diagnostic {
    /// Whatever the message repeats, it says no password and no private key.
    pub fn error(message: impl AsRef<str>) -> Self {
        Self { severity: Severity::Error, message: redacted(message.as_ref()), place: None, help: None }
    }

    pub fn warning(message: impl AsRef<str>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    /// Adds the next step.
    pub fn help(mut self, help: Option<impl AsRef<str>>) -> Self {
        self.help = help.map(|help| redacted(help.as_ref()));
        self
    }

    /// Adds the place, and its line if that holds no secret: line and column count from one, `length` in characters.
    pub fn at(mut self, file: &str, source: &Arc<str>, line: usize, column: usize, length: usize) -> Self {
        let quote = || (Arc::clone(source), span(source, line, column, length));
        let quoted = (!is_delicate(source, line)).then(quote);
        self.place = Some(Place { file: file.to_owned(), line, column, quoted });
        self
    }

    /// Adds the place alone, where what is written there may be secret.
    pub fn at_unquoted(mut self, file: &str, line: usize, column: usize) -> Self {
        self.place = Some(Place { file: file.to_owned(), line, column, quoted: None });
        self
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn render(&self, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(&self.message));
        if let Some(Place { file, line, column, quoted }) = &self.place {
            group = match quoted {
                Some((source, span)) => {
                    let mark = AnnotationKind::Primary.span(span.clone());
                    group.element(Snippet::source(&**source).path(file).annotation(mark))
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

/// The bytes of a stretch of text that is given by line, column and length.
fn span(source: &str, line: usize, column: usize, length: usize) -> std::ops::Range<usize> {
    let before: usize = source.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let text = source[before..].split('\n').next().unwrap_or_default();
    let byte = |chars: usize| text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
    let start = byte(column.saturating_sub(1));
    let end = byte(column.saturating_sub(1) + length.max(1));
    before + start..before + end.max(start)
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
    fn a_place_beyond_the_text_is_no_trouble() {
        let source: Arc<str> = "é\n".into();
        for (line, column, length) in [(1, 1, 1), (1, 9, 9), (9, 1, 1), (0, 0, 0)] {
            let diagnostic = Diagnostic::warning("w").at("f", &source, line, column, length);
            assert!(!diagnostic.render(&Renderer::plain()).is_empty());
        }
    }
}
