//! What is noted of machines.

use camino::Utf8Path;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::sys::files;
use crate::vm;

/// What is noted somewhere, if it is.
pub fn noted<N: DeserializeOwned>(place: &Utf8Path) -> Result<Option<N>, Failure> {
    Ok(files::read_text(place)?.and_then(|text| vm::read_note(&text)))
}
