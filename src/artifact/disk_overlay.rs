//! A machine's disk before it is first written to.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{DecidedBy, Ingredients, Make, Unfit};
use crate::cluster::Size;

/// A qcow2 image (docs/interop/qcow2.txt of QEMU, version 3) that holds nothing yet: whatever is read comes from
/// the image below it.
///
/// Four clusters: the header, the table of reference counts, its one block, and an empty first-level table, which
/// takes more than one cluster on very large disks.
pub struct DiskOverlay {
    /// The image below, as seen from the folder of this one; a qcow2 image too.
    pub backing_file: String,
    pub size: Size,
}

const CLUSTER_BITS: u32 = 16;
const CLUSTER: usize = 1 << CLUSTER_BITS;
/// What an entry of the first-level table stands for: a cluster of 8-byte entries, a cluster each.
const L1_SPAN: u64 = (CLUSTER as u64 / 8) << CLUSTER_BITS;
const HEADER_LENGTH: usize = 104;
const BACKING_FORMAT: &[u8] = b"qcow2";
/// A header extension's type.
const BACKING_FORMAT_NAME: u32 = 0xE279_2ACA;

impl DiskOverlay {
    fn image(&self) -> Result<Vec<u8>, ActionError> {
        let entries = self.size.bytes().div_ceil(L1_SPAN);
        let l1_clusters = usize::try_from(entries)?.saturating_mul(8).div_ceil(CLUSTER).max(1);
        let clusters = 3 + l1_clusters;
        let mut image = vec![0; clusters * CLUSTER];
        let header = self.header(u32::try_from(entries)?)?;
        image[..header.len()].copy_from_slice(&header);
        // The first entry of the reference count table names its only block, at the third cluster.
        image[CLUSTER..CLUSTER + 8].copy_from_slice(&(2 * CLUSTER as u64).to_be_bytes());
        for cluster in 0..clusters {
            let at = 2 * CLUSTER + 2 * cluster;
            image[at..at + 2].copy_from_slice(&1_u16.to_be_bytes());
        }
        Ok(image)
    }

    /// The header with its extension and the backing file's name, in one cluster.
    fn header(&self, l1_entries: u32) -> Result<Vec<u8>, ActionError> {
        let extension = 8 + BACKING_FORMAT.len().next_multiple_of(8);
        let end = 8;
        let name_at = HEADER_LENGTH + extension + end;
        let mut header = Vec::with_capacity(name_at + self.backing_file.len());
        let short = |number: u32, header: &mut Vec<u8>| header.extend(number.to_be_bytes());
        let long = |number: u64, header: &mut Vec<u8>| header.extend(number.to_be_bytes());
        header.extend(b"QFI\xfb");
        short(3, &mut header); // version
        long(name_at as u64, &mut header); // backing file name's offset
        short(u32::try_from(self.backing_file.len())?, &mut header);
        short(CLUSTER_BITS, &mut header);
        long(self.size.bytes(), &mut header);
        short(0, &mut header); // no encryption
        short(l1_entries, &mut header);
        long(3 * CLUSTER as u64, &mut header); // first-level table's offset
        long(CLUSTER as u64, &mut header); // reference count table's offset
        short(1, &mut header); // and clusters
        short(0, &mut header); // no snapshots
        long(0, &mut header); // and so no table of them
        long(0, &mut header); // no incompatible features
        long(0, &mut header); // no compatible features
        long(0, &mut header); // no auto-clear features
        short(4, &mut header); // reference counts of 2^4 bits
        short(u32::try_from(HEADER_LENGTH)?, &mut header);
        short(BACKING_FORMAT_NAME, &mut header);
        short(u32::try_from(BACKING_FORMAT.len())?, &mut header);
        header.extend(BACKING_FORMAT);
        header.resize(HEADER_LENGTH + extension, 0);
        long(0, &mut header); // the end of extensions
        header.extend(self.backing_file.as_bytes());
        Ok(header)
    }
}

impl Make for DiskOverlay {
    const KIND: Kind = Kind {
        name: "disk-overlay",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("backing-file", &self.backing_file, Origin::Spec(format_args!("machines.image")));
        manifest.display("size", self.size, Origin::Spec(format_args!("machines.disk")));
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(self.image()?))
    }

    fn unfit(&self) -> Vec<Unfit> {
        // The format's own limit.
        let is_unfit = self.backing_file.len() > 1023;
        let decided_by = || DecidedBy::Spec("machines.image".to_owned());
        let message = || "the name of the image below is longer than 1023 bytes: shorten it".to_owned();
        is_unfit.then(|| Unfit { decided_by: decided_by(), message: message() }).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{described, make};
    use crate::judge::{approved, judge};
    use kthw_store::Digest;
    use serde_json::Value;

    fn overlay(backing_file: &str, mebibytes: u64) -> DiskOverlay {
        DiskOverlay { backing_file: backing_file.to_owned(), size: Size { mebibytes } }
    }

    fn bytes(overlay: DiskOverlay) -> Vec<u8> {
        match make(overlay, &[]).expect("an image") {
            Content::Public(bytes) => bytes.to_vec(),
            _ => panic!("an overlay is public"),
        }
    }

    #[test]
    fn the_image_is_pinned_to_the_bit() {
        insta::assert_snapshot!(Digest::of(&bytes(overlay("../base.qcow2", 20 << 10))), @"b3:8b59e8c0fe9f2840820482a28197cb338fe774e73ad074b2238d1d588857b47d");
    }

    #[test]
    fn every_parameter_counts() {
        let variants = [("a", 4096), ("b", 4096), ("a", 8192)];
        let described = variants.map(|(name, size)| described(overlay(name, size)));
        let made = variants.map(|(name, size)| Digest::of(&bytes(overlay(name, size))));
        for (i, j) in [(0, 1), (0, 2), (1, 2)] {
            assert!(described[i] != described[j] && made[i] != made[j]);
        }
    }

    #[test]
    fn a_name_that_does_not_fit_is_refused() {
        assert!(overlay(&"a".repeat(1023), 4096).unfit().is_empty());
        assert_eq!(overlay(&"a".repeat(1024), 4096).unfit().len(), 1);
    }

    #[test]
    fn qemu_finds_no_fault_and_the_image_below() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let base = folder.path().join("base.qcow2");
        let Some(mut qemu_img) = judge("qemu-img") else { return };
        approved(qemu_img.args(["create", "-q", "-f", "qcow2"]).arg(&base).arg("3G"));
        for mebibytes in [4 << 10, 20 << 10, (20 << 10) + 1, 16 << 20] {
            let mut disk = tempfile::NamedTempFile::new_in(folder.path()).expect("a temporary file");
            let image = bytes(overlay("base.qcow2", mebibytes));
            std::io::Write::write_all(&mut disk, &image).expect("a temporary file is writable");
            let Some(mut qemu_img) = judge("qemu-img") else { return };
            let checked = approved(qemu_img.args(["check", "-f", "qcow2"]).arg(disk.path()));
            assert!(checked.contains("No errors were found"), "{checked}");
            let Some(mut qemu_img) = judge("qemu-img") else { return };
            let chain =
                approved(qemu_img.args(["info", "--backing-chain", "--output", "json"]).arg(disk.path()));
            let chain: Value = serde_json::from_str(&chain).expect("qemu-img prints JSON");
            assert_eq!(chain[0]["virtual-size"], mebibytes << 20);
            assert_eq!(chain[0]["backing-filename-format"], "qcow2");
            assert_eq!(chain[0]["full-backing-filename"], base.to_str().expect("plain names"));
            assert_eq!(chain[1]["virtual-size"], 3_u64 << 30);
        }
    }
}
