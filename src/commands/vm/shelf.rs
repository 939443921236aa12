//! The files of machines in the folder that they run from.

use camino::{Utf8Path, Utf8PathBuf};

use super::super::failure::Failure;
use super::fleet::Fleet;
use crate::cluster::Host;
use crate::sys::files;
use crate::vm::{self, Made, file, name};

/// That folder.
pub struct Shelf<'a> {
    fleet: &'a Fleet,
    folder: &'a Utf8Path,
    mode: u32,
}

impl<'a> Shelf<'a> {
    pub fn new(fleet: &'a Fleet, (folder, mode): (&'a Utf8Path, u32)) -> Self {
        Self { fleet, folder, mode }
    }

    /// Whether a machine has a disk.
    pub fn holds(&self, host: &Host) -> bool {
        files::exists(&self.place(host, name::DISK))
    }

    /// What a machine's files were made as.
    pub fn made(&self, host: &Host) -> Result<Option<Made>, Failure> {
        let text = files::read_text(&self.place(host, name::MADE))?;
        Ok(text.and_then(|text| vm::read_note(&text)))
    }

    /// Puts the files of stopped machines there. A disk that is there stays: it is all that the machine knows.
    pub fn fill(&self, hosts: &[&Host], recreate: bool) -> Result<(), Failure> {
        let mut old = Vec::new();
        for host in hosts {
            if self.holds(host)
                && !self.made(host)?.is_some_and(|made| made.has_disk_of(&self.fleet.planned(host)))
            {
                old.push(*host);
            }
        }
        if !recreate && let Some(host) = old.first() {
            let message =
                format!("the disk of {} was made from another image, or in another size", host.name);
            let help = "`kthw vm up --recreate` throws it away with all that is on it, and makes a new one";
            return Err(Failure::failed(message).help(help));
        }
        files::create_folder(self.folder, self.mode)?;
        for host in &old {
            self.remove(host)?;
        }
        for host in hosts {
            self.place_image(host)?;
        }
        for host in hosts {
            files::create_folder(&self.folder.join(&host.name), self.mode)?;
            if !self.holds(host) {
                self.fleet.write(host, name::DISK, &self.place(host, name::DISK), 0o600)?;
            }
            self.fleet.write(host, name::SEED, &self.place(host, name::SEED), 0o644)?;
            let note = vm::write_note(&self.fleet.planned(host));
            files::write(&self.place(host, name::MADE), note.as_bytes(), 0o644)?;
        }
        Ok(())
    }

    /// Refuses a folder that holds something, but no machine of ours.
    pub fn claim(&self, host: &Host) -> Result<(), Failure> {
        let folder = self.folder.join(&host.name);
        if !files::exists(&folder) || files::exists(&folder.join(name::MADE)) {
            return Ok(());
        }
        let help = "see what is in it, and remove it by hand if nobody needs it";
        Err(Failure::failed(format!("{folder} is no folder of a machine that kthw made")).help(help))
    }

    /// Deletes a machine's files, and nothing that is beside them.
    pub fn remove(&self, host: &Host) -> Result<(), Failure> {
        self.claim(host)?;
        for name in name::ALL {
            files::remove_file(&self.place(host, name))?;
        }
        Ok(files::remove_empty_folder(&self.folder.join(&host.name))?)
    }

    /// Puts the image below a machine's disk there, unless another one of its name is below another's.
    fn place_image(&self, host: &Host) -> Result<(), Failure> {
        let image = self.fleet.image_file(host);
        let (place, note) = (self.folder.join(&image), self.folder.join(format!("{image}.pin")));
        let planned = self.fleet.planned_image(host);
        if files::exists(&place) && files::read_text(&note)?.as_deref() == Some(&planned) {
            return Ok(());
        }
        for other in &self.fleet.cluster.hosts {
            let same = self.fleet.image_file(other) == image && self.holds(other);
            if same && self.made(other)?.is_none_or(|made| made.image != planned) {
                let message =
                    format!("the disk of {} is on another {image} than the planned one", other.name);
                let help = format!(
                    "`kthw vm down --destroy {}` deletes it; or name it too: `kthw vm up --recreate`",
                    other.name
                );
                return Err(Failure::failed(message).help(help));
            }
        }
        self.fleet.copy_image(host, &place)?;
        Ok(files::write(&note, planned.as_bytes(), 0o644)?)
    }

    fn place(&self, host: &Host, name: &str) -> Utf8PathBuf {
        self.folder.join(file(&host.name, name))
    }
}
