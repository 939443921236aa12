//! What is noted beside the machines' files, to be compared with what is planned and with what runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What a machine's files were made as: outputs of the plan of that day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The id of the cluster that the machine is of.
    pub cluster: String,
    /// The image below the disk, and what its file is called.
    pub image: String,
    pub image_file: String,
    /// The disk before it was written to.
    pub disk: String,
    pub seed: String,
}

impl Made {
    /// Whether a disk that was made like this is what is planned now.
    pub fn has_disk_of(&self, planned: &Made) -> bool {
        (&self.image, &self.disk) == (&planned.image, &planned.disk)
    }
}

/// The machines' gateway: its process, the words that it was started by, and the local ports that lead to each host's
/// ssh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayNote<P> {
    pub process: P,
    pub line: Vec<String>,
    pub ssh: BTreeMap<String, u16>,
}

/// A note's text.
pub fn write(note: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(note).expect("strings and numbers serialise");
    text.push('\n');
    text
}

/// A note, unless it is something else.
pub fn read<N: DeserializeOwned>(text: &str) -> Option<N> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(image: &str, disk: &str, seed: &str) -> Made {
        let [cluster, image_file] = ["hard-way-0a1b2c3d", "debian-12-amd64.qcow2"].map(str::to_owned);
        Made { cluster, image: image.to_owned(), image_file, disk: disk.to_owned(), seed: seed.to_owned() }
    }

    #[test]
    fn a_note_is_read_as_it_was_written_and_anything_else_is_none() {
        let note = made("pin:1", "b3:2", "b3:3");
        assert_eq!(read::<Made>(&write(&note)), Some(note));
        for text in ["", "{}", "[1]", "{\"image\": 1}"] {
            assert_eq!(read::<Made>(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_disk_is_its_image_and_its_size_and_not_its_seed() {
        let planned = made("a", "b", "c");
        assert!(made("a", "b", "x").has_disk_of(&planned));
        assert!(!made("x", "b", "c").has_disk_of(&planned) && !made("a", "x", "c").has_disk_of(&planned));
    }
}
