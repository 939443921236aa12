//! Certificate authorities that OpenSSL makes: a root with an RSA key, and below it what a cluster imports.

#![expect(clippy::disallowed_methods, reason = "tests write their own files")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::cluster_folder::ClusterFolder;
use crate::judge::judge;
use crate::ran::Ran;

/// What `pki` says when everything is imported.
pub const PKI: &str = "
pki:
  authorities:
    cluster: {certificate: ca/cluster.crt, key: .kthw/ca/cluster.key}
    etcd: {certificate: ca/etcd.crt, key: .kthw/ca/etcd.key}
    frontProxy: {certificate: ca/front-proxy.crt, key: .kthw/ca/front-proxy.key}
";

/// How a subordinate authority is made.
pub struct Order<'a> {
    pub name: &'a str,
    pub subject: &'a str,
    /// Arguments of `openssl genpkey`.
    pub key: &'a [&'a str],
    pub extensions: &'a str,
    pub days: &'a str,
}

pub const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
pub const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE,pathlen:0\n\
    keyUsage=critical,keyCertSign,cRLSign,digitalSignature\n\
    subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

impl Default for Order<'_> {
    fn default() -> Self {
        Self { name: "cluster", subject: CLUSTER, key: P256, extensions: AUTHORITY, days: "3650" }
    }
}

/// A name that repeats a type, joins two in one step, and is of more than one kind of string.
const CLUSTER: &str =
    "/C=DE/O=Größe GmbH/OU=One/OU=Two/DC=example+CN=Cluster Authority/emailAddress=ca@example.org";

/// Makes the root beside the cluster's folder, and imports three authorities below it; `None` without OpenSSL.
pub fn import(folder: &ClusterFolder) -> Option<()> {
    judge("openssl")?;
    for name in ["cluster/ca", "cluster/.kthw/ca", "root"] {
        fs::create_dir_all(folder.place().join(name)).expect("a new folder");
    }
    let root = folder.place().join("root");
    let config = "[req]\ndistinguished_name=name\n[name]\n[root]\nbasicConstraints=critical,CA:TRUE\n\
        keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n";
    fs::write(root.join("root.cnf"), config).expect("our own folder");
    let config = ["-config", "root.cnf", "-extensions", "root"];
    let request =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.crt"];
    openssl(
        &root,
        &[&request[..], &["-days", "7300", "-subj", "/O=Example/CN=Example Root"], &config].concat(),
    );
    make(folder, &Order::default());
    make(folder, &Order { name: "etcd", subject: "/O=Example/CN=Etcd Authority", ..Order::default() });
    make(folder, &Order { name: "front-proxy", subject: "/CN=front-proxy-ca", ..Order::default() });
    Some(())
}

/// Makes an authority below the root, with its certificate and the root's in one file.
pub fn make(folder: &ClusterFolder, order: &Order<'_>) {
    let key = folder.path().join(format!(".kthw/ca/{}.key", order.name));
    let _ = fs::remove_file(&key);
    openssl(&folder.path(), &[&["genpkey", "-out", key.to_str().expect("plain names")], order.key].concat());
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("our own file");
    certify(folder, order);
}

/// Makes the certificate of an authority whose key is there.
pub fn certify(folder: &ClusterFolder, order: &Order<'_>) {
    let Order { name, subject, key: _, extensions, days } = order;
    let root = folder.place().join("root");
    let key = folder.path().join(format!(".kthw/ca/{name}.key"));
    let (key_file, certificate) = (key.to_str().expect("plain names"), format!("{name}.crt"));
    fs::write(root.join("extensions"), extensions).expect("our own folder");
    let subject = ["-utf8", "-multivalue-rdn", "-subj", subject];
    let request = ["req", "-new", "-config", "root.cnf", "-key", key_file, "-out", "request"];
    openssl(&root, &[&request[..], &subject].concat());
    let sign = ["x509", "-req", "-in", "request", "-CA", "root.crt", "-CAkey", "root.key", "-CAcreateserial"];
    let as_wanted = ["-text", "-days", days, "-extfile", "extensions", "-out", &certificate];
    openssl(&root, &[&sign[..], &as_wanted].concat());
    let chain =
        [certificate.as_str(), "root.crt"].map(|file| fs::read_to_string(root.join(file)).expect("PEM"));
    folder.write(&format!("ca/{name}.crt"), &chain.concat());
}

/// What OpenSSL prints, provided that it succeeds.
#[track_caller]
pub fn openssl(place: &Path, arguments: &[&str]) -> String {
    let mut openssl = judge("openssl").expect("it was there a moment ago");
    Ran::of(openssl.current_dir(place).args(arguments)).result()
}
