//! An IEEE 802.2 LLC header, with SNAP where there is one.

use pycap_wire::{LlcControl, LlcHeader, Oui, Sap, SnapHeader};

use super::declare::layer;
use crate::context::EXPERIMENT_ETHER_TYPE;
use crate::value::FromValue;
use crate::{Auto, BuildError, Context, Edit, FieldError, FieldValue, Identity, Layer, PacketBuf, ToBuilder};

/// The fields of an LLC header, and of the SNAP header that may follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LlcFields {
    dsap: Sap,
    ssap: Sap,
    control: u16,
    oui: Oui,
    pid: u16,
}

impl LlcFields {
    /// Destination service access point, with the group bit.
    pub fn dsap(&self) -> Sap {
        self.dsap
    }

    /// Sets [`dsap`](Self::dsap).
    pub fn set_dsap(&mut self, dsap: Sap) {
        self.dsap = dsap;
    }

    /// Source service access point, with the response bit.
    pub fn ssap(&self) -> Sap {
        self.ssap
    }

    /// Sets [`ssap`](Self::ssap).
    pub fn set_ssap(&mut self, ssap: Sap) {
        self.ssap = ssap;
    }

    /// The control field; its second byte, which unnumbered frames do not have, is the high one.
    pub fn control(&self) -> u16 {
        self.control
    }

    /// Sets [`control`](Self::control).
    pub fn set_control(&mut self, control: u16) {
        self.control = control;
    }

    /// The organisation of the SNAP protocol identifier.
    pub fn oui(&self) -> Oui {
        self.oui
    }

    /// Sets [`oui`](Self::oui); the value's low 24 bits count.
    pub fn set_oui(&mut self, oui: Oui) {
        self.oui = oui;
    }

    /// The SNAP protocol identifier.
    pub fn pid(&self) -> u16 {
        self.pid
    }

    /// Sets [`pid`](Self::pid).
    pub fn set_pid(&mut self, pid: u16) {
        self.pid = pid;
    }

    /// The send sequence number; 0 where the frame has none.
    pub fn send_seq(&self) -> u8 {
        match LlcControl::from_bits(self.control) {
            LlcControl::Information { send_seq, .. } => send_seq,
            _ => 0,
        }
    }

    /// Sets the send sequence number, which information frames have; a frame of another kind stays as it is.
    pub fn set_send_seq(&mut self, number: u8) {
        if let LlcControl::Information { recv_seq, poll_final, .. } = LlcControl::from_bits(self.control) {
            self.control = LlcControl::Information { send_seq: number, recv_seq, poll_final }.bits();
        }
    }

    /// The receive sequence number; 0 where the frame has none.
    pub fn recv_seq(&self) -> u8 {
        match LlcControl::from_bits(self.control) {
            LlcControl::Information { recv_seq, .. } | LlcControl::Supervisory { recv_seq, .. } => recv_seq,
            LlcControl::Unnumbered { .. } => 0,
        }
    }

    /// Sets the receive sequence number, which information and supervisory frames have; an unnumbered one stays as it is.
    pub fn set_recv_seq(&mut self, number: u8) {
        self.control = match LlcControl::from_bits(self.control) {
            LlcControl::Information { send_seq, poll_final, .. } => {
                LlcControl::Information { send_seq, recv_seq: number, poll_final }.bits()
            }
            LlcControl::Supervisory { .. } => self.control & 0x01ff | u16::from(number) << 9,
            LlcControl::Unnumbered { .. } => self.control,
        };
    }

    /// The function of a supervisory frame; 0 of any other.
    pub fn function(&self) -> u8 {
        if self.control & 3 == 1 { (self.control >> 2 & 3) as u8 } else { 0 }
    }

    /// Makes the frame a supervisory one with this function: 0 receiver ready, 1 receiver not ready, 2 reject.
    pub fn set_function(&mut self, function: u8) {
        let kept = match LlcControl::from_bits(self.control) {
            LlcControl::Unnumbered { .. } => 0,
            _ => self.control & 0xff00,
        };
        self.control = kept | 1 | u16::from(function & 3) << 2;
    }

    /// The poll bit of a command, the final bit of a response.
    pub fn poll_final(&self) -> bool {
        let bit = if self.control & 3 == 3 { 0x10 } else { 0x100 };
        self.control & bit != 0
    }

    /// Sets the poll bit of a command, the final bit of a response.
    pub fn set_poll_final(&mut self, poll_final: bool) {
        let bit = if self.control & 3 == 3 { 0x10 } else { 0x100 };
        self.control = self.control & !bit | if poll_final { bit } else { 0 };
    }
}

layer! {
    /// An IEEE 802.2 LLC header, with a SNAP header where both service access points are SNAP's and the frame carries a payload.
    pub struct Llc(LlcFields) = "llc";
    set {
        /// Control field, 0x03: unnumbered information. Its second byte, which unnumbered frames do not have, is the high one.
        "control" control, set_control: u16;
        /// Send sequence number, 7 bits, of an information frame.
        "send_seq" send_seq, set_send_seq: u8;
        /// Receive sequence number, 7 bits, of an information or supervisory frame.
        "recv_seq" recv_seq, set_recv_seq: u8;
        /// Function that makes the frame a supervisory one: 0 receiver ready, 1 receiver not ready, 2 reject.
        "function" function, set_function: u8;
        /// The poll bit of a command, the final bit of a response.
        "poll_final" poll_final, set_poll_final: bool;
    }
    computed {
        /// Destination service access point: that of the payload where it has one, else SNAP.
        "dsap" dsap, set_dsap: Sap, Numbers;
        /// Source service access point: that of the payload where it has one, else SNAP.
        "ssap" ssap, set_ssap: Sap, Numbers;
        /// Organisation of the SNAP protocol identifier, 24 bits: 0, in front of an Ethernet frame 0x0080c2.
        "oui" oui, set_oui: Oui, Numbers;
        /// SNAP protocol identifier: the payload's EtherType, in front of an Ethernet frame 7. Where the payload is bytes that say
        /// nothing of themselves, 0x88b5, which is for experiments.
        "pid" pid, set_pid: u16, Numbers;
    }
    also {}
    through {
        /// SNAP protocol identifier, where it is an EtherType.
        "type" takes "number or name", by set_type;
    }
    state {
        /// Whether there is a SNAP header.
        snap: Auto<bool> = Auto::Computed;
        /// What precedes a bridged Ethernet frame (RFC 2684, 5.2).
        bridged: Auto<Option<[u8; 2]>> = Auto::Computed;
    }
    names {
        "llc" = Llc::default();
        "snap" = Llc::default().dsap(Sap::SNAP).ssap(Sap::SNAP);
    }
}

impl Llc {
    /// A frame of unnumbered information between two service access points.
    pub fn new(dsap: Sap, ssap: Sap) -> Self {
        Self::default().dsap(dsap).ssap(ssap)
    }

    /// The control field by its parts.
    #[must_use]
    pub fn control_parts(self, control: LlcControl) -> Self {
        self.control(control.bits())
    }

    fn fill(&self, header: &mut LlcFields, inner: Identity) {
        let sap = match inner {
            Identity::Sap(sap) => sap,
            _ => Sap::SNAP,
        };
        let (oui, pid) = match inner {
            Identity::Ethernet => (Oui::BRIDGED_802, 7),
            inner => (Oui::ETHERNET, inner.ether_type().unwrap_or(EXPERIMENT_ETHER_TYPE).0),
        };
        if !self.is_exact(Mark::dsap) {
            header.set_dsap(sap);
        }
        if !self.is_exact(Mark::ssap) {
            header.set_ssap(sap);
        }
        if !self.is_exact(Mark::oui) {
            header.set_oui(oui);
        }
        if !self.is_exact(Mark::pid) {
            header.set_pid(pid);
        }
    }
}

/// Unnumbered information, named as the payload asks for.
impl Default for Llc {
    fn default() -> Self {
        Self::over(LlcFields { dsap: Sap::SNAP, ssap: Sap::SNAP, control: 3, oui: Oui::ETHERNET, pid: 0 })
    }
}

impl ToBuilder for pycap_wire::Llc<'_> {
    type Builder = Llc;

    fn to_builder(&self) -> Llc {
        let (oui, pid) = (self.oui().unwrap_or(Oui::ETHERNET), self.pid().unwrap_or_default());
        let (dsap, ssap, control) = (self.dsap(), self.ssap(), self.control_bits());
        Llc {
            snap: Auto::Exact(self.snap().is_some()),
            bridged: Auto::Exact(<[u8; 2]>::try_from(self.padding()).ok()),
            ..Llc::exactly(LlcFields { dsap, ssap, control, oui, pid })
        }
    }
}

impl Layer for Llc {
    fn identity(&self) -> Identity {
        Identity::Llc
    }

    fn inward(&self, _: &Context) -> Context {
        Context::link()
    }

    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        self.fill(&mut header, inner);
        let carries_payload = header.control & 1 == 0 || header.control & 0xff == 3;
        let has_snap = match self.snap {
            Auto::Exact(has_snap) => has_snap,
            Auto::Computed => header.dsap == Sap::SNAP && header.ssap == Sap::SNAP && carries_payload,
        };
        if has_snap {
            let bridged = match self.bridged {
                Auto::Exact(bridged) => bridged,
                Auto::Computed => {
                    (header.oui == Oui::BRIDGED_802 && matches!(header.pid, 1 | 7)).then_some([0; 2])
                }
            };
            if let Some(padding) = bridged {
                buf.prepend_array(&padding)?;
            }
            let mut snap = SnapHeader::zeroed();
            snap.set_oui(header.oui);
            snap.set_pid(header.pid);
            buf.prepend_array(snap.as_array())?;
        }
        let [low, high] = header.control.to_le_bytes();
        if low & 3 != 3 {
            buf.prepend_array(&[high])?;
        }
        let mut llc = LlcHeader::zeroed();
        llc.set_dsap(header.dsap);
        llc.set_ssap(header.ssap);
        llc.set_control(low);
        buf.prepend_array(llc.as_array())
    }
}

fn set_type(llc: &mut Llc, value: &FieldValue) -> Result<(), FieldError> {
    let ether_type = pycap_wire::EtherType::from_value(value)?;
    llc.set("pid", &FieldValue::Uint(ether_type.0.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Derived;
    use crate::layer::testing::{bytes, set};
    use crate::layer::{Ethernet, Ipv4};
    use pycap_wire::EtherType;

    /// scapy: `Dot3()/LLC()/SNAP(code=0x0800)/IP(...)`, and its STP frame.
    #[test]
    fn frames_of_scapy() {
        let (dst, src) = ([0x8a, 0x25, 0x4a, 0x8a, 0x31, 0xf4], [0x20, 0xdd, 0x19, 0x70, 0xd7, 0x79]);
        let packet = (Ethernet::new(dst, src), Llc::default(), Ipv4::default(), [0; 74]).build().unwrap();
        assert_eq!(packet[..23], bytes("8a254a8a31f4 20dd1970d779 0066 aaaa03 000000 0800 45"));
        struct Stp;
        impl Layer for Stp {
            fn identity(&self) -> Identity {
                Identity::Sap(Sap::STP)
            }
            fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
                buf.prepend(&[0; 35])
            }
        }
        let frame = (Ethernet::new(dst, src), Llc::default(), Stp).build().unwrap();
        assert_eq!(frame[12..20], bytes("0026 424203 000000"));
        assert_eq!(
            (Llc::new(Sap(0x42), Sap(0x43)), Ipv4::default()).build().unwrap()[..4],
            bytes("424303 45")
        );
    }

    #[test]
    fn control_fields_of_each_kind() {
        let information = LlcControl::Information { send_seq: 1, recv_seq: 2, poll_final: true };
        let llc = Llc::new(Sap(4), Sap(4)).control_parts(information);
        assert_eq!((llc, "x").build().unwrap(), bytes("0404 02 05 78"));
        let named = set(
            "llc",
            &[("dsap", "4"), ("ssap", "netbeui"), ("function", "2"), ("recv_seq", "5"), ("poll_final", "1")],
        );
        assert_eq!(named.build().unwrap(), bytes("04f0 09 0b"));
        let named = set("llc", &[("dsap", "stp"), ("ssap", "stp"), ("control", "0xaf"), ("poll_final", "1")]);
        assert_eq!(named.build().unwrap(), bytes("4242 bf"));
        let named = set("snap", &[("oui", "cisco"), ("pid", "0x2000")]);
        assert_eq!(named.build().unwrap(), bytes("aaaa03 00000c 2000"));
        assert_eq!(set("llc", &[("type", "arp")]).build().unwrap(), bytes("aaaa03 000000 0806"));
    }

    #[test]
    fn a_bridged_frame_has_padding_before_it() {
        let frame = (Llc::default(), Ethernet::default().ether_type(EtherType(1))).build().unwrap();
        assert_eq!(frame[..12], bytes("aaaa03 0080c2 0007 0000 ffff"));
    }

    #[test]
    fn views_become_layers() {
        for hex in [
            "aaaa03 000000 0800",
            "aaaa03 0080c2 0007 1234 ff",
            "aaaa03 0080c2 0001",
            "aaaaaf",
            "aaaaaf 000000 0800",
            "4242 bf",
            "0404 02 05 78",
            "aaaa 0101 00",
            "aaaa 00ff 0000f8 0800",
        ] {
            let bytes = bytes(hex);
            let view = pycap_wire::Llc::parse(&bytes).unwrap();
            let mut llc = view.to_builder();
            assert_eq!((&llc, view.payload()).build().unwrap(), bytes, "{hex}");
            llc.compute(Derived::Numbers);
            assert!(llc.build().is_ok());
        }
    }
}
