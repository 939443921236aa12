//! Refusals of the section `pki`.

use super::answers;

#[test]
fn where_authorities_are_found_is_checked() {
    insta::assert_snapshot!(answers(&[
        "pki: {authorities: {cluster: {certificate: ca.crt, key: ca.key}}}",
        "pki: {authorities: {etcd: {certificate: ca.crt}, frontProxy: {key: ca.key}}}",
        "pki: {authorities: {cluster: {certificate: ca.pem, key: ca.pem}}}",
        "pki: {authorities: {cluster: {certificate: a.crt, key: a.key}, etcd: {certificate: a.crt, key: b.key}}}",
        "pki: {authorities: {frontproxy: {certificate: ca.crt, key: ca.key, password: x}}}",
    ]));
}
