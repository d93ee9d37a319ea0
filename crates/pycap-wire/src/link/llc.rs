//! IEEE 802.2 LLC, and the SNAP header that goes with it.
//!
//! ```text
//!  0       1       2              2 (or 4)          7
//! +-------+-------+-------+...... +-----------------+-----------+
//! | DSAP  | SSAP  |    control    | OUI of the type |   type    |   (IEEE 802.2, 3.2; IEEE 802, 10.3)
//! +-------+-------+-------+...... +-----------------+-----------+
//! ```
//!
//! The control field has one byte in unnumbered frames (low two bits 11), two in information (low bit 0) and supervisory
//! (01) ones. OUI and type are there where both SAPs are 0xaa; with OUI 0 the type is an EtherType (RFC 1042).

use core::fmt;

use crate::display::from_fn;
use crate::header::{header, number};
use crate::summary::ether_type_name;
use crate::{Error, EtherType, Field, LayerKind, LinkType, Next, Visit};

number! {
    /// A service access point of LLC: what stands above it. The low bit is not part of the number: it marks a group in
    /// a destination, a response in a source.
    pub struct Sap(u8) {
        NULL = 0x00, "Null";
        LAYER_MANAGEMENT = 0x02, "802.1B I";
        LAYER_MANAGEMENT_GROUP = 0x03, "802.1B G";
        SNA_PATH_CONTROL = 0x04, "SNA path control";
        IP = 0x06, "IP";
        PROWAY_MANAGEMENT = 0x0e, "ProWay NM";
        STP = 0x42, "STP";
        RS511 = 0x4e, "EIA RS-511";
        ISO8208 = 0x7e, "ISO8208";
        XNS = 0x80, "XNS";
        PROWAY = 0x8e, "ProWay";
        ARP = 0x98, "ARP";
        SNAP = 0xaa, "SNAP";
        VINES = 0xbc, "Banyan VINES";
        IPX = 0xe0, "IPX";
        NETBEUI = 0xf0, "NetBEUI";
        LAN_MANAGER = 0xf4, "LAN manager";
        REMOTE_PROGRAM_LOAD = 0xf8, "RPL";
        OSI = 0xfe, "OSI";
        GLOBAL = 0xff, "Global";
    }
}

number! {
    /// The organisation that a SNAP protocol identifier is from: 24 bits, assigned by the IEEE.
    pub struct Oui(u32) {
        ETHERNET = 0x00_0000, "Ethernet";
        CISCO = 0x00_000c, "Cisco";
        NORTEL = 0x00_0081, "Nortel Networks SONMP";
        CISCO_BRIDGED = 0x00_00f8, "Cisco bridged";
        IANA = 0x00_005e, "IANA";
        BRIDGED_802 = 0x00_80c2, "RFC 2684";
        ATM_FORUM = 0x00_a03e, "ATM Forum";
        CABLELABS = 0x00_1000, "Cable-BPI";
        APPLETALK = 0x08_0007, "AppleTalk";
        HEWLETT_PACKARD = 0x08_0009, "Hewlett-Packard";
    }
}

header! {
    /// The LLC header with the first byte of its control field: 3 bytes.
    pub struct LlcHeader {
        /// Destination service access point.
        dsap, set_dsap: Sap;
        /// Source service access point.
        ssap, set_ssap: Sap;
        /// Control field: all of it in unnumbered frames, else its first byte.
        control, set_control: u8;
    }
}

header! {
    /// The SNAP header: 5 bytes.
    pub struct SnapHeader {
        /// The organisation's identifier, as it stands on the wire; see [`oui`](Self::oui).
        oui_bytes, set_oui_bytes: [u8; 3];
        /// The organisation's own number; an EtherType where the organisation is 0.
        pid, set_pid: u16;
    }
}

impl SnapHeader {
    /// The organisation's identifier.
    pub fn oui(&self) -> Oui {
        let [a, b, c] = self.oui_bytes();
        Oui(u32::from_be_bytes([0, a, b, c]))
    }

    /// Sets [`oui`](Self::oui); the value's low 24 bits count.
    #[inline]
    pub fn set_oui(&mut self, oui: Oui) {
        let [_, a, b, c] = oui.0.to_be_bytes();
        self.set_oui_bytes([a, b, c]);
    }

    /// Whether an Ethernet frame follows, with (1) or without (7) its check sequence (RFC 2684, 5.2).
    fn is_bridged_ethernet(&self) -> bool {
        self.oui() == Oui::BRIDGED_802 && matches!(self.pid(), 1 | 7)
    }

    /// Whether the protocol identifier is an EtherType (RFC 1042; Cisco uses 0x0000f8 for bridged frames so, and AppleTalk
    /// has its one EtherType under Apple's number).
    fn ether_type(&self) -> Option<EtherType> {
        let pid = EtherType(self.pid());
        match self.oui() {
            Oui::ETHERNET | Oui::CISCO_BRIDGED => Some(pid),
            Oui::APPLETALK if pid == EtherType::APPLETALK => Some(pid),
            _ => None,
        }
    }
}

/// The control field of LLC, taken apart (IEEE 802.2, 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LlcControl {
    /// A numbered frame with data.
    Information {
        /// Send sequence number, 0 to 127.
        send_seq: u8,
        /// Receive sequence number: the number expected next.
        recv_seq: u8,
        /// The poll bit of a command, the final bit of a response.
        poll_final: bool,
    },
    /// A frame that acknowledges or holds up information frames.
    Supervisory {
        /// 0 receiver ready, 1 receiver not ready, 2 reject.
        function: u8,
        /// Receive sequence number: the number expected next.
        recv_seq: u8,
        /// The poll bit of a command, the final bit of a response.
        poll_final: bool,
    },
    /// A frame without a number.
    Unnumbered {
        /// The control byte without its poll/final bit: 0x03 information, 0xaf exchange identification, 0xe3 test, ...
        function: u8,
        /// The poll bit of a command, the final bit of a response.
        poll_final: bool,
    },
}

impl LlcControl {
    /// Takes a control field apart whose second byte, where it has one, is the high one.
    pub fn from_bits(control: u16) -> Self {
        let [low, high] = control.to_le_bytes();
        let (recv_seq, poll_final) = (high >> 1, high & 1 != 0);
        match low & 3 {
            3 => Self::Unnumbered { function: low & !0x10, poll_final: low & 0x10 != 0 },
            1 => Self::Supervisory { function: low >> 2 & 3, recv_seq, poll_final },
            _ => Self::Information { send_seq: low >> 1, recv_seq, poll_final },
        }
    }

    /// The control field as it stands in a frame, the second byte the high one; 0 in frames without a number, which have none.
    ///
    /// Sequence numbers count with their low seven bits, a supervisory function with its low two.
    pub fn bits(self) -> u16 {
        let high = |recv_seq: u8, poll_final| recv_seq << 1 | u8::from(poll_final);
        u16::from_le_bytes(match self {
            Self::Information { send_seq, recv_seq, poll_final } => {
                [send_seq << 1, high(recv_seq, poll_final)]
            }
            Self::Supervisory { function, recv_seq, poll_final } => {
                [1 | (function & 3) << 2, high(recv_seq, poll_final)]
            }
            Self::Unnumbered { function, poll_final } => [3 | function & 0xef | u8::from(poll_final) << 4, 0],
        })
    }

    /// What the frame is for, where the function is a known one: `ui`, `xid`, `Receiver Ready`.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Information { .. } => "Information",
            Self::Supervisory { function, .. } => match function {
                0 => "Receiver Ready",
                1 => "Receiver not Ready",
                2 => "Reject",
                _ => return None,
            },
            Self::Unnumbered { function, .. } => match function {
                0x03 => "ui",
                0x0f => "dm",
                0x43 => "disc",
                0x63 => "ua",
                0x67 => "ac0",
                0x6f => "sabme",
                0x87 => "frmr",
                0xaf => "xid",
                0xe3 => "test",
                0xe7 => "ac1",
                _ => return None,
            },
        })
    }

    fn poll_final(self) -> bool {
        match self {
            Self::Information { poll_final, .. }
            | Self::Supervisory { poll_final, .. }
            | Self::Unnumbered { poll_final, .. } => poll_final,
        }
    }
}

/// An LLC frame: LLC header, SNAP header where there is one, payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Llc<'a> {
    header: &'a LlcHeader,
    control_high: Option<u8>,
    snap: Option<&'a SnapHeader>,
    padding: Option<&'a [u8; BRIDGED_PADDING]>,
    payload: &'a [u8],
}

/// What precedes a bridged Ethernet frame: two bytes that are 0 (RFC 2684, 5.2).
const BRIDGED_PADDING: usize = 2;

impl<'a> Llc<'a> {
    /// Takes the frame that starts at the first of `bytes`: right after an 802.3 length.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) below the 3 or 4 bytes of the LLC header, or, where both SAPs announce
    /// SNAP before a payload, below 8 or 9.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut view = Self::without_snap(bytes)?;
        if view.dsap() == Sap::SNAP && view.ssap() == Sap::SNAP {
            match SnapHeader::split(view.payload) {
                Some((snap, payload)) => {
                    (view.snap, view.payload) = (Some(snap), payload);
                    if snap.is_bridged_ethernet()
                        && let Some((padding, frame)) = payload.split_first_chunk()
                    {
                        (view.padding, view.payload) = (Some(padding), frame);
                    }
                }
                None if view.carries_payload() => {
                    return Err(truncated(view.header_len() + SnapHeader::LEN, bytes));
                }
                None => (),
            }
        }
        Ok(view)
    }

    /// The LLC header alone.
    #[inline]
    fn without_snap(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some((header, rest)) = LlcHeader::split(bytes) else {
            return Err(truncated(LlcHeader::LEN, bytes));
        };
        let (control_high, payload) = match rest.split_first() {
            _ if header.control() & 3 == 3 => (None, rest),
            Some((high, rest)) => (Some(*high), rest),
            None => return Err(truncated(LlcHeader::LEN + 1, bytes)),
        };
        Ok(Self { header, control_high, snap: None, padding: None, payload })
    }

    /// The LLC header in front of a SNAP header that is cut.
    pub(crate) fn before_snap(bytes: &'a [u8]) -> Option<Self> {
        let view = Self::without_snap(bytes).ok()?;
        (view.dsap() == Sap::SNAP && view.ssap() == Sap::SNAP && view.header.control() == UI).then_some(view)
    }

    /// The LLC header's bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a LlcHeader {
        self.header
    }

    /// The SNAP header's bytes as fields, where there is one.
    #[inline(always)]
    pub fn snap(&self) -> Option<&'a SnapHeader> {
        self.snap
    }

    /// What precedes a bridged Ethernet frame: two bytes that should be 0; else nothing.
    pub fn padding(&self) -> &'a [u8] {
        self.padding.map_or(&[], |padding| padding)
    }

    /// Destination service access point, with the group bit.
    pub fn dsap(&self) -> Sap {
        self.header.dsap()
    }

    /// Source service access point, with the response bit.
    pub fn ssap(&self) -> Sap {
        self.header.ssap()
    }

    /// Whether the frame is a response, not a command.
    pub fn is_response(&self) -> bool {
        self.ssap().0 & 1 != 0
    }

    /// The control field; where it has two bytes, the second is the high one.
    pub fn control_bits(&self) -> u16 {
        u16::from_le_bytes([self.header.control(), self.control_high.unwrap_or(0)])
    }

    /// The control field, taken apart.
    pub fn control(&self) -> LlcControl {
        LlcControl::from_bits(self.control_bits())
    }

    /// The organisation of the SNAP protocol identifier.
    pub fn oui(&self) -> Option<Oui> {
        self.snap.map(SnapHeader::oui)
    }

    /// The SNAP protocol identifier.
    pub fn pid(&self) -> Option<u16> {
        self.snap.map(SnapHeader::pid)
    }

    /// The SNAP protocol identifier as an EtherType, where its organisation makes it one.
    pub fn ether_type(&self) -> Option<EtherType> {
        self.snap.and_then(SnapHeader::ether_type)
    }

    /// Information frames, numbered or not, carry what the SAPs name; the payload of all others is LLC's own.
    fn carries_payload(&self) -> bool {
        self.header.control() & 1 == 0 || self.header.control() == UI
    }

    /// The header's length in bytes, with SNAP: 3, 4, 8 or 9, and two of padding before a bridged Ethernet frame.
    #[inline]
    pub fn header_len(&self) -> usize {
        let snap = if self.snap.is_some() { SnapHeader::LEN } else { 0 };
        LlcHeader::LEN + usize::from(self.control_high.is_some()) + snap + self.padding().len()
    }

    /// What follows the header.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the payload is.
    #[inline]
    pub fn next(&self) -> Next {
        if !self.carries_payload() {
            return Next::End;
        }
        match self.snap {
            Some(snap) => match snap.ether_type() {
                Some(ether_type) => Next::EtherType(ether_type),
                None if self.padding.is_some() => Next::Link(LinkType::ETHERNET),
                None => Next::Snap { oui: snap.oui().0, pid: snap.pid() },
            },
            None => match self.dsap() {
                Sap::IP => Next::EtherType(EtherType::IPV4),
                Sap::IPX => Next::EtherType(EtherType::IPX),
                other => Next::Sap(other.0),
            },
        }
    }

    /// How many bytes the header promises beyond the captured ones: none, it has no length.
    pub fn missing(&self) -> usize {
        0
    }

    /// What makes the header contradict itself: nothing, here.
    pub fn defect(&self) -> Option<Error> {
        None
    }

    /// Calls `visit` for each field: `dsap`, `ssap`, `control` and its parts, with SNAP `oui` and `type` or `pid`.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        let (individual, command) = (Sap(self.dsap().0 & !1), Sap(self.ssap().0 & !1));
        visit(Field::hex("dsap", 0, self.dsap()).means(self.dsap().name().or(individual.name())));
        visit(Field::hex("ssap", 1, self.ssap()).means(self.ssap().name().or(command.name())));
        visit(Field::hex("control", 2, self.control_bits()).means(self.control().name()));
        match self.control() {
            LlcControl::Information { send_seq, recv_seq, .. } => {
                visit(Field::uint("send_seq", 2, send_seq));
                visit(Field::uint("recv_seq", 3, recv_seq));
            }
            LlcControl::Supervisory { function, recv_seq, .. } => {
                visit(Field::uint("function", 2, function).means(self.control().name()));
                visit(Field::uint("recv_seq", 3, recv_seq));
            }
            LlcControl::Unnumbered { .. } => (),
        }
        visit(Field::uint(
            "poll_final",
            2 + usize::from(self.control_high.is_some()),
            self.control().poll_final(),
        ));
        if let Some(snap) = self.snap {
            let offset = LlcHeader::LEN + usize::from(self.control_high.is_some());
            visit(Field::hex("oui", offset, snap.oui()).means(snap.oui().name()));
            visit(match snap.ether_type() {
                Some(ether_type) => Field::hex("type", offset + 3, ether_type).means(ether_type.name()),
                None => Field::hex("pid", offset + 3, snap.pid()).means(pid_name(snap)),
            });
        }
    }

    /// The start of [`summary`](Self::summary), up to the control field.
    pub(crate) fn summary_of_header(&self) -> impl fmt::Display + 'a {
        let llc = *self;
        from_fn(move |f| {
            let (dsap, ssap) = (Sap(llc.dsap().0 & !1), Sap(llc.ssap().0 & !1));
            let name = |sap: Sap| sap.name().unwrap_or("Unknown");
            let group = if llc.dsap().0 & 1 != 0 { "Group" } else { "Individual" };
            let response = if llc.is_response() { "Response" } else { "Command" };
            write!(f, "LLC, dsap {} ({:#04x}) {group}, ", name(dsap), dsap.0)?;
            write!(f, "ssap {} ({:#04x}) {response}, ctrl ", name(ssap), ssap.0)?;
            match llc.control_high {
                Some(_) => write!(f, "{:#06x}", llc.control_bits()),
                None => write!(f, "{:#04x}", llc.control_bits()),
            }
        })
    }

    /// The one-line form: `LLC, dsap SNAP (0xaa) Individual, ssap SNAP (0xaa) Command, ctrl 0x03: oui Ethernet (0x000000),
    /// ethertype IPv4 (0x0800)`.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let llc = *self;
        from_fn(move |f| {
            write!(f, "{}", llc.summary_of_header())?;
            match (llc.snap, llc.dsap()) {
                (Some(snap), _) if llc.header.control() == UI => write_snap(f, snap),
                (_, Sap::STP | Sap::IPX | Sap::OSI | Sap::IP | Sap::NETBEUI)
                    if llc.header.control() == UI =>
                {
                    Ok(())
                }
                _ => write_control(f, &llc),
            }
        })
    }
}

/// There are fewer bytes than the headers need.
fn truncated(needed: usize, bytes: &[u8]) -> Error {
    Error::truncated(LayerKind::Llc, needed, bytes.len())
}

/// The control byte of unnumbered information.
const UI: u8 = 0x03;

fn write_snap(f: &mut fmt::Formatter<'_>, snap: &SnapHeader) -> fmt::Result {
    let (oui, pid) = (snap.oui(), snap.pid());
    let space = if oui == Oui::ETHERNET { "ethertype" } else { "pid" };
    let name = snap.ether_type().map(ether_type_name).or_else(|| pid_name(snap)).unwrap_or("Unknown");
    write!(f, ": oui {} ({:#08x}), {space} {name} ({pid:#06x})", oui.name().unwrap_or("Unknown"), oui.0)
}

/// The names that organisations have given their SNAP protocol identifiers (RFC 2684, 5.2; Cisco's as tcpdump has them).
fn pid_name(snap: &SnapHeader) -> Option<&'static str> {
    Some(match (snap.oui(), snap.pid()) {
        (Oui::CISCO, 0x010b) => "PVST",
        (Oui::CISCO, 0x0111) => "UDLD",
        (Oui::CISCO, 0x2000) => "CDP",
        (Oui::CISCO, 0x2003) => "VTP",
        (Oui::CISCO, 0x2004) => "DTP",
        (Oui::BRIDGED_802, 0x0001) => "Ethernet + FCS",
        (Oui::BRIDGED_802, 0x0003) => "802.4 w/ FCS",
        (Oui::BRIDGED_802, 0x0004) => "FDDI w/ FCS",
        (Oui::BRIDGED_802, 0x0005) => "802.6 w/ FCS",
        (Oui::BRIDGED_802, 0x0007) => "Ethernet w/o FCS",
        (Oui::BRIDGED_802, 0x0009) => "802.5 w/o FCS",
        (Oui::BRIDGED_802, 0x000a) => "FDDI w/o FCS",
        (Oui::BRIDGED_802, 0x000b) => "802.6",
        (Oui::BRIDGED_802, 0x000e) => "802.1d BPDU",
        _ => return None,
    })
}

fn write_control(f: &mut fmt::Formatter<'_>, llc: &Llc<'_>) -> fmt::Result {
    let control = llc.control();
    let name = control.name().unwrap_or("?");
    match control {
        LlcControl::Information { send_seq, recv_seq, .. } => {
            write!(f, ": Information, send seq {send_seq}, rcv seq {recv_seq}")?;
        }
        LlcControl::Supervisory { recv_seq, .. } => write!(f, ": Supervisory, {name}, rcv seq {recv_seq}")?,
        LlcControl::Unnumbered { .. } => write!(f, ": Unnumbered, {name}")?,
    }
    let flags = match (llc.is_response(), control.poll_final()) {
        (false, false) => "Command",
        (false, true) => "Poll",
        (true, false) => "Response",
        (true, true) => "Final",
    };
    write!(f, ", Flags [{flags}]")
}

/// `LLC(dsap=0x42, ssap=0x42, control=0x3)`; with SNAP `LLC(dsap=0xaa, ssap=0xaa, control=0x3, oui=0x0, type=0x800)`.
impl fmt::Display for Llc<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let control = self.control_bits();
        write!(f, "LLC(dsap={:#x}, ssap={:#x}, control={control:#x}", self.dsap().0, self.ssap().0)?;
        if let Some(snap) = self.snap {
            let name = if snap.ether_type().is_some() { "type" } else { "pid" };
            write!(f, ", oui={:#x}, {name}={:#x}", snap.oui().0, snap.pid())?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer;
    use crate::testing::{ToString, bytes, fields, torture};

    #[test]
    fn snap_with_an_ether_type() {
        let bytes = bytes("aaaa03 000000 0800 45");
        let llc = Llc::parse(&bytes).unwrap();
        assert_eq!(
            (llc.next(), llc.header_len(), llc.payload()),
            (Next::EtherType(EtherType::IPV4), 8, &[0x45][..])
        );
        assert_eq!(
            fields(Layer::Llc(llc)),
            "dsap@0=0xaa ssap@1=0xaa control@2=0x3 poll_final@2=0 oui@3=0x0 type@6=0x800"
        );
        assert_eq!(llc.to_string(), "LLC(dsap=0xaa, ssap=0xaa, control=0x3, oui=0x0, type=0x800)");
        assert_eq!(
            llc.summary().to_string(),
            "LLC, dsap SNAP (0xaa) Individual, ssap SNAP (0xaa) Command, ctrl 0x03: oui Ethernet (0x000000), ethertype IPv4 (0x0800)"
        );
    }

    #[test]
    fn snap_of_other_organisations() {
        let cisco = bytes("aaaa03 00000c 2000 02");
        let llc = Llc::parse(&cisco).unwrap();
        assert_eq!(llc.next(), Next::Snap { oui: 0x0c, pid: 0x2000 });
        assert_eq!(
            fields(Layer::Llc(llc)),
            "dsap@0=0xaa ssap@1=0xaa control@2=0x3 poll_final@2=0 oui@3=0xc pid@6=0x2000"
        );
        assert_eq!(
            llc.summary().to_string(),
            "LLC, dsap SNAP (0xaa) Individual, ssap SNAP (0xaa) Command, ctrl 0x03: oui Cisco (0x00000c), pid CDP (0x2000)"
        );
        let next = |hex| Llc::parse(&bytes(hex)).unwrap().next();
        assert_eq!(next("aaaa03 0000f8 86dd"), Next::EtherType(EtherType::IPV6));
        assert_eq!(next("aaaa03 080007 809b"), Next::EtherType(EtherType::APPLETALK));
        assert_eq!(next("aaaa03 080007 0800"), Next::Snap { oui: 0x08_0007, pid: 0x0800 });
    }

    #[test]
    fn a_bridged_frame_follows_two_bytes_of_padding() {
        let bytes = bytes("aaaa03 0080c2 0007 0000 0050");
        let llc = Llc::parse(&bytes).unwrap();
        assert_eq!(
            (llc.next(), llc.header_len(), llc.payload()),
            (Next::Link(LinkType::ETHERNET), 10, &bytes[10..])
        );
        assert_eq!(
            fields(Layer::Llc(llc)),
            "dsap@0=0xaa ssap@1=0xaa control@2=0x3 poll_final@2=0 oui@3=0x80c2 pid@6=0x7"
        );
        let cut = Llc::parse(&bytes[..9]).unwrap();
        assert_eq!((cut.next(), cut.header_len()), (Next::Snap { oui: 0x80c2, pid: 7 }, 8));
    }

    #[test]
    fn service_access_points() {
        let next = |hex| Llc::parse(&bytes(hex)).unwrap().next();
        assert_eq!(next("424203 00"), Next::Sap(0x42));
        assert_eq!(next("060603 45"), Next::EtherType(EtherType::IPV4));
        assert_eq!(next("06060202 45"), Next::EtherType(EtherType::IPV4));
        assert_eq!(next("e0e003 ff"), Next::EtherType(EtherType::IPX));
        assert_eq!(next("aa0003 ff"), Next::Sap(0xaa));
        for no_payload in ["0606af 45", "06060101 45", "060613 45", "aaaaaf 000000 0800"] {
            assert_eq!(next(no_payload), Next::End, "{no_payload}");
        }
    }

    #[test]
    fn control_fields() {
        // A control field of two bytes has its low byte first: tshark shows 6830 as 0x3068.
        let bytes = bytes("88ab 6830 d056");
        let llc = Llc::parse(&bytes).unwrap();
        assert_eq!((llc.control_bits(), llc.header_len()), (0x3068, 4));
        assert_eq!(
            llc.control(),
            LlcControl::Information { send_seq: 0x34, recv_seq: 0x18, poll_final: false }
        );
        assert_eq!(
            llc.summary().to_string(),
            "LLC, dsap Unknown (0x88) Individual, ssap SNAP (0xaa) Response, ctrl 0x3068: Information, send seq 52, rcv seq 24, \
             Flags [Response]"
        );
        assert_eq!(
            fields(Layer::Llc(llc)),
            "dsap@0=0x88 ssap@1=0xab control@2=0x3068 send_seq@2=52 recv_seq@3=24 poll_final@3=0"
        );
        assert_eq!(
            LlcControl::from_bits(0x0305),
            LlcControl::Supervisory { function: 1, recv_seq: 1, poll_final: true }
        );
        assert_eq!(
            LlcControl::from_bits(0x00bf),
            LlcControl::Unnumbered { function: 0xaf, poll_final: true }
        );
        assert_eq!(LlcControl::from_bits(0x00bf).name(), Some("xid"));
    }

    #[test]
    fn control_fields_are_written_as_they_are_read() {
        for bits in [0x3068, 0x0305, 0x0009, 0x00bf, 0x0003, 0xfffe] {
            assert_eq!(LlcControl::from_bits(bits).bits(), bits);
        }
    }

    #[test]
    fn an_answer_without_payload() {
        let bytes = bytes("0001af 810100");
        let llc = Llc::parse(&bytes).unwrap();
        assert_eq!(
            llc.summary().to_string(),
            "LLC, dsap Null (0x00) Individual, ssap Null (0x00) Response, ctrl 0xaf: Unnumbered, xid, Flags [Response]"
        );
    }

    #[test]
    fn short_headers() {
        for (hex, needed) in
            [("", 3), ("aaaa", 3), ("060600", 4), ("aaaa03 0000000 0", 8), ("aaaa0000 00000008", 9)]
        {
            let bytes = bytes(hex);
            assert_eq!(
                Llc::parse(&bytes),
                Err(Error::truncated(LayerKind::Llc, needed, bytes.len())),
                "{hex}"
            );
        }
        // Exchange identification has no payload that SNAP could name.
        assert_eq!(Llc::parse(&bytes("aaaaaf 8101")).unwrap().snap(), None);
    }

    #[test]
    fn headers_are_written_as_they_are_read() {
        let mut llc = LlcHeader::zeroed();
        llc.set_dsap(Sap::SNAP);
        llc.set_ssap(Sap::SNAP);
        llc.set_control(0x03);
        assert_eq!(llc.as_bytes(), [0xaa, 0xaa, 0x03]);
        let mut snap = SnapHeader::zeroed();
        snap.set_oui(Oui::APPLETALK);
        snap.set_pid(0x809b);
        assert_eq!(snap.as_bytes(), [0x08, 0x00, 0x07, 0x80, 0x9b]);
        assert_eq!(snap.oui(), Oui::APPLETALK);
    }

    #[test]
    fn any_bytes() {
        for sample in ["aaaa03 000000 0800 45", "aaaa0000 00000c 2000 45", "88ab 6830 d056"] {
            torture(&bytes(sample), |bytes| Llc::parse(bytes).ok().map(Layer::Llc));
        }
    }
}
