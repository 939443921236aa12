//! What a unit of systemd says about the programs that it runs.

/// Where systemd makes folders for services.
const FOLDERS: [(&str, &str); 3] =
    [("StateDirectory", "/var/lib"), ("LogsDirectory", "/var/log"), ("CacheDirectory", "/var/cache")];

/// A unit's command lines and what they find.
pub struct Unit {
    pub before: Vec<String>,
    pub start: Vec<String>,
    environment: Vec<String>,
    /// Those that have to be there.
    pub environment_files: Vec<String>,
    /// The folders that systemd makes for it, with their modes.
    pub folders: Vec<(String, String)>,
    /// The files that systemd copies for it: their names there, and where they are.
    pub credentials: Vec<(String, String)>,
}

impl Unit {
    pub fn parse(text: &str) -> Self {
        let text = text.replace("\\\n", " ");
        let all = |key: &str| -> Vec<String> {
            let values = text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            values.map(str::to_owned).collect()
        };
        let folders = |(key, root): (&str, &str)| {
            let mode = all(&format!("{key}Mode")).pop().unwrap_or_else(|| "0755".to_owned());
            all(key).into_iter().map(move |name| (format!("{root}/{name}"), mode.clone())).collect::<Vec<_>>()
        };
        Self {
            before: all("ExecStartPre"),
            start: all("ExecStart"),
            environment: all("Environment"),
            environment_files: all("EnvironmentFile")
                .into_iter()
                .filter(|path| !path.starts_with('-'))
                .collect(),
            credentials: all("LoadCredential")
                .iter()
                .filter_map(|line| line.split_once(':'))
                .map(|(name, path)| (name.to_owned(), path.to_owned()))
                .collect(),
            folders: FOLDERS.into_iter().flat_map(folders).collect(),
        }
    }

    /// Adds what an environment file says.
    pub fn read_environment(&mut self, text: &str) {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        self.environment.extend(lines.map(str::to_owned));
    }

    /// The words of a command line, its environment before it.
    pub fn words(&self, line: &str) -> Vec<String> {
        let line = line.trim_start_matches(['-', '+', '!', '@', ':']);
        assert!(!line.contains(['"', '%', '$']), "nothing in {line} needs systemd to read it");
        // A quotation of systemd's that holds nothing else is one of a shell's.
        let words = shlex::split(line).unwrap_or_else(|| panic!("quotes that do not end: {line}"));
        self.environment.iter().cloned().chain(words).collect()
    }
}
