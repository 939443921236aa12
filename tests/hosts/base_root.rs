//! The Debian that every host begins with, made once.

use std::path::PathBuf;

use crate::judge::judge;
use crate::programs::{build_once, cache};
use crate::ran::Ran;

const RECIPE: &str = include_str!("base-root.sh");

/// The folder of its files, which are only ever read.
pub fn base_root() -> Option<PathBuf> {
    let (_, _, mut setpriv) = (judge("debootstrap")?, judge("unshare")?, judge("setpriv")?);
    let recipe = blake3::hash(RECIPE.as_bytes());
    let folder = cache().join("debian").join(&recipe.to_hex()[..16]);
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
        Ran::of(setpriv.args(["sh", "-c", RECIPE, "sh"]).arg(new)).exits(0);
    });
    Some(folder)
}
