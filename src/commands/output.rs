//! Where a result goes: to the file that was asked for, or to stdout.

use camino::Utf8Path;

use crate::failure::Failure;
use crate::sources::Folder;
use crate::sys::output_file;
use crate::territory::Territory;
use crate::ui::Ui;

/// Refuses a file that no result may take the place of, before there is one.
pub fn check(folder: &Folder, file: Option<&Utf8Path>) -> Result<(), Failure> {
    match file {
        Some(file) => Ok(Territory::of(folder).check_file(file)?),
        None => Ok(()),
    }
}

/// Writes a file that is committed with the cluster. One that is a link is written where it leads, within the repository.
pub fn write_input(folder: &Folder, name: &str, text: &str) -> Result<(), Failure> {
    let file = folder.join(name);
    Territory::of(folder).check_input(&file)?;
    Ok(output_file::write(&file, text.as_bytes(), folder.restricted(0o644))?)
}

/// Hands over a result.
pub fn deliver(folder: &Folder, file: Option<&Utf8Path>, text: &str, ui: &Ui) -> Result<(), Failure> {
    match file {
        Some(file) if !output_file::is_stdout(file) => {
            check(folder, Some(file))?;
            Ok(output_file::write(file, text.as_bytes(), folder.restricted(0o644))?)
        }
        _ => {
            ui.bytes(text.as_bytes());
            Ok(())
        }
    }
}
