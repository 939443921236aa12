//! Where a result goes: to the file that was asked for, or to stdout.

use camino::Utf8Path;

use crate::failure::Failure;
use crate::opened::read_cluster;
use crate::sources::{Folder, SPEC};
use crate::sys::{files, output_file};
use crate::territory::Territory;
use crate::ui::{Diagnostic, Ui};

/// Refuses a file that no result may take the place of, before there is one.
pub fn check(folder: &Folder, file: Option<&Utf8Path>) -> Result<(), Failure> {
    let Some(file) = file else { return Ok(()) };
    Territory::of(folder).check_file(file)?;
    let end = files::resolved(file);
    match named_files(folder).into_iter().find(|named| files::resolved(&folder.join(named)) == end) {
        Some(named) => {
            let error =
                Diagnostic::error(format!("{file} is {named}, which {SPEC} names; name another file"));
            Err(Failure::wrong_input(vec![error]))
        }
        None => Ok(()),
    }
}

/// The files that the cluster's file says are made elsewhere. One that cannot be read names none.
fn named_files(folder: &Folder) -> Vec<String> {
    let text = files::read_text(&folder.join(SPEC)).ok().flatten().unwrap_or_default();
    let cluster = read_cluster("", &text.into()).ok().map(|(cluster, _)| cluster);
    let authorities = cluster.into_iter().flat_map(|cluster| cluster.pki.authorities.into_values());
    authorities.flat_map(|files| [files.certificate, files.key]).collect()
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
