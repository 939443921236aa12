//! The files of machines in the folder that they run from.

use camino::{Utf8Path, Utf8PathBuf};

use super::fleet::Fleet;
use super::noted::noted;
use crate::cluster::{Host, MACHINE_FOLDERS, machine_folder};
use crate::failure::Failure;
use crate::sys::files;
use crate::vm::{self, Made, file, name};

/// That folder.
pub struct Shelf<'a> {
    fleet: &'a Fleet,
    folder: &'a Utf8Path,
    mode: u32,
}

impl<'a> Shelf<'a> {
    /// The folder, unless it is another cluster's: what machines share is not shared between clusters.
    pub fn open(fleet: &'a Fleet, (folder, mode): (&'a Utf8Path, u32)) -> Result<Self, Failure> {
        let owner = files::read_text(&folder.join(vm::OWNER))?;
        // Each machine says whose it is, too.
        if owner.is_none()
            && !files::is_folder(&folder.join(MACHINE_FOLDERS))
            && let Some(stranger) = files::first_entry(folder)?
        {
            let message = format!("{folder} holds {stranger}, and no machines of kthw's");
            let help = "write another `machines.folder` into cluster.yaml, or see what is in that one";
            return Err(Failure::failed(message).help(help));
        }
        match owner.as_deref().map(str::trim_end) {
            Some(owner) if owner != fleet.id => {
                let message =
                    format!("{folder} holds the machines of cluster {owner}, and this is {}", fleet.id);
                let help = "write another `machines.folder` into cluster.yaml, or destroy the machines of that cluster \
                            and remove the folder";
                Err(Failure::failed(message).help(help))
            }
            _ => Ok(Self { fleet, folder, mode }),
        }
    }

    /// Whether a machine has a disk.
    pub fn holds(&self, host: &str) -> bool {
        files::exists(&self.place(host, name::DISK))
    }

    /// What a machine's files were made as, if this cluster made them.
    pub fn made(&self, host: &str) -> Result<Option<Made>, Failure> {
        let made: Option<Made> = noted(&self.place(host, name::MADE))?;
        Ok(made.filter(|made| made.cluster == self.fleet.id))
    }

    /// The hosts of these names, or all, and the machines whose hosts cluster.yaml has no more.
    pub fn choose(&self, names: &[String]) -> Result<(Vec<&'a Host>, Vec<String>), Failure> {
        let mut left = Vec::new();
        for host in self.hosts()? {
            if self.fleet.cluster.hosts.iter().all(|other| other.name != host) && self.made(&host)?.is_some()
            {
                left.push(host);
            }
        }
        if names.is_empty() {
            return Ok((self.fleet.choose(names)?, left));
        }
        let (gone, known): (Vec<String>, Vec<String>) =
            names.iter().cloned().partition(|name| left.contains(name));
        left.retain(|host| gone.contains(host));
        let hosts = if known.is_empty() { Vec::new() } else { self.fleet.choose(&known)? };
        Ok((hosts, left))
    }

    /// Refuses to lose a disk, unless it is to be thrown away, and to change the image below one that stays.
    pub fn check(&self, hosts: &[&Host], recreate: bool) -> Result<(), Failure> {
        let old = self.old(hosts)?;
        if !recreate && let Some(host) = old.first() {
            let message =
                format!("the disk of {} was made from another image, or in another size", host.name);
            let help = "`kthw vm up --recreate` throws it away with all that is on it, and makes a new one";
            return Err(Failure::failed(message).help(help));
        }
        old.iter().try_for_each(|host| self.claim(&host.name))?;
        for host in hosts {
            if !self.has_image(host)? {
                self.check_image(host, &old)?;
            }
        }
        Ok(())
    }

    /// Puts the files of stopped machines there. A disk that is there stays, unless it is not the planned one: it is all
    /// that the machine knows.
    pub fn fill(&self, hosts: &[&Host]) -> Result<(), Failure> {
        files::create_folder(self.folder, self.mode)?;
        files::write(&self.folder.join(vm::OWNER), format!("{}\n", self.fleet.id).as_bytes(), 0o644)?;
        for host in self.old(hosts)? {
            self.remove(&host.name)?;
        }
        files::create_folder(&self.folder.join(MACHINE_FOLDERS), self.mode)?;
        for host in hosts {
            if !self.has_image(host)? {
                self.fleet.copy_image(host, &self.image(host))?;
                files::write(&self.image_note(host), self.fleet.planned_image(host).as_bytes(), 0o644)?;
            }
        }
        for host in hosts {
            let of = |name: &str| self.place(&host.name, name);
            files::create_folder(&self.folder.join(machine_folder(&host.name)), self.mode)?;
            let made = vm::write_note(&self.fleet.planned(host));
            if !self.holds(&host.name) {
                // First of all: a disk that nothing is noted of is nobody's.
                files::write(&of(name::MADE), made.as_bytes(), 0o644)?;
                self.fleet.write(host, name::DISK, &of(name::DISK), 0o600)?;
            }
            self.fleet.write(host, name::SEED, &of(name::SEED), 0o600)?;
            files::write(&of(name::MADE), made.as_bytes(), 0o644)?;
        }
        Ok(())
    }

    /// Refuses a folder that holds something, but no machine of this cluster.
    pub fn claim(&self, host: &str) -> Result<(), Failure> {
        let folder = self.folder.join(machine_folder(host));
        if !files::exists(&folder) || self.made(host)?.is_some() {
            return Ok(());
        }
        let help = "see what is in it, and remove it by hand if nobody needs it";
        Err(Failure::failed(format!(
            "{folder} is no folder of a machine that kthw made for {}",
            self.fleet.id
        ))
        .help(help))
    }

    /// Deletes a machine's files, and nothing that is beside them.
    pub fn remove(&self, host: &str) -> Result<(), Failure> {
        self.claim(host)?;
        for name in name::ALL {
            files::remove_file(&self.place(host, name))?;
        }
        Ok(files::remove_empty_folder(&self.folder.join(machine_folder(host)))?)
    }

    /// Refuses to put the planned image of a host below the disk of a machine that is on another one and stays.
    fn check_image(&self, host: &Host, thrown_away: &[&Host]) -> Result<(), Failure> {
        let (image, planned) = (self.fleet.image_file(host), self.fleet.planned_image(host));
        let is_on_another = |made: &Made| made.image_file == image && made.image != planned;
        for other in self.hosts()? {
            let stays = self.holds(&other) && thrown_away.iter().all(|host| host.name != other);
            if stays && self.made(&other)?.as_ref().is_none_or(is_on_another) {
                let message = format!("the disk of {other} is on another {image} than the planned one");
                let help = format!(
                    "`kthw vm down --destroy {other}` deletes it; or name it too: `kthw vm up --recreate`"
                );
                return Err(Failure::failed(message).help(help));
            }
        }
        Ok(())
    }

    /// The hosts, of this cluster or not, that have a folder here.
    fn hosts(&self) -> Result<Vec<String>, Failure> {
        Ok(files::folders(&self.folder.join(MACHINE_FOLDERS))?)
    }

    /// Those of the hosts whose disk is there and is not the planned one.
    fn old<'h>(&self, hosts: &[&'h Host]) -> Result<Vec<&'h Host>, Failure> {
        let mut old = Vec::new();
        for host in hosts.iter().filter(|host| self.holds(&host.name)) {
            let planned = self.fleet.planned(host);
            if !self.made(&host.name)?.is_some_and(|made| made.has_disk_of(&planned)) {
                old.push(*host);
            }
        }
        Ok(old)
    }

    /// Whether the planned image of a host is there.
    fn has_image(&self, host: &Host) -> Result<bool, Failure> {
        let noted = files::read_text(&self.image_note(host))?;
        Ok(files::exists(&self.image(host)) && noted == Some(self.fleet.planned_image(host)))
    }

    fn image(&self, host: &Host) -> Utf8PathBuf {
        self.folder.join(self.fleet.image_file(host))
    }

    fn image_note(&self, host: &Host) -> Utf8PathBuf {
        self.folder.join(format!("{}.pin", self.fleet.image_file(host)))
    }

    fn place(&self, host: &str, name: &str) -> Utf8PathBuf {
        self.folder.join(file(host, name))
    }
}
