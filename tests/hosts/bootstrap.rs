//! What a new cluster is given: at its first start without a failed attempt, and at later ones beside what people have
//! changed.

use crate::cluster::{Cluster, MINOR};
use crate::eventually::{eventually, provided, seconds};
use crate::host::Host;
use crate::releases::Releases;

#[test]
fn what_people_change_of_core_dns_stays_and_what_they_do_not_is_put_right() {
    let Some(releases) = Releases::of(MINOR, &["etcd"]) else { return };
    let Some(mut cluster) = Cluster::bare(releases.cluster_of("single")) else { return };
    cluster.deliver();
    cluster.start();
    let host = cluster.control_planes()[0];
    is_done(host);
    assert_eq!(replicas(&cluster), "2");

    cluster.kubectl("scale deployment coredns --namespace=kube-system --replicas=3").expect("it is scaled");
    let corefile = r#"'{"data": {"Corefile": ".:53 {\n    whoami\n}\n"}}'"#;
    cluster
        .kubectl(&format!("patch configmap coredns --namespace=kube-system --patch={corefile}"))
        .expect("it is edited");
    let image = r#"'{"spec": {"template": {"spec": {"dnsPolicy": "ClusterFirst"}}}}'"#;
    cluster
        .kubectl(&format!("patch deployment coredns --namespace=kube-system --patch={image}"))
        .expect("it is edited");
    host.power_off();
    host.power_on();
    is_done(host);
    assert_eq!(replicas(&cluster), "3");
    let get =
        |what: &str| cluster.kubectl(&format!("get --namespace=kube-system {what}")).expect("it is there");
    assert!(get("configmap coredns --output=jsonpath={.data.Corefile}").contains("whoami"));
    assert_eq!(get("deployment coredns --output=jsonpath={.spec.template.spec.dnsPolicy}"), "Default");
    let said = host.run("journalctl --boot --no-pager --output=cat --unit=kubernetes-bootstrap");
    assert_eq!(
        said.matches("is not applied, because somebody has changed what it says").count(),
        2,
        "{said}"
    );

    cluster.kubectl("delete configmap coredns --namespace=kube-system").expect("it is deleted");
    host.run("systemctl restart kubernetes-bootstrap");
    assert!(get("configmap coredns --output=jsonpath={.data.Corefile}").contains("kubernetes cluster.local"));
}

/// Waits until the unit is active, and sees that it was so at the first attempt.
#[track_caller]
fn is_done(host: &Host) {
    eventually("the cluster is given what it needs", seconds(120), || {
        let state =
            host.ask("systemctl is-active kubernetes-bootstrap || journalctl --boot --no-pager --lines=20")?;
        provided(state == "active\n", state)
    });
    let said = host.run("journalctl --boot --no-pager --output=cat --unit=kubernetes-bootstrap");
    assert!(!said.contains("Failed") && !said.contains("Scheduled restart"), "{said}");
}

fn replicas(cluster: &Cluster) -> String {
    let asked = "get deployment coredns --namespace=kube-system --output=jsonpath={.spec.replicas}";
    cluster.kubectl(asked).expect("it is there")
}
