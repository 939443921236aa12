//! Reading gzipped tar archives by one strict policy, to the end, before anything in them is believed.
//!
//! An archive is refused whole when any entry is refused, wanted or not:
//!
//! - names are UTF-8 without NUL, relative, without `..`, not twice, and not beneath what is no folder;
//! - entries are regular files, folders and links; no devices, fifos, sparse files or kinds yet unknown;
//! - links stay inside the archive, and a hard link names a file before it;
//! - no file is setuid or setgid (a folder may be setgid: it is never created);
//! - both end-of-archive blocks are there and nothing but zeros follows them;
//! - every gzip member is read, with its trailer, and no garbage follows the last one;
//! - the unpacked size stays within a limit.

mod meter;
mod tree;

use std::io::{self, Read, Write};

use flate2::bufread::MultiGzDecoder;
use tar::EntryType;

use meter::{Meter, Overrun};
use tree::Tree;

/// The size of a tar block.
const BLOCK: u64 = 512;

/// What may precede an entry: its header, long names and extended attributes.
const HEADERS: u64 = 64 * 1024;

/// How much an archive may unpack to, unless the caller says otherwise: the largest release is a quarter of it.
pub const UNPACKED: u64 = 2 * 1024 * 1024 * 1024;

/// Why an archive is refused. The caller adds which archive it was.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("the archive is damaged: {0}; fetch it again")]
    Damaged(io::Error),
    #[error("the archive ends without its end mark, so part of it is missing; fetch it again")]
    Unfinished,
    #[error("the archive goes on after its end mark; it is not what upstream publishes")]
    Trailing,
    #[error("the archive unpacks to more than {limit} bytes; it is not what upstream publishes")]
    TooLarge { limit: u64 },
    #[error(
        "the archive entry `{name}` has more than {HEADERS} bytes of headers; it is not what upstream publishes"
    )]
    Headers { name: String },
    #[error("the archive entry `{name}` {reason}; it is not what upstream publishes")]
    Refused { name: String, reason: &'static str },
    #[error("the archive has no file `{path}`; it has {}", near(.names))]
    Missing { path: String, names: Vec<String> },
    #[error("cannot keep the archive member `{path}`: {source}")]
    Sink { path: String, source: io::Error },
}

fn near(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut text = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => text.push_str("no files at all"),
        count if count > SHOWN => text.push_str(&format!(" and {} more", count - SHOWN)),
        _ => {}
    }
    text
}

/// A regular file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Relative, without a leading `./`.
    pub path: String,
    pub size: u64,
    /// The only thing that is kept of its mode.
    pub executable: bool,
}

/// All regular files of an acceptable archive, in its order.
pub fn list(archive: impl Read, limit: u64) -> Result<Vec<Member>, ArchiveError> {
    let mut members = Vec::new();
    walk(archive, limit, |member, _| {
        members.push(member);
        Ok(())
    })?;
    Ok(members)
}

/// Writes the file at `path` to `sink`. On an error, the sink holds bytes that must not be used:
/// the file is only as good as the rest of the archive, which is read after it.
pub fn extract(
    archive: impl Read,
    path: &str,
    limit: u64,
    sink: &mut impl Write,
) -> Result<Member, ArchiveError> {
    let mut found = None;
    let mut names = Vec::new();
    walk(archive, limit, |member, content| {
        if member.path == path {
            copy(content, sink, path)?;
            found = Some(member);
        } else {
            names.push(member.path);
        }
        Ok(())
    })?;
    found.ok_or_else(|| ArchiveError::Missing { path: path.to_owned(), names })
}

/// Like [`io::copy`], but tells a failing archive from a failing sink.
fn copy(content: &mut dyn Read, sink: &mut impl Write, path: &str) -> Result<(), ArchiveError> {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match content.read(&mut buffer).map_err(ArchiveError::Damaged)? {
            0 => return Ok(()),
            count => sink
                .write_all(&buffer[..count])
                .map_err(|source| ArchiveError::Sink { path: path.to_owned(), source })?,
        }
    }
}

/// Visits every regular file of the archive and drains it, applying the whole policy.
fn walk(
    archive: impl Read,
    limit: u64,
    mut visit: impl FnMut(Member, &mut dyn Read) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let (meter, gauge) =
        Meter::new(MultiGzDecoder::new(io::BufReader::with_capacity(64 * 1024, archive)), limit);
    let mut archive = tar::Archive::new(meter);
    let mut tree = Tree::default();
    let mut end = 0;
    let mut last = String::new();
    gauge.allow_until(HEADERS);
    for entry in archive.entries().map_err(ArchiveError::Damaged)? {
        let mut entry = entry.map_err(|error| damaged(error, limit, &last))?;
        let name = name(&entry.path_bytes());
        let size = entry.size();
        end = entry
            .raw_file_position()
            .checked_add(size)
            .and_then(|end| end.checked_next_multiple_of(BLOCK))
            .ok_or(ArchiveError::TooLarge { limit })?;
        if end > limit {
            return Err(ArchiveError::TooLarge { limit });
        }
        gauge.allow_until(end.saturating_add(HEADERS));
        if let Some(member) = admit(&mut entry, &mut tree).map_err(|reason| refused(&name, reason))? {
            visit(member, &mut entry)?;
        }
        last = name;
    }
    gauge.allow_all();
    finish(archive.into_inner(), end, limit)
}

/// Takes an entry into the tree; returns it when it is a regular file.
fn admit(entry: &mut tar::Entry<'_, impl Read>, tree: &mut Tree) -> Result<Option<Member>, &'static str> {
    let mode = entry.header().mode().map_err(|_| "has a mode that is no number")?;
    let kind = entry.header().entry_type();
    let path = text(&entry.path_bytes())?;
    let target = entry.link_name_bytes().map(|bytes| text(&bytes)).transpose()?;
    if !kind.is_dir() && mode & 0o6000 != 0 {
        return Err("is setuid or setgid");
    }
    let size = entry.size();
    match kind {
        EntryType::Regular => {
            if is_sparse(entry)? {
                return Err("is a sparse file");
            }
            let path = tree.add_file(&path)?;
            return Ok(Some(Member { path, size, executable: mode & 0o111 != 0 }));
        }
        EntryType::Directory => tree.add_folder(&path)?,
        EntryType::Symlink => tree.add_symlink(&path, &target.unwrap_or_default())?,
        EntryType::Link => tree.add_hard_link(&path, &target.unwrap_or_default())?,
        EntryType::Char | EntryType::Block => return Err("is a device"),
        EntryType::Fifo => return Err("is a fifo"),
        EntryType::GNUSparse => return Err("is a sparse file"),
        _ => return Err("is of a kind that kthw does not know"),
    }
    // A folder or link with content would be read as the next header by some readers and skipped by others.
    if size == 0 { Ok(None) } else { Err("has content but is no file") }
}

/// Whether extended attributes say that the content is a map of pieces, as GNU tar writes sparse files.
fn is_sparse(entry: &mut tar::Entry<'_, impl Read>) -> Result<bool, &'static str> {
    const MALFORMED: &str = "has malformed extended attributes";
    let Some(attributes) = entry.pax_extensions().map_err(|_| MALFORMED)? else {
        return Ok(false);
    };
    for attribute in attributes {
        if attribute.map_err(|_| MALFORMED)?.key_bytes().starts_with(b"GNU.sparse.") {
            return Ok(true);
        }
    }
    Ok(false)
}

fn text(bytes: &[u8]) -> Result<String, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "has a name that is not UTF-8")?;
    if text.contains(char::is_control) {
        Err("has a control character in its name")
    } else {
        Ok(text.to_owned())
    }
}

/// A name fit to be printed.
fn name(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).escape_debug().collect()
}

fn refused(name: &str, reason: &'static str) -> ArchiveError {
    ArchiveError::Refused { name: name.to_owned(), reason }
}

fn damaged(error: io::Error, limit: u64, last: &str) -> ArchiveError {
    match Overrun::of(&error) {
        Some(Overrun::Limit) => ArchiveError::TooLarge { limit },
        Some(Overrun::Headers) => ArchiveError::Headers { name: format!("after {last}") },
        None => ArchiveError::Damaged(error),
    }
}

/// Reads what follows the last entry: two blocks of zeros, more zeros at most, and the end of every gzip member.
fn finish(mut rest: Meter<impl Read>, end: u64, limit: u64) -> Result<(), ArchiveError> {
    let mut buffer = [0; 8 * 1024];
    loop {
        match rest.read(&mut buffer).map_err(|error| damaged(error, limit, ""))? {
            0 => break,
            count if buffer[..count].iter().any(|byte| *byte != 0) => {
                return Err(ArchiveError::Trailing);
            }
            _ => {}
        }
    }
    if rest.position() < end + 2 * BLOCK { Err(ArchiveError::Unfinished) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    /// A header and its content, as no well-meant library would write them.
    fn entry(name: &[u8], kind: u8, mode: u32, link: &[u8], content: &[u8]) -> Vec<u8> {
        let mut header = tar::Header::new_gnu();
        let gnu = header.as_gnu_mut().unwrap();
        gnu.name[..name.len()].copy_from_slice(name);
        gnu.linkname[..link.len()].copy_from_slice(link);
        gnu.typeflag = [kind];
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        header.set_cksum();
        let mut bytes = header.as_bytes().to_vec();
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    }

    fn file(name: &str, content: &[u8]) -> Vec<u8> {
        entry(name.as_bytes(), b'0', 0o755, b"", content)
    }

    fn attributes(pairs: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let pairs = pairs.iter().map(|(key, value)| (*key, value.as_bytes()));
        builder.append_pax_extensions(pairs).unwrap();
        builder.get_ref().clone()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// A gzipped archive of these entries with both end blocks.
    fn archive(entries: &[Vec<u8>]) -> Vec<u8> {
        gzip(&[entries.concat(), vec![0; 1024]].concat())
    }

    fn get(archive: &[u8], path: &str) -> Result<(Member, Vec<u8>), String> {
        let mut sink = Vec::new();
        let member = extract(archive, path, 1 << 20, &mut sink).map_err(|error| error.to_string())?;
        Ok((member, sink))
    }

    /// Expects an archive whose wanted file is fine to be refused because of another entry, before or after it.
    fn check(hostile: &[Vec<u8>], reason: &str) {
        let good = vec![file("etcd", b"ELF")];
        for entries in [[&good, hostile].concat(), [hostile, &good].concat()] {
            let error = get(&archive(&entries), "etcd").expect_err(reason);
            assert!(error.contains(reason), "{error} lacks {reason}");
        }
    }

    #[test]
    fn a_member_is_read_whatever_stands_around_it() {
        let bytes = archive(&[
            entry(b"./", b'5', 0o2755, b"", b""),
            entry(b"./bin/", b'5', 0o755, b"", b""),
            entry(b"./bin/README", b'0', 0o644, b"", b"text"),
            entry(b"./bin/etcd", b'0', 0o555, b"", &[7; 1500]),
            entry(b"./etcd", b'2', 0o777, b"bin/etcd", b""),
        ]);
        let etcd = Member { path: "bin/etcd".into(), size: 1500, executable: true };
        assert_eq!(get(&bytes, "bin/etcd").unwrap(), (etcd.clone(), vec![7; 1500]));
        let readme = Member { path: "bin/README".into(), size: 4, executable: false };
        assert_eq!(list(&bytes[..], 1 << 20).unwrap(), [readme, etcd]);
    }

    #[test]
    fn long_names_are_whole() {
        let long = "a/".repeat(100) + "etcd";
        let gnu = entry(b"././@LongLink", b'L', 0o644, b"", format!("{long}\0").as_bytes());
        let bytes =
            archive(&[gnu, file("short", b"1"), attributes(&[("path", "pax/etcd")]), file("x", b"2")]);
        assert_eq!(get(&bytes, &long).unwrap().1, b"1");
        assert_eq!(get(&bytes, "pax/etcd").unwrap().1, b"2");
    }

    #[test]
    fn a_missing_member_is_answered_with_what_there_is() {
        let bytes = archive(&[file("a", b""), file("b", b"")]);
        assert_eq!(get(&bytes, "c").unwrap_err(), "the archive has no file `c`; it has `a`, `b`");
        let many: Vec<_> = (0..10).map(|n| file(&format!("f{n}"), b"")).collect();
        assert!(get(&archive(&many), "c").unwrap_err().ends_with("`f7` and 2 more"));
        assert!(get(&archive(&[]), "c").unwrap_err().ends_with("no files at all"));
        let link = archive(&[file("a", b""), entry(b"c", b'2', 0o777, b"a", b"")]);
        assert_eq!(get(&link, "c").unwrap_err(), "the archive has no file `c`; it has `a`");
    }

    #[test]
    fn hostile_entries_refuse_the_whole_archive() {
        let of = |name: &[u8], kind: u8| entry(name, kind, 0o644, b"", b"");
        let link = |kind: u8, target: &[u8]| vec![entry(b"link", kind, 0o777, target, b"")];
        check(&[file("../x", b"")], "`../x` has `..` in its name");
        check(&[file("a/../../x", b"")], "has `..` in its name");
        check(&[file("/etc/passwd", b"")], "`/etc/passwd` has an absolute name");
        check(&[of(b"tty", b'3')], "`tty` is a device");
        check(&[of(b"sda", b'4')], "`sda` is a device");
        check(&[of(b"pipe", b'6')], "`pipe` is a fifo");
        check(&[of(b"hole", b'7')], "is of a kind that kthw does not know");
        check(&[of(b"odd", b'Z')], "is of a kind that kthw does not know");
        check(&[of(b"global", b'g')], "is of a kind that kthw does not know");
        let mut sparse = tar::Header::from_byte_slice(&of(b"sparse", b'S')).clone();
        sparse.as_gnu_mut().unwrap().realsize = *b"00000000000\0";
        sparse.set_cksum();
        check(&[sparse.as_bytes().to_vec()], "`sparse` is a sparse file");
        check(&[attributes(&[("GNU.sparse.major", "1")]), file("x", b"")], "is a sparse file");
        check(&[entry(b"su", b'0', 0o4755, b"", b"")], "`su` is setuid or setgid");
        check(&[entry(b"wall", b'0', 0o2755, b"", b"")], "`wall` is setuid or setgid");
        check(&[file("x", b""), file("x", b"")], "`x` is there twice");
        check(&[file("x", b""), file("./x", b"")], "is there twice");
        check(&link(b'2', b"../x"), "links to a place outside the archive");
        check(&link(b'2', b"/etc/passwd"), "links to a place outside the archive");
        check(&link(b'1', b"../x"), "links to a place outside the archive");
        check(&link(b'1', b"/etc/passwd"), "links to a place outside the archive");
        check(&link(b'1', b"nothing"), "is a hard link to no file before it");
        check(
            &[link(b'2', b"."), vec![file("link/x", b"")]].concat(),
            "is beneath an entry that is no folder",
        );
        check(&[file(r"x\", b""), of(b"\xff\xfe", b'0')], "has a name that is not UTF-8");
        check(&[attributes(&[("path", "a\0b")]), file("x", b"")], "has a control character in its name");
        check(&[attributes(&[("linkpath", "/x")]), entry(b"l", b'2', 0, b"y", b"")], "outside the archive");
        check(&[entry(b"dir", b'5', 0o755, b"", b"content")], "has content but is no file");
        check(&[entry(b"l", b'2', 0o777, b"x", b"content")], "has content but is no file");
    }

    #[test]
    fn printed_names_cannot_drive_a_terminal() {
        let bytes = archive(&[file("\x1b[31m", b"")]);
        assert!(get(&bytes, "etcd").unwrap_err().contains(r"`\u{1b}[31m`"));
    }

    #[test]
    fn every_cut_is_noticed() {
        let etcd: Vec<u8> =
            (0..3000u32).flat_map(|n| (n.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
        let bytes = archive(&[file("etcd", &etcd), file("etcdctl", b"x")]);
        for length in 0..bytes.len() {
            assert!(get(&bytes[..length], "etcd").is_err(), "{length} of {}", bytes.len());
        }
        assert_eq!(get(&bytes, "etcd").unwrap().1, etcd);
    }

    #[test]
    fn an_archive_ends_with_both_blocks_and_nothing_else() {
        let one = file("etcd", &[0; 2048]);
        let with = |tail: &[u8]| get(&gzip(&[&one, tail].concat()), "etcd").map(|(member, _)| member.size);
        assert_eq!(with(&[0; 1024]), Ok(2048));
        assert_eq!(with(&[0; 10240]), Ok(2048));
        for tail in [0, 512, 1023] {
            assert!(with(&vec![0; tail]).is_err(), "{tail}");
        }
        assert!(with(&[]).unwrap_err().contains("without its end mark"));
        assert!(with(&[0; 512]).unwrap_err().contains("without its end mark"));
        let garbage = [&[0; 1024][..], b"x"].concat();
        assert!(with(&garbage).unwrap_err().contains("goes on after its end mark"));
        let hidden = [vec![0; 512], file("hidden", b"")].concat();
        assert!(with(&hidden).unwrap_err().contains("goes on after its end mark"));
    }

    #[test]
    fn every_gzip_member_is_read_and_nothing_may_follow() {
        let tar = [file("a", b"1"), file("b", b"2"), vec![0; 1024]].concat();
        let (first, second) = tar.split_at(1024);
        let both = [gzip(first), gzip(second)].concat();
        assert_eq!(get(&both, "b").unwrap().1, b"2");
        assert!(get(&gzip(first), "a").unwrap_err().contains("without its end mark"));
        let late = [gzip(&tar), gzip(&file("c", b""))].concat();
        assert!(get(&late, "a").unwrap_err().contains("goes on after its end mark"));
        for garbage in [&b"x"[..], b"<html>", &[0]] {
            let bytes = [&gzip(&tar), garbage].concat();
            assert!(get(&bytes, "a").unwrap_err().contains("the archive is damaged"), "{garbage:?}");
        }
    }

    #[test]
    fn a_wrong_trailer_is_damage() {
        let good = archive(&[file("a", b"1")]);
        for from_end in 1..=8 {
            let mut bytes = good.clone();
            let at = bytes.len() - from_end;
            bytes[at] ^= 1;
            assert!(get(&bytes, "a").unwrap_err().contains("damaged"), "{from_end}");
        }
    }

    #[test]
    fn bombs_are_refused_before_they_are_unpacked() {
        let bomb = archive(&[file("etcd", &vec![0; 2 << 20])]);
        assert!(get(&bomb, "etcd").unwrap_err().contains("unpacks to more than 1048576 bytes"));
        let padding = gzip(&[file("etcd", b""), vec![0; 2 << 20]].concat());
        assert!(get(&padding, "etcd").unwrap_err().contains("unpacks to more than"));
        let mut lie = entry(b"etcd", b'0', 0o755, b"", b"");
        let mut header = tar::Header::from_byte_slice(&lie).clone();
        header.set_size(1 << 40);
        header.set_cksum();
        lie.copy_from_slice(header.as_bytes());
        assert!(get(&archive(&[lie]), "etcd").unwrap_err().contains("unpacks to more than"));
    }

    #[test]
    fn the_headers_of_one_entry_are_bounded() {
        let name = entry(b"././@LongLink", b'L', 0o644, b"", &vec![b'a'; 100 << 10]);
        let bytes = archive(&[file("a", b""), name, file("x", b"")]);
        assert!(get(&bytes, "a").unwrap_err().contains("more than 65536 bytes of headers"));
    }

    proptest! {
        #[test]
        fn any_change_is_read_within_limits_or_refused(at in 0usize..4096, byte: u8, cut in 0usize..4096) {
            let pax = attributes(&[("path", "pax/etcd"), ("size", "3")]);
            let link = entry(b"l", b'2', 0o777, b"etcd", b"");
            let mut tar = [file("etcd", b"ELF"), pax, file("x", b"abc"), link, vec![0; 1024]].concat();
            let at = at % tar.len();
            tar[at] = byte;
            tar.truncate(tar.len() - cut % 64);
            for member in list(&gzip(&tar)[..], 1 << 16).unwrap_or_default() {
                let (again, content) = get(&gzip(&tar), &member.path).unwrap();
                prop_assert_eq!(again.size, content.len() as u64);
            }
        }
    }
}
