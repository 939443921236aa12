//! Did you mean: the known word that a misspelt one is closest to.

/// Below this similarity a suggestion would mislead.
const CLOSE: f64 = 0.9;

/// The word among `known` that `word` was probably meant to be.
pub(super) fn meant<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word = word.to_lowercase();
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&word, &known.to_lowercase()), known))
        .filter(|(similarity, _)| *similarity >= CLOSE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_word_is_suggested_if_it_is_close() {
        let known = ["podCIDR", "address", "control-plane", "event-ttl", "initial-cluster-token"];
        let check = |word, expected| assert_eq!(meant(word, known), expected, "{word}");
        check("podCidr", Some("podCIDR"));
        check("adress", Some("address"));
        check("controlplane", Some("control-plane"));
        check("events-ttl", Some("event-ttl"));
        check("initial-corrupt-check", None);
        check("zebra", None);
        check("", None);
    }
}
