//! `kthw lock`: pin the releases that the cluster needs. The only command that changes pins.

use std::sync::Arc;

use super::output;
use crate::cli;
use crate::failure::{Exit, Failure};
use crate::lock::{Epoch, Epochs, Lock, Pin};
use crate::opened::{
    check_root, lock_problems, read_and_warn, refuse_unpublished, runtime, standing_warnings,
};
use crate::plan;
use crate::redaction::redacted;
use crate::sources::{self, Folder, LOCK, SourcesError};
use crate::sys::fetch::{Fetcher, Limits};
use crate::sys::{clock, entropy};
use crate::ui::{Diagnostic, Ui};
use crate::upstream::{self, Need};

pub fn run(folder: Folder, args: cli::Lock, ui: &Ui) -> Result<(), Failure> {
    let spec = Arc::from(sources::read_spec(&folder)?);
    let cluster = read_and_warn(&spec, ui)?;
    let mut lock = match sources::read_lock(&folder) {
        // A new lock is a new cluster, with other keys: not one that takes the place of a lost one.
        Err(SourcesError::NoLock { .. }) if !args.check => new_lock(&folder, &cluster.name)?,
        text => existing_lock(&text?.into(), args.check, ui)?,
    };
    // Nothing that a pin decides needs the root: whoever bumps a version need not have it.
    if let Some(root) = sources::find_root(&folder)? {
        check_root(&lock, &root)?;
    }
    let needs = plan::needs(&cluster);
    if args.check {
        return check(&lock, &needs, ui);
    }
    let before = lock.clone();
    let pins = pin(&needs, &lock, &args)?;
    lock.set_pins(pins);
    output::write_input(&folder, LOCK, &lock.render())?;
    report(&before, &lock, ui);
    Ok(())
}

/// The lock that is there. Unless it is only checked, a pin that cannot be trusted is made anew, and a merge is finished.
fn existing_lock(text: &Arc<str>, check: bool, ui: &Ui) -> Result<Lock, Failure> {
    let merged = Lock::merged(text).filter(|_| !check);
    if merged.is_some() {
        ui.message("kthw.lock is in conflict: the later epochs and generations of both sides are taken, and the pins of either");
    }
    let lock = match (merged, check) {
        (Some(merged), _) => merged,
        (None, true) => Lock::parse(text),
        (None, false) => Lock::parse_for_locking(text),
    };
    let lock = lock.map_err(|problems| Failure::wrong_input(lock_problems("", text, &problems)))?;
    // Whoever locks anew has them replaced.
    let refused = if check { refuse_unpublished(text, &lock) } else { Vec::new() };
    if refused.is_empty() { Ok(lock) } else { Err(Failure::wrong_input(refused)) }
}

/// The lock of a cluster that has a root secret and nothing else yet.
pub fn new_lock(folder: &Folder, name: &str) -> Result<Lock, Failure> {
    let root = sources::read_root(folder)?;
    let now = Epoch::from_unix(clock::now()).ok_or_else(|| Failure::failed("the clock is before 1970"))?;
    let tail: String =
        entropy::random().map_err(Failure::failed)?[..4].iter().map(|b| format!("{b:02x}")).collect();
    Ok(Lock::new(format!("{name}-{tail}"), root.fingerprint().to_string(), Epochs { ca: now, leaf: now }))
}

/// A pin for each need: what is pinned stays, what is known to be published needs no network, and the rest is
/// asked of the publishers: pins are what mirrors are checked against. A mirror that is named here is asked for
/// everything.
fn pin(needs: &[Need], lock: &Lock, args: &cli::Lock) -> Result<Vec<Pin>, Failure> {
    let mirror = args.mirror.as_deref();
    let is_sound =
        |pin: &&Pin| !is_known(pin) || (pin.published == upstream::published_instead(pin) && !pin.measured);
    let known =
        |need: &Need| pinned(lock, need).filter(is_sound).cloned().or_else(|| upstream::published(need));
    let (mut pins, mut open) = (Vec::new(), Vec::new());
    for need in needs {
        match known(need).filter(|_| mirror.is_none()) {
            Some(pin) => pins.push(pin),
            None => open.push(need.clone()),
        }
    }
    if open.is_empty() {
        return Ok(pins);
    }
    let origin = match mirror {
        Some(mirror) => Fetcher::of_mirror(mirror, Limits::default()),
        None => Fetcher::of_upstream(Limits::default()),
    };
    let origin = origin.map_err(|error| Failure::wrong_input(vec![Diagnostic::error(error.to_string())]))?;
    let resolved = runtime()?.block_on(upstream::resolve_pins(&open, &origin)).map_err(|errors| {
        let diagnostics = errors.iter().map(|error| Diagnostic::error(error.to_string())).collect();
        let failure = Failure { exit: Exit::Failed, diagnostics };
        match mirror {
            Some(mirror) => failure.help(format!(
                "only the mirror {} was asked, for <host>/<path> of each URL",
                redacted(mirror)
            )),
            None => failure,
        }
    });
    let mut resolved = resolved?;
    if mirror.is_some() {
        judge(&mut resolved, lock, args.accept_unpublished)?;
    }
    pins.extend(resolved);
    Ok(pins)
}

/// Whether this program knows what was published of a pin.
fn is_known(pin: &Pin) -> bool {
    let Pin { name, version, arch, .. } = pin;
    upstream::published(&Need { name: name.clone(), version: version.clone(), arch: arch.clone() }).is_some()
}

/// Marks what a mirror holds instead of what was published, as this program knows it or the lock has it, and what it holds
/// where neither knows. Other bytes than were published or are pinned are refused unless they are accepted.
fn judge(pins: &mut [Pin], lock: &Lock, accept: bool) -> Result<(), Failure> {
    let mut refused = Vec::new();
    for pin in pins {
        if is_known(pin) {
            pin.published = upstream::published_instead(pin);
            pin.measured = false;
        } else if let Some(earlier) = lock.pin(&pin.name, &pin.version, &pin.os, &pin.arch) {
            // What was only measured says nothing of what was published.
            let published = earlier.published.as_ref().or((!earlier.measured).then_some(&earlier.checksum));
            pin.measured &= published.is_none();
            pin.published = published.filter(|published| **published != pin.checksum).cloned();
            if earlier.published.is_none() && earlier.checksum != pin.checksum {
                refused.push(format!(
                    "{pin}: the mirror has {}, and kthw.lock pins {}",
                    pin.checksum, earlier.checksum
                ));
                continue;
            }
        }
        if let Some(published) = &pin.published {
            refused.push(format!("{pin}: the mirror has {}, and published was {published}", pin.checksum));
        }
    }
    if accept || refused.is_empty() {
        return Ok(());
    }
    let diagnostics = refused.into_iter().map(Diagnostic::error).collect();
    let failure = Failure { exit: Exit::Failed, diagnostics };
    Err(failure.help(
        "these are other programs than were published or are pinned; if they are meant, add --accept-unpublished, which \
         marks them in kthw.lock",
    ))
}

fn pinned<'a>(lock: &'a Lock, need: &Need) -> Option<&'a Pin> {
    lock.pin(&need.name, &need.version, "linux", &need.arch)
}

/// Whether the lock pins what is needed, and nothing else.
fn check(lock: &Lock, needs: &[Need], ui: &Ui) -> Result<(), Failure> {
    let missing = needs.iter().filter(|need| pinned(lock, need).is_none()).map(|need| {
        let Need { name, version, arch } = need;
        Diagnostic::error(format!("kthw.lock does not pin {name} {version} linux/{arch}"))
    });
    let needed = |pin: &Pin| needs.iter().any(|need| pinned(lock, need) == Some(pin));
    let unneeded = lock.pins().iter().filter(|pin| !needed(pin));
    let unneeded =
        unneeded.map(|pin| Diagnostic::error(format!("kthw.lock pins {pin}, which no host needs")));
    let differences: Vec<Diagnostic> = missing.chain(unneeded).collect();
    if differences.is_empty() {
        ui.result(format_args!("kthw.lock pins all of {} releases", needs.len()));
        tell_standing(lock, ui);
        return Ok(());
    }
    Err(Failure::differences(differences).help("`kthw lock` makes it so"))
}

fn report(before: &Lock, after: &Lock, ui: &Ui) {
    for pin in after.pins().iter().filter(|pin| !before.pins().contains(pin)) {
        ui.result(format_args!("pinned {pin} {}", pin.checksum));
    }
    for pin in before.pins().iter().filter(|pin| !after.pins().contains(pin)) {
        ui.result(format_args!("dropped {pin}"));
    }
    ui.result(format_args!("kthw.lock pins {} releases", after.pins().len()));
    tell_standing(after, ui);
}

fn tell_standing(lock: &Lock, ui: &Ui) {
    ui.diagnostics(&standing_warnings(lock));
}
