//! ldirectord on a gateway: the kernel passes packets on to the API servers that are ready.

use std::fmt::Write as _;
use std::net::SocketAddr;

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{ApiServer, Ingredients, Make};

/// The file ldirectord.cf. Packets keep their destination (`gate`, direct routing), so each API server has the
/// virtual address too and answers clients itself.
pub struct LdirectordConfig {
    pub address: SocketAddr,
    pub servers: Vec<ApiServer>,
}

/// How often is asked; a server that is not ready keeps the connections that it has, and the kernel goes on while
/// ldirectord restarts. The service is a child of systemd, which has its messages.
const GLOBAL: &str = "\
checktimeout=3
checkinterval=1
autoreload=yes
cleanstop=no
quiescent=yes
supervised=yes

";

/// What is asked, and what a server answers that is ready: one that is about to stop is healthy to the end.
const CHECK: &str = "    scheduler=wrr
    protocol=tcp
    checktype=negotiate
    service=https
    request=\"readyz\"
    receive=\"ok\"
";

impl LdirectordConfig {
    fn render(&self) -> String {
        let mut text = GLOBAL.to_owned();
        writeln!(text, "virtual={}\n    servicename=kubernetes", self.address)
            .expect("writing to a string succeeds");
        for server in &self.servers {
            writeln!(text, "    real={} gate", server.address).expect("writing to a string succeeds");
        }
        text + CHECK
    }
}

impl Make for LdirectordConfig {
    const KIND: Kind = Kind {
        name: "ldirectord-config",
        version: 2,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        let Self { address, servers } = self;
        let ip = address.ip();
        manifest.display("address", ip, Origin::Spec(format_args!("api.loadBalancer.address")));
        manifest.number("port", address.port().into(), Origin::Spec(format_args!("api.endpoint")));
        for server in servers {
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
    use crate::judge::{file, judge};

    fn config(address: &str, servers: &[(&str, &str)]) -> LdirectordConfig {
        let socket = |text: &str| text.parse().expect("an address");
        let server =
            |(host, address): &(&str, &str)| ApiServer { host: (*host).to_owned(), address: socket(address) };
        LdirectordConfig { address: socket(address), servers: servers.iter().map(server).collect() }
    }

    const VIRTUAL: &str = "192.168.1.21:6443";
    const TWO: [(&str, &str); 2] = [("control0", "192.168.1.11:6443"), ("control1", "192.168.1.12:6443")];

    #[test]
    fn the_file_is_pinned() {
        insta::assert_snapshot!(text(config(VIRTUAL, &TWO), &[]));
        insta::assert_snapshot!(description(&config(VIRTUAL, &TWO[..1]).into()), @r"
        address = 192.168.1.21 (api.loadBalancer.address)
        port = 6443 (api.endpoint)
        server = control0 192.168.1.11:6443 (hosts[control0].address)
        ");
    }

    #[test]
    fn every_parameter_counts() {
        all_differ([
            config(VIRTUAL, &TWO).into(),
            config(VIRTUAL, &TWO[..1]).into(),
            config("192.168.1.22:6443", &TWO).into(),
            config("192.168.1.21:443", &TWO).into(),
            config(VIRTUAL, &[TWO[1], TWO[0]]).into(),
        ]);
    }

    /// The exit code of asking for a state, which says whether the configuration could be read, and what was said.
    fn status(text: &str) -> Option<(Option<i32>, String)> {
        let config = file(text);
        let output = judge("ldirectord")?.arg(config.path()).arg("status").output().expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        Some((output.status.code(), String::from_utf8_lossy(&said).into_owned()))
    }

    #[test]
    fn ldirectord_reads_it_without_objections() {
        let Some((code, said)) = status(&text(config(VIRTUAL, &TWO), &[])) else { return };
        assert_eq!(code, Some(3), "it is stopped: {said}");
        assert!(!said.contains("Error") && !said.contains("Warning"), "{said}");
    }

    #[test]
    fn ldirectord_would_object() {
        let good = text(config(VIRTUAL, &TWO), &[]);
        for (from, to) in
            [("=negotiate", "=negotiating"), ("quiescent=yes", "quiescent=maybe"), (" gate", " gait")]
        {
            let Some((code, said)) = status(&good.replace(from, to)) else { return };
            assert!(code == Some(2) && said.contains("Error"), "{to}: {said}");
        }
    }
}
