//! The packet socket: each call to the kernel that a ring needs, and nothing that decides.

use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use libc::{c_int, c_ulong, socklen_t};

use crate::sys::check;

/// All protocols, in network byte order, as a packet socket takes it.
const ETH_P_ALL: u16 = (libc::ETH_P_ALL as u16).to_be();

/// An AF_PACKET socket.
#[derive(Debug)]
pub(super) struct Socket(OwnedFd);

/// An instruction of the kernel's classic BPF, `struct sock_filter`.
pub(super) type Instruction = libc::sock_filter;

impl Socket {
    /// One that receives nothing until it is [bound](Self::bind): of protocol 0.
    pub(super) fn new(cooked: bool) -> io::Result<Self> {
        let kind = if cooked { libc::SOCK_DGRAM } else { libc::SOCK_RAW };
        // SAFETY: it takes no pointer.
        let fd = unsafe { libc::socket(libc::AF_PACKET, kind | libc::SOCK_CLOEXEC, 0) };
        check(fd)?;
        // SAFETY: the call succeeded, so that the descriptor is open, and nobody else has it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Receives all protocols from this interface from now on; 0 is all interfaces.
    pub(super) fn bind(&self, interface: u32) -> io::Result<()> {
        let mut address = address();
        address.sll_protocol = ETH_P_ALL;
        address.sll_ifindex = interface.try_into().map_err(|_| io::ErrorKind::InvalidInput)?;
        let (pointer, len) = (&raw const address, size_of_val(&address) as socklen_t);
        // SAFETY: the pointer and the length are those of `address`, which outlives the call.
        check(unsafe { libc::bind(self.raw(), pointer.cast(), len) }).map(drop)
    }

    /// Whether the interface that it was bound to is no more in this network namespace (`packet_notifier` in net/packet/af_packet.c
    /// leaves -1).
    pub(super) fn lost_interface(&self) -> io::Result<bool> {
        let mut address = address();
        let mut len = size_of_val(&address) as socklen_t;
        let pointer = &raw mut address;
        // SAFETY: the pointers are to `address` and to its length, which outlive the call.
        check(unsafe { libc::getsockname(self.raw(), pointer.cast(), &raw mut len) })?;
        Ok(address.sll_ifindex == -1)
    }

    /// Sets an option to a plain value.
    pub(super) fn set<T: Plain>(&self, level: c_int, option: c_int, value: &T) -> io::Result<()> {
        let len = size_of::<T>() as socklen_t;
        let pointer = std::ptr::from_ref(value).cast();
        // SAFETY: the pointer and the length are those of `value`. Options whose value has pointers in it are not set here: `Plain`.
        check(unsafe { libc::setsockopt(self.raw(), level, option, pointer, len) }).map(drop)
    }

    /// An option's value.
    pub(super) fn get<T: Plain>(&self, level: c_int, option: c_int) -> io::Result<T> {
        let mut value = MaybeUninit::<T>::zeroed();
        let mut len = size_of::<T>() as socklen_t;
        let pointer = value.as_mut_ptr().cast();
        // SAFETY: the kernel writes at most `len` bytes, as many as the value has.
        check(unsafe { libc::getsockopt(self.raw(), level, option, pointer, &raw mut len) })?;
        // SAFETY: all bits zero is a value of every `Plain` type, and so are the bits that the kernel wrote over it.
        Ok(unsafe { value.assume_init() })
    }

    /// Attaches a filter in place of the one before.
    pub(super) fn attach(&self, program: &[Instruction]) -> io::Result<()> {
        self.set_program(libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, program)
    }

    /// Sets an option whose value is a classic BPF program.
    pub(super) fn set_program(&self, level: c_int, option: c_int, program: &[Instruction]) -> io::Result<()> {
        // The kernel's own answer to a program that is too long.
        let too_long = || io::Error::from_raw_os_error(libc::EINVAL);
        let len = program.len().try_into().map_err(|_| too_long())?;
        let program = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
        let pointer = &raw const program;
        let size = size_of_val(&program) as socklen_t;
        // SAFETY: the pointer and the size are those of `program`, whose own pointer and length are those of a slice; the kernel only
        // reads.
        check(unsafe { libc::setsockopt(self.raw(), level, option, pointer.cast(), size) }).map(drop)
    }

    /// The error that a poll announced, which is cleared by asking for it.
    pub(super) fn take_error(&self) -> io::Result<Option<io::Error>> {
        let code: c_int = self.get(libc::SOL_SOCKET, libc::SO_ERROR)?;
        Ok((code != 0).then(|| io::Error::from_raw_os_error(code)))
    }

    /// The hardware type (ARPHRD_*) of the interface of this name.
    pub(super) fn hardware_type(&self, interface: &str) -> io::Result<u16> {
        crate::system::linux::hardware_type(self.as_fd(), interface)
    }

    /// Whether the interface of this name is up.
    pub(super) fn is_up(&self, interface: &str) -> io::Result<bool> {
        let request = self.interface_request(libc::SIOCGIFFLAGS, interface, |_| {})?;
        // SAFETY: the call succeeded, and it fills in this member.
        let flags = unsafe { request.ifr_ifru.ifru_flags };
        Ok(c_int::from(flags) & libc::IFF_UP != 0)
    }

    /// The name of the interface of this number, in the socket's network namespace; `None` if there is none.
    pub(super) fn interface_name(&self, number: u32) -> Option<String> {
        let number = number.try_into().ok()?;
        let request = self.interface_request(libc::SIOCGIFNAME, "", |request| {
            request.ifr_ifru.ifru_ifindex = number;
        });
        let name = request.ok()?.ifr_name.map(|byte| byte as u8);
        let len = name.iter().position(|byte| *byte == 0)?;
        Some(String::from_utf8_lossy(&name[..len]).into_owned())
    }

    /// Has the interface of this name take a time stamp of every frame that it receives or sends.
    pub(super) fn enable_hardware_timestamps(&self, interface: &str) -> io::Result<()> {
        let mut config = libc::hwtstamp_config {
            flags: 0,
            tx_type: libc::HWTSTAMP_TX_ON as c_int,
            rx_filter: libc::HWTSTAMP_FILTER_ALL as c_int,
        };
        let pointer = (&raw mut config).cast();
        self.interface_request(libc::SIOCSHWTSTAMP, interface, |request| {
            request.ifr_ifru.ifru_data = pointer;
        })?;
        Ok(())
    }

    fn interface_request(
        &self,
        call: c_ulong,
        interface: &str,
        fill: impl FnOnce(&mut libc::ifreq),
    ) -> io::Result<libc::ifreq> {
        // SAFETY: it is made of numbers and pointers, for which all bits zero is a value.
        let mut request: libc::ifreq = unsafe { MaybeUninit::zeroed().assume_init() };
        // The last byte stays 0.
        let room = request.ifr_name.len() - 1;
        if interface.len() > room {
            return Err(io::Error::from_raw_os_error(libc::ENODEV));
        }
        for (place, byte) in request.ifr_name.iter_mut().zip(interface.bytes()) {
            *place = byte as libc::c_char;
        }
        fill(&mut request);
        // SAFETY: the calls above take a pointer to such a request, and what `fill` points it to is what the call takes and outlives it.
        check(unsafe { libc::ioctl(self.raw(), call as _, &raw mut request) })?;
        Ok(request)
    }

    fn raw(&self) -> c_int {
        self.0.as_raw_fd()
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn address() -> libc::sockaddr_ll {
    libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: 0,
        sll_ifindex: 0,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    }
}

/// The values of socket options: numbers and structs of numbers, without padding and without pointers.
///
/// # Safety
///
/// Every bit pattern is a value, there is no padding, and no number in it is a pointer.
pub(super) unsafe trait Plain: Copy {}

// SAFETY: a number.
unsafe impl Plain for c_int {}
// SAFETY: three numbers of 4 bytes.
unsafe impl Plain for libc::tpacket_stats_v3 {}
// SAFETY: seven numbers of 4 bytes.
unsafe impl Plain for libc::tpacket_req3 {}
// SAFETY: numbers of 4, 2, 2 and 8 times 1 byte.
unsafe impl Plain for libc::packet_mreq {}
// SAFETY: numbers of 2, 2 and 4 bytes.
unsafe impl Plain for libc::fanout_args {}

/// The number of the interface of this name; `None` if there is none.
pub(super) fn interface_number(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: it reads a string that ends in 0 and outlives the call.
    let number = unsafe { libc::if_nametoindex(name.as_ptr()) };
    (number != 0).then_some(number)
}

/// Waits until every processor has left the code of the kernel's that it was in, frames being received included: an RCU grace period.
pub(super) fn grace_period() -> io::Result<()> {
    // MEMBARRIER_CMD_GLOBAL is synchronize_rcu() in kernel/sched/membarrier.c.
    // SAFETY: it takes no pointer.
    let result = unsafe { libc::syscall(libc::SYS_membarrier, libc::MEMBARRIER_CMD_GLOBAL, 0, 0) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The names of all interfaces of this network namespace.
pub(super) fn interface_names() -> Vec<String> {
    // SAFETY: it takes nothing and returns a list of its own, or null.
    let list = unsafe { libc::if_nameindex() };
    if list.is_null() {
        return Vec::new();
    }
    let mut names = Vec::new();
    let mut at = list;
    loop {
        // SAFETY: the list goes on until an entry of number 0, which the loop does not pass.
        let entry = unsafe { at.read() };
        if entry.if_index == 0 || entry.if_name.is_null() {
            break;
        }
        // SAFETY: each entry but the last has a name that ends in 0.
        let name = unsafe { std::ffi::CStr::from_ptr(entry.if_name) };
        names.push(name.to_string_lossy().into_owned());
        // SAFETY: this entry was not the last.
        at = unsafe { at.add(1) };
    }
    // SAFETY: it is the list from above, and nothing borrows from it any more.
    unsafe { libc::if_freenameindex(list) };
    names
}
