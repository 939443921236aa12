//! The store of a cluster folder.

use kthw_store::Store;

use crate::failure::Failure;
use crate::sources::{self, Folder};
use crate::sys::files;
use crate::ui::{Diagnostic, Ui};

/// Fails where there is no store yet, so that looking after one does not make one.
pub fn require_store(folder: &Folder) -> Result<(), Failure> {
    let store = folder.store();
    if files::exists(&store) {
        return Ok(());
    }
    sources::read_spec(folder)?;
    Err(Failure::failed(format!("there is no store at {store}; `kthw build` makes one")))
}

/// Opens the folder's store and passes on what it has to say.
pub fn open_store(folder: &Folder, ui: &Ui) -> Result<Store, Failure> {
    let store = Store::open(&folder.store())?;
    if let Some(aside) = store.set_aside() {
        let text =
            format!("the store's database was damaged and is set aside as {aside}; everything is made anew");
        ui.diagnostics(&[Diagnostic::warning(text)]);
    }
    Ok(store)
}
