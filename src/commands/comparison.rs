//! Two states of a cluster's folder, read side by side.

use super::failure::Failure;
use super::opened::open_store;
use super::state::{Name, State};
use crate::diff::{Causes, Differences, Input, Inputs, Side, Undo, compare};
use crate::rollout::{Decisions, Rollout};
use crate::sources::Folder;
use crate::spec::{self, Positions};
use crate::sys::git;
use crate::ui::Ui;

/// What is compared with what.
pub struct Comparison {
    pub before: State,
    pub after: State,
}

impl Comparison {
    /// By default what is committed, or was built last, with the folder as it is.
    pub fn open(
        folder: &Folder,
        before: Option<&str>,
        after: Option<&str>,
        ui: &Ui,
    ) -> Result<Self, Failure> {
        let before = match before {
            Some(before) => Name::parse(before)?,
            None if git::is_repository(folder.path()).map_err(Failure::failed)? => {
                Name::Revision("HEAD".to_owned())
            }
            None => Name::Build(None),
        };
        let after = after.map_or(Ok(Name::Folder), Name::parse)?;
        Self::of(folder, &before, &after, ui)
    }

    pub fn of(folder: &Folder, before: &Name, after: &Name, ui: &Ui) -> Result<Self, Failure> {
        // What files are lost is found once, and told to both.
        let is_whole = open_store(folder, ui)?.forget_missing_files()?.is_empty();
        // Otherwise neither needs anything of the other.
        let (before, after) = std::thread::scope(|scope| {
            let before = scope.spawn(|| State::open(folder, before, is_whole, ui));
            let after = State::open(folder, after, is_whole, ui);
            (before.join().expect("opening a state ends without a panic"), after)
        });
        Ok(Self { before: before?, after: after? })
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
        let decisions = Decisions::new(bound.map(|bound| &bound.cluster), bound.map(|bound| &bound.lock));
        Rollout::of(&decisions, differences, causes)
    }

    /// Hands on what knows why anything differs.
    pub fn explain<T>(&self, reader: impl FnOnce(Causes<'_>) -> T) -> T {
        let Self { before, after } = self;
        let (old, new) = (|id| before.realised(id), |id| after.realised(id));
        let old = Side { graph: before.session.graph(), realised: &old };
        let new = Side { graph: after.session.graph(), realised: &new };
        let undo = Undo {
            spec: [&before.bound.spec, &after.bound.spec],
            lock: [&before.bound.lock, &after.bound.lock],
            imported: [&before.bound.imported, &after.bound.imported],
            root: after.bound.root,
        };
        reader(Causes::new(old, new, Inputs::new(self.inputs()), undo))
    }

    /// The changes of inputs from one state to the other.
    fn inputs(&self) -> Vec<Input> {
        let Self { before, after } = self;
        let fields = std::thread::scope(|scope| {
            let old = scope.spawn(|| Positions::read(&before.bound.spec));
            let new = Positions::read(&after.bound.spec);
            spec::changes(&old.join().expect("reading a text ends without a panic"), &new)
        });
        let entries = before.bound.lock.changes(&after.bound.lock);
        let files = after.bound.imported.iter().filter_map(|(authority, now)| {
            let then = before.bound.imported.get(authority)?;
            let files = after.bound.cluster.pki.authorities.get(authority)?;
            let field = format!("pki.authorities.{authority}.certificate");
            (then != now).then(|| Input::File { field, path: files.certificate.clone() })
        });
        let fields = fields.into_iter().map(Input::Field);
        fields.chain(entries.into_iter().map(Input::Entry)).chain(files).collect()
    }
}
