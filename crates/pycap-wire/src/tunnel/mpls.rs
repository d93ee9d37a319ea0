//! MPLS label stack entries.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------------------------------+-----+-+---------------+
//! |                 label                 |  TC |S|  time to live |   (RFC 3032, 2.1; RFC 5462)
//! +---------------------------------------+-----+-+---------------+
//! ```

use crate::header::header;

header! {
    /// A label stack entry: 4 bytes.
    pub struct MplsHeader {
        /// Label (high twenty bits), traffic class (three), bottom of stack (one), time to live (low eight).
        entry, set_entry: u32;
    }
}

impl MplsHeader {
    /// Label, 0 to 1,048,575; those below 16 have meanings of their own (0 IPv4 explicit null, 1 router alert, 2 IPv6
    /// explicit null, 3 implicit null, 7 entropy label indicator, 13 associated channel, 14 OAM alert, 15 extension).
    pub fn label(&self) -> u32 {
        self.entry() >> 12
    }

    /// Traffic class, 0 to 7 (before RFC 5462: experimental bits).
    pub fn traffic_class(&self) -> u8 {
        (self.entry() >> 9 & 7) as u8
    }

    /// Whether this is the last entry of its stack.
    pub fn bottom_of_stack(&self) -> bool {
        self.entry() & 0x100 != 0
    }

    /// Time to live, in hops.
    pub fn ttl(&self) -> u8 {
        (self.entry() & 0xff) as u8
    }

    /// Sets [`label`](Self::label); the value's low twenty bits count.
    pub fn set_label(&mut self, label: u32) {
        self.set_entry(self.entry() & 0xfff | label << 12);
    }

    /// Sets [`traffic_class`](Self::traffic_class); the value's low three bits count.
    pub fn set_traffic_class(&mut self, traffic_class: u8) {
        self.set_entry(self.entry() & !0xe00 | u32::from(traffic_class & 7) << 9);
    }

    /// Sets [`bottom_of_stack`](Self::bottom_of_stack).
    pub fn set_bottom_of_stack(&mut self, bottom: bool) {
        self.set_entry(self.entry() & !0x100 | u32::from(bottom) << 8);
    }

    /// Sets [`ttl`](Self::ttl).
    pub fn set_ttl(&mut self, ttl: u8) {
        self.set_entry(self.entry() & !0xff | u32::from(ttl));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::bytes;

    #[test]
    fn scapys_entry() {
        // MPLS(label=26020, cos=4, s=1, ttl=198), as scapy writes it.
        let mut header = MplsHeader::zeroed();
        header.set_label(26020);
        header.set_traffic_class(4);
        header.set_bottom_of_stack(true);
        header.set_ttl(198);
        assert_eq!(header.as_bytes(), bytes("065a 49c6"));
        assert_eq!((header.label(), header.traffic_class()), (26020, 4));
        assert_eq!((header.bottom_of_stack(), header.ttl()), (true, 198));
    }

    #[test]
    fn fields_are_set_apart() {
        let mut header = MplsHeader::zeroed();
        header.set_entry(u32::MAX);
        header.set_traffic_class(0xf8);
        header.set_bottom_of_stack(false);
        assert_eq!(header.entry(), 0xffff_f0ff);
        header.set_label(0xfff0_0001);
        header.set_ttl(0);
        assert_eq!(header.entry(), 0x0000_1000);
    }
}
