//! Did you mean: the known word that a misspelt one is closest to.

/// How close a word has to be, from 0 to 1, for a suggestion not to mislead among many known words.
pub const AMONG_MANY: f64 = 0.9;
/// The same among few words, or long ones.
pub const AMONG_FEW: f64 = 0.8;

/// The word among `known` that `word` was probably meant to be; of equally close ones the first. What is written already
/// was not meant.
pub fn meant<'k>(written: &str, known: impl IntoIterator<Item = &'k str>, close: f64) -> Option<&'k str> {
    let word = written.to_lowercase();
    known
        .into_iter()
        .filter(|known| *known != written)
        .map(|known| (strsim::jaro_winkler(&word, &known.to_lowercase()), known))
        .filter(|(similarity, _)| *similarity >= close)
        .min_by(|a, b| b.0.total_cmp(&a.0))
        .map(|(_, known)| known)
}

/// The question that such a word is suggested by.
pub fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str>, close: f64) -> Option<String> {
    meant(word, known, close).map(|meant| format!("did you mean `{meant}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_word_is_suggested_if_it_is_close() {
        let known = ["podCIDR", "address", "control-plane", "event-ttl", "initial-cluster-token"];
        let check = |word, expected| assert_eq!(meant(word, known, AMONG_MANY), expected, "{word}");
        check("podCidr", Some("podCIDR"));
        check("adress", Some("address"));
        check("controlplane", Some("control-plane"));
        check("events-ttl", Some("event-ttl"));
        check("initial-corrupt-check", None);
        check("zebra", None);
        check("", None);
        check("address", None);
    }
}
