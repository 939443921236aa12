//! Where a file may be had: mirrors in order, then upstream.

use reqwest::Url;

use super::FetchError;

/// An ordered choice of roots.
#[derive(Debug, Clone)]
pub(super) struct Places {
    mirrors: Vec<Url>,
    upstream: bool,
}

impl Places {
    pub(super) fn mirrors_then_upstream<M: AsRef<str>>(mirrors: &[M]) -> Result<Self, FetchError> {
        let mirrors = mirrors.iter().map(|mirror| parse(mirror.as_ref())).collect::<Result<_, _>>()?;
        Ok(Self { mirrors, upstream: true })
    }

    pub(super) fn upstream() -> Self {
        Self { mirrors: Vec::new(), upstream: true }
    }

    pub(super) fn only(mirror: &str) -> Result<Self, FetchError> {
        Ok(Self { mirrors: vec![parse(mirror)?], upstream: false })
    }

    /// Whether only mirrors are asked, so that what they hold is what counts.
    pub(super) fn are_only_mirrors(&self) -> bool {
        !self.upstream
    }

    /// Everywhere that the file of this upstream URL may be.
    pub(super) fn of(&self, upstream: &str) -> Result<Vec<Url>, FetchError> {
        let url = parse(upstream)?;
        let mut places = Vec::new();
        for mirror in &self.mirrors {
            let root = mirror.as_str().trim_end_matches('/');
            let host = url.host_str().map(|host| format!("/{host}"));
            for folder in host.iter().map(String::as_str).chain([""]) {
                places.push(parse(&format!("{root}{folder}{}", url.path()))?);
            }
        }
        if self.upstream {
            places.push(url);
        }
        Ok(places)
    }
}

fn parse(text: &str) -> Result<Url, FetchError> {
    let url = Url::parse(text).map_err(|error| FetchError::place(text, error))?;
    match url.scheme() {
        "https" | "http" => Ok(url),
        "file" if url.to_file_path().is_ok() => Ok(url),
        "file" => Err(FetchError::place(text, "it names a host; write file:///folder")),
        scheme => Err(FetchError::place(text, format!("kthw does not speak {scheme}"))),
    }
}

/// The URL without its password, fit for messages and notes.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() {
        // A URL that has a password can be without one.
        let _ = url.set_password(None);
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNC: &str = "https://github.com/opencontainers/runc/releases/download/v1.4.3/runc.amd64";

    #[test]
    fn mirrors_come_first_in_both_layouts() {
        let places =
            Places::mirrors_then_upstream(&["file:///srv/mirror/", "http://10.0.0.2:8080/m"]).unwrap();
        let texts: Vec<_> = places.of(RUNC).unwrap().iter().map(ToString::to_string).collect();
        let path = "opencontainers/runc/releases/download/v1.4.3/runc.amd64";
        let expected = [
            format!("file:///srv/mirror/github.com/{path}"),
            format!("file:///srv/mirror/{path}"),
            format!("http://10.0.0.2:8080/m/github.com/{path}"),
            format!("http://10.0.0.2:8080/m/{path}"),
            RUNC.to_owned(),
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn one_mirror_alone_never_leads_to_upstream() {
        let places = Places::only("file:///srv").unwrap().of(RUNC).unwrap();
        assert!(places.iter().all(|place| place.scheme() == "file"), "{places:?}");
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for (mirror, reason) in [
            ("", "relative URL without a base"),
            ("/srv/mirror", "relative URL without a base"),
            ("ftp://mirror/", "kthw does not speak ftp"),
            ("file://server/share", "it names a host"),
        ] {
            let error = Places::only(mirror).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{mirror}` is no place to download from: ")), "{error}");
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let url = Url::parse("https://me:secret@mirror/x").unwrap();
        assert_eq!(shown(&url), "https://me@mirror/x");
    }
}
