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
/// No wake-up is lost: a file is watched before it is read, and the path's folder before the path is looked up. Events are taken by
/// [`Watch::wait`] when it is about to return, and when everything is about to be looked at, which comes before each wait. So whatever
/// happens after that look leaves an event in the queue that ends the next wait at once.
#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::{OsStr, OsString};
    use std::fs::File;
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
    use std::path::{Path, PathBuf};

    use nix::errno::Errno;
    use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};

    use super::super::arrivals::{Arrivals, Change, Place};
    use super::super::tail::{Found, Identity, Tail};
    use super::*;
    use crate::{Result, StopHandle, sys};

    /// So often events are taken at once: more than the queue holds, unless others add to it meanwhile.
    const MOST_READS: u32 = 1024;

    /// So often a file that is just being renamed is looked for.
    const TRIES: u32 = 16;

    /// A folder that is watched.
    struct Folder {
        watched: WatchDescriptor,
        /// The folder itself, whatever its path names by now: proc_pid_fd(5).
        place: PathBuf,
        /// What keeps the place the same.
        _open: File,
    }

    pub(in super::super) struct Watch {
        /// Nothing where there are too many of them already (fs.inotify.max_user_instances).
        inotify: Option<Inotify>,
        folder: PathBuf,
        name: OsString,
        watched_folder: Option<Folder>,
        files: Vec<(Identity, Option<WatchDescriptor>)>,
        arrivals: Arrivals,
        /// There were more events than the system keeps (fs.inotify.max_queued_events).
        overflowed: bool,
        /// When the folder was looked up last.
        renewed: Instant,
    }

    impl Watch {
        /// Watches for what the path is going to name.
        pub(in super::super) fn new(path: &Path) -> Self {
            let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).ok();
            let name = path.file_name().unwrap_or_default();
            let mut this = Self {
                inotify,
                folder: path.parent().unwrap_or(path).to_owned(),
                name: name.to_owned(),
                watched_folder: None,
                files: Vec::new(),
                arrivals: Arrivals::of(name),
                overflowed: false,
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
            let until = until(deadline, self.patience());
            loop {
                let Some(inotify) = &self.inotify else { return sys::wait([stop], Some(until)).map(drop) };
                let [changed, stopped] = sys::wait([inotify.as_fd(), stop], Some(until))?;
                // The other files of a busy folder are nothing to look at.
                if stopped.readable || !changed.readable || self.take_events()? || Instant::now() >= until {
                    return Ok(());
                }
            }
        }

        /// How long to wait at most until the next look.
        pub(in super::super) fn patience(&self) -> Duration {
            let told = self.inotify.is_some()
                && self.watched_folder.is_some()
                && self.files.iter().all(|(_, watched)| watched.is_some());
            if told { LOOK_ANYWAY } else { LOOK }
        }

        /// What is readable when there is something to look at.
        pub(in super::super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
            self.inotify.as_ref().map(AsFd::as_fd)
        }

        /// Takes in what has happened, before a look at everything.
        pub(in super::super) fn learn(&mut self) -> io::Result<()> {
            if self.renewed.elapsed() >= LOOK_ANYWAY {
                self.renew();
            }
            self.take_events().map(drop)
        }

        /// Opens the first of the files that had the path's name and are not open yet, where it is by now; not one that is `known`.
        /// After an error it is still the first.
        pub(in super::super) fn next_arrival(&mut self, known: Identity) -> Result<Option<Tail>> {
            let cannot_look = |error| crate::Error::io("cannot look for further files", error);
            let mut tries = 0;
            loop {
                let name = match self.arrivals.first() {
                    None => return Ok(None),
                    Some(Place::Named(name)) if tries < TRIES => name.clone(),
                    // The second half of a rename is told right after the first one. Where it is not, the file has left the folder.
                    Some(Place::Moving(_)) if tries < TRIES => {
                        tries += 1;
                        if !self.take_events().map_err(cannot_look)? {
                            std::thread::sleep(Duration::from_micros(20));
                        }
                        continue;
                    }
                    Some(_) => {
                        self.arrivals.miss();
                        tries = 0;
                        continue;
                    }
                };
                let folder = self.watched_folder.as_ref().map_or(&self.folder, |folder| &folder.place);
                let path = folder.join(&name);
                let found = Tail::find(&path, known);
                // If it still has the name after this, it had it when it was opened.
                self.take_events().map_err(cannot_look)?;
                if !matches!(self.arrivals.first(), Some(Place::Named(now)) if *now == name) {
                    tries += 1;
                    continue;
                }
                match found {
                    Ok(Found::New(tail)) => {
                        self.arrivals.take();
                        return Ok(Some(tail));
                    }
                    Ok(Found::Known) => self.arrivals.take(),
                    // A link to what is not there yet.
                    Ok(Found::Nothing) if path.is_symlink() => self.arrivals.take(),
                    // It may still get its permissions.
                    Err(error) if name == self.name => return Err(error),
                    Ok(Found::Nothing) | Err(_) => self.arrivals.miss(),
                }
                tries = 0;
            }
        }

        /// Whether there are files to be opened.
        pub(in super::super) fn has_arrivals(&self) -> bool {
            self.arrivals.first().is_some()
        }

        /// No file that comes from now on counts.
        pub(in super::super) fn close(&mut self) {
            self.arrivals.close();
        }

        /// How many files came and went.
        pub(in super::super) fn missed(&self) -> u64 {
            self.arrivals.missed()
        }

        /// Whether the system has forgotten events since the last call, in which case there are no names to go by; and how many files are
        /// missed for it.
        pub(in super::super) fn take_overflow(&mut self) -> bool {
            let overflowed = std::mem::take(&mut self.overflowed);
            if overflowed {
                self.arrivals.miss_all();
            }
            overflowed
        }

        /// Takes events, and says whether there is one that is not of another file in the folder.
        fn take_events(&mut self) -> io::Result<bool> {
            let mut ours = false;
            for _ in 0..MOST_READS {
                let Some(inotify) = &self.inotify else { break };
                match inotify.read_events() {
                    Ok(events) => {
                        for event in &events {
                            ours |= self.take_event(event);
                        }
                    }
                    Err(Errno::EAGAIN | Errno::EINTR) => break,
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(ours)
        }

        fn take_event(&mut self, event: &InotifyEvent) -> bool {
            if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
                self.overflowed = true;
                return true;
            }
            if self.watched_folder.as_ref().is_none_or(|folder| folder.watched != event.wd) {
                return true;
            }
            let Some(name) = &event.name else { return true };
            let kinds = [
                (AddWatchFlags::IN_CREATE, Change::Created),
                (AddWatchFlags::IN_MOVED_TO, Change::MovedTo(event.cookie)),
                (AddWatchFlags::IN_MOVED_FROM, Change::MovedFrom(event.cookie)),
                (AddWatchFlags::IN_DELETE, Change::Deleted),
            ];
            let is_folder = event.mask.contains(AddWatchFlags::IN_ISDIR);
            for (_, change) in kinds.into_iter().filter(|(kind, _)| event.mask.contains(*kind)) {
                self.arrivals.learn(name, change, is_folder);
            }
            name == OsStr::new(&self.name)
        }

        /// Watches the folder that is there now: the one before may have been renamed or removed.
        pub(in super::super) fn renew(&mut self) {
            self.renewed = Instant::now();
            let Some(inotify) = &self.inotify else { return };
            let folder = File::open(&self.folder).ok().and_then(|open| {
                let events = AddWatchFlags::IN_CREATE
                    | AddWatchFlags::IN_MOVED_TO
                    | AddWatchFlags::IN_MOVED_FROM
                    | AddWatchFlags::IN_DELETE
                    | AddWatchFlags::IN_ONLYDIR;
                let place = PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd()));
                // That it is watched already is no error, and gives the same descriptor.
                Some(Folder { watched: inotify.add_watch(&place, events).ok()?, place, _open: open })
            });
            let before = std::mem::replace(&mut self.watched_folder, folder);
            let Some(before) = before else { return };
            if self.watched_folder.as_ref().is_none_or(|now| now.watched != before.watched) {
                let _ = inotify.rm_watch(before.watched);
                // Their names are those of another folder.
                self.arrivals.miss_all();
            }
        }
    }
}

/// Looking from time to time. What happened meanwhile is seen then, so nothing is lost.
#[cfg(not(target_os = "linux"))]
mod other {
    use std::fs::File;
    use std::path::Path;

    use super::super::tail::{Identity, Tail};
    use super::*;
    use crate::{Result, StopHandle};

    pub(in super::super) struct Watch;

    impl Watch {
        pub(in super::super) fn new(_path: &Path) -> Self {
            Self
        }

        pub(in super::super) fn add(&mut self, _identity: Identity, _file: &File) {}

        pub(in super::super) fn remove(&mut self, _identity: Identity) {}

        pub(in super::super) fn patience(&self) -> Duration {
            LOOK
        }

        pub(in super::super) fn learn(&mut self) -> io::Result<()> {
            Ok(())
        }

        pub(in super::super) fn next_arrival(&mut self, _known: Identity) -> Result<Option<Tail>> {
            Ok(None)
        }

        pub(in super::super) fn has_arrivals(&self) -> bool {
            false
        }

        pub(in super::super) fn close(&mut self) {}

        pub(in super::super) fn missed(&self) -> u64 {
            0
        }

        pub(in super::super) fn take_overflow(&mut self) -> bool {
            false
        }

        pub(in super::super) fn renew(&mut self) {}

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
