//! libpcap does through the table what it does from C.

use std::ffi::{CStr, CString, c_char};
use std::ptr;

use pycap_sys::pcap::*;

/// The library, or nothing where it is not installed; in CI that is an error.
fn libpcap() -> Option<&'static Libpcap> {
    match Libpcap::load() {
        Ok(pcap) => Some(pcap),
        Err(error) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn it_tells_its_version() {
    let Some(pcap) = libpcap() else { return };
    // SAFETY: nothing is asked of the caller.
    let version = unsafe { pcap.pcap_lib_version() };
    // SAFETY: the library returns a constant string.
    let version = unsafe { CStr::from_ptr(version) }.to_str().unwrap();
    assert!(version.to_lowercase().contains("pcap"), "{version}");
    assert_eq!(pcap.name().is_none(), cfg!(feature = "linked-libpcap"));
    assert!(pcap.has("pcap_open_live"));
    assert!(!pcap.has("pcap_no_such_function"));
}

#[test]
fn it_is_loaded_once() {
    let Some(pcap) = libpcap() else { return };
    let other = std::thread::spawn(|| Libpcap::load().unwrap() as *const Libpcap as usize).join().unwrap();
    assert_eq!(ptr::from_ref(pcap) as usize, other);
}

#[test]
fn it_compiles_and_applies_a_filter() {
    let Some(pcap) = libpcap() else { return };
    let mut packet = [0_u8; 60];
    packet[12..14].copy_from_slice(&[0x08, 0x00]);
    packet[14] = 0x45;
    packet[23] = 17;
    packet[36..38].copy_from_slice(&53_u16.to_be_bytes());
    let header = pcap_pkthdr { caplen: 60, len: 60, ..Default::default() };

    // SAFETY: nothing is asked of the caller.
    let handle = unsafe { pcap.pcap_open_dead(DLT_EN10MB, 65_535) };
    assert!(!handle.is_null());
    for (expression, matches) in [("udp dst port 53", true), ("tcp", false), ("", true)] {
        let text = CString::new(expression).unwrap();
        let mut program = bpf_program { bf_len: 0, bf_insns: ptr::null_mut() };
        // SAFETY: the handle is open and only used here, the program may be written, the text ends in a zero
        // byte.
        let status =
            unsafe { pcap.pcap_compile(handle, &mut program, text.as_ptr(), 1, PCAP_NETMASK_UNKNOWN) };
        assert_eq!(status, 0, "{expression}");
        assert!(program.bf_len > 0);
        // SAFETY: the library compiled the program, and the header's length is the packet's.
        let kept = unsafe { pcap.pcap_offline_filter(&program, &header, packet.as_ptr()) };
        assert_eq!(kept != 0, matches, "{expression}");
        // SAFETY: `bf_insns` points to `bf_len` instructions.
        let valid = unsafe { pcap.bpf_validate(program.bf_insns, program.bf_len as i32) };
        assert_eq!(valid, 1);
        // SAFETY: the library compiled the program, which is not used again.
        unsafe { pcap.pcap_freecode(&mut program) };
    }

    let mut program = bpf_program { bf_len: 0, bf_insns: ptr::null_mut() };
    // SAFETY: as above.
    let status = unsafe { pcap.pcap_compile(handle, &mut program, c"udp udp udp".as_ptr(), 1, 0) };
    assert_eq!(status, PCAP_ERROR);
    // SAFETY: the handle is open and only used here.
    let message = unsafe { pcap.pcap_geterr(handle) };
    // SAFETY: the message ends in a zero byte and lives until the next call with the handle.
    assert!(!unsafe { CStr::from_ptr(message) }.is_empty());
    // SAFETY: the handle is open and is not used again.
    unsafe { pcap.pcap_close(handle) };
}

#[test]
fn it_writes_and_reads_a_savefile() {
    let Some(pcap) = libpcap() else { return };
    extern "C" fn count(user: *mut u8, header: *const pcap_pkthdr, bytes: *const u8) {
        // SAFETY: the library gives a header that may be read.
        let header = unsafe { *header };
        // SAFETY: the library gives as many bytes as the header says.
        let bytes = unsafe { std::slice::from_raw_parts(bytes, header.caplen as usize) };
        assert_eq!(bytes, b"hello");
        assert_eq!((header.len, header.ts.tv_sec), (60, 1_700_000_000));
        // SAFETY: `user` is the counter that was given to pcap_loop.
        unsafe { *user.cast::<u32>() += 1 };
    }

    let path = std::env::temp_dir().join(format!("pycap-sys-{}.pcap", std::process::id()));
    let name = CString::new(path.to_str().unwrap()).unwrap();
    let header = pcap_pkthdr { ts: timeval { tv_sec: 1_700_000_000, tv_usec: 7 }, caplen: 5, len: 60 };
    // SAFETY: nothing is asked of the caller.
    let dead = unsafe { pcap.pcap_open_dead(DLT_EN10MB, 65_535) };
    // SAFETY: the handle is open and only used here, the name ends in a zero byte.
    let dumper = unsafe { pcap.pcap_dump_open(dead, name.as_ptr()) };
    assert!(!dumper.is_null());
    for _ in 0..2 {
        // SAFETY: `user` is the dumper; the header's length is that of the bytes.
        unsafe { pcap.pcap_dump(dumper.cast(), &header, b"hello".as_ptr()) };
    }
    // SAFETY: the dumper is open and only used here.
    assert_eq!(unsafe { pcap.pcap_dump_flush(dumper) }, 0);
    // SAFETY: as above. An optional function, absent before 1.9.
    if let Some(bytes) = unsafe { pcap.pcap_dump_ftell64(dumper) } {
        assert_eq!(bytes, 24 + 2 * 21);
    }
    // SAFETY: the dumper is not used again.
    unsafe { pcap.pcap_dump_close(dumper) };
    // SAFETY: the handle is not used again.
    unsafe { pcap.pcap_close(dead) };

    let mut errbuf = [0 as c_char; PCAP_ERRBUF_SIZE];
    // SAFETY: the name ends in a zero byte and errbuf is large enough.
    let handle = unsafe { pcap.pcap_open_offline(name.as_ptr(), errbuf.as_mut_ptr()) };
    assert!(!handle.is_null());
    let mut packets = 0_u32;
    // SAFETY: the handle is open, and the callback is sound for a counter that outlives the call.
    let status = unsafe { pcap.pcap_loop(handle, -1, count, (&raw mut packets).cast()) };
    assert_eq!((status, packets), (0, 2));
    // SAFETY: the handle is not used again.
    unsafe { pcap.pcap_close(handle) };
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn it_lists_interfaces() {
    let Some(pcap) = libpcap() else { return };
    let mut list = ptr::null_mut();
    let mut errbuf = [0 as c_char; PCAP_ERRBUF_SIZE];
    // SAFETY: both pointers may be written, errbuf is large enough.
    let status = unsafe { pcap.pcap_findalldevs(&mut list, errbuf.as_mut_ptr()) };
    // SAFETY: errbuf ends in a zero byte, as the library wrote a message or nothing.
    assert_eq!(status, 0, "{:?}", unsafe { CStr::from_ptr(errbuf.as_ptr()) });
    let mut next = list;
    while !next.is_null() {
        // SAFETY: the library made this list of valid entries.
        let interface = unsafe { &*next };
        assert!(!interface.name.is_null());
        next = interface.next;
    }
    // SAFETY: the list is the library's and is not used again.
    unsafe { pcap.pcap_freealldevs(list) };
}
