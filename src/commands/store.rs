//! `kthw store verify` and `kthw store repair`.

use std::collections::HashSet;

use kthw_graph::{Action, Goal, NodeId, Yields};
use kthw_store::{ActionDigest, Damage, Store};

use crate::failure::{Exit, Failure};
use crate::opened::{Opened, open_store, realise, require_store};
use crate::sources::Folder;
use crate::ui::{Diagnostic, Ui};

pub fn verify(folder: &Folder, ui: &Ui) -> Result<(), Failure> {
    require_store(folder)?;
    let store = open_store(folder, ui)?;
    let mut read = 0;
    let damages = store.verify(&mut |done, _| read = done)?;
    if damages.is_empty() {
        ui.result(format_args!("{read} bytes are as they should be"));
        return Ok(());
    }
    let diagnostics = damages.iter().map(|damage| Diagnostic::error(damage.to_string())).collect();
    let failure = Failure { exit: Exit::Failed, diagnostics };
    Err(failure.help("`kthw store repair` makes or fetches it again"))
}

pub fn repair(folder: Folder, ui: &Ui) -> Result<(), Failure> {
    require_store(&folder)?;
    let store = open_store(&folder, ui)?;
    let damages = store.verify(&mut |_, _| {})?;
    if damages.is_empty() {
        ui.result("nothing is damaged");
        return Ok(());
    }
    let lost = forget(&store, &damages)?;
    drop(store);
    let (session, bound) = Opened::read(folder, ui)?.session_in(false, ui)?;
    let all = bound.makeable(session.graph().order().iter().copied());
    realise(&session, &bound, Goal::Identify, &all, ui)?;
    // Whatever is made was made again just now. What had been fetched is fetched again; what had not stays where it is.
    let had = |id: &NodeId| {
        let is_pinned = session.graph().node(*id).action.kind().yields == Yields::Pinned;
        is_pinned && session.realised(*id).is_some_and(|realised| lost.contains(&realised.action))
    };
    let fetched: Vec<NodeId> = all.into_iter().filter(had).collect();
    let outcome = match fetched.is_empty() {
        true => Ok(()),
        false => realise(&session, &bound, Goal::Fetch, &fetched, ui).map(drop),
    };
    let store = session.store();
    let left = store.verify(&mut |_, _| {})?;
    for damage in &damages {
        ui.result(format_args!("{damage}: {}", what_became(store, damage, &left)?));
    }
    outcome?;
    let failures = left.iter().map(|damage| Diagnostic::error(damage.to_string())).collect::<Vec<_>>();
    match failures.is_empty() {
        true => Ok(()),
        false => Err(Failure { exit: Exit::Failed, diagnostics: failures }
            .help("run it again; a store that stays damaged may be deleted, it is only a cache")),
    }
}

/// What repairing has done about a damage.
fn what_became(store: &Store, damage: &Damage, left: &[Damage]) -> Result<&'static str, Failure> {
    Ok(match damage {
        damage if left.contains(damage) => "still so",
        Damage::Missing(digest) | Damage::Changed(digest) if store.contains(digest)? => "it is there again",
        Damage::Missing(_) | Damage::Changed(_) => {
            "removed; nothing that is planned now needs it, or it is not fetched again"
        }
        Damage::Realisation(_) => "removed, and made again if it is planned",
        Damage::Root { .. } => "removed; that build is no longer known",
        Damage::Stray(_) => "moved into quarantine",
        Damage::Database(_) => "set aside, and everything made anew",
    })
}

/// Turns damage into misses; says which actions had yielded what is lost.
fn forget(store: &Store, damages: &[Damage]) -> Result<HashSet<ActionDigest>, Failure> {
    let mut lost = HashSet::new();
    for damage in damages {
        if let Damage::Missing(digest) | Damage::Changed(digest) = damage {
            lost.extend(store.producers(digest)?);
        }
        store.forget(damage)?;
    }
    Ok(lost)
}
