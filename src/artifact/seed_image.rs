//! The small disk that a machine starts with beside its own.

use std::io::{Cursor, Write as _};

use fatfs::{Date, DateTime, FileSystem, FormatVolumeOptions, FsOptions, Time, TimeProvider, format_volume};
use kthw_graph::{ActionError, Content, Kind, Manifest, Reads, Resource, Yields};

use super::{Ingredients, Make};

/// A NoCloud seed: a FAT volume labelled `cidata` that holds what cloud-init asks for, each file an input in the
/// slot of its name.
///
/// It is not kept: it is the user-data once more.
pub struct SeedImage;

/// What cloud-init looks for.
pub const SEED_FILES: [&str; 3] = ["meta-data", "network-config", "user-data"];

const SECTOR: usize = 512;
/// FAT12 numbers this many clusters and then some; a volume with more would be a FAT16.
const MOST_CLUSTERS: usize = 4000;
/// The label, three names with the entries for their length, and as many again.
const ROOT_ENTRIES: u16 = 16;

impl SeedImage {
    fn volume(files: &[(&str, &[u8])]) -> std::io::Result<Vec<u8>> {
        let clusters_of = |cluster: usize| files.iter().map(|(_, bytes)| bytes.len().div_ceil(cluster)).sum();
        let mut cluster = SECTOR;
        while clusters_of(cluster) > MOST_CLUSTERS {
            cluster *= 2;
        }
        let clusters: usize = clusters_of(cluster);
        let tables = 2 * ((clusters + 2) * 3).div_ceil(2 * SECTOR);
        // The first sector, the tables, the root folder, the files; and whole tracks, as old tools expect.
        let sectors = (1 + tables + 1 + clusters * (cluster / SECTOR)).next_multiple_of(TRACK) + TRACK;
        let mut disk = Cursor::new(vec![0; sectors * SECTOR]);
        let too_large = |_| std::io::Error::other("the seed is too large");
        let options = FormatVolumeOptions::new()
            .bytes_per_cluster(u32::try_from(cluster).map_err(too_large)?)
            .fat_type(fatfs::FatType::Fat12)
            .max_root_dir_entries(ROOT_ENTRIES)
            .sectors_per_track(TRACK as u16)
            .heads(1)
            .volume_id(u32::from_be_bytes(*b"kthw"))
            .volume_label(*b"cidata     ");
        format_volume(&mut disk, options)?;
        {
            let options = FsOptions::new().time_provider(&NO_TIME).update_accessed_date(false);
            let volume = FileSystem::new(&mut disk, options)?;
            let root = volume.root_dir();
            for (name, bytes) in files {
                let mut file = root.create_file(name)?;
                file.write_all(bytes)?;
                file.flush()?;
            }
            drop(root);
            volume.unmount()?;
        }
        Ok(disk.into_inner())
    }
}

const TRACK: usize = 32;

/// FAT's own beginning: there is no time at which a pure function ran.
#[derive(Debug)]
struct NoTime;

static NO_TIME: NoTime = NoTime;

impl TimeProvider for NoTime {
    fn get_current_date(&self) -> Date {
        Date { year: 1980, month: 1, day: 1 }
    }

    fn get_current_date_time(&self) -> DateTime {
        DateTime { date: self.get_current_date(), time: Time { hour: 0, min: 0, sec: 0, millis: 0 } }
    }
}

impl Make for SeedImage {
    const KIND: Kind = Kind {
        name: "seed-image",
        version: 1,
        yields: Yields::Derived,
        reads: Reads::Contents,
        resource: Resource::Cpu,
    };

    fn describe(&self, _manifest: &mut dyn Manifest) {}

    fn make(&self, from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let files: Vec<(&str, &[u8])> = SEED_FILES
            .iter()
            .map(|name| Ok((*name, from.public(name)?)))
            .collect::<Result<_, ActionError>>()?;
        Ok(Content::public(Self::volume(&files)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::make;
    use crate::judge::{approved, judge};
    use kthw_store::Digest;

    fn image(user_data: &[u8]) -> Vec<u8> {
        let contents = ["instance-id: a-b\n".as_bytes(), b"network: {version: 2}\n", user_data]
            .map(|bytes| Content::public(bytes.to_vec()));
        let inputs: Vec<(&'static str, &Content)> = SEED_FILES.into_iter().zip(&contents).collect();
        match make(SeedImage, &inputs).expect("a volume") {
            Content::Public(bytes) => bytes.to_vec(),
            _ => panic!("a seed is public"),
        }
    }

    fn on_disk(image: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(image).expect("a temporary file is writable");
        file
    }

    #[test]
    fn the_image_is_pinned_to_the_bit() {
        insta::assert_snapshot!(Digest::of(&image(b"#cloud-config\n")), @"b3:f59430919ba7204a2ed942cd24180b8b3fa060255654e1fc0c8e29e594041f3b");
    }

    #[test]
    fn a_seed_is_small() {
        assert_eq!(image(b"#cloud-config\n").len(), 2 * TRACK * SECTOR);
        assert!(image(&[b'a'; 20_000]).len() < 20_000 + 3 * TRACK * SECTOR);
    }

    #[test]
    fn other_programs_see_the_label_and_the_files() {
        for length in [0, 511, 512, 40_000, 1_900_000, 3_000_000] {
            let user_data = vec![b'u'; length];
            let disk = on_disk(&image(&user_data));
            let Some(mut blkid) = judge("blkid") else { return };
            let found = approved(blkid.args(["-p", "-o", "export"]).arg(disk.path()));
            assert!(found.contains("LABEL=cidata\n") && found.contains("TYPE=vfat\n"), "{found}");
            let Some(mut fsck) = judge("fsck.fat") else { return };
            approved(fsck.arg("-n").arg(disk.path()));
            for (name, expected) in [("meta-data", &b"instance-id: a-b\n"[..]), ("user-data", &user_data)] {
                let Some(mut mtype) = judge("mtype") else { return };
                let read = approved(mtype.arg("-i").arg(disk.path()).arg(format!("::{name}")));
                assert_eq!(read.as_bytes(), expected);
            }
            let Some(mut mdir) = judge("mdir") else { return };
            let listed = approved(mdir.arg("-b").arg("-i").arg(disk.path()).arg("::"));
            assert_eq!(listed, "::/meta-data\n::/network-config\n::/user-data\n");
        }
    }
}
