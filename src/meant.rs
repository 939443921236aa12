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

/// The same for paths and names of nodes, which are alike in their beginnings: one of few other letters, or the only one
/// that ends in the same name.
pub fn meant_path<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let word = written.to_lowercase();
    let end = |path: &str| path.rsplit(['/', ':']).next().unwrap_or_default().to_lowercase();
    let most = (end(written).chars().count() / 3).clamp(1, 3);
    let others = || known.iter().copied().filter(|known| *known != written);
    let near = others().map(|known| (strsim::damerau_levenshtein(&word, &known.to_lowercase()), known));
    match near.filter(|(far, _)| *far <= most).min_by_key(|(far, _)| *far) {
        Some((_, known)) => Some(known),
        None => {
            let mut same = others().filter(|known| end(known) == end(written));
            same.next().filter(|_| same.next().is_none())
        }
    }
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

    #[test]
    fn a_path_is_not_meant_by_what_its_beginning_is_like() {
        let known = [
            "n:/etc/systemd/system/etcd.service",
            "n:/etc/systemd/system/kubelet.service",
            "n:/etc/kubernetes/pki/ca.crt",
            "n:/etc/kubernetes/pki/etcd/ca.crt",
            "n:/etc/hosts",
        ];
        let check = |path, expected: Option<usize>| {
            assert_eq!(meant_path(path, &known), expected.map(|at| known[at]), "{path}");
        };
        check("n:/etc/systemd/system/etdc.service", Some(0));
        check("n:/etc/systemd/system/Kubelet.service", Some(1));
        check("n:/usr/lib/systemd/system/kubelet.service", Some(1));
        check("n:/etc/kubernetes/pki/ca.crtt", Some(2));
        check("n:/etc/kubernetes/ca.crt", None);
        check("n:/etc/host", Some(4));
        check("n:/etc/passwd", None);
        check("n:/etc/systemd/system/docker.service", None);
        check("n:/etc/hosts", None);
    }
}
