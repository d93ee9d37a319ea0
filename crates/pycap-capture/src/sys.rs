//! The few system calls that every live capture needs: an event that another thread sets, and waiting for it.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// A flag of the kernel's that a thread can set and others can wait for.
#[derive(Debug)]
pub(crate) struct Event {
    read: OwnedFd,
    /// Where there is no eventfd, a pipe does.
    #[cfg(not(target_os = "linux"))]
    write: OwnedFd,
}

impl Event {
    #[cfg(target_os = "linux")]
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: eventfd takes no pointer.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        check(fd)?;
        // SAFETY: the call succeeded, so that the descriptor is open, and nobody else has it.
        Ok(Self { read: unsafe { OwnedFd::from_raw_fd(fd) } })
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn new() -> io::Result<Self> {
        let (read, write) = io::pipe()?;
        Ok(Self { read: read.into(), write: write.into() })
    }

    /// Sets it, until it is cleared.
    pub(crate) fn set(&self) -> io::Result<()> {
        let one = 1_u64.to_ne_bytes();
        #[cfg(target_os = "linux")]
        let fd = self.read.as_raw_fd();
        #[cfg(not(target_os = "linux"))]
        let fd = self.write.as_raw_fd();
        // SAFETY: the pointer and the length are those of `one`, which outlives the call.
        let written = unsafe { libc::write(fd, one.as_ptr().cast(), one.len()) };
        match written {
            -1 => {
                let error = io::Error::last_os_error();
                // The counter is at its limit, so that it is set already.
                if error.kind() == io::ErrorKind::WouldBlock { Ok(()) } else { Err(error) }
            }
            _ => Ok(()),
        }
    }

    /// Clears it.
    #[cfg(target_os = "linux")]
    pub(crate) fn clear(&self) -> io::Result<()> {
        let mut count = [0_u8; 8];
        // SAFETY: the pointer and the length are those of `count`, which outlives the call.
        let read = unsafe { libc::read(self.read.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
        match read {
            -1 => {
                let error = io::Error::last_os_error();
                // It was not set.
                if error.kind() == io::ErrorKind::WouldBlock { Ok(()) } else { Err(error) }
            }
            _ => Ok(()),
        }
    }
}

impl AsFd for Event {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read.as_fd()
    }
}

/// One descriptor that is readable whenever one of several is, or has an error to be fetched: epoll(7).
///
/// It watches the files behind the descriptors: these have to stay open as long as it is to tell of them.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(crate) struct Gathered {
    epoll: nix::sys::epoll::Epoll,
    /// One of the descriptors that nobody else keeps open.
    _kept: Option<OwnedFd>,
}

#[cfg(target_os = "linux")]
impl Gathered {
    pub(crate) fn new<'fd>(descriptors: impl IntoIterator<Item = BorrowedFd<'fd>>) -> io::Result<Self> {
        use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        for descriptor in descriptors {
            epoll.add(descriptor, EpollEvent::new(EpollFlags::EPOLLIN, 0))?;
        }
        Ok(Self { epoll, _kept: None })
    }

    /// One of two descriptors, of which it keeps the first open itself.
    #[allow(dead_code, reason = "without libpcap nobody needs it")]
    pub(crate) fn keeping(kept: OwnedFd, other: BorrowedFd<'_>) -> io::Result<Self> {
        let mut this = Self::new([kept.as_fd(), other])?;
        this._kept = Some(kept);
        Ok(this)
    }
}

#[cfg(target_os = "linux")]
impl AsFd for Gathered {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }
}

/// What [`wait`] saw of one descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ready {
    /// There is something to read.
    pub(crate) readable: bool,
    /// An error or the end is to be fetched.
    pub(crate) failed: bool,
}

/// Waits until one of the descriptors has something or until the deadline; with a deadline that has passed it only looks. All
/// answers are `false` where the deadline came first. A signal does not end it.
pub(crate) fn wait<const N: usize>(
    fds: [BorrowedFd<'_>; N],
    deadline: Option<Instant>,
) -> io::Result<[Ready; N]> {
    let mut polled = fds.map(polled);
    poll_until(&mut polled, deadline)?;
    Ok(polled.map(|polled| Ready {
        readable: polled.revents & libc::POLLIN != 0,
        failed: polled.revents & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) != 0,
    }))
}

/// Waits until one of the descriptors has something, or an error, or until the deadline. A signal does not end it.
pub(crate) fn wait_for_any(fds: &[BorrowedFd<'_>], deadline: Option<Instant>) -> io::Result<()> {
    let mut polled: Vec<_> = fds.iter().copied().map(polled).collect();
    poll_until(&mut polled, deadline)
}

fn polled(fd: BorrowedFd<'_>) -> libc::pollfd {
    libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 }
}

fn poll_until(polled: &mut [libc::pollfd], deadline: Option<Instant>) -> io::Result<()> {
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        match check(poll(polled, left)) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(target_os = "linux")]
fn poll(polled: &mut [libc::pollfd], left: Option<Duration>) -> libc::c_int {
    let time = left.map(|left| libc::timespec {
        tv_sec: left.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        // Less than 10^9, so that it fits.
        tv_nsec: left.subsec_nanos() as _,
    });
    let time = time.as_ref().map_or(std::ptr::null(), |time| time as *const libc::timespec);
    // SAFETY: `polled` is a slice of so many entries, `time` is null or points to a `timespec` that outlives the call, and a null
    // signal mask changes nothing.
    unsafe { libc::ppoll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, time, std::ptr::null()) }
}

#[cfg(not(target_os = "linux"))]
fn poll(polled: &mut [libc::pollfd], left: Option<Duration>) -> libc::c_int {
    // Rounded up: to wake too early would mean to spin through the last millisecond.
    let time = left.map_or(-1, |left| left.as_micros().div_ceil(1000).try_into().unwrap_or(libc::c_int::MAX));
    // SAFETY: `polled` is a slice of so many entries.
    unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, time) }
}

/// The result of a call that says -1 where it failed.
pub(crate) fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn several_descriptors_are_one() {
        let events = [Event::new().unwrap(), Event::new().unwrap()];
        let gathered = Gathered::new(events.iter().map(AsFd::as_fd)).unwrap();
        let ready = || wait([gathered.as_fd()], Some(Instant::now())).unwrap()[0].readable;
        for event in &events {
            assert!(!ready());
            event.set().unwrap();
            assert!(ready() && ready());
            event.clear().unwrap();
        }
        assert!(!ready());
    }

    #[test]
    fn an_event_ends_a_wait() {
        let event = Event::new().unwrap();
        let soon = Instant::now() + Duration::from_millis(5);
        assert_eq!(wait([event.as_fd()], Some(soon)).unwrap(), [Ready::default()]);
        assert!(Instant::now() >= soon);
        event.set().unwrap();
        assert!(wait([event.as_fd()], None).unwrap()[0].readable);
        assert!(wait([event.as_fd()], Some(soon)).unwrap()[0].readable);
    }
}
