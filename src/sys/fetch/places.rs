//! Where a file may be had: mirrors in order, then upstream.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use reqwest::Url;

use super::FetchError;
use crate::redaction::redacted;

/// An ordered choice of roots.
#[derive(Debug, Clone)]
pub(super) struct Places {
    mirrors: Vec<Url>,
    upstream: bool,
}

impl Places {
    pub(super) fn mirrors_then_upstream<M: AsRef<str>>(mirrors: &[M]) -> Result<Self, FetchError> {
        let mirrors = mirrors.iter().map(|mirror| mirror_root(mirror.as_ref())).collect::<Result<_, _>>()?;
        Ok(Self { mirrors, upstream: true })
    }

    pub(super) fn upstream() -> Self {
        Self { mirrors: Vec::new(), upstream: true }
    }

    pub(super) fn only(mirror: &str) -> Result<Self, FetchError> {
        Ok(Self { mirrors: vec![mirror_root(mirror)?], upstream: false })
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
            let root = mirror.path().trim_end_matches('/');
            let host = url.host_str().map(|host| format!("/{host}"));
            for folder in host.iter().map(String::as_str).chain([""]) {
                // A query, such as a token, stays behind the path.
                let mut place = mirror.clone();
                place.set_path(&format!("{root}{folder}{}", url.path()));
                places.push(place);
            }
        }
        if self.upstream {
            places.push(url);
        }
        Ok(places)
    }
}

/// Where a mirror that is a folder holds the file of an upstream URL, below its root.
pub fn mirror_path(upstream: &str) -> Result<Utf8PathBuf, FetchError> {
    let url = parse(upstream)?;
    let refuse = |why: &str| FetchError::place(upstream, why);
    // By the same way on which a mirror is read. What is a file here already has no host.
    let host = url.host_str().map(|host| format!("/{host}")).unwrap_or_default();
    let below_root = parse(&format!("file://{host}{}", url.path()))?.to_file_path();
    let path = below_root.ok().and_then(|path| Utf8PathBuf::from_path_buf(path).ok());
    let path = path.and_then(|path| path.strip_prefix("/").ok().map(Utf8Path::to_owned));
    path.filter(|path| !path.as_str().contains(char::is_control))
        .filter(|path| {
            !path.as_str().is_empty()
                && path.components().all(|part| matches!(part, Utf8Component::Normal(_)))
        })
        .ok_or_else(|| refuse("its path is none that a folder can hold"))
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

/// The root of a mirror, below which there are files: what a server is never told cannot be part of it.
fn mirror_root(text: &str) -> Result<Url, FetchError> {
    let url = parse(text)?;
    match url.scheme() {
        _ if url.fragment().is_some() => {
            Err(FetchError::place(text, "what follows `#` is never sent; a path spells it %23"))
        }
        "file" if url.query().is_some() => {
            Err(FetchError::place(text, "a folder has no query; a path spells `?` %3F"))
        }
        _ => Ok(url),
    }
}

/// The URL as messages and notes may say it: without what may be a token.
pub(super) fn shown(url: &Url) -> String {
    let mut bare = url.clone();
    bare.set_query(None);
    let query = if url.query().is_some() { "?…" } else { "" };
    redacted(bare.as_str()) + query
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
    fn a_mirror_is_written_where_it_is_read() {
        for url in
            [RUNC, "https://dl.k8s.io/release/v1.36.0%2B1/a%20b/kubelet?x=y", "file:///images/own%20.img"]
        {
            let read = &Places::only("file:///srv/mirror").unwrap().of(url).unwrap()[0];
            let written = Utf8Path::new("/srv/mirror").join(mirror_path(url).unwrap());
            assert_eq!(read.to_file_path().unwrap(), written, "{url}");
        }
    }

    #[test]
    fn a_path_that_leads_out_of_a_mirror_is_refused() {
        for url in [
            "https://x.example/a/..%2f..%2f..%2fetc/passwd",
            "https://x.example/a%00b",
            "https://x.example/a%0Ab",
            "file:///",
            "file:///a/..%2f..%2fetc/passwd",
        ] {
            let error = mirror_path(url).unwrap_err().to_string();
            assert!(error.contains("its path is none that a folder can hold"), "{error}");
        }
        let climbed = mirror_path("https://x.example/../../a/%2e%2e/../b").unwrap();
        assert_eq!(climbed, "x.example/b");
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
    fn a_file_is_looked_for_below_the_path_of_a_mirror_whatever_its_url_holds_besides() {
        let check = |mirror: &str, expected: &str| {
            let places = Places::only(mirror).unwrap().of("https://dl.k8s.io/v1%2B2/a%20b?c=d").unwrap();
            assert_eq!(places[0].as_str(), expected, "{mirror}");
        };
        check("https://m/base?sig=a%2Fb&x", "https://m/base/dl.k8s.io/v1%2B2/a%20b?sig=a%2Fb&x");
        check("https://m?sig=1", "https://m/dl.k8s.io/v1%2B2/a%20b?sig=1");
        check("https://m/a%20c%3Fd//", "https://m/a%20c%3Fd/dl.k8s.io/v1%2B2/a%20b");
        check("http://me:pw@[fd00::1]:8080/", "http://me:pw@[fd00::1]:8080/dl.k8s.io/v1%2B2/a%20b");
        check("file:///srv/a%23b/", "file:///srv/a%23b/dl.k8s.io/v1%2B2/a%20b");
        for (mirror, reason) in [
            ("https://m/base#part", "what follows `#` is never sent"),
            ("file:///srv#1", "what follows `#` is never sent"),
            ("file:///srv/m?x", "a folder has no query"),
        ] {
            let error = Places::only(mirror).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        assert_eq!(shown(&Url::parse("https://a:b@m/x?whatever=t0ken").unwrap()), "https://m/x?…");
    }

    #[test]
    fn a_password_is_not_shown() {
        let url = Url::parse("https://me:secret@mirror/x").unwrap();
        assert_eq!(shown(&url), "https://mirror/x");
        let error = Places::only("ftp://me:secret@mirror/x").unwrap_err().to_string();
        assert!(error.starts_with("`ftp://mirror/x` is no place"), "{error}");
    }
}
