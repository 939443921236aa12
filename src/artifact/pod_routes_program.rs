//! The program that follows the pod routes.

use kthw_graph::{ActionError, Content, Kind, Manifest, Reads, Resource, Yields};

use super::{Ingredients, Make};

/// A shell script that makes the routes of a host those of its file of pod routes.
pub struct PodRoutesProgram;

impl Make for PodRoutesProgram {
    const KIND: Kind = Kind {
        name: "pod-routes-program",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, _: &mut dyn Manifest) {}

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(include_bytes!("pod_routes.sh").to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::text;
    use crate::judge::{approved, file, judge};

    /// A change here wants another `KIND.version`.
    #[test]
    fn the_program_is_pinned() {
        insta::assert_snapshot!(text(PodRoutesProgram, &[]));
    }

    /// Runs the program on a host of its own with each of these files in turn; what routes there are in the end.
    fn routes_after(family: &str, own: &str, files: &[&str]) -> Option<Vec<String>> {
        let program = file(&text(PodRoutesProgram, &[]));
        let files: Vec<_> = files.iter().map(|text| file(*text)).collect();
        let mut script = format!(
            "set -e; ip link add br0 type bridge; ip link set br0 up; ip link set lo up; \
             ip {family} address add {own} dev br0 nodad 2>/dev/null || ip {family} address add {own} dev br0;"
        );
        for file in &files {
            script += &format!("sh {} {} {family};", program.path().display(), file.path().display());
        }
        script += &format!("ip {family} route show proto 120");
        judge("ip")?;
        let shown = approved(judge("unshare")?.args(["--net", "sh", "-c", &script]));
        Some(shown.lines().map(|line| line.split(" dev").next().unwrap_or(line).to_owned()).collect())
    }

    #[test]
    fn a_host_has_a_route_to_the_pods_of_every_other_and_none_that_has_gone() {
        let (one, two, three) = (
            "10.200.36.0/24 via 10.0.0.36\n",
            "10.200.37.0/24 via 10.0.0.37\n",
            "10.200.38.0/24 via 10.0.0.38\n",
        );
        let check = |files: &[&str], expected: &[&str]| {
            let Some(found) = routes_after("-4", "10.0.0.36/24", files) else { return };
            assert_eq!(found, expected, "{files:?}");
        };
        let all = [one, two, three].concat();
        let others = ["10.200.37.0/24 via 10.0.0.37", "10.200.38.0/24 via 10.0.0.38"];
        check(&[&all], &others);
        check(&[&all, &all], &others);
        check(&[&all, &[one, three].concat()], &others[1..]);
        check(&[&all, "10.200.37.0/24 via 10.0.0.40\n"], &["10.200.37.0/24 via 10.0.0.40"]);
        check(&[&all, one], &[]);
        check(&[one], &[]);
    }

    #[test]
    fn routes_may_be_ipv6() {
        let file = "fd00:200:0:36::/64 via fd00::36\nfd00:200:0:37::/64 via fd00::37\n";
        let Some(found) = routes_after("-6", "fd00::36/64", &[file, file]) else { return };
        assert_eq!(found, ["fd00:200:0:37::/64 via fd00::37"]);
    }
}
