//! `kthw schema`: print the JSON Schema of cluster.yaml.

use crate::failure::Failure;
use crate::spec;
use crate::ui::Ui;

pub fn run(ui: &Ui) -> Result<(), Failure> {
    ui.bytes(spec::schema().as_bytes());
    Ok(())
}
