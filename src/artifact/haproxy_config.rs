//! HAProxy in front of the API servers.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{Ingredients, Make};
use crate::cluster::ports;

/// The file haproxy.cfg: TLS connections are passed on as they are, to API servers that say they are ready.
pub struct HaproxyConfig {
    /// Where clients connect, on every address of the host.
    pub port: u16,
    pub servers: Vec<ApiServer>,
    /// The authority that vouches for the API servers.
    pub authority: &'static str,
}

/// An API server that a load balancer leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiServer {
    /// The name of its host, which its certificate carries.
    pub host: String,
    pub address: SocketAddr,
}

impl ApiServer {
    pub fn describe(&self, manifest: &mut dyn Manifest) {
        let Self { host, address } = self;
        manifest.display(
            "server",
            format_args!("{host} {address}"),
            Origin::Spec(format_args!("hosts[{host}].address")),
        );
    }
}

/// Up to `bind`. Logs go to the journal; a connection that carries a watch or a shell may be silent for hours. A host
/// that is dead is one that a second is too short for; an API server may take two to say that etcd does not answer. After
/// a reload, connections stay with the process that they began with, but not for ever.
const GLOBAL: &str = "\
global
    log stdout format raw daemon info
    hard-stop-after 30m

defaults
    mode tcp
    option tcpka
    option redispatch 1
    retries 3
    timeout connect 1s
    timeout check 3s
    timeout client 30s
    timeout client-fin 30s
    timeout server 30s
    timeout tunnel 4h

frontend kubernetes-api
    log global
    option tcplog
    option dontlognull
";

/// Up to how servers are checked. One that says that it is about to stop gets no new connections and keeps those that it
/// has, for it ends them itself and in order; those to a server that is down in any other way are ended.
const BACKEND: &str = "    default_backend control-planes

backend control-planes
    balance leastconn
    option httpchk
    http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host kubernetes
    http-check expect ! string \"[-]shutdown \" error-status L7OKC
    http-check expect status 200
";

/// What only the host itself may ask for.
fn metrics() -> String {
    format!(
        "
frontend metrics
    mode http
    bind 127.0.0.1:{}
    http-request use-service prometheus-exporter if {{ path /metrics }}
    stats enable
    stats uri /stats
",
        ports::HAPROXY_METRICS.usual
    )
}

impl HaproxyConfig {
    fn render(&self) -> String {
        let ipv6 = self.servers.iter().any(|server| server.address.is_ipv6());
        let anywhere = match ipv6 {
            false => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            true => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let mut text = GLOBAL.to_owned();
        let bind = SocketAddr::new(anywhere, self.port);
        writeln!(text, "    bind {bind}").expect("writing to a string succeeds");
        text += BACKEND;
        let authority = self.authority;
        writeln!(
            text,
            "    default-server check check-ssl verify required ca-file {authority} inter 1s fastinter 500ms \
             fall 2 rise 2 observe layer4 on-error mark-down on-marked-down shutdown-sessions"
        )
        .expect("writing to a string succeeds");
        for ApiServer { host, address } in &self.servers {
            writeln!(text, "    server {host} {address} check-sni {host} verifyhost {host}")
                .expect("writing to a string succeeds");
        }
        text + &metrics()
    }
}

impl Make for HaproxyConfig {
    const KIND: Kind = Kind {
        name: "haproxy-config",
        version: 2,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.number("port", self.port.into(), Origin::Spec(format_args!("api.endpoint")));
        manifest.text("authority", self.authority, Origin::Program);
        for server in &self.servers {
            server.describe(manifest);
        }
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(self.render().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, description, text};
    use crate::judge::{approved, file, judge, refused};

    fn config(servers: &[(&str, &str)]) -> HaproxyConfig {
        let server = |(host, address): &(&str, &str)| ApiServer {
            host: (*host).to_owned(),
            address: address.parse().expect("an address"),
        };
        // An authority that is on most machines: HAProxy insists on reading one.
        let authority = "/etc/ssl/certs/ca-certificates.crt";
        HaproxyConfig { port: 6443, servers: servers.iter().map(server).collect(), authority }
    }

    const THREE: [(&str, &str); 3] = [
        ("controller-0", "10.240.0.10:6443"),
        ("controller-1", "10.240.0.11:6443"),
        ("controller-2", "10.240.0.12:6443"),
    ];

    #[test]
    fn the_file_is_pinned() {
        insta::assert_snapshot!(text(config(&THREE), &[]));
        insta::assert_snapshot!(description(&config(&THREE[..1]).into()), @r"
        port = 6443 (api.endpoint)
        authority = /etc/ssl/certs/ca-certificates.crt (kthw)
        server = controller-0 10.240.0.10:6443 (hosts[controller-0].address)
        ");
    }

    #[test]
    fn every_parameter_counts() {
        all_differ([
            config(&THREE).into(),
            config(&THREE[..2]).into(),
            config(&[("controller-0", "10.240.0.10:443")]).into(),
            config(&[("controller-1", "10.240.0.10:443")]).into(),
            HaproxyConfig { port: 443, ..config(&THREE) }.into(),
            HaproxyConfig { authority: "/etc/haproxy/ca.crt", ..config(&THREE) }.into(),
        ]);
    }

    #[test]
    fn haproxy_reads_it_without_a_word() {
        for servers in [&THREE[..], &[("controller-0", "[fd00::4]:6443")]] {
            let config = file(&text(config(servers), &[]));
            let Some(mut haproxy) = judge("haproxy") else { return };
            let said = approved(haproxy.args(["-c", "-f"]).arg(config.path()));
            assert_eq!(said, "Configuration file is valid\n");
        }
    }

    #[test]
    fn haproxy_would_object() {
        let wrong = file(&text(config(&THREE), &[]).replace("option httpchk", "option httpcheck"));
        let Some(mut haproxy) = judge("haproxy") else { return };
        refused(haproxy.args(["-c", "-f"]).arg(wrong.path()));
    }
}
