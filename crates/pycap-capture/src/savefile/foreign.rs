//! Files that are not read here, told by their first bytes, so that the error can say what they are.

use crate::{Error, ErrorKind};

/// How many bytes [`error`] wants to see, if there are as many.
pub(super) const HEAD: usize = 16;

/// What to say about a file that starts like this.
pub(super) fn error(head: &[u8]) -> Error {
    if let Some((name, unpack)) = compression(head) {
        return Error::new(
            ErrorKind::Compressed,
            format!("this is a {name} file; decompress it first: {unpack}"),
        );
    }
    if let Some((_, name)) = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Error::new(
            ErrorKind::UnknownFormat,
            format!(
                "this is a {name} file, not a pcap or pcapng capture; `editcap` from Wireshark may convert it"
            ),
        );
    }
    let found: Vec<String> = head.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    Error::new(
        ErrorKind::UnknownFormat,
        format!("not a pcap or pcapng capture: the file starts with the bytes {}", found.join(" ")),
    )
}

/// How a file that starts like this is compressed, and the command that unpacks it to the standard output.
pub(super) fn compression(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let known = COMPRESSED.iter().find(|(magic, ..)| head.starts_with(magic));
    known.map(|(_, name, unpack)| (*name, *unpack))
}

/// Magic number, name, command that unpacks it to the standard output.
const COMPRESSED: [(&[u8], &str, &str); 10] = [
    (b"\x1f\x8b", "gzip", "gzip -dc FILE"),
    (b"\x28\xb5\x2f\xfd", "zstd", "zstd -dc FILE"),
    (b"\xfd7zXZ\0", "xz", "xz -dc FILE"),
    (b"\x04\x22\x4d\x18", "lz4", "lz4 -dc FILE"),
    (b"BZh", "bzip2", "bzip2 -dc FILE"),
    (b"LZIP", "lzip", "lzip -dc FILE"),
    (b"\x89LZO\0\r\n\x1a\n", "lzop", "lzop -dc FILE"),
    (b"\x1f\x9d", "compress", "gzip -dc FILE"),
    (b"PK\x03\x04", "zip", "unzip -p FILE"),
    (b"7z\xbc\xaf\x27\x1c", "7-zip", "7z e -so FILE"),
];

/// Capture files of other makers.
const FOREIGN: [(&[u8], &str); 10] = [
    (b"snoop\0\0\0", "snoop (RFC 1761)"),
    (b"GMBU", "Microsoft Network Monitor 2"),
    (b"RTSS", "Microsoft Network Monitor 1"),
    (b"iptrace 1.0", "AIX iptrace"),
    (b"iptrace 2.0", "AIX iptrace"),
    (b"TRSNIFF data    ", "Network General Sniffer"),
    (b"XCP\0", "Network General Sniffer"),
    (b"btsnoop\0", "Bluetooth btsnoop"),
    (b"\x1c\0\x01\xac", "IXIA capture"),
    (b"\x1c\0\x01\xab", "IXIA capture"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compressed_file_is_named() {
        let error = error(b"\x1f\x8b\x08\0");
        assert_eq!(error.kind(), ErrorKind::Compressed);
        assert_eq!(error.to_string(), "this is a gzip file; decompress it first: gzip -dc FILE");
    }

    #[test]
    fn another_makers_file_is_named() {
        let error = error(b"snoop\0\0\0\0\0\0\x02");
        assert_eq!(error.kind(), ErrorKind::UnknownFormat);
        assert!(error.to_string().starts_with("this is a snoop (RFC 1761) file"), "{error}");
    }

    #[test]
    fn the_rest_is_shown() {
        let message = error(b"\x7fELF\x02").to_string();
        assert_eq!(message, "not a pcap or pcapng capture: the file starts with the bytes 7f 45 4c 46");
    }

    #[test]
    fn every_magic_fits_the_head() {
        assert!(
            COMPRESSED
                .iter()
                .map(|(magic, ..)| magic)
                .chain(FOREIGN.iter().map(|(magic, _)| magic))
                .all(|m| m.len() <= HEAD)
        );
    }
}
