//! What readers take.

use crate::LinkType;

/// The most bytes that readers take for a frame of this link type: libpcap's `max_snaplen_for_dlt` and
/// Wireshark's `wtap_max_snaplen_for_encap`, which our own reader holds on to as well.
pub(super) const fn max_frame_len(link_type: LinkType) -> u32 {
    const DBUS: LinkType = LinkType(231);
    const USBPCAP: LinkType = LinkType(249);
    const EBHSCR: LinkType = LinkType(279);
    match link_type {
        DBUS | LinkType::USB_LINUX | LinkType::USB_LINUX_MMAPPED | USBPCAP | EBHSCR => 128 << 20,
        _ => 256 << 10,
    }
}

/// The most that a pcapng interface's stated snapshot length raises this to: libpcap's limit for a block.
pub(super) const MAX_STATED_SNAPLEN: u32 = 16 << 20;
