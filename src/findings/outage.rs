//! What clients notice while something restarts that they reach.

use super::Decisions;
use super::finding::{Finding, Kind, fields};
use crate::cluster::{Cluster, Host, LoadBalancer, Role};
use crate::diff::Inputs;
use crate::steps::Wave;

pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs, waves: &[Wave]) -> Vec<Finding> {
    let cluster = decisions.clusters[1];
    let steps = || waves.iter().flat_map(Wave::steps);
    let mut findings: Vec<Finding> =
        MOVES.iter().filter_map(|moves| moves.finding(decisions, inputs)).collect();
    if let Some(quorum) =
        steps().filter_map(|step| step.quorum).find(|quorum| quorum.members > 0 && quorum.margin().is_none())
    {
        let (members, needed) = (members(quorum.members), quorum.needed());
        let what = format!(
            "the API does not answer while etcd restarts: etcd has {members}, and its quorum is {needed}"
        );
        findings.push(Finding::new(Kind::Meanwhile, what, PODS_RUN_ON));
    }
    for (role, unit) in SERVERS {
        let mut hosts = cluster.hosts.iter().filter(|host| host.is(role));
        let (Some(only), None) = (hosts.next(), hosts.next()) else { continue };
        if !steps().any(|step| step.host == only.name && step.restarts().any(|restarted| restarted == unit)) {
            continue;
        }
        let (what, advice) = match role {
            Role::ControlPlane => ("API does not", PODS_RUN_ON),
            _ => ("API's endpoint does not", "clients connect anew once it answers"),
        };
        let what = format!("the {what} answer while {unit} restarts: {} is the only {role}", only.name);
        findings.push(Finding::new(Kind::Meanwhile, what, advice));
    }
    if cluster.control_planes().nth(1).is_some() {
        let restarting = |unit| -> Vec<&str> {
            steps()
                .filter(|step| step.restarts().any(|other| other == unit))
                .map(|step| &*step.host)
                .collect()
        };
        findings.extend(api_servers(decisions.clusters[0], &restarting(APISERVER)));
        findings.extend(address_holders(&restarting(KEEPALIVED)));
    }
    findings
}

/// Servers that all leave the addresses at which their clients look for them until their own turn.
struct Moves {
    servers: Role,
    clients: Role,
    what: &'static str,
}

const MOVES: [Moves; 2] = [
    Moves {
        servers: Role::Etcd,
        clients: Role::ControlPlane,
        what: "no address of etcd is what it was: from its last member's move until its turn an API server knows none that \
               answers, and there is no API",
    },
    Moves {
        servers: Role::ControlPlane,
        clients: Role::LoadBalancer,
        what: "no address of a control plane is what it was: from the last one's move until its turn a load balancer knows \
               none that answers, and there is no API",
    },
];

impl Moves {
    fn finding(&self, decisions: &Decisions<'_>, inputs: &Inputs) -> Option<Finding> {
        let [before, after] = decisions.clusters;
        let known =
            |address| before.hosts.iter().any(|host| host.is(self.servers) && host.address == address);
        let stays = |host: &&Host| host.is(self.servers) && known(host.address);
        let keeps = |host: &&Host| {
            host.is(self.clients) && decisions.host(&host.name)[0].is_some_and(|old| old.is(self.clients))
        };
        // What comes and goes with all of its clients is another cluster.
        let are_there = |cluster: &Cluster| cluster.hosts.iter().any(|host| host.is(self.servers));
        if after.hosts.iter().any(|host| stays(&host))
            || !after.hosts.iter().any(|host| keeps(&host))
            || !are_there(before)
        {
            return None;
        }
        let moved = after.hosts.iter().filter(|host| host.is(self.servers));
        let causes = fields(inputs, moved.map(|host| format!("hosts[{}]", host.name)));
        let several = after.hosts.iter().filter(|host| host.is(self.servers)).nth(1).is_some();
        let advice = if several {
            "move one after the other, each in a rollout of its own: then somebody is always where clients look"
        } else {
            "pods run on; choose a quiet hour"
        };
        Some(Finding::new(Kind::Meanwhile, self.what, advice).because(causes))
    }
}

/// What clients notice of API servers that restart one after the other, behind what leads to them until then.
fn api_servers(cluster: &Cluster, restarting: &[&str]) -> Option<Finding> {
    restarting.first()?;
    let (what, advice) = match &cluster.api.load_balancer {
        Some(LoadBalancer::Haproxy { .. } | LoadBalancer::Ipvs { .. }) => (
            "connections to an API server end when it restarts; new ones are led to the others before it stops"
                .to_owned(),
            CONNECT_ANEW,
        ),
        Some(LoadBalancer::Keepalived { address, .. }) => (
            format!(
                "{address} moves to another control plane before the API server of its holder stops, and all connections to it break"
            ),
            CONNECT_ANEW,
        ),
        None => {
            let endpoint = &cluster.api.endpoint;
            let is_endpoint = |host: &&Host| endpoint.ip() == Some(host.address) || endpoint.host == host.name;
            match cluster.control_planes().find(is_endpoint) {
                Some(host) if restarting.contains(&&*host.name) => (
                    format!(
                        "the API's endpoint does not answer while {APISERVER} restarts on {}, which it leads to",
                        host.name
                    ),
                    "have api.endpoint lead to all control planes; pods run on",
                ),
                Some(_) => return None,
                None => (
                    format!(
                        "whatever leads {endpoint} to the control planes has to see that /readyz of an API server fails before that one stops"
                    ),
                    "have it ask often enough for components.kube-apiserver.flags.shutdown-delay-duration",
                ),
            }
        }
    };
    Some(Finding::new(Kind::Meanwhile, what, advice))
}

/// What clients notice of keepalived, which gives up the address when it stops.
fn address_holders(restarting: &[&str]) -> Option<Finding> {
    restarting.first()?;
    let what = "the API's address moves to another control plane when keepalived restarts on its holder, and all connections to it break";
    Some(Finding::new(Kind::Meanwhile, what, CONNECT_ANEW))
}

const CONNECT_ANEW: &str = "clients of Kubernetes ask again by themselves; `kubectl exec`, `logs --follow` and `port-forward` are cut";

/// Whom clients of the whole cluster reach. ldirectord is none of them: the kernel balances while it restarts.
const SERVERS: [(Role, &str); 3] = [
    (Role::ControlPlane, APISERVER),
    (Role::LoadBalancer, "haproxy.service"),
    (Role::LoadBalancer, "kubernetes-vip.service"),
];
const APISERVER: &str = "kube-apiserver.service";
const KEEPALIVED: &str = "keepalived.service";
const PODS_RUN_ON: &str = "pods run on; nothing can be changed meanwhile";

fn members(count: usize) -> String {
    if count == 1 { "1 member".to_owned() } else { format!("{count} members") }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use crate::rollout::Trial;

    #[test]
    fn the_only_one_of_its_kind_is_away_while_it_restarts() {
        let check = |trial: Trial, expected: &[&str]| {
            let findings = trial.rollout().findings;
            let found = findings.iter().filter(|finding| finding.kind == Kind::Meanwhile);
            assert_eq!(found.map(|finding| finding.what.as_str()).collect::<Vec<_>>(), expected);
        };
        let flag = |program: &'static str| {
            move |text: String| text + &format!("components: {{{program}: {{flags: {{v: 4}}}}}}\n")
        };
        let etcd = |text: String| text + "components: {etcd: {flags: {log-level: debug}}}\n";
        check(
            Trial::of("single").after(flag("kube-apiserver")),
            &[
                "the API does not answer while kube-apiserver.service restarts: control-plane-1 is the only control-plane",
            ],
        );
        check(
            Trial::of("single").after(etcd),
            &["the API does not answer while etcd restarts: etcd has 1 member, and its quorum is 1"],
        );
        check(Trial::of("ha-haproxy").after(etcd), &[]);
        check(
            Trial::of("ha-ipvs").after(|text| text.replace("192.168.1.21", "192.168.1.22")),
            &[
                "the API's endpoint does not answer while kubernetes-vip.service restarts: gateway is the only load-balancer",
                "connections to an API server end when it restarts; new ones are led to the others before it stops",
            ],
        );
    }

    #[test]
    fn what_clients_notice_of_an_api_server_is_up_to_what_leads_to_it() {
        let check = |example: &str, change: fn(String) -> String, expected: Option<&str>| {
            let audit = |text: String| match text.contains("maxAge: 90") {
                true => text.replace("maxAge: 90", "maxAge: 91"),
                false => text + "audit: {maxAge: 91}\n",
            };
            let findings = Trial::of(example).both(change).after(audit).rollout().findings;
            let found: Vec<&str> = findings.iter().map(|finding| &*finding.what).collect();
            assert_eq!(found.len(), usize::from(expected.is_some()), "{found:#?}");
            assert!(
                found.iter().zip(expected).all(|(found, expected)| found.contains(expected)),
                "{found:#?}"
            );
        };
        let led = "new ones are led to the others before it stops";
        check("ha-haproxy", |text| text, Some(led));
        check("ha-ipvs", |text| text, Some(led));
        check(
            "ha-haproxy",
            |text| {
                let keepalived = "kind: keepalived\n    address: 10.240.0.9\n    interface: eth0";
                text.replace("kind: haproxy", keepalived)
                    .replace("10.240.0.40:6443", "10.240.0.9:6443")
                    .replace("roles: [load-balancer]", "roles: [worker]")
            },
            Some("10.240.0.9 moves to another control plane before"),
        );
        let nobody =
            "whatever leads https://api.production.example.org:6443 to the control planes has to see";
        check("production", |text| text, Some(nobody));
        check(
            "production",
            |text| text.replace("api.production.example.org", "10.20.0.12"),
            Some("does not answer while kube-apiserver.service restarts on cp-2"),
        );
        let one = |text: String| text.replace("api.production.example.org", "10.20.0.12");
        let elsewhere = Trial::of("production").both(one).after(|text| text.replace("zone: b", "zone: c"));
        assert!(elsewhere.rollout().findings.iter().all(|finding| finding.kind != Kind::Meanwhile));
    }
}
