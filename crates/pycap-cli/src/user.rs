//! Giving up root's privileges: tcpdump's `-Z`.

use std::ffi::CString;
use std::fs::File;
use std::path::Path;

use nix::unistd::{Gid, Uid, getresgid, getresuid, initgroups, setgid, setuid};
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};

use crate::args::Args;
use crate::error::Failure;
use crate::tell;

/// Opens the output, and becomes the user of `-Z`, if there is one: after that, so that the file may be where only root may write; but
/// before, if more files are to follow, so that all of them are ones that this user may make, and the first one shows it.
pub(crate) fn relinquish_beside<T>(
    args: &Args,
    open: impl FnOnce(Option<&User>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let Some(name) = &args.relinquish_privileges else { return open(None) };
    let user = User::named(name)?;
    if args.rotates() {
        user.relinquish()?;
        return open(Some(&user));
    }
    let opened = open(Some(&user))?;
    user.relinquish()?;
    Ok(opened)
}

/// Whom this process is to run as once everything is open that takes privileges.
#[derive(Clone, Debug)]
pub(crate) struct User {
    name: String,
    uid: Uid,
    gid: Gid,
}

impl User {
    /// The user of this name.
    fn named(name: &str) -> Result<Self, Failure> {
        match nix::unistd::User::from_name(name) {
            Ok(Some(user)) => Ok(Self { name: user.name, uid: user.uid, gid: user.gid }),
            Ok(None) => {
                Err(Failure::Usage(format!("-Z {name}: there is no user of this name on this machine")))
            }
            Err(error) => Err(Failure::Privileges(format!("-Z {name}: cannot look the user up: {error}"))),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Makes a file that is not there yet, for whoever opens its path next; what comes back [gives](Made::give) it to the user.
    pub(crate) fn make(&self, path: &Path) -> Made {
        Made(File::create_new(path).ok())
    }

    /// Becomes that user, with its groups and without capabilities, for good. To be called while this process has one thread: each has
    /// capabilities of its own.
    ///
    /// For root there is nothing to give up.
    fn relinquish(&self) -> Result<(), Failure> {
        if self.uid.is_root() {
            return Ok(());
        }
        if !self.is_this_process() {
            // The order matters: without the user id of root, groups can no longer be set.
            self.change_ids().map_err(|error| self.refused(error))?;
        }
        // A change from root to another user has taken them away already, but for the inheritable ones; a program that has file
        // capabilities and is run by that user keeps them until here.
        let none = CapabilitySet::empty();
        let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
        set_capabilities(None, sets).map_err(|error| self.failed(error))?;
        self.verify()?;
        tell(format_args!("dropped privileges to {}", self.name));
        Ok(())
    }

    fn change_ids(&self) -> nix::Result<()> {
        let name = CString::new(&*self.name).map_err(|_| nix::Error::EINVAL)?;
        initgroups(&name, self.gid)?;
        setgid(self.gid)?;
        setuid(self.uid)
    }

    fn is_this_process(&self) -> bool {
        let is = |uid, gid| uid == self.uid && gid == self.gid;
        matches!((getresuid(), getresgid()), (Ok(user), Ok(group))
            if is(user.real, group.real) && is(user.effective, group.effective) && is(user.saved, group.saved))
    }

    /// Makes sure that there is no way back.
    fn verify(&self) -> Result<(), Failure> {
        let left = capabilities(None).map_err(|error| self.failed(error))?;
        let kept = left.permitted | left.effective | left.inheritable;
        if self.is_this_process() && kept.is_empty() && setuid(Uid::from_raw(0)).is_err() {
            return Ok(());
        }
        Err(Failure::Privileges(format!(
            "-Z {}: this process could still become root: it ends here",
            self.name
        )))
    }

    fn refused(&self, error: nix::Error) -> Failure {
        match error {
            nix::Error::EPERM => Failure::Privileges(format!(
                "-Z {}: run it with sudo, or leave -Z out: to become another user takes root, and this process runs as user {}",
                self.name,
                nix::unistd::geteuid()
            )),
            error => self.failed(error),
        }
    }

    fn failed(&self, error: impl std::fmt::Display) -> Failure {
        Failure::Privileges(format!("-Z {}: cannot become this user: {error}", self.name))
    }
}

/// A file that this process has made, if it was not there.
pub(crate) struct Made(Option<File>);

impl Made {
    /// Makes it the user's, as if that user had made it. By its descriptor: who may write to the folder can put another file in its place.
    pub(crate) fn give(self, user: &User) {
        if let Some(file) = self.0 {
            // Some file systems have no owners, or do not let root choose them. The file is written all the same.
            let _ = std::os::unix::fs::fchown(file, Some(user.uid.as_raw()), Some(user.gid.as_raw()));
        }
    }
}
