//! A network namespace that lives as long as its value.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::socket::SockProtocol;

use crate::error::Error;
use crate::netlink::Netlink;
use crate::privilege::{Privilege, explain, on_fresh_thread, privilege};

/// The kernel looks at changed interfaces once a second, where there are many of them.
const LONGEST_START: Duration = Duration::from_secs(5);

/// Makes namespaces. Having one means that this process may.
#[derive(Debug)]
pub struct Rig {
    privilege: Privilege,
}

impl Rig {
    /// Asks the kernel whether this process may make network namespaces.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotAllowed`](crate::ErrorKind::NotAllowed): the message says what is missing and the command that
    /// changes it.
    pub fn new() -> Result<Self, Error> {
        Ok(Self { privilege: privilege()? })
    }

    /// How this process came to be allowed namespaces.
    pub fn privilege(&self) -> Privilege {
        self.privilege
    }

    /// A fresh namespace: see [`Namespace::new`].
    ///
    /// # Errors
    ///
    /// As [`Namespace::new`].
    pub fn namespace(&self, label: &str) -> Result<Namespace, Error> {
        Namespace::new(label)
    }

    /// The usual rig in one call: a fresh namespace with a veth pair, both ends up and ready to carry frames.
    ///
    /// # Errors
    ///
    /// As [`Namespace::new`] and [`Namespace::veth`].
    pub fn wire(&self, a: &str, b: &str) -> Result<Namespace, Error> {
        let namespace = self.namespace("wire")?;
        namespace.veth(a, b)?;
        for end in [a, b] {
            namespace.up(end)?;
        }
        for end in [a, b] {
            namespace.wait_for_carrier(end, LONGEST_START)?;
        }
        Ok(namespace)
    }
}

/// A network namespace, kept by an open descriptor: with it, and the last process inside, the namespace and all its
/// interfaces vanish. It has no name in `/run/netns`.
///
/// Its loopback interface is up, and it is silent: IPv6 is off on every interface, so that no router solicitation and no multicast report gets among the frames that a test counts.
#[derive(Debug)]
pub struct Namespace {
    label: String,
    descriptor: OwnedFd,
    route: Mutex<Netlink>,
    /// Whether the kernel let us turn IPv6 off for interfaces to come.
    pub(crate) silenced: bool,
}

impl Namespace {
    /// Makes a fresh namespace. `label` occurs in error messages only.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotAllowed`](crate::ErrorKind::NotAllowed) as of [`Rig::new`], and what the kernel says.
    pub fn new(label: &str) -> Result<Self, Error> {
        // A thread of its own, since `unshare` moves the calling thread and there is no way back without the
        // capability over the namespace it came from.
        let (descriptor, route, silenced) = on_fresh_thread(|| {
            unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| explain("make a network namespace", errno))?;
            // Not /proc/self, which is the main thread.
            let descriptor = File::open("/proc/thread-self/ns/net")
                .map_err(|error| Error::system("open /proc/thread-self/ns/net", error))?;
            let silenced = turn_ipv6_off().is_ok();
            let route = Netlink::open(SockProtocol::NetlinkRoute)
                .map_err(|error| Error::system("open a netlink socket", error))?;
            Ok((OwnedFd::from(descriptor), route, silenced))
        })?;
        let namespace = Self { label: label.to_owned(), descriptor, route: Mutex::new(route), silenced };
        namespace.up("lo")?;
        Ok(namespace)
    }

    /// The label that it was made with.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Runs a closure on a thread of its own that is inside the namespace, and hands back what it returns. Sockets that
    /// it opens belong to the namespace for good, so they can be handed out and used anywhere.
    ///
    /// Threads that the closure starts, and programs, are inside too. `/proc/self/net` is not (it is the main
    /// thread's): use `/proc/thread-self/net`. `/sys/class/net` is not either, since it belongs to the mount.
    ///
    /// # Errors
    ///
    /// If the thread cannot join the namespace, [`ErrorKind::System`](crate::ErrorKind::System).
    ///
    /// # Panics
    ///
    /// With the closure's panic, if it panics.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, Error> {
        on_fresh_thread(|| {
            self.join()?;
            Ok(work())
        })
    }

    /// Moves the calling thread into the namespace, for the rest of its life. For threads that the caller has made
    /// itself; for everything else there is [`Namespace::run`].
    ///
    /// # Errors
    ///
    /// What the kernel says: [`ErrorKind::System`](crate::ErrorKind::System).
    pub fn join(&self) -> Result<(), Error> {
        setns(&self.descriptor, CloneFlags::CLONE_NEWNET)
            .map_err(|errno| Error::system(format!("join namespace {}", self.label), errno))
    }

    /// The namespace's rtnetlink socket. A thread that panicked while it held it left nothing half done: answers carry
    /// sequence numbers.
    pub(crate) fn route(&self) -> MutexGuard<'_, Netlink> {
        self.route.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a setting below `/proc/sys/net`, which shows each thread its own namespace.
    ///
    /// # Errors
    ///
    /// What the file system says, with the path.
    pub fn sysctl(&self, path: &str, value: &str) -> Result<(), Error> {
        self.run(|| fs::write(format!("/proc/sys/net/{path}"), value))?.map_err(|error| {
            Error::system(format!("write {value} to /proc/sys/net/{path} in namespace {}", self.label), error)
        })
    }
}

impl AsFd for Namespace {
    /// The descriptor that keeps the namespace alive: what `setns(2)` takes.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// For the interfaces that there are and those that will be made. A kernel without IPv6 has no such files.
fn turn_ipv6_off() -> io::Result<()> {
    for which in ["all", "default"] {
        match fs::write(format!("/proc/sys/net/ipv6/conf/{which}/disable_ipv6"), "1") {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    Ok(())
}
