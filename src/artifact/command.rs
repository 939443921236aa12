//! A command line as systemd reads it.

use std::fmt::Write as _;

use kthw_graph::{Manifest, Origin};

use super::{DecidedBy, Unfit};

/// A program with its flags.
#[derive(Debug, Clone)]
pub struct Command {
    /// An absolute path of letters, digits and `/-._`; after a `-`, one whose failure is of no account.
    pub program: &'static str,
    /// What stands before the flags.
    pub arguments: Vec<&'static str>,
    pub flags: Vec<Flag>,
}

/// A flag, given once for each of its values.
#[derive(Debug, Clone)]
pub struct Flag {
    /// Without the dashes.
    pub name: String,
    pub values: Vec<String>,
    pub decided_by: DecidedBy,
}

/// A flag that no unit file can carry.
#[derive(Debug, thiserror::Error)]
#[error("--{flag} holds {character:?}, which no unit file can carry: write its value as one line of text")]
pub struct CommandError {
    flag: String,
    character: char,
}

impl Command {
    pub fn new(program: &'static str, flags: Vec<Flag>) -> Self {
        Self { program, arguments: Vec::new(), flags }
    }

    /// Puts an argument before the flags.
    pub fn with(mut self, argument: &'static str) -> Self {
        self.arguments.push(argument);
        self
    }

    /// Names the program and every flag.
    pub fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("program", self.program, Origin::Program);
        manifest.list("argument", &self.arguments, Origin::Program);
        for flag in &self.flags {
            for value in &flag.values {
                flag.decided_by.describe(manifest, &format!("--{}", flag.name), value);
            }
        }
    }

    /// The value of a flag that is given once.
    pub fn value(&self, name: &str) -> Option<&str> {
        let flag = self.flags.iter().find(|flag| flag.name == name)?;
        flag.values.first().map(String::as_str)
    }

    /// The flags that no unit file can carry.
    pub fn unfit(&self) -> Vec<Unfit> {
        let unfit = |flag: &Flag| {
            let message = flag.unfit()?.to_string();
            Some(Unfit { decided_by: flag.decided_by.clone(), message })
        };
        self.flags.iter().filter_map(unfit).collect()
    }

    /// The command line, one flag a line.
    pub fn line(&self) -> Result<String, CommandError> {
        let mut line = self.program.to_owned();
        for argument in &self.arguments {
            write!(line, " {}", word(argument)).expect("writing to a string succeeds");
        }
        for flag in &self.flags {
            if let Some(error) = flag.unfit() {
                return Err(error);
            }
            for value in &flag.values {
                let argument = format!("--{}={value}", flag.name);
                write!(line, " \\\n  {}", word(&argument)).expect("writing to a string succeeds");
            }
        }
        Ok(line)
    }
}

impl Flag {
    fn unfit(&self) -> Option<CommandError> {
        let texts = std::iter::once(&self.name).chain(&self.values);
        let character = texts.flat_map(|text| text.chars()).find(|c| unfit(*c))?;
        Some(CommandError { flag: self.name.clone(), character })
    }
}

/// One argument as one word of a command line: quoted if need be, and expanded to nothing but itself.
fn word(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+%".contains(c);
    let quoted = argument.is_empty() || !argument.chars().all(plain);
    let mut word = String::with_capacity(argument.len() + 2);
    word.extend(quoted.then_some('"'));
    for character in argument.chars() {
        match character {
            '%' => word.push_str("%%"),
            '$' => word.push_str("$$"),
            '"' | '\\' => word.extend(['\\', character]),
            _ => word.push(character),
        }
    }
    word.extend(quoted.then_some('"'));
    word
}

/// Whether systemd would refuse a line for this character.
pub fn unfit(character: char) -> bool {
    let noncharacter = |c: u32| (0xfdd0..=0xfdef).contains(&c) || c & 0xfffe == 0xfffe;
    character.is_control() || noncharacter(character.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::systemd;
    use crate::judge::{approved, judge};
    use proptest::prelude::*;

    fn command(values: &[&str]) -> Command {
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        let flag = Flag { name: "x".to_owned(), values, decided_by: DecidedBy::Program };
        Command::new("/bin/x", vec![flag])
    }

    #[test]
    fn every_flag_has_a_line() {
        insta::assert_snapshot!(command(&["1", "a b", "", "50%", "$HOME", r#"\"'"#]).line().expect("one line each"), @r#"
        /bin/x \
          --x=1 \
          "--x=a b" \
          --x= \
          --x=50%% \
          "--x=$$HOME" \
          "--x=\\\"'"
        "#);
    }

    #[test]
    fn a_value_of_several_lines_is_refused() {
        let check = |value: &str, message: &str| {
            let error = command(&[value]).line().expect_err("refused");
            assert_eq!(error.to_string(), message);
        };
        let tail = "which no unit file can carry: write its value as one line of text";
        check("a\nb", &format!("--x holds '\\n', {tail}"));
        check("a\0", &format!("--x holds '\\0', {tail}"));
        check("\u{ffff}", &format!("--x holds '\\u{{ffff}}', {tail}"));
    }

    /// What the rules of systemd.service(5) make of a word: quotes go, escapes and doubled signs resolve.
    fn unquoted(word: &str) -> Option<String> {
        let quoted = word.strip_prefix('"').map(|rest| rest.strip_suffix('"').unwrap_or_default());
        let mut characters = quoted.unwrap_or(word).chars();
        let mut argument = String::new();
        while let Some(character) = characters.next() {
            match character {
                '\\' => argument.push(characters.next()?),
                '%' | '$' if characters.next()? != character => return None,
                '"' => return None,
                ' ' | '\'' if quoted.is_none() => return None,
                _ => argument.push(character),
            }
        }
        Some(argument)
    }

    /// What systemd itself makes of a command line. It leaves `$$` for when the program starts.
    fn read_by_systemd(line: &str) -> Option<Vec<String>> {
        let dump = systemd::verify(&format!("[Service]\nExecStart={line}\n"), &[])?.understood;
        let seen = dump.split("Command Line: ").nth(1).unwrap_or_else(|| panic!("refused:\n{line}"));
        let seen = seen.split('\n').next().expect("a first line");
        let words = approved(judge("sh")?.args(["-c", &format!("printf '%s\\n' {seen}")]));
        Some(words.lines().map(|word| word.replace("$$", "$")).collect())
    }

    fn any_value() -> impl Strategy<Value = String> {
        let unpleasant = prop::sample::select(r#"a "'$%\;#={}~*?,:@"#.chars().collect::<Vec<_>>());
        let character = prop_oneof![4 => unpleasant, 1 => any::<char>().prop_filter("fit", |c| !unfit(*c))];
        prop::collection::vec(character, 0..8).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn a_word_reads_back(value in any_value()) {
            prop_assert_eq!(unquoted(&word(&value)), Some(value));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn systemd_reads_back_every_argument(values in prop::collection::vec(any_value(), 50)) {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let line = command(&values).line().expect("one line each");
            let Some(read) = read_by_systemd(&line) else { return Ok(()) };
            let flags = values.iter().map(|value| format!("--x={value}"));
            prop_assert_eq!(read, std::iter::once("/bin/x".to_owned()).chain(flags).collect::<Vec<_>>());
        }
    }
}
