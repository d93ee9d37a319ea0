//! What only Linux is asked: hardware type, MTU, alias, radio, and the clocks of network cards.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::PathBuf;

use super::SystemInterface;
use crate::TimestampSource;

/// Fills in what `getifaddrs` does not tell, as far as it can be had.
pub(super) fn complete(interfaces: &mut [SystemInterface]) {
    let Ok(socket) = std::net::UdpSocket::bind((std::net::Ipv4Addr::UNSPECIFIED, 0)) else { return };
    for interface in interfaces {
        interface.mtu = mtu(socket.as_fd(), &interface.name).ok();
        // `getifaddrs` has the type only beside an address, and a tunnel has none.
        let hardware = hardware_type(socket.as_fd(), &interface.name);
        interface.link_type = hardware.ok().map(|hardware| crate::ring::device::delivery(hardware).link_type);
        let sysfs: PathBuf = ["/sys/class/net", &interface.name].iter().collect();
        let read = |what: &str| fs::read_to_string(sysfs.join(what)).ok();
        // The files may be those of another network namespace, where the name is another interface's.
        if read("ifindex").and_then(|text| text.trim().parse().ok()) == Some(interface.index) {
            interface.description =
                read("ifalias").map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
            // Where libpcap looks, too: pcap-linux.c, is_wifi().
            interface.wireless = sysfs.join("wireless").exists();
        }
    }
}

/// The clocks that frames of this interface can have their times from; the first is taken where none is asked for.
pub(crate) fn timestamp_sources(name: &str) -> io::Result<Vec<TimestampSource>> {
    let mut sources = vec![TimestampSource::Kernel];
    if name != "any" {
        let socket = std::net::UdpSocket::bind((std::net::Ipv4Addr::UNSPECIFIED, 0))?;
        match capabilities(socket.as_fd(), name) {
            Ok(what) if what & libc::SOF_TIMESTAMPING_RAW_HARDWARE != 0 => {
                sources.push(TimestampSource::HardwareRaw)
            }
            Ok(_) => {}
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) => return Err(error),
            // The driver does not tell, so it has none.
            Err(_) => {}
        }
    }
    Ok(sources)
}

fn request(name: &str) -> io::Result<libc::ifreq> {
    // SAFETY: all of `ifreq` is numbers, pointers and unions of those, for which zero is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    // One byte less than there is room for: the rest is zero, which ends the name.
    if name.len() >= request.ifr_name.len() || name.contains('\0') {
        return Err(io::Error::from_raw_os_error(libc::ENODEV));
    }
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    Ok(request)
}

/// The hardware type (ARPHRD_*) of the interface of this name.
pub(crate) fn hardware_type(socket: BorrowedFd<'_>, name: &str) -> io::Result<u16> {
    let mut request = request(name)?;
    // SAFETY: SIOCGIFHWADDR reads the name and writes the address of the `ifreq` that the pointer is to (net/core/dev_ioctl.c).
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFHWADDR as _, &raw mut request) };
    crate::sys::check(result)?;
    // SAFETY: the kernel has written this field.
    let address = unsafe { request.ifr_ifru.ifru_hwaddr };
    Ok(address.sa_family)
}

fn mtu(socket: BorrowedFd<'_>, name: &str) -> io::Result<u32> {
    let mut request = request(name)?;
    // SAFETY: SIOCGIFMTU reads the name and writes the MTU of the `ifreq` that the pointer is to (net/core/dev_ioctl.c).
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFMTU as _, &raw mut request) };
    crate::sys::check(result)?;
    // SAFETY: the kernel has written this field.
    let mtu: c_int = unsafe { request.ifr_ifru.ifru_mtu };
    u32::try_from(mtu).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// `struct ethtool_ts_info` of include/uapi/linux/ethtool.h.
#[repr(C)]
#[derive(Default)]
struct TimestampInfo {
    cmd: u32,
    so_timestamping: u32,
    phc_index: i32,
    tx_types: u32,
    tx_reserved: [u32; 3],
    rx_filters: u32,
    rx_reserved: [u32; 3],
}

/// SOF_TIMESTAMPING_* bits that the driver has.
fn capabilities(socket: BorrowedFd<'_>, name: &str) -> io::Result<u32> {
    const ETHTOOL_GET_TS_INFO: u32 = 0x41;
    let mut info = TimestampInfo { cmd: ETHTOOL_GET_TS_INFO, ..TimestampInfo::default() };
    let mut request = request(name)?;
    request.ifr_ifru.ifru_data = (&raw mut info).cast();
    // SAFETY: SIOCETHTOOL reads the name and the pointer of the `ifreq`, and for this command writes a `struct ethtool_ts_info` to
    // where that points: `info`, which is one and outlives the call (net/ethtool/ioctl.c, ethtool_get_ts_info).
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCETHTOOL as _, &raw mut request) };
    crate::sys::check(result)?;
    Ok(info.so_timestamping)
}
