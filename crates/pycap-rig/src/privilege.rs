//! What this process may do, and how it gets namespaces of its own without being root.

use std::fs;

use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::unistd::{getegid, geteuid};

use crate::error::{Error, ErrorKind};

/// How a process came to be allowed network namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Privilege {
    /// It is root, or has CAP_SYS_ADMIN.
    System,
    /// It is in a user namespace of its own, in which it has every capability, and outside of it none.
    UserNamespace,
}

/// Moves this process into a network namespace of its own, without root where the system allows user namespaces.
///
/// For the first lines of `main`: without root it needs a user namespace, and the kernel gives one only to a process
/// that has a single thread (`check_unshare_flags`, `kernel/fork.c`). The process stays there until it ends; what it
/// does to the network afterwards, nobody outside sees. In the user namespace it is uid and gid 0, mapped to the user
/// that it was, and may make further namespaces with [`Rig`](crate::Rig) from any thread.
///
/// # Errors
///
/// [`ErrorKind::NotAllowed`] where the system forbids it; the message has the command that changes that.
pub fn enter_private_namespaces() -> Result<Privilege, Error> {
    match unshare(CloneFlags::CLONE_NEWNET) {
        Ok(()) => return Ok(Privilege::System),
        Err(nix::Error::EPERM) => {}
        Err(errno) => return Err(explain("enter a network namespace", errno)),
    }
    let (uid, gid) = (geteuid(), getegid());
    match unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET) {
        Ok(()) => {}
        Err(nix::Error::EINVAL) => {
            return Err(Error::new(
                ErrorKind::NotAllowed,
                "enter a user namespace: the process has several threads already: \
                 call this first in main, before anything that starts a thread",
            ));
        }
        Err(errno) => return Err(explain("enter a user and a network namespace", errno)),
    }
    // A program that has file capabilities is not dumpable, and then /proc/self belongs to the outer root.
    prctl::set_dumpable(true)
        .map_err(|errno| Error::system("make /proc/self writable (PR_SET_DUMPABLE)", errno))?;
    // The order matters: gid_map is writable to an ordinary user only once setgroups is denied
    // (user_namespaces(7)).
    write_map("/proc/self/setgroups", "deny")?;
    write_map("/proc/self/uid_map", &format!("0 {uid} 1"))?;
    write_map("/proc/self/gid_map", &format!("0 {gid} 1"))?;
    Ok(Privilege::UserNamespace)
}

/// Whether this process may make network namespaces as it is; the error says what is missing and the way out.
pub(crate) fn privilege() -> Result<Privilege, Error> {
    // In a thread of its own, since there is no way back from `unshare`.
    on_fresh_thread(|| unshare(CloneFlags::CLONE_NEWNET))
        .map_err(|errno| explain("make a network namespace", errno))?;
    Ok(if in_initial_user_namespace() { Privilege::System } else { Privilege::UserNamespace })
}

/// Runs something on a thread that nobody else will see, and hands back a panic as a panic.
pub(crate) fn on_fresh_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// An error that says what the system forbids and which command allows it.
pub(crate) fn explain(operation: &str, errno: nix::Error) -> Error {
    let hint = match errno {
        nix::Error::EPERM | nix::Error::EACCES => way_out(),
        nix::Error::ENOSPC => {
            "the limit on namespaces is reached: sudo sysctl user.max_user_namespaces=15000 user.max_net_namespaces=15000"
                .to_owned()
        }
        nix::Error::EINVAL | nix::Error::ENOSYS => {
            "this kernel was built without CONFIG_NET_NS or CONFIG_USER_NS".to_owned()
        }
        _ => return Error::system(operation, errno),
    };
    Error::system(format!("{operation}: {hint}"), errno).with_kind(ErrorKind::NotAllowed)
}

/// The settings that keep user namespaces from an ordinary user, and the commands that change them. The first is
/// Debian's, the third Ubuntu's (23.10 and later), the second everybody's.
fn way_out() -> String {
    let setting = |name: &str| fs::read_to_string(format!("/proc/sys/{name}")).ok();
    let is = |name: &str, value: &str| setting(name).is_some_and(|found| found.trim() == value);
    if is("kernel/unprivileged_userns_clone", "0") {
        return "needs root, or user namespaces, which are off here: sudo sysctl kernel.unprivileged_userns_clone=1"
            .to_owned();
    }
    if is("user/max_user_namespaces", "0") {
        return "needs root, or user namespaces, which are off here: sudo sysctl user.max_user_namespaces=15000"
            .to_owned();
    }
    if is("kernel/apparmor_restrict_unprivileged_userns", "1") {
        return "needs root, or user namespaces, which AppArmor restricts here: \
                sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
            .to_owned();
    }
    if geteuid().is_root() {
        return "needs CAP_SYS_ADMIN, which this root has not: in a container, start it with --privileged"
            .to_owned();
    }
    "needs root (sudo), or a user namespace: call enter_private_namespaces first in main, or run under \
     `unshare --user --net --map-root-user`; in a container, start it with --privileged"
        .to_owned()
}

fn write_map(path: &str, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|error| match error.raw_os_error().map(nix::Error::from_raw) {
        Some(errno @ (nix::Error::EPERM | nix::Error::EACCES)) => explain(&format!("write {path}"), errno),
        _ => Error::system(format!("write {path}"), error),
    })
}

/// The initial user namespace maps all ids to themselves: `0 0 4294967295`.
fn in_initial_user_namespace() -> bool {
    fs::read_to_string("/proc/self/uid_map")
        .is_ok_and(|map| map.split_whitespace().eq(["0", "0", "4294967295"]))
}
