//! A section of the text of a lock, of which every field is what it should be or a problem.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Epoch;
use super::problem::Problems;
use crate::meant::{AMONG_FEW, meant};

/// A table with its place, and what to do when something in it is wrong.
pub struct Section<'a, 't> {
    pub table: &'a DeTable<'t>,
    pub at: usize,
    pub fix: &'static str,
}

impl<'a, 't> Section<'a, 't> {
    pub fn refuse_unknown(&self, known: &[&str], problems: &mut Problems<'_>) {
        for (name, _) in self.table {
            let written = name.get_ref().as_ref();
            if !known.contains(&written) {
                problems.add(
                    name.span().start,
                    unknown(written, known),
                    "remove it; the lock holds no other fields",
                );
            }
        }
    }

    pub fn value(&self, name: &str, problems: &mut Problems<'_>) -> Option<&'a Spanned<DeValue<'t>>> {
        let value = self.table.get(name);
        if value.is_none() {
            problems.add(self.at, format!("`{name}` is missing"), self.fix);
        }
        value
    }

    /// A value that `read` understands; `wanted` says what that would be.
    pub fn parsed<T>(
        &self,
        name: &str,
        wanted: &str,
        problems: &mut Problems<'_>,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(name, problems)?;
        let parsed = value.get_ref().as_str().and_then(read);
        if parsed.is_none() {
            problems.add(value.span().start, format!("`{name}` must be {wanted}"), self.fix);
        }
        parsed
    }

    pub fn epoch(&self, name: &str, problems: &mut Problems<'_>) -> Option<Epoch> {
        let value = self.value(name, problems)?;
        let epoch = value.get_ref().as_datetime().and_then(|moment| Epoch::parse(&moment.to_string()));
        if epoch.is_none() {
            let message = format!("`{name}` must be a moment such as 2026-11-20T00:00:00Z");
            problems.add(value.span().start, message, self.fix);
        }
        epoch
    }

    pub fn section(&self, name: &str, problems: &mut Problems<'_>) -> Option<Section<'a, 't>> {
        let value = self.value(name, problems)?;
        let at = value.span().start;
        let Some(table) = value.get_ref().as_table() else {
            problems.add(at, format!("`{name}` must be a section, headed [{name}]"), self.fix);
            return None;
        };
        Some(Section { table, at, fix: self.fix })
    }
}

fn unknown(written: &str, known: &[&str]) -> String {
    match meant(written, known.iter().copied(), AMONG_FEW) {
        Some(name) => format!("unknown field `{written}`, did you mean `{name}`?"),
        None => format!("unknown field `{written}`"),
    }
}
