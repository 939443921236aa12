//! A folder that stands for the world's downloads: any bytes at each publisher's path.

#![expect(clippy::disallowed_methods, reason = "tests write their own files")]

use std::fs;

use crate::cluster_folder::ClusterFolder;

/// Puts a small file where each of these URLs would be, and names the mirror.
pub fn mirror<'a>(folder: &ClusterFolder, urls: impl IntoIterator<Item = &'a str>) -> String {
    let root = folder.place().join("mirror");
    for url in urls {
        let path = root.join(url.strip_prefix("https://").expect("releases are had by https"));
        fs::create_dir_all(path.parent().expect("a URL has a path")).expect("our own folder");
        fs::write(path, format!("stands for {url}")).expect("our own folder");
    }
    format!("file://{}", root.display())
}

/// The URLs of all that a cluster has pinned.
pub fn pinned_urls(folder: &ClusterFolder) -> Vec<String> {
    let list = folder.kthw(&["fetch", "--list"]).result();
    list.lines().map(|line| line.split(' ').next_back().expect("a URL ends each line").to_owned()).collect()
}
