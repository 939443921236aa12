//! Secrets go where they are asked for, and nowhere else: every place that kthw writes to is searched for them.

#![expect(clippy::disallowed_methods, reason = "tests read what was written and watch the program")]

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

use crate::cluster_folder::ClusterFolder;
use crate::elsewhere;

/// Enough to be no coincidence, and less than any spelling of a secret.
const HEAD: usize = 10;

/// Where in a key's PEM its scalar is.
const TEXT_OF_SCALAR: std::ops::Range<usize> = 80..116;

/// What must not be found: each secret in every spelling, by its first bytes.
struct Poison {
    spellings: HashMap<[u8; HEAD], Vec<(String, Vec<u8>)>>,
    /// Whether some spelling begins with these two bytes: a quick answer for most places of a haystack.
    beginnings: Vec<bool>,
    secrets: usize,
}

impl Poison {
    fn new() -> Self {
        Self { spellings: HashMap::new(), beginnings: vec![false; 1 << 16], secrets: 0 }
    }

    fn add(&mut self, name: &str, secret: &[u8]) {
        assert!(secret.len() >= 32, "{name} is no secret: {} bytes", secret.len());
        self.secrets += 1;
        self.spell(name, "raw", secret.to_vec());
        self.spell(name, "hex", HEXLOWER.encode(secret).into_bytes());
        self.spell(name, "HEX", HEXUPPER.encode(secret).into_bytes());
        for shift in 0..3 {
            // Within a longer text a secret may begin at any of three places of a base64 quantum. Padding, and
            // the characters at both ends that depend on the neighbours, are left out.
            let shifted = [vec![0; shift], secret.to_vec()].concat();
            for spelled in [BASE64.encode(&shifted), BASE64URL_NOPAD.encode(&shifted)] {
                let end = shifted.len() * 8 / 6;
                let start = (shift * 8).div_ceil(6);
                self.spell(name, "base64", spelled.as_bytes()[start..end].to_vec());
            }
        }
    }

    fn spell(&mut self, name: &str, form: &str, spelling: Vec<u8>) {
        self.beginnings[beginning(&spelling)] = true;
        let head = spelling[..HEAD].try_into().expect("spellings are longer than their heads");
        self.spellings.entry(head).or_default().push((format!("{name} ({form})"), spelling));
    }

    /// Adds a file that is a secret, and the secrets that are in it.
    fn add_output(&mut self, name: &str, text: &str) {
        if let Some(pem) = text.strip_prefix("-----BEGIN PRIVATE KEY-----\n") {
            let body: String = pem.lines().take_while(|line| !line.starts_with('-')).collect();
            let der = BASE64.decode(body.as_bytes()).expect("PEM is base64");
            // PKCS #8 of a P-256 key: the scalar follows its own tag and length.
            let at = der.windows(2).position(|pair| pair == [4, 32]).expect("a key has a scalar") + 2;
            self.add(&format!("{name} scalar"), &der[at..at + 32]);
            // The same bytes as text, which a kubeconfig encodes once more.
            self.add(&format!("{name} text"), &text.as_bytes()[TEXT_OF_SCALAR]);
            return;
        }
        let mut found = false;
        for line in text.lines() {
            let Some((key, value)) = line.trim().trim_start_matches("- ").split_once(": ") else { continue };
            match key {
                "client-key-data" => {
                    let pem = BASE64.decode(value.as_bytes()).expect("a kubeconfig holds base64");
                    self.add_output(name, std::str::from_utf8(&pem).expect("PEM is text"));
                }
                "secret" => self.add(name, &BASE64.decode(value.as_bytes()).expect("base64")),
                _ => continue,
            }
            found = true;
        }
        assert!(found, "{name} holds a secret that this test knows how to find");
    }

    /// Which secrets a haystack holds.
    fn found_in(&self, haystack: &[u8]) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        // Lines may be wrapped, and their ends written as in JSON.
        let wrapped: Vec<u8> = haystack.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let text = String::from_utf8_lossy(&wrapped).replace("\\n", "");
        for form in [haystack, &wrapped, text.as_bytes()] {
            for (at, head) in form.windows(HEAD).enumerate() {
                if !self.beginnings[beginning(head)] {
                    continue;
                }
                let Some(candidates) = self.spellings.get(head) else { continue };
                found.extend(
                    candidates
                        .iter()
                        .filter(|(_, s)| form[at..].starts_with(s))
                        .map(|(name, _)| name.as_str()),
                );
            }
        }
        found
    }
}

/// The number of a text's first two bytes.
fn beginning(text: &[u8]) -> usize {
    usize::from(text[0]) << 8 | usize::from(text[1])
}

/// All secrets of a cluster: its root, and every output that is shown only on request.
fn poison(folder: &ClusterFolder) -> Poison {
    let mut poison = Poison::new();
    let root = folder.read(".kthw/root");
    let digits = root.trim().rsplit(' ').next().expect("a root");
    poison.add("root", &HEXLOWER.decode(digits.as_bytes()).expect("a root is hexadecimal"));
    for line in folder.kthw(&["snapshot", "--dir", "../listed"]).exits(0).stdout.lines() {
        assert!(!line.contains(".key"), "no key is a golden file: {line}");
    }
    let list = folder.read("../listed/graph.txt");
    // Of every secret the list says what it is made from.
    let recipes = list.lines().zip(list.lines().skip(1)).filter(|(_, next)| next.starts_with("  of:"));
    for (name, _) in recipes.filter_map(|(line, _)| line.split_once(' ')) {
        if folder.kthw(&["show", name]).stderr.contains("is a secret") {
            poison.add_output(name, &folder.kthw(&["show", name, "--reveal"]).result());
        }
    }
    assert!(poison.secrets > 40, "{} secrets", poison.secrets);
    poison
}

/// Where the keys of authorities that were made elsewhere are.
const KEYS: &str = ".kthw/ca";

/// Every file below a folder except the root secret and imported keys themselves.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            files(&path, found);
        } else if !path.ends_with(".kthw/root") && !path.parent().is_some_and(|folder| folder.ends_with(KEYS))
        {
            found.push(path);
        }
    }
}

/// Everything below the place of a test is clean.
#[track_caller]
fn assert_clean(poison: &Poison, folder: &ClusterFolder) {
    let mut all = Vec::new();
    files(folder.place(), &mut all);
    assert!(all.iter().any(|path| path.ends_with("store.db")), "the store is searched");
    for path in all {
        let bytes = fs::read(&path).expect("our own file");
        assert_eq!(poison.found_in(&bytes), BTreeSet::new(), "{}", path.display());
    }
}

/// A cluster with a root of its own, and with authorities that were made elsewhere.
fn initialised() -> ClusterFolder {
    let folder = ClusterFolder::empty();
    folder.kthw(&["init"]).exits(0);
    if elsewhere::import(&folder).is_some() {
        folder.write("cluster.yaml", &(folder.read("cluster.yaml") + elsewhere::PKI));
    }
    folder
}

/// Every way to show a change.
const COMPARISONS: [&[&str]; 7] = [
    &["diff"],
    &["diff", "--format", "markdown"],
    &["diff", "--format", "json"],
    &["diff", "--format", "html"],
    &["diff", "--format", "html", "--output", "../diff.html"],
    &["plan"],
    &["plan", "--format", "json"],
];

#[test]
fn nothing_that_is_written_or_printed_holds_a_secret() {
    let folder = initialised();
    let poison = poison(&folder);
    let log = |args: &[&str]| {
        let mut command = folder.command(args);
        command.envs([("RUST_BACKTRACE", "1"), ("RUST_LOG", "trace")]);
        let ran = crate::ran::Ran::of(&mut command);
        let printed = ran.stdout + &ran.stderr;
        assert!(!printed.is_empty() || args.contains(&"--output"), "{args:?}");
        assert_eq!(poison.found_in(printed.as_bytes()), BTreeSet::new(), "{args:?}");
    };
    let domain = |domain: &str| {
        let spec = folder.read("cluster.yaml");
        let old = spec.lines().find(|line| line.trim().starts_with("domain: ")).expect("a domain").to_owned();
        folder.edit("cluster.yaml", &old, &format!("  domain: {domain}"));
    };
    for name in ["one.example", "two.example"] {
        domain(name);
        // From the last build, which knows the old name.
        for args in COMPARISONS.into_iter().chain([
            &["build"][..],
            &["build", "--check", "--json"],
            &["build", "--out", "../out"],
            &["snapshot"],
            &["show", "pki/ca/key"],
            &["show", "host/worker-node-1/bundle"],
            &["why", "pki/ca/key"],
            &["why", "control-plane-1:/etc/kubernetes/encryption-config.yaml"],
            &["why", "control-plane-1"],
            &["why", "kubeconfig/admin"],
            &["graph"],
            &["graph", "--format", "json"],
            &["graph", "--format", "dot"],
            &["graph", "--format", "html"],
            &["graph", "--format", "html", "--output", "../graph.html"],
            &["store", "verify"],
            &["kubeconfig", "nobody"],
            &["build", "nothing"],
            &["gc", "--keep", "1"],
        ]) {
            log(args);
        }
    }
    // A comparison of keys has two of each, none of which it tells.
    folder.edit("kthw.lock", "\n[epochs]", "\n[generations]\n\"pki/admin\" = 2\n\n[epochs]");
    folder.edit("kthw.lock", "encryption = [1]", "encryption = [2, 1]");
    let later = self::poison(&folder);
    for args in COMPARISONS {
        log(args);
        let printed = folder.kthw(args).exits(0).stdout;
        assert!(printed.contains("generation") || args.contains(&"--output"), "{args:?}: {printed}");
        assert_eq!(later.found_in(printed.as_bytes()), BTreeSet::new(), "{args:?}");
    }
    assert_clean(&poison, &folder);
    assert_clean(&later, &folder);
    // Errors about the root and the lock must not repeat the root.
    let root = folder.read(".kthw/root");
    for broken in [root.to_uppercase(), root.replace("v1", "v2"), format!("{root}{root}"), root.trim().into()]
    {
        folder.write(".kthw/root", &broken);
        log(&["build"]);
    }
    folder.write(".kthw/root", &root);
    // Nor may errors about an imported key repeat it.
    let key = ".kthw/ca/cluster.key";
    if folder.exists(key) {
        let good = folder.read(key);
        for broken in
            [good.replace("PRIVATE", "PUBLIC"), good[..120].to_owned(), folder.read(".kthw/ca/etcd.key")]
        {
            folder.write(key, &broken);
            log(&["build"]);
        }
        folder.write(key, &good);
    }
    folder.edit("kthw.lock", "root = \"root:", "root = \"root:0");
    log(&["build"]);
    assert_clean(&poison, &folder);
}

#[test]
fn a_build_that_was_killed_leaves_no_secret_behind() {
    let folder = initialised();
    let poison = poison(&folder);
    let mut looks = 0;
    for milliseconds in [0, 5, 15, 30, 60, 100, 400, 1600, 6400] {
        // The long ones are for machines where nothing was begun by then.
        if milliseconds > 100 && looks > 0 {
            break;
        }
        let _ = fs::remove_dir_all(folder.path().join(".kthw/store"));
        let mut child = spawned(&folder);
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().expect("our own child");
        child.wait().expect("our own child");
        // Killed early enough, it has not even begun a store.
        if folder.exists(".kthw/store") {
            folder.kthw(&["store", "verify"]).exits(0);
            assert_clean(&poison, &folder);
            looks += 1;
        }
    }
    assert!(looks > 0, "the program was killed at work");
}

#[test]
fn no_argument_list_and_no_environment_holds_a_secret() {
    let folder = initialised();
    let poison = poison(&folder);
    fs::remove_dir_all(folder.path().join(".kthw/store")).expect("our own store");
    let mut child = spawned(&folder);
    let process = PathBuf::from(format!("/proc/{}", child.id()));
    let mut looks = 0;
    while child.try_wait().expect("our own child").is_none() {
        for name in ["cmdline", "environ"] {
            let seen = fs::read(process.join(name)).unwrap_or_default();
            assert_eq!(poison.found_in(&seen), BTreeSet::new(), "{name}");
            looks += usize::from(!seen.is_empty());
        }
    }
    assert!(looks > 0, "the program was seen at work");
}

fn spawned(folder: &ClusterFolder) -> Child {
    let mut command = folder.command(&["build"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs")
}

#[test]
fn a_secret_that_is_planted_is_found_in_every_spelling() {
    let folder = initialised();
    let poison = poison(&folder);
    let key = folder.kthw(&["show", "pki/ca/key", "--reveal"]).result();
    let body: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    let der = BASE64.decode(body.as_bytes()).expect("PEM is base64");
    let root = folder.read(".kthw/root");
    let kubeconfig = folder.kthw(&["kubeconfig"]).result();
    let encryption = folder.kthw(&["show", "config/encryption", "--reveal"]).result();
    let wrapped: String = body.as_bytes().chunks(20).map(|c| String::from_utf8_lossy(c) + "\r\n  ").collect();
    for (form, planted) in [
        ("PEM", key.clone().into_bytes()),
        ("DER", der.clone()),
        ("hex", HEXLOWER.encode(&der).into_bytes()),
        ("HEX", HEXUPPER.encode(&der).into_bytes()),
        ("base64 of PEM", BASE64.encode(key.as_bytes()).into_bytes()),
        ("base64 of PEM, shifted", BASE64.encode(format!("x{key}").as_bytes()).into_bytes()),
        ("base64url", BASE64URL_NOPAD.encode(&der).into_bytes()),
        ("wrapped base64", wrapped.into_bytes()),
        ("JSON", serde_json::to_vec(&key).expect("text")),
        ("root", root.into_bytes()),
        ("kubeconfig", kubeconfig.into_bytes()),
        ("encryption config", encryption.into_bytes()),
    ] {
        let haystack = [b"noise \0 before".to_vec(), planted, b"and after".to_vec()].concat();
        assert!(!poison.found_in(&haystack).is_empty(), "{form}");
    }
    assert!(poison.found_in(folder.kthw(&["show", "pki/ca/cert"]).result().as_bytes()).is_empty());
}
