//! Where something is written in the text of a lock.

/// The line and column of a label in a section, from 1.
pub fn place(text: &str, section: &str, label: &str) -> Option<(usize, usize)> {
    let heading = format!("[{section}]");
    let lines = (1..).zip(text.lines()).skip_while(|(_, line)| line.trim() != heading).skip(1);
    let mut lines = lines.take_while(|(_, line)| !line.starts_with('['));
    lines.find_map(|(number, line)| {
        let (key, _) = line.split_once('=')?;
        let is_it = key.trim().trim_matches(['"', '\'']) == label;
        is_it.then(|| (number, 1 + line[..line.find(label).unwrap_or(0)].chars().count()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_found_in_its_own_section() {
        let text = "ca = 1\n\n[epochs]\nleaf = 2\n  ca = 3\n\n[generations]\n\"pki/ca\" = 4\nca = 5\n";
        assert_eq!(place(text, "epochs", "ca"), Some((5, 3)));
        assert_eq!(place(text, "generations", "pki/ca"), Some((8, 2)));
        assert_eq!(place(text, "generations", "leaf"), None);
        assert_eq!(place(text, "pin", "ca"), None);
    }
}
