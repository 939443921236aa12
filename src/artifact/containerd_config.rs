//! The configuration file of containerd.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use semver::Version;
use serde_json::{Value, json};

use super::{DecidedBy, Ingredients, Make, Patch, Unfit};

/// A containerd that runs Kubernetes' pods with runc, in systemd's control groups as the kubelet expects.
pub struct ContainerdConfig {
    pub schema: ContainerdSchema,
    /// The image that holds a pod's namespaces, such as `registry.k8s.io/pause:3.10`.
    pub sandbox_image: String,
    pub patch: Patch,
}

/// A version of the file's layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerdSchema {
    /// Of containerd 1.x.
    V2,
    /// Of containerd 2.x.
    V3,
}

/// A patch that leaves the file with something that TOML cannot say, such as `null` in a list.
#[derive(Debug, thiserror::Error)]
#[error("{path} makes a file that TOML cannot hold ({problem}): leave that value out")]
pub struct ContainerdConfigError {
    path: &'static str,
    problem: toml::ser::Error,
}

const CNI_BINARIES: &str = "/opt/cni/bin";
const CNI_CONFIGS: &str = "/etc/cni/net.d";

impl ContainerdSchema {
    pub fn for_containerd(version: &Version) -> Self {
        if version.major < 2 { Self::V2 } else { Self::V3 }
    }

    fn number(self) -> u64 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }
}

/// The sandbox image that a release of Kubernetes was tested with, as kubeadm has it.
pub fn sandbox_image(kubernetes: &Version) -> &'static str {
    match (kubernetes.major, kubernetes.minor) {
        (..=1, ..=30) => "registry.k8s.io/pause:3.9",
        (..=1, ..=33) => "registry.k8s.io/pause:3.10",
        (..=1, ..=35) => "registry.k8s.io/pause:3.10.1",
        _ => "registry.k8s.io/pause:3.10.2",
    }
}

impl ContainerdConfig {
    fn text(&self) -> Result<String, ContainerdConfigError> {
        let refused = |problem| ContainerdConfigError { path: self.patch.path, problem };
        toml::to_string(&self.document()).map_err(refused)
    }

    /// The file as a structure.
    pub fn document(&self) -> Value {
        let plugins = match self.schema {
            ContainerdSchema::V2 => self.plugins_v2(),
            ContainerdSchema::V3 => self.plugins_v3(),
        };
        let mut document = json!({"version": self.schema.number(), "plugins": plugins});
        self.patch.apply(&mut document);
        document
    }

    fn plugins_v2(&self) -> Value {
        json!({
            "io.containerd.grpc.v1.cri": {
                "sandbox_image": self.sandbox_image,
                "cni": {"bin_dir": CNI_BINARIES, "conf_dir": CNI_CONFIGS},
                "containerd": {"default_runtime_name": "runc", "runtimes": runtimes()},
            },
        })
    }

    fn plugins_v3(&self) -> Value {
        json!({
            "io.containerd.cri.v1.images": {"pinned_images": {"sandbox": self.sandbox_image}},
            "io.containerd.cri.v1.runtime": {
                "cni": {"bin_dirs": [CNI_BINARIES], "conf_dir": CNI_CONFIGS},
                "containerd": {"default_runtime_name": "runc", "runtimes": runtimes()},
            },
        })
    }
}

fn runtimes() -> Value {
    json!({"runc": {"runtime_type": "io.containerd.runc.v2", "options": {"SystemdCgroup": true}}})
}

impl Make for ContainerdConfig {
    const KIND: Kind = Kind {
        name: "containerd-config",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.number("schema", self.schema.number(), Origin::Spec(format_args!("versions.containerd")));
        let image = &self.sandbox_image;
        manifest.text("sandbox-image", image, Origin::Spec(format_args!("versions.kubernetes")));
        self.patch.describe(manifest);
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(self.text()?.into_bytes()))
    }

    fn unfit(&self) -> Vec<Unfit> {
        let decided_by = DecidedBy::Spec(self.patch.path.to_owned());
        let error = self.text().err();
        error.map(|error| Unfit { decided_by, message: error.to_string() }).into_iter().collect()
    }

    /// As the patch leaves it.
    fn images(&self) -> Vec<String> {
        let pointer = match self.schema {
            ContainerdSchema::V2 => "/plugins/io.containerd.grpc.v1.cri/sandbox_image",
            ContainerdSchema::V3 => "/plugins/io.containerd.cri.v1.images/pinned_images/sandbox",
        };
        let document = self.document();
        document.pointer(pointer).and_then(Value::as_str).map(str::to_owned).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, make, patch, text};
    use crate::judge::{approved, file, judge};

    fn containerd(schema: ContainerdSchema, change: Value) -> ContainerdConfig {
        ContainerdConfig {
            schema,
            sandbox_image: "registry.k8s.io/pause:3.10.1".to_owned(),
            patch: patch("components.containerd.config", change),
        }
    }

    #[test]
    fn each_schema_is_pinned() {
        insta::assert_snapshot!("v2", text(containerd(ContainerdSchema::V2, json!({})), &[]));
        insta::assert_snapshot!("v3", text(containerd(ContainerdSchema::V3, json!({})), &[]));
    }

    #[test]
    fn the_schema_follows_containerd() {
        let check = |version: &str, schema: ContainerdSchema| {
            let version = Version::parse(version).expect("a version");
            assert_eq!(ContainerdSchema::for_containerd(&version), schema, "{version}");
        };
        check("1.6.20", ContainerdSchema::V2);
        check("1.7.33", ContainerdSchema::V2);
        check("2.0.0-rc.1", ContainerdSchema::V3);
        check("2.3.4", ContainerdSchema::V3);
    }

    #[test]
    fn the_sandbox_follows_kubernetes() {
        let check = |minor: u64, tag: &str| {
            let image = sandbox_image(&Version::new(1, minor, 0));
            assert_eq!(image, format!("registry.k8s.io/pause:{tag}"), "1.{minor}");
        };
        check(28, "3.9");
        check(30, "3.9");
        check(31, "3.10");
        check(33, "3.10");
        check(34, "3.10.1");
        check(35, "3.10.1");
        check(36, "3.10.2");
    }

    #[test]
    fn containerd_understands_it() {
        let Some(mut judge) = judge("containerd") else { return };
        let change = json!({
            "oom_score": -500,
            "plugins": {"io.containerd.grpc.v1.cri": {"registry": {"config_path": "/etc/containerd/certs.d"}}},
        });
        let file = file(&text(containerd(ContainerdSchema::V2, change), &[]));
        let understood = approved(judge.arg("-c").arg(file.path()).args(["config", "dump"]));
        for line in [
            "version = 2",
            "oom_score = -500",
            r#"sandbox_image = "registry.k8s.io/pause:3.10.1""#,
            r#"bin_dir = "/opt/cni/bin""#,
            "SystemdCgroup = true",
            r#"config_path = "/etc/containerd/certs.d""#,
        ] {
            assert!(understood.lines().any(|l| l.trim() == line), "{line}\n{understood}");
        }
    }

    #[test]
    fn the_sandbox_is_an_image_to_pull() {
        let check = |schema, change: Value, images: &[&str]| {
            assert_eq!(containerd(schema, change).images(), images);
        };
        let (v2, v3) = (ContainerdSchema::V2, ContainerdSchema::V3);
        check(v2, json!({}), &["registry.k8s.io/pause:3.10.1"]);
        check(v3, json!({}), &["registry.k8s.io/pause:3.10.1"]);
        let images =
            |sandbox: Value| json!({"plugins": {"io.containerd.cri.v1.images": {"pinned_images": sandbox}}});
        check(v3, images(json!({"sandbox": "registry.example/pause:1"})), &["registry.example/pause:1"]);
        check(v3, images(Value::Null), &[]);
    }

    #[test]
    fn what_toml_cannot_hold_is_refused() {
        let broken = containerd(ContainerdSchema::V3, json!({"imports": [null]}));
        let error = make(broken, &[]).err().expect("refused").to_string();
        assert!(
            error.starts_with("components.containerd.config makes a file that TOML cannot hold"),
            "{error}"
        );
    }

    #[test]
    fn every_parameter_counts() {
        let plain = |schema| containerd(schema, json!({}));
        let v3 = ContainerdSchema::V3;
        all_differ([
            plain(ContainerdSchema::V2).into(),
            plain(v3).into(),
            ContainerdConfig { sandbox_image: "other".to_owned(), ..plain(v3) }.into(),
            containerd(v3, json!({"root": "/data"})).into(),
            containerd(v3, json!({"plugins": {"io.containerd.cri.v1.runtime": {"cni": null}}})).into(),
        ]);
    }
}
