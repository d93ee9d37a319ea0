//! An ARP message.

use std::net::Ipv4Addr;

use pycap_wire::{ArpHeader, ArpOperation, EtherType, HardwareType, MacAddr};

use super::declare::layer;
use crate::value::FromValue;
use crate::{Auto, BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf, ToBuilder};

layer! {
    /// An ARP message (RFC 826); with hardware type 19 an ATMARP one (RFC 2225).
    pub struct Arp(ArpHeader) = "arp";
    set {
        /// What kind of network the hardware addresses are of: 1, Ethernet.
        "htype" hardware_type, set_hardware_type: HardwareType;
        /// What kind of network the protocol addresses are of: IPv4.
        "ptype" protocol_type, set_protocol_type: EtherType;
        /// What the message asks or tells: 1 request, 2 reply.
        "op" operation, set_operation: ArpOperation;
    }
    computed {
        /// Length of a hardware address in bytes; in ATMARP of the sender's ATM number, with its type (0x40).
        "hlen" hardware_len, set_hardware_len: u8, Lengths;
        /// Length of a protocol address in bytes; in ATMARP of the sender's ATM subaddress, with its type (0x40).
        "plen" protocol_len, set_protocol_len: u8, Lengths;
    }
    also {
        /// Length of the sender's protocol address in bytes, in ATMARP.
        "spln" sender_protocol_len: Auto<u8>, = Auto::Computed, from exactly, takes "u8";
        /// Length of the target's ATM number in bytes with its type (0x40), in ATMARP.
        "thtl" target_hardware_len: Auto<u8>, = Auto::Computed, from exactly, takes "u8";
        /// Length of the target's ATM subaddress in bytes with its type (0x40), in ATMARP.
        "tstl" target_subaddress_len: Auto<u8>, = Auto::Computed, from exactly, takes "u8";
        /// Length of the target's protocol address in bytes, in ATMARP.
        "tpln" target_protocol_len: Auto<u8>, = Auto::Computed, from exactly, takes "u8";
    }
    through {
        /// Sender's hardware address.
        "sha" takes "address, or bytes", by |arp: &mut Arp, value| arp.put_from(SHA, value);
        /// Sender's ATM subaddress.
        "ssa" takes "address, or bytes", by |arp: &mut Arp, value| arp.put_from(SSA, value);
        /// Sender's protocol address.
        "spa" takes "address, or bytes", by |arp: &mut Arp, value| arp.put_from(SPA, value);
        /// Target's hardware address.
        "tha" takes "address, or bytes", by |arp: &mut Arp, value| arp.put_from(THA, value);
        /// Target's ATM subaddress.
        "tsa" takes "address, or bytes", by |arp: &mut Arp, value| arp.put_from(TSA, value);
        /// Target's protocol address.
        "tpa" takes "address, or bytes", by |arp: &mut Arp, value| arp.put_from(TPA, value);
        /// Length of the sender's ATM number in bytes with its type (0x40), in ATMARP.
        "shtl" takes "u8", by |arp: &mut Arp, value| crate::Edit::set(arp, "hlen", value);
        /// Length of the sender's ATM subaddress in bytes with its type (0x40), in ATMARP.
        "sstl" takes "u8", by |arp: &mut Arp, value| crate::Edit::set(arp, "plen", value);
    }
    state {
        /// The addresses in their order, and the length of each.
        addresses: Vec<u8> = Vec::new();
        lens: [u8; 6] = [0; 6];
        /// How many of ATMARP's four lengths there are: fewer in a message that is cut.
        atm_lens: u8 = 4;
    }
}

/// The places of the addresses.
const SHA: usize = 0;
const SSA: usize = 1;
const SPA: usize = 2;
const THA: usize = 3;
const TSA: usize = 4;
const TPA: usize = 5;

/// The part of a length of ATMARP that counts bytes; above it is the type of the number (RFC 2225, 8.7).
const ATM_LEN: u8 = 0x3f;

impl Arp {
    /// An Ethernet and IPv4 message.
    pub fn new(
        operation: ArpOperation,
        sender: (impl Into<MacAddr>, impl Into<Ipv4Addr>),
        target: (impl Into<MacAddr>, impl Into<Ipv4Addr>),
    ) -> Self {
        let mut header = ArpHeader::zeroed();
        header.set_hardware_type(HardwareType::ETHERNET);
        header.set_protocol_type(EtherType::IPV4);
        header.set_operation(operation);
        let mut this = Self::over(header);
        for (mac, ip) in [(sender.0.into(), sender.1.into()), (target.0.into(), target.1.into())] {
            this.addresses.extend(mac.0);
            this.addresses.extend(ip.octets());
        }
        this.lens = [6, 0, 4, 6, 0, 4];
        this
    }

    /// The question of the host with `mac` and `ip` who has `target`.
    pub fn request(mac: impl Into<MacAddr>, ip: impl Into<Ipv4Addr>, target: impl Into<Ipv4Addr>) -> Self {
        Self::new(ArpOperation::REQUEST, (mac, ip), (MacAddr::ZERO, target))
    }

    /// The answer of the host with `mac` and `ip` to another.
    pub fn reply(
        mac: impl Into<MacAddr>,
        ip: impl Into<Ipv4Addr>,
        target_mac: impl Into<MacAddr>,
        target_ip: impl Into<Ipv4Addr>,
    ) -> Self {
        Self::new(ArpOperation::REPLY, (mac, ip), (target_mac, target_ip))
    }

    /// Sender's hardware address, of up to 255 bytes; in ATMARP its ATM number.
    #[must_use]
    pub fn sender_hardware(self, address: impl AsRef<[u8]>) -> Self {
        self.with(SHA, address.as_ref())
    }

    /// Sender's ATM subaddress: in ATMARP alone.
    #[must_use]
    pub fn sender_subaddress(self, address: impl AsRef<[u8]>) -> Self {
        self.with(SSA, address.as_ref())
    }

    /// Sender's protocol address, of up to 255 bytes.
    #[must_use]
    pub fn sender_protocol(self, address: impl AsRef<[u8]>) -> Self {
        self.with(SPA, address.as_ref())
    }

    /// Target's hardware address, of up to 255 bytes; in ATMARP its ATM number.
    #[must_use]
    pub fn target_hardware(self, address: impl AsRef<[u8]>) -> Self {
        self.with(THA, address.as_ref())
    }

    /// Target's ATM subaddress: in ATMARP alone.
    #[must_use]
    pub fn target_subaddress(self, address: impl AsRef<[u8]>) -> Self {
        self.with(TSA, address.as_ref())
    }

    /// Target's protocol address, of up to 255 bytes.
    #[must_use]
    pub fn target_protocol(self, address: impl AsRef<[u8]>) -> Self {
        self.with(TPA, address.as_ref())
    }

    fn with(mut self, place: usize, address: &[u8]) -> Self {
        self.put(place, address);
        self
    }

    fn put(&mut self, place: usize, address: &[u8]) {
        let address = address.get(..usize::from(u8::MAX)).unwrap_or(address);
        let start: usize = self.lens.iter().take(place).map(|len| usize::from(*len)).sum();
        if let Some(len) = self.lens.get_mut(place) {
            self.addresses.splice(start..start + usize::from(*len), address.iter().copied());
            *len = address.len() as u8;
        }
    }

    fn put_from(&mut self, place: usize, value: &FieldValue) -> Result<(), FieldError> {
        let address = address_from(value)?;
        if address.len() > usize::from(u8::MAX) {
            let len = address.len();
            return Err(FieldError::new(format!("needs an address of at most 255 bytes, found {len}")));
        }
        self.put(place, &address);
        Ok(())
    }

    /// The lengths of ATMARP behind the header.
    fn atm_lens(&self) -> [u8; 4] {
        let [_, _, spa, tha, tsa, tpa] = self.lens;
        let or = |len: Auto<u8>, computed| match len {
            Auto::Exact(len) => len,
            Auto::Computed => computed,
        };
        [
            or(self.sender_protocol_len, spa),
            or(self.target_hardware_len, tha),
            or(self.target_subaddress_len, tsa),
            or(self.target_protocol_len, tpa),
        ]
    }
}

/// A request between Ethernet and IPv4 with addresses of zeros.
impl Default for Arp {
    fn default() -> Self {
        Self::request(MacAddr::ZERO, Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED)
    }
}

impl ToBuilder for pycap_wire::Arp<'_> {
    type Builder = Arp;

    fn to_builder(&self) -> Arp {
        let mut arp = Arp::exactly(*self.header());
        let (first, second) = (self.header().hardware_len(), self.header().protocol_len());
        let bytes = self.addresses_bytes();
        let (lens, addresses) = if self.hardware_type() == HardwareType::ATM {
            let (lens, addresses) = bytes.split_at(bytes.len().min(4));
            let mut four = [0; 4];
            four.iter_mut().zip(lens).for_each(|(to, from)| *to = *from);
            let [spln, thtl, tstl, tpln] = four;
            arp.atm_lens = lens.len() as u8;
            (arp.sender_protocol_len, arp.target_hardware_len) = (spln.into(), thtl.into());
            (arp.target_subaddress_len, arp.target_protocol_len) = (tstl.into(), tpln.into());
            ([first & ATM_LEN, second & ATM_LEN, spln, thtl & ATM_LEN, tstl & ATM_LEN, tpln], addresses)
        } else {
            ([first, 0, second, first, 0, second], bytes)
        };
        // A message that is cut has the addresses that are there, the last one in part.
        let mut left = addresses.len();
        for (len, claimed) in arp.lens.iter_mut().zip(lens) {
            *len = usize::from(claimed).min(left) as u8;
            left -= usize::from(*len);
        }
        arp.addresses = addresses.to_vec();
        arp
    }
}

impl Layer for Arp {
    fn identity(&self) -> Identity {
        Identity::EtherType(EtherType::ARP)
    }

    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        let [sha, ssa, spa, tha, _, tpa] = self.lens;
        let is_atm = header.hardware_type() == HardwareType::ATM;
        if !self.is_exact(Mark::hardware_len) {
            header.set_hardware_len(if is_atm { sha } else { sha.max(tha) });
        }
        if !self.is_exact(Mark::protocol_len) {
            header.set_protocol_len(if is_atm { ssa } else { spa.max(tpa) });
        }
        buf.prepend(&self.addresses)?;
        if is_atm {
            buf.prepend(self.atm_lens().get(..self.atm_lens.into()).unwrap_or_default())?;
        }
        buf.prepend_array(header.as_array())
    }
}

/// An address of any kind.
pub(super) fn address_from(value: &FieldValue) -> Result<Vec<u8>, FieldError> {
    Ok(match value {
        FieldValue::Mac(mac) => Vec::from(mac.0),
        FieldValue::Ipv4(ip) => Vec::from(ip.octets()),
        FieldValue::Ipv6(ip) => Vec::from(ip.octets()),
        FieldValue::Word(_) => Vec::from(MacAddr::from_value(value)?.0),
        other => FromValue::from_value(other)?,
    })
}

fn exactly(value: &FieldValue) -> Result<Auto<u8>, FieldError> {
    FromValue::from_value(value).map(Auto::Exact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Ethernet;
    use crate::layer::testing::{bytes, set};

    const MAC: [u8; 6] = [0x76, 0xdb, 0x40, 0xb9, 0x67, 0xa9];

    /// scapy: `Ether()/ARP(op=1, hwsrc=..., psrc='92.4.42.150', hwdst=..., pdst='196.241.112.204')`.
    const SCAPY: &str =
        "0e3e1942b6df fea59211200e 0806 0001 0800 06 04 0001 76db40b967a9 5c042a96 5230895749e4 c4f170cc";

    #[test]
    fn a_request_and_a_reply() {
        let arp = Arp::request(MAC, [92, 4, 42, 150], [196, 241, 112, 204])
            .target_hardware([0x52, 0x30, 0x89, 0x57, 0x49, 0xe4]);
        let (dst, src) = ([0x0e, 0x3e, 0x19, 0x42, 0xb6, 0xdf], [0xfe, 0xa5, 0x92, 0x11, 0x20, 0x0e]);
        let packet = (Ethernet::new(dst, src).padding(0), arp).build().unwrap();
        assert_eq!(packet, bytes(SCAPY));
        let reply = Arp::reply(MAC, [1, 2, 3, 4], [2; 6], [5, 6, 7, 8]).build().unwrap();
        assert_eq!(reply, bytes("0001 0800 06 04 0002 76db40b967a9 01020304 020202020202 05060708"));
        let named = set(
            "arp",
            &[
                ("op", "reply"),
                ("sha", "76:db:40:b9:67:a9"),
                ("spa", "1.2.3.4"),
                ("tha", "02:02:02:02:02:02"),
                ("tpa", "5.6.7.8"),
            ],
        );
        assert_eq!(named.build().unwrap(), reply);
    }

    #[test]
    fn addresses_of_any_length() {
        let arp = Arp::default().sender_hardware([1; 20]).target_hardware([]).sender_protocol([2; 3]);
        let written = arp.build().unwrap();
        assert_eq!((written.len(), &written[4..6]), (8 + 20 + 3 + 4, &[20, 4][..]));
        let kept = set("arp", &[("hlen", "9"), ("sha", "\"ab\"")]).build().unwrap();
        assert_eq!((kept.len(), kept[4], &kept[8..10]), (8 + 2 + 4 + 6 + 4, 9, &b"ab"[..]));
    }

    /// The layout of RFC 2225, 8.7.
    #[test]
    fn atm() {
        let arp = Arp::default()
            .hardware_type(HardwareType::ATM)
            .sender_hardware([1; 20])
            .sender_subaddress([7; 2])
            .target_hardware([]);
        let written = arp.build().unwrap();
        assert_eq!(written[..16], bytes("0013 0800 14 02 0001 04 00 00 04 01010101"));
        assert_eq!(written.len(), 12 + 20 + 2 + 4 + 4);
        for len in 8..=written.len() {
            let cut = &written[..len];
            let again = pycap_wire::Arp::parse(cut).unwrap().to_builder();
            assert_eq!(again.build().unwrap(), cut);
        }
        let view = pycap_wire::Arp::parse(&written).unwrap();
        assert_eq!(view.to_builder().sender_protocol([9; 4]).build().unwrap()[34..38], [9; 4]);
    }
}
