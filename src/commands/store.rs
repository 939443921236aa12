//! `kthw store verify` and `kthw store repair`.

use std::collections::HashSet;

use kthw_graph::{Goal, NodeId};
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
    let lost = discard(&store, &damages)?;
    drop(store);
    let (session, bound) = Opened::read(folder, ui)?.session_in(false, ui)?;
    let all = bound.makeable(session.graph().order().iter().copied());
    realise(&session, &bound, Goal::Identify, &all, ui)?;
    // What had been fetched is fetched again; what had not stays where it is.
    let had = |id: &NodeId| session.realised(*id).is_some_and(|realised| lost.contains(&realised.action));
    let fetched: Vec<NodeId> = all.into_iter().filter(had).collect();
    realise(&session, &bound, Goal::Fetch, &fetched, ui)?;
    let left = session.store().verify(&mut |_, _| {})?;
    for damage in &damages {
        let state = if left.contains(damage) { "still" } else { "repaired:" };
        ui.result(format_args!("{state} {damage}"));
    }
    if left.is_empty() { Ok(()) } else { Err(Failure::failed("not everything could be repaired")) }
}

/// Turns damage into misses; says which actions had yielded what is lost.
fn discard(store: &Store, damages: &[Damage]) -> Result<HashSet<ActionDigest>, Failure> {
    let mut lost = HashSet::new();
    for damage in damages {
        if let Damage::Missing(digest) | Damage::Changed(digest) = damage {
            lost.extend(store.producers(digest)?);
            store.discard(digest)?;
        }
    }
    Ok(lost)
}
