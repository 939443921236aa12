//! `kthw gc`: delete from the store what no build needs any more.

use crate::cli::Gc;
use crate::failure::Failure;
use crate::opened::require_store;
use crate::sources::Folder;
use crate::ui::Ui;

pub fn run(folder: &Folder, args: Gc, ui: &Ui) -> Result<(), Failure> {
    require_store(folder)?;
    let collected = kthw_store::collect(&folder.store(), args.keep.get(), args.dry_run)?;
    let verb = if args.dry_run { "would delete" } else { "deleted" };
    ui.result(format_args!(
        "{verb} {} builds, {} realisations, {} blobs, {} bytes",
        collected.roots, collected.realisations, collected.blobs, collected.bytes
    ));
    Ok(())
}
