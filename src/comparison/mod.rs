//! Two states of a cluster's folder, read side by side.

mod name;
mod range;
mod state;

use std::collections::HashSet;

use crate::diff::{Causes, Differences, Input, Inputs, Undo, compare};
use crate::failure::Failure;
use crate::findings::Decisions;
use crate::opened::{Opened, open_store};
use crate::rollout::Rollout;
use crate::side::Side;
use crate::sources::{self, Folder};
use crate::spec::{self, Positions};
use crate::sys::clock;
use crate::ui::{Diagnostic, Ui};

use range::Range;

pub use name::Name;
pub use state::{Draft, State};

/// What is compared with what.
pub struct Comparison {
    pub before: State,
    pub after: State,
    /// Whether a rollout begins with bare hosts; then both states are the later one.
    pub begins_bare: bool,
}

impl Comparison {
    /// What a person has named.
    pub fn open(
        folder: &Folder,
        before: Option<&str>,
        after: Option<&str>,
        ui: &Ui,
    ) -> Result<Self, Failure> {
        let Range { before, after } = Range::read(folder, before, after)?;
        if after == Name::Nothing {
            return Err(Failure::failed("`nothing` is where a plan may begin, and no state of a cluster")
                .help("`kthw plan nothing` tells the first rollout"));
        }
        if after == Name::Folder {
            // What is missing here is more to the point than what any other state lacks.
            sources::read_spec(folder)?;
            sources::read_lock(folder)?;
        }
        match before {
            Name::Nothing => Ok(Self { begins_bare: true, ..Self::of(folder, &after, &after, ui)? }),
            before => Self::of(folder, &before, &after, ui),
        }
    }

    pub fn of(folder: &Folder, before: &Name, after: &Name, ui: &Ui) -> Result<Self, Failure> {
        let (mut before, mut after) =
            both(|| Draft::read(folder, before, ui), || Draft::read(folder, after, ui))?;
        tell_new_warnings(&before.opened, &after.opened, ui);
        ui.diagnostics(&after.opened.standing);
        let keys = [before.opened.keys(), after.opened.keys()];
        before.opened.add_keys(&keys[1]);
        after.opened.add_keys(&keys[0]);
        // What files are lost is found once, and told to both.
        let is_whole = open_store(folder, ui)?.forget_missing_files()?.is_empty();
        let (before, after) = both(|| before.identify(is_whole, ui), || after.identify(is_whole, ui))?;
        // Of the root secret the report itself says it.
        let lacks = |state: &&State| !state.bound.is_stand_in && !state.unknown().is_empty();
        for State { label, .. } in [&before, &after].into_iter().filter(lacks) {
            ui.message(format!(
                "{label}: the key of an authority is not here, and what follows from it is compared by what it is made from"
            ));
        }
        Ok(Self { before, after, begins_bare: false })
    }

    /// Hands on everything that differs, with what knows why.
    pub fn read<T>(&self, reader: impl FnOnce(&mut Causes<'_>, Differences) -> T) -> T {
        self.explain(|mut causes| {
            let differences = compare(&mut causes);
            reader(&mut causes, differences)
        })
    }

    /// What these differences lead to on hosts.
    pub fn rollout(&self, differences: &Differences, causes: &mut Causes<'_>) -> Rollout {
        let bound = [&self.before.bound, &self.after.bound];
        let (clusters, locks) = (bound.map(|bound| &bound.cluster), bound.map(|bound| &bound.lock));
        let decisions = Decisions::new(clusters, locks, clock::now().unsigned_abs());
        match self.begins_bare {
            true => Rollout::of_bare_hosts(&decisions, differences, causes),
            false => Rollout::of(&decisions, differences, causes),
        }
    }

    /// Hands on what knows why anything differs.
    pub fn explain<T>(&self, reader: impl FnOnce(Causes<'_>) -> T) -> T {
        let Self { before, after, .. } = self;
        let (old, new) = (|id| before.realised(id), |id| after.realised(id));
        let old = Side { graph: before.session.graph(), realised: &old };
        let new = Side { graph: after.session.graph(), realised: &new };
        let undo = Undo::new(
            [&before.bound.spec, &after.bound.spec],
            [&before.bound.lock, &after.bound.lock],
            [&before.bound.imported, &after.bound.imported],
            after.bound.root,
        );
        reader(Causes::new(old, new, Inputs::new(self.inputs()), undo))
    }

    /// The changes of inputs from one state to the other.
    fn inputs(&self) -> Vec<Input> {
        let Self { before, after, .. } = self;
        let fields = std::thread::scope(|scope| {
            let old = scope.spawn(|| Positions::read(&before.bound.spec));
            let new = Positions::read(&after.bound.spec);
            spec::changes(&old.join().expect("reading a text ends without a panic"), &new)
        });
        let entries = before.bound.lock.changes(&after.bound.lock);
        let files = after.bound.imported.iter().filter_map(|(authority, now)| {
            let then = before.bound.imported.get(authority)?;
            let file =
                |state: &State| Some(state.bound.cluster.pki.authorities.get(authority)?.certificate.clone());
            let (path, field) = (file(after)?, format!("pki.authorities.{authority}.certificate"));
            // Another file is a change of the field.
            (then != now && file(before)? == path).then_some(Input::File { field, path })
        });
        let fields = fields.into_iter().map(Input::Field);
        fields.chain(entries.into_iter().map(Input::Entry)).chain(files).collect()
    }
}

/// Of the later state, what somebody has to know before it is built; what was so before is no news.
fn tell_new_warnings(before: &Opened, after: &Opened, ui: &Ui) {
    let known: HashSet<&str> = before.warnings.iter().map(Diagnostic::message).collect();
    let is_new = |warning: &&Diagnostic| !known.contains(warning.message());
    ui.diagnostics(&after.warnings.iter().filter(is_new).cloned().collect::<Vec<_>>());
}

/// Does two things at once, of which neither needs anything of the other; what is wrong with both, if it is.
fn both<T: Send>(
    one: impl FnOnce() -> Result<T, Failure> + Send,
    other: impl FnOnce() -> Result<T, Failure>,
) -> Result<(T, T), Failure> {
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().expect("opening a state ends without a panic"), other)
    });
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(one), Err(other)) => Err(one.and(other)),
        (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => Err(failure),
    }
}
