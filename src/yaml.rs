//! YAML as every reader understands it: old readers take no string for a boolean, a number or a time.

use serde::Serialize;

/// A value that YAML has no form for.
#[derive(Debug, thiserror::Error)]
#[error("this cannot be written as YAML: {0}")]
pub struct YamlError(String);

/// Writes a value in block style, two spaces deep, without ever folding a string.
pub fn to_string(value: &impl Serialize) -> Result<String, YamlError> {
    let options = serde_saphyr::ser_options! { indent_step: 2, prefer_block_scalars: false };
    let mut text =
        serde_saphyr::to_string_with_options(value, options).map_err(|error| YamlError(error.to_string()))?;
    text.truncate(text.trim_end_matches('\n').len());
    text.push('\n');
    Ok(text)
}
