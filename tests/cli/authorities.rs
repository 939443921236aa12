//! Authorities that were made elsewhere: what is issued in their name, and what is refused.

#![expect(clippy::disallowed_methods, reason = "tests write their own files")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::cluster_folder::ClusterFolder;
use crate::elsewhere::{AUTHORITY, Order, P256, PKI, certify, import, make, openssl};
use crate::judge::judge;
use crate::ran::Ran;
use crate::repository::{begin, commit};

/// A cluster of today that imports every authority; `None` without OpenSSL.
fn importing() -> Option<ClusterFolder> {
    let folder = ClusterFolder::empty();
    folder.kthw(&["init"]).exits(0);
    import(&folder)?;
    folder.write("cluster.yaml", &(folder.read("cluster.yaml") + PKI));
    Some(folder)
}

/// Every certificate of the graph by name, as files in the place of the test.
fn certificates(folder: &ClusterFolder) -> Vec<(String, String)> {
    folder.kthw(&["snapshot", "--dir", "../listed"]).exits(0);
    let graph = folder.read("../listed/graph.txt");
    let names =
        graph.lines().filter_map(|line| line.split(' ').next()).filter(|name| name.ends_with("/cert"));
    let written = names.map(|name| {
        let file = format!("{}.pem", name.replace('/', "-"));
        fs::write(folder.place().join(&file), folder.kthw(&["show", name]).result()).expect("our own place");
        (name.to_owned(), file)
    });
    written.collect()
}

#[test]
fn openssl_follows_every_certificate_to_the_root_that_was_made_elsewhere() {
    let Some(folder) = importing() else { return };
    folder.build();
    let certificates = certificates(&folder);
    assert!(certificates.len() > 15, "{certificates:?}");
    for (name, file) in &certificates {
        let own = match name {
            name if name.contains("etcd") => "pki-etcd-ca-cert.pem",
            name if name.contains("front-proxy") => "pki-front-proxy-ca-cert.pem",
            _ => "pki-ca-cert.pem",
        };
        let strict = ["verify", "-x509_strict"];
        let whole = ["-CAfile", "root/root.crt", "-untrusted", own, file];
        openssl(folder.place(), &[&strict[..], &whole].concat());
        for authority in ["pki-etcd-ca-cert.pem", "pki-front-proxy-ca-cert.pem", "pki-ca-cert.pem"] {
            let Some(mut openssl) = judge("openssl") else { return };
            openssl.current_dir(folder.place()).args(strict);
            let ran = Ran::of(openssl.args(["-partial_chain", "-CAfile", authority, file]));
            assert_eq!(ran.code == Some(0), authority == own, "{name} by {authority}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_certificate_repeats_its_issuers_name_and_identifier() {
    let Some(folder) = importing() else { return };
    folder.build();
    certificates(&folder);
    let shown = |file: &str, what: &[&str]| {
        let said = openssl(folder.place(), &[&["x509", "-noout", "-in", file], what].concat());
        said.trim_start_matches("issuer=").trim_start_matches("subject=").to_owned()
    };
    let same = |leaf: &[&str], authority: &[&str]| {
        assert_eq!(shown("pki-admin-cert.pem", leaf), shown("pki-ca-cert.pem", authority));
    };
    for form in ["compat", "RFC2253", "multiline,show_type", "dump_all,dump_der,show_type"] {
        same(&["-issuer", "-nameopt", form], &["-subject", "-nameopt", form]);
    }
    let identifier = |file, extension| {
        let said = shown(file, &["-ext", extension]);
        said.lines().last().expect("a value").trim().trim_start_matches("keyid:").to_owned()
    };
    let known = identifier("pki-admin-cert.pem", "authorityKeyIdentifier");
    assert_eq!(known, identifier("pki-ca-cert.pem", "subjectKeyIdentifier"));
    let field = "pki.authorities.cluster.certificate)";
    for node in ["pki/ca/key", "pki/ca/cert"] {
        let why = folder.kthw(&["why", node]).result();
        let last = why.lines().last().expect("a parameter");
        assert!(last.contains("(cluster.yaml:") && last.contains(field), "{why}");
    }
    let listed = folder.read("../listed/pki.txt");
    let entry = "pki/ca/cert\n  subject  C=DE, O=Größe GmbH, OU=One, OU=Two, DC=example, CN=Cluster Authority, \
        emailAddress=ca@example.org\n  issuer   O=Example, CN=Example Root, elsewhere\n";
    assert!(listed.contains(entry), "{listed}");
}

#[test]
fn another_certificate_is_compared_by_what_it_says() {
    let Some(folder) = importing() else { return };
    let Some(()) = begin(&folder) else { return };
    let only = ["diff", "--only", "control-plane-1:/etc/kubernetes/pki/etcd/ca.crt"];
    certify(
        &folder,
        &Order { name: "etcd", subject: "/O=Example/CN=Another", days: "3600", ..Order::default() },
    );
    let said = folder.kthw(&only).exits(0).stdout;
    let subject = "  subject\n-   O=Example, CN=Etcd Authority\n+   O=Example, CN=Another\n";
    assert!(said.contains(subject) && said.contains("\n  not after\n-   20"), "{said}");
    assert!(!said.contains("CERTIFICATE") && !said.contains("\n  issuer\n"), "{said}");
    let Some(()) = commit(&folder, "another authority") else { return };
    // Another serial number, and the same words.
    certify(
        &folder,
        &Order { name: "etcd", subject: "/O=Example/CN=Another", days: "3600", ..Order::default() },
    );
    let said = folder.kthw(&only).exits(0).stdout;
    assert!(said.contains("\n  certificate\n-   pki/etcd/ca/cert (b3:"), "{said}");
    assert!(!said.contains("\n  subject\n") && !said.contains("CERTIFICATE"), "{said}");
}

#[test]
fn the_same_files_make_the_same_bytes_and_other_files_are_noticed() {
    let Some(folder) = importing() else { return };
    let first = folder.build();
    assert_eq!(folder.build(), crate::ran::Summary { executed: 0, reused: first.nodes, ..first.clone() });
    folder.kthw(&["build", "--check"]).exits(0);
    fs::remove_dir_all(folder.path().join(".kthw/store")).expect("our own store");
    assert_eq!(folder.build().bundles, first.bundles);
    // Another form of the same key is the same key.
    let key = ".kthw/ca/cluster.key";
    let pkcs8 = folder.read(key);
    let sec1 = openssl(&folder.path(), &["ec", "-in", key]);
    let with_parameters = openssl(&folder.path(), &["ecparam", "-name", "prime256v1"]) + &sec1;
    let compressed = openssl(&folder.path(), &["ec", "-in", key, "-conv_form", "compressed"]);
    for form in
        [sec1, compressed, with_parameters, pkcs8.replace('\n', "\r\n"), format!("Key Attributes\n{pkcs8}")]
    {
        folder.write(key, &form);
        assert_eq!(folder.build().executed, 0);
        folder.kthw(&["build", "--check"]).exits(0);
    }
    folder.write(key, &folder.read(".kthw/ca/etcd.key"));
    assert!(
        folder.kthw(&["build"]).refusal(2).contains(".kthw/ca/cluster.key is not the key of the certificate")
    );
    folder.write(key, &pkcs8);
    make(&folder, &Order::default());
    let changed = folder.build();
    assert!(changed.executed > 0 && changed.cluster != first.cluster);
}

#[test]
fn commands_that_convert_are_those_that_help() {
    let Some(folder) = importing() else { return };
    let [certificate, key] = ["ca/cluster.crt", ".kthw/ca/cluster.key"];
    let (good, good_key) = (folder.read(certificate), folder.read(key));
    let to_der = |kind: &str, file: &str| {
        fs::rename(folder.path().join(file), folder.path().join("pem")).expect("our own file");
        openssl(&folder.path(), &[kind, "-in", "pem", "-outform", "DER", "-out", file]);
    };
    to_der("x509", certificate);
    let run_command_of_refusal = || {
        let said = refusal(&folder);
        let command =
            said.split('`').nth(1).expect("a command").strip_prefix("openssl ").expect("of openssl");
        openssl(&folder.path(), &command.split(' ').collect::<Vec<_>>());
    };
    run_command_of_refusal();
    folder.edit("cluster.yaml", certificate, "ca/cluster.crt.pem");
    to_der("pkey", key);
    run_command_of_refusal();
    folder.edit("cluster.yaml", key, ".kthw/ca/cluster.key.pem");
    folder.build();
    assert!(good.contains(folder.read("ca/cluster.crt.pem").trim()));
    assert_eq!(folder.read(".kthw/ca/cluster.key.pem"), good_key);
}

#[test]
fn a_key_that_git_would_find_is_warned_of() {
    let Some(folder) = importing() else { return };
    assert!(!folder.kthw(&["build"]).exits(0).stderr.contains("among the files that are committed"));
    let place = |file: &str| folder.path().join(file);
    let (key, outside) = (place(".kthw/ca/etcd.key"), folder.place().join("etcd.key"));
    fs::copy(&key, &outside).expect("our own file");
    fs::copy(&key, place("ca/etcd.key")).expect("our own file");
    std::os::unix::fs::symlink(&key, place("ca/link")).expect("our own folder");
    let mut written = ".kthw/ca/etcd.key";
    for (file, is_warned) in
        [("ca/etcd.key", true), ("./ca/../ca/etcd.key", true), ("ca/link", false), ("../etcd.key", false)]
    {
        folder.edit("cluster.yaml", &format!("key: {written}}}"), &format!("key: {file}}}"));
        written = file;
        let said = folder.kthw(&["build", "--check"]).exits(0).stderr;
        let warning = format!("warning: {file} is a private key among the files that are committed");
        assert_eq!(said.contains(&warning), is_warned, "{said}");
        assert_eq!(said.contains("cluster.yaml:"), is_warned, "{said}");
    }
}

#[test]
fn whoever_imports_an_authority_is_told_to_have_it_renewed() {
    let Some(folder) = importing() else { return };
    make(
        &folder,
        &Order { name: "etcd", subject: "/O=Example/CN=Etcd Authority", days: "900", ..Order::default() },
    );
    let said = folder.kthw(&["build", "--fail-if-expiring", "1000d"]).refusal(1);
    let (certificates, authority) = said.split_once("error: pki/etcd/ca/cert expires").expect("it does");
    assert!(certificates.contains("renewal is an edit of the epochs"), "{said}");
    assert!(authority.contains("pki.authorities.etcd.certificate"), "{said}");
    assert!(!authority.contains("epochs"), "{said}");
}

#[test]
fn what_is_made_already_needs_no_key() {
    let Some(folder) = importing() else { return };
    folder.build();
    folder.kthw(&["snapshot"]).exits(0);
    let key = folder.path().join(".kthw/ca/cluster.key");
    let away = folder.place().join("away");
    fs::rename(&key, &away).expect("our own file");
    assert_eq!(folder.build().executed, 0);
    folder.kthw(&["snapshot", "--check"]).exits(0);
    let refusal = folder.kthw(&["show", "pki/ca/key", "--reveal"]).refusal(1);
    assert!(
        refusal.contains(".kthw/ca/cluster.key is missing") && refusal.contains("put it back"),
        "{refusal}"
    );
    let domain =
        folder.read("cluster.yaml").lines().find(|line| line.contains("domain: ")).expect("one").to_owned();
    folder.edit("cluster.yaml", &domain, "  domain: other.example");
    let refusal = folder.kthw(&["build"]).refusal(1);
    assert!(refusal.contains(".kthw/ca/cluster.key is missing"), "{refusal}");
    fs::rename(&away, &key).expect("our own file");
    assert!(folder.build().executed > 0);
}

/// The paths and hosts of what `kthw diff` tells.
fn told(folder: &ClusterFolder, args: &[&str]) -> Vec<(String, String)> {
    let said = folder.kthw(&[&["diff", "--format", "json"], args].concat()).exits(0).stdout;
    let report: serde_json::Value = serde_json::from_str(&said).expect("a document");
    let files = report["files"].as_array().expect("a list").iter();
    files.map(|file| (file["path"].to_string(), file["hosts"].to_string())).collect()
}

#[test]
fn a_replaced_authority_is_compared_without_its_old_key() {
    let Some(folder) = importing() else { return };
    let Some(()) = begin(&folder) else { return };
    make(&folder, &Order::default());
    let (key, away) = (folder.path().join(".kthw/ca/cluster.key"), folder.place().join("away"));
    let label = folder.kthw(&["diff"]).exits(0).stdout;
    assert!(label.contains("to the folder, with changes that are not committed\n"), "{label}");
    let before = told(&folder, &[]);
    assert!(before.iter().any(|(path, _)| path.ends_with("/pki/ca.crt\"")), "{before:?}");
    assert!(before.iter().any(|(path, _)| path.ends_with("/apiserver.crt\"")), "{before:?}");
    assert!(!before.iter().any(|(path, _)| path.contains("/etcd/")), "{before:?}");
    let Some(()) = commit(&folder, "another authority") else { return };
    // Nothing was ever built, with the old key or with the new one.
    let said = folder.kthw(&["diff", "HEAD~1", "HEAD"]).exits(0).stderr;
    assert!(
        said.starts_with("HEAD~1 (") && said.contains("): the key of an authority is not here"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "the key of HEAD is here: {said}");
    assert_eq!(told(&folder, &["HEAD~1", "HEAD"]), before);
    assert!(told(&folder, &[]).is_empty());
    fs::rename(&key, &away).expect("our own file");
    assert_eq!(told(&folder, &["HEAD~1", "HEAD"]), before);
    assert!(told(&folder, &[]).is_empty());
    folder.kthw(&["plan", "HEAD~1", "HEAD"]).exits(0);
    folder.kthw(&["diff", "HEAD~1", "HEAD", "--format", "html", "--output", "../page.html"]).exits(0);
}

#[test]
fn a_key_that_was_moved_is_known_to_both_states() {
    let Some(folder) = importing() else { return };
    let Some(()) = begin(&folder) else { return };
    fs::rename(folder.path().join(".kthw/ca/cluster.key"), folder.path().join(".kthw/cluster.key"))
        .expect("our own file");
    folder.edit("cluster.yaml", ".kthw/ca/cluster.key", ".kthw/cluster.key");
    assert_eq!(told(&folder, &[]), []);
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let Some(folder) = importing() else { return };
    folder.build();
    let key = folder.path().join(".kthw/ca/etcd.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).expect("our own file");
    let said = refusal(&folder);
    assert_eq!(
        said,
        "error: .kthw/ca/etcd.key can be read by others\nhelp: run `chmod 600 .kthw/ca/etcd.key`\n"
    );
}

/// The refusal's message and its way out, on a line each.
fn refusal(folder: &ClusterFolder) -> String {
    let said = folder.kthw(&["build"]).refusal(2);
    let told = |line: &&str| line.starts_with("error") || line.contains("= help");
    said.lines().filter(told).map(|line| format!("{}\n", line.trim_start_matches([' ', '|', '=']))).collect()
}

#[test]
fn what_could_not_sign_for_a_cluster_is_refused_by_name() {
    let Some(folder) = importing() else { return };
    let (plain, subject) = (Order::default, "/CN=Cluster Authority");
    let without =
        |line: &str| AUTHORITY.lines().filter(|l| !l.starts_with(line)).collect::<Vec<_>>().join("\n");
    let with = |line: &str| format!("{AUTHORITY}{line}\n");
    let p384: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"];
    let leaf = AUTHORITY.replace("CA:TRUE,pathlen:0", "CA:FALSE");
    let signs_nothing = AUTHORITY.replace("keyCertSign,", "");
    let nameless = without("subjectKeyIdentifier") + "\nsubjectKeyIdentifier=none\n";
    let servers = with("extendedKeyUsage=serverAuth");
    let constrained = with("nameConstraints=critical,permitted;DNS:example.org");
    let mut said = String::new();
    for order in [
        Order { subject, extensions: &leaf, ..plain() },
        Order { subject, extensions: &signs_nothing, ..plain() },
        Order { subject, extensions: &nameless, ..plain() },
        Order { subject, extensions: &servers, ..plain() },
        Order { subject, extensions: &constrained, ..plain() },
        Order { subject, key: p384, ..plain() },
        Order { subject, key: &["-algorithm", "RSA"], ..plain() },
        Order { subject, key: &["-algorithm", "ED25519"], ..plain() },
        Order { subject, days: "1", ..plain() },
        Order { subject: "/O=Example/CN=Etcd Authority", ..plain() },
        Order { subject: "/CN=front-proxy-ca", key: P256, ..plain() },
    ] {
        make(&folder, &order);
        said += &refusal(&folder);
    }
    make(&folder, &Order { subject, ..plain() });
    let key = folder.read(".kthw/ca/cluster.key");
    folder.write("compressed", &key);
    openssl(
        &folder.path(),
        &["ec", "-in", "compressed", "-conv_form", "compressed", "-out", ".kthw/ca/cluster.key"],
    );
    certify(&folder, &Order { subject, ..plain() });
    said += &refusal(&folder);
    folder.write(".kthw/ca/cluster.key", &key);
    certify(&folder, &Order { subject, ..plain() });
    let (good, chain) = (folder.read("ca/cluster.crt"), folder.read("ca/etcd.crt"));
    let root = fs::read_to_string(folder.place().join("root/root.crt")).expect("PEM");
    for file in
        ["", "certificate", &good[good.len() - 100..], &format!("{root}{good}"), &format!("{good}{good}")]
    {
        folder.write("ca/cluster.crt", file);
        said += &refusal(&folder);
    }
    fs::remove_file(folder.path().join("ca/cluster.crt")).expect("our own file");
    said += &refusal(&folder);
    folder.write("ca/cluster.crt", &format!("{good}{key}"));
    said += &refusal(&folder);
    openssl(&folder.path(), &["x509", "-in", "ca/etcd.crt", "-outform", "DER", "-out", "ca/cluster.crt"]);
    said += &refusal(&folder);
    folder.write("ca/cluster.crt", &good);
    let der = ["pkey", "-in", ".kthw/ca/etcd.key", "-outform", "DER", "-out", ".kthw/ca/cluster.key"];
    openssl(&folder.path(), &der);
    said += &refusal(&folder);
    let secret = ["pkcs8", "-topk8", "-passout", "pass:x", "-in", ".kthw/ca/etcd.key"];
    for file in
        [String::new(), openssl(&folder.path(), &secret), folder.read(".kthw/ca/etcd.key"), good.clone()]
    {
        folder.write(".kthw/ca/cluster.key", &file);
        said += &refusal(&folder);
    }
    folder.write("ca/cluster.crt", &chain);
    folder.write(".kthw/ca/cluster.key", &folder.read(".kthw/ca/etcd.key"));
    said += &refusal(&folder);
    folder.write("ca/cluster.crt", &good);
    folder.write(".kthw/ca/cluster.key", &key);
    folder.build();
    insta::assert_snapshot!(said);
}
