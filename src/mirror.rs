//! The checksum lists of a mirror, as `sha256sum -c` and `sha512sum -c` read them.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::lock::{Algorithm, Checksum};

/// The files of a mirror whose checksums are of one algorithm, by their paths below its root.
pub struct ChecksumList {
    algorithm: Algorithm,
    lines: BTreeMap<Utf8PathBuf, String>,
}

impl ChecksumList {
    /// What a list says; other lines than those of `sha256sum` say nothing.
    pub fn parse(algorithm: Algorithm, text: &str) -> Self {
        let line = |line: &str| {
            let (hex, path) = line.split_once("  ")?;
            Checksum::new(algorithm, hex).map(|checksum| (path.into(), checksum.hex().to_owned()))
        };
        Self { algorithm, lines: text.lines().filter_map(line).collect() }
    }

    /// The first line that says nothing: the list is somebody else's, and would lose it.
    pub fn foreign_line(algorithm: Algorithm, text: &str) -> Option<&str> {
        text.lines().find(|line| !line.is_empty() && Self::parse(algorithm, line).is_empty())
    }

    /// Whether it says something of a file.
    pub fn names(&self, path: &Utf8Path) -> bool {
        self.lines.contains_key(path)
    }

    /// The name of the list in the mirror's root.
    pub fn name(algorithm: Algorithm) -> &'static str {
        match algorithm {
            Algorithm::Sha256 => "SHA256SUMS",
            Algorithm::Sha512 => "SHA512SUMS",
        }
    }

    /// Forgets files, such as those that are not there any more.
    pub fn retain(&mut self, keep: impl Fn(&Utf8Path) -> bool) {
        self.lines.retain(|path, _| keep(path));
    }

    /// Says what a file's checksum is, if it is one of this list's algorithm, and nothing else of that file.
    pub fn set(&mut self, path: &Utf8Path, checksum: &Checksum) {
        self.lines.remove(path);
        if checksum.algorithm() == self.algorithm {
            self.lines.insert(path.to_owned(), checksum.hex().to_owned());
        }
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Sorted by path.
    pub fn render(&self) -> String {
        self.lines.iter().map(|(path, hex)| format!("{hex}  {path}\n")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checksum(algorithm: Algorithm, digit: char) -> Checksum {
        Checksum::new(algorithm, &digit.to_string().repeat(algorithm.digits()))
            .expect("digits of that number")
    }

    #[test]
    fn lines_of_others_stay_and_our_own_are_made_anew() {
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let text = format!("{b}  z/old\nnonsense\n{a}  y/other\n{a}  x/ours\n{a}  w/sha512\n");
        let mut list = ChecksumList::parse(Algorithm::Sha256, &text);
        list.retain(|path| path != "z/old");
        list.set("x/ours".into(), &checksum(Algorithm::Sha256, 'c'));
        list.set("w/sha512".into(), &checksum(Algorithm::Sha512, 'd'));
        assert_eq!(list.render(), format!("{}  x/ours\n{a}  y/other\n", "c".repeat(64)));
    }

    #[test]
    fn a_line_of_somebody_elses_is_found() {
        let ours = format!("{}  x/ours\n", "a".repeat(64));
        assert_eq!(ChecksumList::foreign_line(Algorithm::Sha256, &ours), None);
        let theirs = format!("{ours}{} *binary\n", "b".repeat(64));
        assert!(
            ChecksumList::foreign_line(Algorithm::Sha256, &theirs)
                .is_some_and(|line| line.ends_with("*binary"))
        );
    }

    #[test]
    fn what_is_rendered_is_read_back() {
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let mut list = ChecksumList::parse(algorithm, "");
            assert!(list.is_empty());
            list.set("a/two words".into(), &checksum(algorithm, '1'));
            list.set("b".into(), &checksum(algorithm, '2'));
            let text = list.render();
            assert_eq!(ChecksumList::parse(algorithm, &text).render(), text);
        }
    }
}
