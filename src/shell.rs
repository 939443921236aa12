//! Commands that people copy into a shell.

use std::borrow::Cow;

/// A word of a command, so that a shell reads it as this one word.
pub fn quoted(word: &str) -> Cow<'_, str> {
    // What holds a zero byte is no word at all, and no path either.
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_what_was_meant() {
        for word in ["a", "./a-b_c.pem", "a b", "it's", "$HOME `x` \"y\"", "~", "ä ö", ""] {
            assert_eq!(shlex::split(&quoted(word)), Some(vec![word.to_owned()]), "{word}");
        }
        assert_eq!(quoted("/srv/cluster.d/a-b"), "/srv/cluster.d/a-b");
        assert_eq!(quoted("my cluster"), "'my cluster'");
    }
}
