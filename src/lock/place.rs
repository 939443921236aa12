//! Where something is written in the text of a lock.

use std::collections::HashMap;

/// The lines and columns of all labels in a section, from 1.
pub fn places<'t>(text: &'t str, section: &str) -> HashMap<&'t str, (usize, usize)> {
    let heading = format!("[{section}]");
    let lines = (1..).zip(text.lines()).skip_while(|(_, line)| line.trim() != heading).skip(1);
    let lines = lines.take_while(|(_, line)| !line.starts_with('['));
    let labels = lines.filter_map(|(number, line)| {
        let (key, _) = line.split_once('=')?;
        let label = key.trim().trim_matches(['"', '\'']);
        Some((label, (number, 1 + line[..line.find(label)?].chars().count())))
    });
    labels.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_found_in_its_own_section() {
        let text = "ca = 1\n\n[epochs]\nleaf = 2\n  ca = 3\n\n[generations]\n\"pki/ca\" = 4\nca = 5\n";
        assert_eq!(places(text, "epochs")["ca"], (5, 3));
        assert_eq!(places(text, "generations")["pki/ca"], (8, 2));
        assert!(!places(text, "generations").contains_key("leaf"));
        assert!(places(text, "pin").is_empty());
    }
}
