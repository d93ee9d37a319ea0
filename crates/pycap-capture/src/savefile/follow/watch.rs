//! Waiting until something happens to a file, or to what its path names.

use std::io;
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
pub(super) use self::linux::Watch;
#[cfg(not(target_os = "linux"))]
pub(super) use self::other::Watch;

/// How often to look though the system tells of changes. It does not tell of all: not of what other machines do to a network file
/// system, not of what is written through a mapping, and not of a folder above that is renamed.
#[cfg(target_os = "linux")]
const LOOK_ANYWAY: Duration = Duration::from_secs(1);

/// How often to look where the system does not tell.
const LOOK: Duration = Duration::from_millis(250);

fn until(deadline: Option<Instant>, patience: Duration) -> Instant {
    let look = Instant::now() + patience;
    deadline.map_or(look, |deadline| deadline.min(look))
}

/// inotify(7): one descriptor that is readable when one of the files was written to, or when something new has the path's name.
///
/// No wake-up is lost: a file is watched before it is read, and the path's folder before the path is looked up. [`Watch::wait`] takes
/// events only when it is about to return, and whoever called it then looks at everything, before the next call. So whatever
/// happens after that look finds the queue empty, and leaves in it an event that ends the next wait at once.
#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::OsString;
    use std::fs::File;
    use std::os::fd::{AsFd, AsRawFd};
    use std::path::{Path, PathBuf};

    use nix::errno::Errno;
    use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};

    use super::super::tail::Identity;
    use super::*;
    use crate::{StopHandle, sys};

    pub(in super::super) struct Watch {
        /// Nothing where there are too many of them already (fs.inotify.max_user_instances).
        inotify: Option<Inotify>,
        folder: PathBuf,
        name: OsString,
        watched_folder: Option<WatchDescriptor>,
        files: Vec<(Identity, Option<WatchDescriptor>)>,
        /// When the folder was looked up last.
        renewed: Instant,
    }

    impl Watch {
        /// Watches for what the path is going to name.
        pub(in super::super) fn new(path: &Path) -> Self {
            let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).ok();
            let mut this = Self {
                inotify,
                folder: path.parent().unwrap_or(path).to_owned(),
                name: path.file_name().unwrap_or_default().to_owned(),
                watched_folder: None,
                files: Vec::new(),
                renewed: Instant::now(),
            };
            this.renew();
            this
        }

        /// Watches this file, too, whatever becomes of its path.
        pub(in super::super) fn add(&mut self, identity: Identity, file: &File) {
            let events = AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_ATTRIB | AddWatchFlags::IN_MOVE_SELF;
            // By the descriptor, as the path may name another one by now: proc_pid_fd(5).
            let path = format!("/proc/self/fd/{}", file.as_raw_fd());
            let watched = self.inotify.as_ref().and_then(|inotify| inotify.add_watch(&*path, events).ok());
            self.files.push((identity, watched));
        }

        /// Watches this file no more.
        pub(in super::super) fn remove(&mut self, identity: Identity) {
            let Some(at) = self.files.iter().position(|(known, _)| *known == identity) else { return };
            let (_, watched) = self.files.swap_remove(at);
            // A file that came back has the same one twice.
            let watched = watched.filter(|_| self.files.iter().all(|(_, other)| *other != watched));
            if let (Some(watched), Some(inotify)) = (watched, &self.inotify) {
                // It is gone already where the file is.
                let _ = inotify.rm_watch(watched);
            }
        }

        /// Waits until something may have changed, or for the stop, or until the deadline.
        pub(in super::super) fn wait(
            &mut self,
            stop: &StopHandle,
            deadline: Option<Instant>,
        ) -> io::Result<()> {
            let stop = stop.event().as_fd();
            let Some(inotify) = &self.inotify else {
                return sys::wait([stop], Some(until(deadline, LOOK))).map(drop);
            };
            let told =
                self.watched_folder.is_some() && self.files.iter().all(|(_, watched)| watched.is_some());
            let until = until(deadline, if told { LOOK_ANYWAY } else { LOOK });
            loop {
                let [changed, stopped] = sys::wait([inotify.as_fd(), stop], Some(until))?;
                // The other files of a busy folder are nothing to look at.
                if stopped.readable
                    || !changed.readable
                    || self.concerns_us(inotify)?
                    || Instant::now() >= until
                {
                    break;
                }
            }
            if self.renewed.elapsed() >= LOOK_ANYWAY {
                self.renew();
            }
            Ok(())
        }

        /// Takes events, and says whether there is one that is not of another file in the folder.
        fn concerns_us(&self, inotify: &Inotify) -> io::Result<bool> {
            match inotify.read_events() {
                Ok(events) => Ok(events.iter().any(|event| {
                    Some(event.wd) != self.watched_folder
                        || event.name.as_ref().is_none_or(|name| *name == self.name)
                })),
                Err(Errno::EAGAIN | Errno::EINTR) => Ok(false),
                Err(error) => Err(error.into()),
            }
        }

        /// Watches the folder that is there now: the one before may have been renamed or removed.
        fn renew(&mut self) {
            self.renewed = Instant::now();
            let Some(inotify) = &self.inotify else { return };
            let events = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_ONLYDIR;
            let before = self.watched_folder;
            // That it is watched already is no error, and gives the same descriptor.
            self.watched_folder = inotify.add_watch(&self.folder, events).ok();
            if let Some(before) = before.filter(|before| Some(*before) != self.watched_folder) {
                let _ = inotify.rm_watch(before);
            }
        }
    }
}

/// Looking from time to time. What happened meanwhile is seen then, so nothing is lost.
#[cfg(not(target_os = "linux"))]
mod other {
    use std::fs::File;
    use std::path::Path;

    use super::super::tail::Identity;
    use super::*;
    use crate::StopHandle;

    pub(in super::super) struct Watch;

    impl Watch {
        pub(in super::super) fn new(_path: &Path) -> Self {
            Self
        }

        pub(in super::super) fn add(&mut self, _identity: Identity, _file: &File) {}

        pub(in super::super) fn remove(&mut self, _identity: Identity) {}

        #[cfg(unix)]
        pub(in super::super) fn wait(
            &mut self,
            stop: &StopHandle,
            deadline: Option<Instant>,
        ) -> io::Result<()> {
            use std::os::fd::AsFd;
            crate::sys::wait([stop.event().as_fd()], Some(until(deadline, LOOK))).map(drop)
        }

        #[cfg(not(unix))]
        pub(in super::super) fn wait(
            &mut self,
            stop: &StopHandle,
            deadline: Option<Instant>,
        ) -> io::Result<()> {
            const SLICE: Duration = Duration::from_millis(10);
            let until = until(deadline, LOOK);
            while !stop.is_stopped() {
                match until.checked_duration_since(Instant::now()) {
                    Some(left) if !left.is_zero() => std::thread::sleep(left.min(SLICE)),
                    _ => break,
                }
            }
            Ok(())
        }
    }
}
