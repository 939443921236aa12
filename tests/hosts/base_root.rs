//! The Debian that every host begins with, made once.

use std::path::PathBuf;

use crate::judge::judge;
use crate::programs::{build_once, cache};
use crate::ran::Ran;

pub const RECIPE: &str = include_str!("base-root.sh");

/// The folder of its files, which are only ever read.
pub fn base_root() -> Option<PathBuf> {
    debian("", RECIPE)
}

/// A Debian that a recipe makes, in a folder whose name says of what it is; made once, in namespaces that end with whoever
/// makes it, so that nothing stays mounted.
pub fn debian(name: &str, recipe: &str) -> Option<PathBuf> {
    let (_, _, mut setpriv) = (judge("debootstrap")?, judge("unshare")?, judge("setpriv")?);
    let digest = blake3::hash(recipe.as_bytes());
    let folder = cache().join("debian").join(format!("{name}{}", &digest.to_hex()[..16]));
    build_once(&folder, |new| {
        setpriv.args([
            "--pdeathsig=KILL",
            "unshare",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount",
            "--mount-proc",
        ]);
        Ran::of(setpriv.args(["sh", "-c", recipe, "sh"]).arg(new)).exits(0);
    });
    Some(folder)
}
