//! libnet builds through the table what it builds from C.

use std::ffi::{CStr, c_char};
use std::ptr;

use pycap_sys::libnet::*;

/// The library, or nothing where it is not installed; in CI that is an error.
fn libnet() -> Option<&'static Libnet> {
    match Libnet::load() {
        Ok(net) => Some(net),
        Err(error) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// A context that only builds packets, which needs no rights.
struct Context {
    net: &'static Libnet,
    l: *mut libnet_t,
}

impl Context {
    fn new(net: &'static Libnet) -> Self {
        let mut err_buf = [0 as c_char; LIBNET_ERRBUF_SIZE as usize];
        // SAFETY: the device may be null, and err_buf is large enough.
        let l = unsafe { net.libnet_init(LIBNET_NONE, ptr::null(), err_buf.as_mut_ptr()) };
        // SAFETY: libnet ends its message with a zero byte, or leaves the zeros.
        assert!(!l.is_null(), "{:?}", unsafe { CStr::from_ptr(err_buf.as_ptr()) });
        Self { net, l }
    }

    /// The bytes of the packet.
    fn packet(&self) -> Vec<u8> {
        let (mut packet, mut size) = (ptr::null_mut(), 0);
        // The advanced interface gives the same, but not to a context without an injection type.
        // SAFETY: the context is open and only used here, both pointers may be written.
        let status = unsafe { self.net.libnet_pblock_coalesce(self.l, &mut packet, &mut size) };
        let status = status.expect("libnet has exported libnet_pblock_coalesce since 1.1");
        // SAFETY: the context is open and only used here.
        let message = unsafe { self.net.libnet_geterror(self.l) };
        // SAFETY: the message ends in a zero byte and lives until the next call.
        assert_eq!(status, 1, "{:?}", unsafe { CStr::from_ptr(message) });
        // SAFETY: libnet stored a packet of this size.
        let bytes = unsafe { std::slice::from_raw_parts(packet, size as usize) }.to_vec();
        // SAFETY: the packet came from libnet_pblock_coalesce and is not used again.
        unsafe { self.net.libnet_adv_free_packet(self.l, packet) };
        bytes
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context is open and is not used again.
        unsafe { self.net.libnet_destroy(self.l) };
    }
}

#[test]
fn it_tells_its_version() {
    let Some(net) = libnet() else { return };
    // SAFETY: nothing is asked of the caller.
    let version = unsafe { net.libnet_version() };
    // SAFETY: the library returns a constant string.
    let version = unsafe { CStr::from_ptr(version) }.to_str().unwrap();
    assert!(version.starts_with("libnet version 1."), "{version}");
    assert_eq!(net.name().is_none(), cfg!(feature = "linked-libnet"));
    assert!(net.has("libnet_build_udp"));
    // A function of newer versions is there, or its absence is no error.
    let is_new = !version.ends_with("1.1.6");
    assert_eq!(net.has("libnet_build_lldp_ttl"), is_new);
    let context = Context::new(net);
    // SAFETY: the context is open and only used here.
    let tag = unsafe { net.libnet_build_lldp_ttl(120, context.l, 0) };
    assert_eq!(tag.is_some(), is_new);
}

#[test]
fn it_builds_udp_over_ipv4_over_ethernet() {
    let Some(net) = libnet() else { return };
    let context = Context::new(net);
    let l = context.l;
    let payload = b"hello";
    let (src, dst) = (u32::from_ne_bytes([10, 0, 0, 1]), u32::from_ne_bytes([10, 0, 0, 2]));
    // SAFETY: the context is open and only used here, the payload has as many bytes as said.
    let udp = unsafe { net.libnet_build_udp(4000, 53, 8 + 5, 0, payload.as_ptr(), 5, l, 0) };
    assert!(udp > 0);
    // SAFETY: as above; there is no payload.
    let ip = unsafe { net.libnet_build_ipv4(33, 0, 7, 0, 64, 17, 0, src, dst, ptr::null(), 0, l, 0) };
    assert!(ip > udp);
    let (to, from) = ([2_u8, 0, 0, 0, 0, 2], [2_u8, 0, 0, 0, 0, 1]);
    // SAFETY: as above; both addresses have 6 bytes.
    let ether =
        unsafe { net.libnet_build_ethernet(to.as_ptr(), from.as_ptr(), 0x0800, ptr::null(), 0, l, 0) };
    assert!(ether > ip);

    // Lengths, protocol numbers and checksums as RFC 768, RFC 791 and RFC 1071 have them.
    let packet = context.packet();
    assert_eq!(packet[..14], [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]);
    assert_eq!(packet[14..26], [0x45, 0, 0, 33, 0, 7, 0, 0, 64, 17, 0x66, 0xc3]);
    assert_eq!(packet[26..34], [10, 0, 0, 1, 10, 0, 0, 2]);
    assert_eq!(packet[34..40], [0x0f, 0xa0, 0, 53, 0, 13]);
    assert_eq!(sum(&packet[14..34]), 0xffff);
    let mut pseudo = packet[26..34].to_vec();
    pseudo.extend([0, 17, 0, 13]);
    pseudo.extend(&packet[34..]);
    assert_eq!(sum(&pseudo), 0xffff);
    assert_eq!(&packet[42..], payload);
    // SAFETY: the context is open and only used here.
    assert_eq!(unsafe { net.libnet_getpacket_size(l) } as usize, packet.len());
}

#[test]
fn it_takes_and_returns_ipv6_addresses_by_value() {
    let Some(net) = libnet() else { return };
    let context = Context::new(net);
    // SAFETY: the context is open and only used here, the text ends in a zero byte.
    let address =
        unsafe { net.libnet_name2addr6(context.l, c"2001:db8::7".as_ptr(), LIBNET_DONT_RESOLVE as u8) };
    assert_eq!(address.bytes(), "2001:db8::7".parse::<std::net::Ipv6Addr>().unwrap().octets());
    assert_eq!(format!("{address:?}"), "2001:db8::7");
    // SAFETY: nothing is asked of the caller.
    assert_eq!(unsafe { net.libnet_in6_is_error(address) }, 0);
    // SAFETY: nothing is asked of the caller.
    assert_eq!(unsafe { net.libnet_in6_is_error(libnet_in6_addr::new([0xff; 16])) }, 1);

    let src = libnet_in6_addr::new([1; 16]);
    let payload = b"abc";
    // SAFETY: the context is open and only used here, the payload has 3 bytes.
    let tag = unsafe {
        net.libnet_build_ipv6(0x12, 0x34567, 3, 59, 64, src, address, payload.as_ptr(), 3, context.l, 0)
    };
    assert!(tag > 0);
    let packet = context.packet();
    assert_eq!(packet[4..8], [0, 3, 59, 64]);
    assert_eq!(packet[8..24], [1; 16]);
    assert_eq!(packet[24..40], address.bytes());
    assert_eq!(&packet[40..], payload);
}

#[test]
fn it_tells_errors_names_and_statistics() {
    let Some(net) = libnet() else { return };
    let context = Context::new(net);
    // SAFETY: the context is open and only used here; the function refuses a null payload of 4 bytes.
    let tag = unsafe { net.libnet_build_data(ptr::null(), 4, context.l, 0) };
    assert_eq!(tag, -1);
    // SAFETY: the context is open and only used here.
    let message = unsafe { net.libnet_geterror(context.l) };
    // SAFETY: the message ends in a zero byte and lives until the next call.
    let message = unsafe { CStr::from_ptr(message) }.to_str().unwrap();
    assert!(message.contains("payload"), "{message}");

    // SAFETY: the context is open and only used here, the text ends in a zero byte.
    let address =
        unsafe { net.libnet_name2addr4(context.l, c"192.0.2.7".as_ptr(), LIBNET_DONT_RESOLVE as u8) };
    assert_eq!(address.to_ne_bytes(), [192, 0, 2, 7]);

    let mut stats = libnet_stats { packets_sent: 1, packet_errors: 1, bytes_written: 1 };
    // SAFETY: the context is open and only used here, the statistics may be written.
    unsafe { net.libnet_stats(context.l, &mut stats) };
    assert_eq!(stats, libnet_stats::default());
}

#[test]
fn it_walks_port_lists() {
    let Some(net) = libnet() else { return };
    let context = Context::new(net);
    let mut list = ptr::null_mut();
    let mut text = *b"1-3,53,80\0";
    // SAFETY: the context is open and only used here, the list may be written, the text ends in a zero byte.
    let status = unsafe { net.libnet_plist_chain_new(context.l, &mut list, text.as_mut_ptr().cast()) };
    assert_eq!(status, 1);
    let mut pairs = Vec::new();
    loop {
        let (mut first, mut last) = (0, 0);
        // SAFETY: the list is libnet's, and both numbers may be written.
        if unsafe { net.libnet_plist_chain_next_pair(list, &mut first, &mut last) } != 1 {
            break;
        }
        pairs.push((first, last));
    }
    assert_eq!(pairs, [(1, 3), (53, 53), (80, 80)]);
    // SAFETY: the list is libnet's and is not used again.
    unsafe { net.libnet_plist_chain_free(list) };
}

/// The sum of RFC 1071 over bytes: 0xffff where a checksum among them is right.
fn sum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|word| u32::from(word[0]) << 8 | u32::from(*word.get(1).unwrap_or(&0)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
