//! Reading a lock: every deviation from what `kthw lock` writes is a problem with its place in the file.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{LockProblem, Problems};
use super::section::Section;
use super::{Algorithm, Checksum, Epochs, FORMAT, Lock, Pin, PinKey};

const RELOCK: &str = "run `kthw lock`";
const RESTORE: &str = "restore it from version control";

pub(super) fn lock(text: &str) -> Result<Lock, Vec<LockProblem>> {
    let mut problems = Problems::new(text);
    let lock = read(text, &mut problems);
    match (lock, problems.in_order()) {
        (Some(lock), found) if found.is_empty() => Ok(lock),
        (_, found) => Err(found),
    }
}

/// Reads a lock without the pins that cannot be trusted, if they are all that is wrong with it.
pub(super) fn trusted(text: &str) -> Result<Lock, Vec<LockProblem>> {
    let mut problems = Problems::new(text);
    let lock = read(text, &mut problems);
    match (lock, problems.in_order()) {
        (Some(lock), found) if found.iter().all(|problem| problem.fix == RELOCK) => Ok(lock),
        (_, found) => Err(found),
    }
}

fn read(text: &str, problems: &mut Problems<'_>) -> Option<Lock> {
    if conflicts(text, problems) {
        return None;
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        problems.add(at, format!("this is not TOML: {}", error.message()), RESTORE);
    }
    if !errors.is_empty() {
        return None;
    }
    let top = Section { table: table.get_ref(), at: 0, fix: RESTORE };
    if !format_is_known(&top, problems) {
        return None;
    }
    top.refuse_unknown(
        &["format", "cluster", "root", "encryption", "epochs", "generations", "pin"],
        problems,
    );
    // Every part is read before any is missed, so that all problems are reported at once.
    let cluster = top.parsed("cluster", ID, problems, |t| is_id(t).then_some(t));
    let root = top.parsed("root", FINGERPRINT, problems, |t| is_fingerprint(t).then_some(t));
    let epochs = epochs(&top, problems);
    let encryption = encryption(&top, problems);
    let generations = generations(&top, problems);
    let pins = pins(&top, problems);
    Some(Lock {
        cluster: cluster?.to_owned(),
        root: root?.to_owned(),
        epochs: epochs?,
        encryption: encryption?,
        generations,
        pins,
    })
}

/// Reports the first mark that an unfinished merge leaves, which no TOML parser explains.
fn conflicts(text: &str, problems: &mut Problems<'_>) -> bool {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let mark = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].iter().find(|mark| line.starts_with(**mark));
        if let Some(mark) = mark {
            let fix = "run `kthw lock`, which reads both sides of the conflict";
            problems.add(at, format!("`{mark}` is left of a merge conflict"), fix);
            return true;
        }
        at += line.len();
    }
    false
}

fn format_is_known(top: &Section<'_, '_>, problems: &mut Problems<'_>) -> bool {
    let Some(value) = top.value("format", problems) else {
        return false;
    };
    match integer(value.get_ref()) {
        Some(FORMAT) => return true,
        Some(newer) if newer > FORMAT => {
            let message = format!("format {newer} is newer than {FORMAT}, the newest that this kthw reads");
            problems.add(value.span().start, message, "use the kthw that wrote it, or a later one");
        }
        _ => problems.add(value.span().start, format!("`format` must be {FORMAT}"), RESTORE),
    }
    false
}

fn epochs(top: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Epochs> {
    let section = top.section("epochs", problems)?;
    section.refuse_unknown(&["ca", "leaf"], problems);
    let ca = section.epoch("ca", problems);
    let leaf = section.epoch("leaf", problems);
    Some(Epochs { ca: ca?, leaf: leaf? })
}

fn encryption(top: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Vec<u32>> {
    let value = top.value("encryption", problems)?;
    let generations: Option<Vec<u32>> = value
        .get_ref()
        .as_array()
        .and_then(|array| array.iter().map(|item| generation(item.get_ref())).collect());
    let is_distinct = |list: &Vec<u32>| list.iter().collect::<BTreeSet<_>>().len() == list.len();
    let list = generations.filter(|list| !list.is_empty() && is_distinct(list));
    if list.is_none() {
        let message = "`encryption` must list key generations from 1, each once, as in [2, 1]";
        problems.add(value.span().start, message, RESTORE);
    }
    list
}

fn generations(top: &Section<'_, '_>, problems: &mut Problems<'_>) -> BTreeMap<String, u32> {
    if !top.table.contains_key("generations") {
        return BTreeMap::new();
    }
    let Some(section) = top.section("generations", problems) else {
        return BTreeMap::new();
    };
    let mut generations = BTreeMap::new();
    for (label, value) in section.table {
        match generation(value.get_ref()) {
            Some(generation) => {
                generations.insert(label.get_ref().to_string(), generation);
            }
            None => {
                let message = format!("the generation of `{}` must be a number from 1", label.get_ref());
                problems.add(value.span().start, message, RESTORE);
            }
        }
    }
    generations
}

fn pins(top: &Section<'_, '_>, problems: &mut Problems<'_>) -> Vec<Pin> {
    let Some(value) = top.table.get("pin") else {
        return Vec::new();
    };
    let Some(blocks) = value.get_ref().as_array() else {
        problems.add(value.span().start, "`pin` must be written as blocks, each headed [[pin]]", RELOCK);
        return Vec::new();
    };
    let mut pins: Vec<Pin> = Vec::new();
    let mut places: BTreeMap<PinKey, usize> = BTreeMap::new();
    for block in blocks {
        let at = block.span().start;
        let Some(pin) = self::pin(block, problems) else {
            continue;
        };
        if let Some(first) = places.insert(pin.key(), at) {
            let line = problems.place(first).0;
            problems.add(at, format!("pin {pin} is there twice, first in line {line}"), RELOCK);
        } else if let Some(last) = pins.last().filter(|last| last.key() > pin.key()) {
            problems.add(at, format!("pin {pin} is out of order after {last}"), RELOCK);
        }
        pins.push(pin);
    }
    pins
}

fn pin(block: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Pin> {
    let at = block.span().start;
    let Some(table) = block.get_ref().as_table() else {
        problems.add(at, "`pin` must be written as blocks, each headed [[pin]]", RELOCK);
        return None;
    };
    let section = Section { table, at, fix: RELOCK };
    section.refuse_unknown(
        &["name", "version", "os", "arch", "url", "algorithm", "digest", "published", "measured", "pin"],
        problems,
    );
    let word = |field: &str, problems: &mut Problems<'_>| {
        let wanted = "lower-case letters, digits, `.` and `-`, beginning and ending with a letter or digit";
        section.parsed(field, wanted, problems, |t| is_word(t).then_some(t))
    };
    let name = word("name", problems);
    let version = section.parsed("version", "a version such as 3.6.14", problems, |t| Version::parse(t).ok());
    let os = word("os", problems);
    let arch = word("arch", problems);
    let url = section.parsed("url", "an https URL", problems, |t| is_url(t).then(|| t.to_owned()));
    let algorithm =
        section.parsed("algorithm", "sha256 or sha512", problems, |t| t.parse::<Algorithm>().ok());
    let checksum = algorithm.and_then(|algorithm| {
        let wanted = format!("{} lower-case hexadecimal digits", algorithm.digits());
        section.parsed("digest", &wanted, problems, |t| Checksum::new(algorithm, t))
    });
    let published = match table.contains_key("published") {
        true => {
            let wanted = "the hexadecimal digits of a checksum";
            Some(section.parsed("published", wanted, problems, Checksum::of_digits)?)
        }
        false => None,
    };
    let measured = match table.get("measured").map(|value| (value.span().start, value.get_ref().as_bool())) {
        None => false,
        Some((_, Some(true))) => true,
        Some((at, _)) => {
            problems.add(at, "`measured` must be true".to_owned(), RELOCK);
            return None;
        }
    };
    let seal = section
        .parsed("pin", "b3: and 64 lower-case hexadecimal digits", problems, |t| is_seal(t).then_some(t));
    let pin = Pin {
        name: name?.to_owned(),
        version: version?,
        os: os?.to_owned(),
        arch: arch?.to_owned(),
        url: url?,
        checksum: checksum?,
        published,
        measured,
    };
    if seal? != pin.seal().to_string() {
        problems.add(at, format!("pin {pin} was edited by hand"), RELOCK);
        return None;
    }
    Some(pin)
}

/// The cluster's id is part of paths and of names on hypervisors, and every key depends on it.
const ID: &str =
    "a cluster's id such as hard-way-0a1b2c3d: at most 80 lower-case letters, digits and hyphens";
/// What `kthw init` makes has at most 63 characters of a name, a hyphen and 8 digits.
const LONGEST_ID: usize = 80;
const FINGERPRINT: &str = "root: and 32 lower-case hexadecimal digits";

fn is_id(text: &str) -> bool {
    text.len() <= LONGEST_ID && !text.contains('.') && is_word(text)
}

fn is_fingerprint(text: &str) -> bool {
    text.strip_prefix("root:").is_some_and(|digits| is_hexadecimal(digits, 32))
}

fn is_seal(text: &str) -> bool {
    text.strip_prefix("b3:").is_some_and(|digits| is_hexadecimal(digits, 64))
}

fn is_hexadecimal(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether `text` is a word that can be part of a path or a URL, whatever is around it.
fn is_word(text: &str) -> bool {
    let is_inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(is_inner)
        && bytes.last().is_some_and(is_inner)
        && bytes.iter().all(|b| is_inner(b) || b"-.".contains(b))
}

/// Whether `text` can be a place to download from; the request says the rest.
fn is_url(text: &str) -> bool {
    let rest = |scheme: &str| text.strip_prefix(scheme);
    let is_of_web = |rest: &str| !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':', '@']);
    let has_place = rest("https://").or_else(|| rest("http://")).map(is_of_web);
    let is_file = rest("file://").is_some_and(|path| path.starts_with('/') && path.len() > 1);
    (has_place == Some(true) || is_file) && text.bytes().all(|b| b.is_ascii_graphic())
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn generation(value: &DeValue<'_>) -> Option<u32> {
    integer(value).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0)
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use super::*;

    /// Replaces the first `from` in the example's text and expects exactly these problems.
    fn check(from: &str, to: &str, expected: &[&str]) {
        let text = example().render();
        assert!(text.contains(from), "{from}");
        let problems = Lock::parse(&text.replacen(from, to, 1)).expect_err(to);
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(lines, expected, "{from} -> {to}");
    }

    const EDITED: &str = "pin etcd 3.6.14 linux/amd64 was edited by hand; run `kthw lock`";

    #[test]
    fn an_edited_pin_is_refused_at_its_line() {
        check("3.6.14", "3.6.13", &[&format!("kthw.lock:12:1: {}", EDITED.replace("14", "13"))]);
        check("https://g", "https://h", &[&format!("kthw.lock:12:1: {EDITED}")]);
        check("ffe840", "ffe841", &[&format!("kthw.lock:12:1: {EDITED}")]);
        let other = format!("pin = \"b3:{}\"\n#", "0".repeat(64));
        check("pin = \"b3:", &other, &[&format!("kthw.lock:12:1: {EDITED}")]);
    }

    #[test]
    fn fields_that_are_not_what_kthw_writes_are_refused() {
        let lock = "run `kthw lock`";
        let restore = "restore it from version control";
        let field = "remove it; the lock holds no other fields";
        check(
            "format = 1",
            "format = 2",
            &[
                "kthw.lock:2:10: format 2 is newer than 1, the newest that this kthw reads; use the kthw that wrote it, or a later one",
            ],
        );
        check("format = 1", "format = true", &[&format!("kthw.lock:2:10: `format` must be 1; {restore}")]);
        check("format = 1\n", "", &[&format!("kthw.lock:1:1: `format` is missing; {restore}")]);
        check(
            "cluster = \"hard-way-1f2e\"",
            "cluster = \"\"",
            &[&format!("kthw.lock:3:11: `cluster` must be {ID}; {restore}")],
        );
        check(
            "root =",
            "rot =",
            &[
                &format!("kthw.lock:1:1: `root` is missing; {restore}"),
                &format!("kthw.lock:4:1: unknown field `rot`, did you mean `root`?; {field}"),
            ],
        );
        for list in ["[]", "[1, 1]", "[2, 1, 2]", "[0]", "3", "[\"1\"]"] {
            let message = "`encryption` must list key generations from 1, each once, as in [2, 1]";
            check(
                "encryption = [1]",
                &format!("encryption = {list}"),
                &[&format!("kthw.lock:5:14: {message}; {restore}")],
            );
        }
        check(
            "ca = 2026-11-20T00:00:00Z",
            "ca = 2026-11-20",
            &[&format!("kthw.lock:8:6: `ca` must be a moment such as 2026-11-20T00:00:00Z; {restore}")],
        );
        check(
            "leaf = 2026",
            "leaf = 1026",
            &[&format!("kthw.lock:10:8: `leaf` must be a moment such as 2026-11-20T00:00:00Z; {restore}")],
        );
        check(
            "3.6.14",
            "v3.6",
            &[&format!("kthw.lock:14:11: `version` must be a version such as 3.6.14; {lock}")],
        );
        check("https://", "ftp://", &[&format!("kthw.lock:17:7: `url` must be an https URL; {lock}")]);
        check("sha256", "md5", &[&format!("kthw.lock:18:13: `algorithm` must be sha256 or sha512; {lock}")]);
        check(
            "ffe840",
            "FFE840",
            &[&format!("kthw.lock:19:10: `digest` must be 64 lower-case hexadecimal digits; {lock}")],
        );
        check(
            "sha256",
            "sha512",
            &[&format!("kthw.lock:19:10: `digest` must be 128 lower-case hexadecimal digits; {lock}")],
        );
        check(
            "os = ",
            "measured = false\nos = ",
            &[&format!("kthw.lock:15:12: `measured` must be true; {lock}")],
        );
        check("os = ", "size = 3\nos = ", &[&format!("kthw.lock:15:1: unknown field `size`; {field}")]);
        check(
            "\n[epochs]",
            "\n[generations]\n\"pki/ca\" = 0\n[epochs]",
            &[&format!("kthw.lock:8:12: the generation of `pki/ca` must be a number from 1; {restore}")],
        );
        check(
            "[epochs]",
            "[[epochs]]",
            &[&format!("kthw.lock:7:1: `epochs` must be a section, headed [epochs]; {restore}")],
        );
    }

    #[test]
    fn what_ends_in_paths_and_names_is_a_plain_word() {
        let (restore, lock) = ("restore it from version control", "run `kthw lock`");
        let longest = format!("{}1", "a".repeat(80));
        for id in
            ["../../etc", "/tmp", "a b", "Hard-way", "a<b", "a\\u0007", "-a", "a-", "a.b", "ä", &longest]
        {
            check("hard-way-1f2e", id, &[&format!("kthw.lock:3:11: `cluster` must be {ID}; {restore}")]);
        }
        for root in ["", "b3:00ff", "root:00", "root:0123456789ABCDEF0123456789abcdef"] {
            check(
                &example().root,
                root,
                &[&format!("kthw.lock:4:8: `root` must be {FINGERPRINT}; {restore}")],
            );
        }
        let word = "lower-case letters, digits, `.` and `-`, beginning and ending with a letter or digit";
        for (field, written, line) in [("name", "etcd", 13), ("os", "linux", 15), ("arch", "amd64", 16)] {
            for other in ["..", "a/b", "a b", "", "A", "a\\n"] {
                check(
                    &format!("{field} = \"{written}\""),
                    &format!("{field} = \"{other}\""),
                    &[&format!("kthw.lock:{line}:{}: `{field}` must be {word}; {lock}", field.len() + 4)],
                );
            }
        }
        check(
            "pin = \"b3:",
            "pin = \"b3:0",
            &[&format!("kthw.lock:20:7: `pin` must be b3: and 64 lower-case hexadecimal digits; {lock}")],
        );
        for url in ["https:///etcd", "https://", "http://?a", "file://host/etcd", "file:///", "https://a b"] {
            check(
                "https://github.com/etcd-io/etcd/amd64.tar.gz",
                url,
                &[&format!("kthw.lock:17:7: `url` must be an https URL; {lock}")],
            );
        }
    }

    #[test]
    fn any_key_may_be_the_one_that_encrypts() {
        for order in [&[1, 2][..], &[2, 1], &[2, 5, 1], &[7]] {
            let text = example().render().replace("encryption = [1]", &format!("encryption = {order:?}"));
            let lock = Lock::parse(&text).expect("a good lock");
            assert_eq!(lock.encryption, order);
            assert_eq!(lock.render(), text);
        }
    }

    #[test]
    fn all_problems_are_reported_at_once_in_the_order_of_the_file() {
        let text = example().render().replace("algorithm", "algoritm").replace("leaf = ", "leave = ");
        let problems = Lock::parse(&text).unwrap_err();
        let lines: Vec<_> = problems.iter().map(|p| p.line).collect();
        assert_eq!(lines, [7, 10, 12, 18, 22, 28]);
    }

    #[test]
    fn what_a_merge_leaves_is_named() {
        check(
            "\n[[pin]]",
            "<<<<<<< ours\n[[pin]]\n=======\n>>>>>>> theirs\n",
            &[
                "kthw.lock:11:1: `<<<<<<<` is left of a merge conflict; run `kthw lock`, which reads both sides of the conflict",
            ],
        );
    }

    #[test]
    fn blocks_that_are_doubled_or_out_of_order_are_refused() {
        let text = example().render();
        let (head, blocks) = text.split_once("[[pin]]").unwrap();
        let (first, second) = blocks.split_once("[[pin]]").unwrap();
        let parse = |blocks: &[&str]| {
            let text = blocks.iter().fold(head.to_owned(), |text, block| text + "[[pin]]" + block);
            Lock::parse(&text).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let second = second.to_owned() + "\n";
        assert_eq!(
            parse(&[&second, first]),
            [
                "kthw.lock:22:1: pin etcd 3.6.14 linux/amd64 is out of order after etcd 3.6.14 linux/arm64; run `kthw lock`"
            ]
        );
        assert_eq!(
            parse(&[first, first]),
            ["kthw.lock:22:1: pin etcd 3.6.14 linux/amd64 is there twice, first in line 12; run `kthw lock`"]
        );
    }

    #[test]
    fn what_is_not_toml_is_refused_where_it_stops_being_it() {
        let place = |text: &str| {
            let problem = Lock::parse(text).unwrap_err().remove(0);
            (problem.line, problem.column, problem.message.starts_with("this is not TOML: "))
        };
        assert_eq!(place("format = 1\ncluster = = 2\n"), (2, 11, true));
        assert_eq!(place("format = 1\nformat = 1\n"), (2, 1, true));
        assert_eq!(place("format = \"unclosed\n"), (1, 19, true));
        assert!(place(&"[".repeat(10_000)).2);
    }

    #[test]
    fn a_pin_that_is_no_block_is_refused() {
        let fix = "`pin` must be written as blocks, each headed [[pin]]; run `kthw lock`";
        let head = example().render().split("\n[epochs]").next().unwrap().to_owned();
        let epochs = "epochs = {ca = 2026-11-20T00:00:00Z, leaf = 2026-11-20T00:00:00Z}\n";
        for pin in ["3", "[3]", "{name = \"x\"}"] {
            let problems = Lock::parse(&format!("{head}{epochs}pin = {pin}\n")).unwrap_err();
            assert_eq!(problems.len(), 1);
            assert!(problems[0].to_string().ends_with(fix), "{}", problems[0]);
        }
    }
}
