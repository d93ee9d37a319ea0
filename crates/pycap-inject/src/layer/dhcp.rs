//! A DHCP message.

use std::net::Ipv4Addr;

use pycap_wire::{DhcpHeader, DhcpMessageType, DhcpOperation, DhcpOptionCode, MacAddr};

use super::arguments::Arguments;
use super::declare::layer;
use super::option_list::{each_option, unknown};
use super::tlvs::Tlvs;
use crate::value::FromValue;
use crate::{BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf};

layer! {
    /// A DHCP message (RFC 2131), or one of BOOTP: its header, the magic cookie, options, and the option that ends them.
    ///
    /// ```
    /// use pycap_inject::{Layer, layer::{Dhcp, Ipv4, Udp}};
    /// use pycap_wire::MacAddr;
    ///
    /// let discover = Dhcp::discover(7, MacAddr([2, 0, 0, 0, 0, 1]));
    /// let packet = (Ipv4::new([0; 4], [255; 4]), Udp::default().src_port(68), discover).build()?;
    /// assert_eq!(packet[22..24], [0, 67]);
    /// # Ok::<(), pycap_inject::BuildError>(())
    /// ```
    pub struct Dhcp(DhcpHeader) = "dhcp";
    set {
        /// Whether a client (1) or a server (2) speaks.
        "op" op, set_op: DhcpOperation;
        /// Type of the hardware address: 1, Ethernet.
        "htype" htype, set_htype: u8;
        /// Length of the hardware address in bytes: 6.
        "hlen" hlen, set_hlen: u8;
        /// How many relays the message went through.
        "hops" hops, set_hops: u8;
        /// Transaction identifier, the same in request and reply.
        "xid" xid, set_xid: u32;
        /// Seconds since the client began.
        "secs" secs, set_secs: u16;
        /// Flags: broadcast (highest bit).
        "flags" flags, set_flags: u16;
        /// Whether the client wants the reply broadcast.
        "broadcast" broadcast, set_broadcast: bool;
        /// Client's address, where it has one that it can answer for.
        "ciaddr" ciaddr, set_ciaddr: Ipv4Addr;
        /// Your address: the one that the client is given.
        "yiaddr" yiaddr, set_yiaddr: Ipv4Addr;
        /// Address of the server to boot from next.
        "siaddr" siaddr, set_siaddr: Ipv4Addr;
        /// Address of the relay.
        "giaddr" giaddr, set_giaddr: Ipv4Addr;
    }
    computed {}
    also {
        /// Whether the option that ends the options is written after the others: 1, unless it is among them.
        "end" end: bool, = true, from FromValue::from_value, takes "0 or 1";
        /// Whether the magic cookie and options follow the header: 1; BOOTP can do without.
        "cookie" cookie: bool, = true, from FromValue::from_value, takes "0 or 1";
    }
    through {
        /// Client's hardware address.
        "chaddr" takes "Ethernet address, or up to 16 bytes", by set_chaddr;
        /// Server's name.
        "sname" takes "up to 64 bytes", by |dhcp: &mut Self, value| padded(value).map(|name| dhcp.header.set_sname(name));
        /// Name of the boot file.
        "file" takes "up to 128 bytes", by |dhcp: &mut Self, value| padded(value).map(|name| dhcp.header.set_file(name));
        /// Options.
        "options" takes "options, or bytes", by set_options;
    }
    state {
        options: Tlvs = Tlvs::EMPTY;
    }
}

/// An option of a DHCP message (RFC 2132). What is longer than 255 bytes becomes several options of its code (RFC 3396).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DhcpOption {
    /// Nothing (0): one byte.
    Pad,
    /// Subnet mask (1).
    SubnetMask(Ipv4Addr),
    /// Routers (3).
    Routers(Vec<Ipv4Addr>),
    /// DNS servers (6).
    DomainNameServers(Vec<Ipv4Addr>),
    /// The client's name (12).
    HostName(String),
    /// The domain of names (15).
    DomainName(String),
    /// MTU of the interface in bytes (26).
    InterfaceMtu(u16),
    /// Broadcast address (28).
    BroadcastAddress(Ipv4Addr),
    /// NTP servers (42).
    NtpServers(Vec<Ipv4Addr>),
    /// The address that the client wants (50).
    RequestedAddress(Ipv4Addr),
    /// For how many seconds the address is given (51).
    LeaseTime(u32),
    /// What the message is (53).
    MessageType(DhcpMessageType),
    /// Which server speaks, or is spoken to (54).
    ServerId(Ipv4Addr),
    /// Which options the client wants (55).
    ParameterList(Vec<DhcpOptionCode>),
    /// Why the server refuses (56).
    Message(String),
    /// The longest message that is taken, in bytes (57).
    MaxMessageSize(u16),
    /// After how many seconds the client renews its lease (58).
    RenewalTime(u32),
    /// After how many seconds the client asks any server (59).
    RebindingTime(u32),
    /// What kind of client it is (60).
    VendorClassId(Vec<u8>),
    /// Which client it is (61).
    ClientId {
        /// Type of the hardware address, or 0 where it is none.
        hardware_type: u8,
        /// The hardware address, or another identifier.
        id: Vec<u8>,
    },
    /// The end (255): one byte.
    End,
    /// Any other option.
    Raw {
        /// What the option is.
        code: DhcpOptionCode,
        /// Its value.
        value: Vec<u8>,
    },
}

impl DhcpOption {
    fn put(&self, to: &mut Tlvs) {
        match self {
            Self::Pad => to.extend(&[DhcpOptionCode::PAD.0]),
            Self::End => to.extend(&[DhcpOptionCode::END.0]),
            Self::SubnetMask(address) => put(DhcpOptionCode::SUBNET_MASK, &address.octets(), to),
            Self::Routers(list) => put(DhcpOptionCode::ROUTER, &octets(list), to),
            Self::DomainNameServers(list) => put(DhcpOptionCode::DOMAIN_NAME_SERVER, &octets(list), to),
            Self::HostName(text) => put(DhcpOptionCode::HOST_NAME, text.as_bytes(), to),
            Self::DomainName(text) => put(DhcpOptionCode::DOMAIN_NAME, text.as_bytes(), to),
            Self::InterfaceMtu(mtu) => put(DhcpOptionCode::INTERFACE_MTU, &mtu.to_be_bytes(), to),
            Self::BroadcastAddress(address) => put(DhcpOptionCode::BROADCAST_ADDRESS, &address.octets(), to),
            Self::NtpServers(list) => put(DhcpOptionCode::NTP_SERVERS, &octets(list), to),
            Self::RequestedAddress(address) => put(DhcpOptionCode::REQUESTED_ADDRESS, &address.octets(), to),
            Self::LeaseTime(seconds) => put(DhcpOptionCode::LEASE_TIME, &seconds.to_be_bytes(), to),
            Self::MessageType(message_type) => put(DhcpOptionCode::MESSAGE_TYPE, &[message_type.0], to),
            Self::ServerId(address) => put(DhcpOptionCode::SERVER_ID, &address.octets(), to),
            Self::ParameterList(codes) => {
                let codes: Vec<u8> = codes.iter().map(|code| code.0).collect();
                put(DhcpOptionCode::PARAMETER_REQUEST_LIST, &codes, to);
            }
            Self::Message(text) => put(DhcpOptionCode::MESSAGE, text.as_bytes(), to),
            Self::MaxMessageSize(size) => put(DhcpOptionCode::MAX_MESSAGE_SIZE, &size.to_be_bytes(), to),
            Self::RenewalTime(seconds) => put(DhcpOptionCode::RENEWAL_TIME, &seconds.to_be_bytes(), to),
            Self::RebindingTime(seconds) => put(DhcpOptionCode::REBINDING_TIME, &seconds.to_be_bytes(), to),
            Self::VendorClassId(id) => put(DhcpOptionCode::VENDOR_CLASS_ID, id, to),
            Self::ClientId { hardware_type, id } => {
                put(DhcpOptionCode::CLIENT_ID, &[&[*hardware_type], &id[..]].concat(), to);
            }
            Self::Raw { code, value } => put(*code, value, to),
        }
    }

    fn from_call(mut call: Arguments<'_>) -> Result<Self, FieldError> {
        let option = match call.name() {
            "pad" => Self::Pad,
            "end" => Self::End,
            "subnet_mask" => Self::SubnetMask(call.next()?),
            "routers" => Self::Routers(call.rest()?),
            "domain_name_servers" => Self::DomainNameServers(call.rest()?),
            "host_name" => Self::HostName(text(call.next()?)),
            "domain_name" => Self::DomainName(text(call.next()?)),
            "interface_mtu" => Self::InterfaceMtu(call.next()?),
            "broadcast_address" => Self::BroadcastAddress(call.next()?),
            "ntp_servers" => Self::NtpServers(call.rest()?),
            "requested_address" => Self::RequestedAddress(call.next()?),
            "lease_time" => Self::LeaseTime(call.next()?),
            "message_type" => Self::MessageType(call.next()?),
            "server_id" => Self::ServerId(call.next()?),
            "parameter_list" => Self::ParameterList(call.rest()?),
            "message" => Self::Message(text(call.next()?)),
            "max_message_size" => Self::MaxMessageSize(call.next()?),
            "renewal_time" => Self::RenewalTime(call.next()?),
            "rebinding_time" => Self::RebindingTime(call.next()?),
            "vendor_class_id" => Self::VendorClassId(call.next()?),
            "client_id" => {
                let hardware: Hardware = call.next()?;
                Self::ClientId { hardware_type: hardware.hardware_type, id: hardware.address }
            }
            "option" => Self::Raw { code: call.next()?, value: call.next_or(Vec::new())? },
            name => return Err(unknown("DHCP", name, NAMES)),
        };
        call.end(option)
    }
}

const NAMES: &str = "message_type(TYPE), requested_address(ADDRESS), server_id(ADDRESS), lease_time(SECONDS), \
                     renewal_time(SECONDS), rebinding_time(SECONDS), parameter_list(CODE, ...), host_name(TEXT), \
                     client_id(ETHERNET ADDRESS or BYTES), vendor_class_id(BYTES), max_message_size(SIZE), message(TEXT), \
                     subnet_mask(ADDRESS), broadcast_address(ADDRESS), interface_mtu(MTU), routers(ADDRESS, ...), \
                     domain_name_servers(ADDRESS, ...), ntp_servers(ADDRESS, ...), domain_name(TEXT), pad, end, \
                     option(CODE, BYTES)";

fn put(code: DhcpOptionCode, value: &[u8], to: &mut Tlvs) {
    let mut rest = value;
    loop {
        let (now, later) = rest.split_at(rest.len().min(0xff));
        to.extend(&[code.0, now.len() as u8]);
        to.extend(now);
        rest = later;
        if rest.is_empty() {
            return;
        }
    }
}

fn octets(addresses: &[Ipv4Addr]) -> Vec<u8> {
    addresses.iter().flat_map(|address| address.octets()).collect()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The type of Ethernet's hardware addresses (IANA "arp-parameters").
const ETHERNET: u8 = 1;

/// A hardware address with its type.
struct Hardware {
    hardware_type: u8,
    address: Vec<u8>,
}

impl FromValue for Hardware {
    const TAKES: &'static str = "Ethernet address, or bytes";
    fn from_value(value: &FieldValue) -> Result<Self, FieldError> {
        match value {
            FieldValue::Mac(mac) => Ok(Self { hardware_type: ETHERNET, address: mac.octets().into() }),
            value => Ok(Self { hardware_type: 0, address: Vec::from_value(value)? }),
        }
    }
}

/// Bytes with zero bytes behind them.
fn padded<const N: usize>(value: &FieldValue) -> Result<[u8; N], FieldError> {
    let bytes = Vec::from_value(value)?;
    let mut room = [0; N];
    match room.get_mut(..bytes.len()) {
        Some(start) => start.copy_from_slice(&bytes),
        None => return Err(FieldError::new(format!("needs at most {N} bytes, found {}", bytes.len()))),
    }
    Ok(room)
}

fn set_chaddr(dhcp: &mut Dhcp, value: &FieldValue) -> Result<(), FieldError> {
    let address = Hardware::from_value(value)?.address;
    padded(&FieldValue::Bytes(address)).map(|address| dhcp.header.set_chaddr(address))
}

fn set_options(dhcp: &mut Dhcp, value: &FieldValue) -> Result<(), FieldError> {
    dhcp.options = Tlvs::EMPTY;
    each_option(value, |option| match option {
        Ok(bytes) => {
            dhcp.options.extend(bytes);
            Ok(())
        }
        Err(call) => DhcpOption::from_call(call).map(|option| dhcp.add(&option)),
    })
}

impl Dhcp {
    /// A message between a client with this address and servers.
    pub fn new(message_type: DhcpMessageType, xid: u32, client: MacAddr) -> Self {
        Self::default().xid(xid).client(client).option(DhcpOption::MessageType(message_type))
    }

    /// Looks for servers, and asks for subnet mask, router and DNS servers.
    pub fn discover(xid: u32, client: MacAddr) -> Self {
        Self::new(DhcpMessageType::DISCOVER, xid, client).option(usual_parameters())
    }

    /// Takes up the offer of `requested` that the server `server` made.
    pub fn request(xid: u32, client: MacAddr, requested: Ipv4Addr, server: Ipv4Addr) -> Self {
        Self::new(DhcpMessageType::REQUEST, xid, client)
            .option(DhcpOption::RequestedAddress(requested))
            .option(DhcpOption::ServerId(server))
            .option(usual_parameters())
    }

    /// Offers `address` for `lease` seconds.
    pub fn offer(xid: u32, client: MacAddr, address: Ipv4Addr, server: Ipv4Addr, lease: u32) -> Self {
        Self::reply(DhcpMessageType::OFFER, xid, client, server)
            .yiaddr(address)
            .option(DhcpOption::LeaseTime(lease))
    }

    /// Gives `address` for `lease` seconds.
    pub fn ack(xid: u32, client: MacAddr, address: Ipv4Addr, server: Ipv4Addr, lease: u32) -> Self {
        Self::reply(DhcpMessageType::ACK, xid, client, server)
            .yiaddr(address)
            .option(DhcpOption::LeaseTime(lease))
    }

    /// Refuses a request.
    pub fn nak(xid: u32, client: MacAddr, server: Ipv4Addr) -> Self {
        Self::reply(DhcpMessageType::NAK, xid, client, server)
    }

    /// Gives `address` back to the server.
    pub fn release(xid: u32, client: MacAddr, address: Ipv4Addr, server: Ipv4Addr) -> Self {
        Self::new(DhcpMessageType::RELEASE, xid, client).ciaddr(address).option(DhcpOption::ServerId(server))
    }

    fn reply(message_type: DhcpMessageType, xid: u32, client: MacAddr, server: Ipv4Addr) -> Self {
        Self::new(message_type, xid, client)
            .op(DhcpOperation::BOOT_REPLY)
            .option(DhcpOption::ServerId(server))
    }

    /// Client's Ethernet address.
    #[must_use]
    pub fn client(self, address: MacAddr) -> Self {
        let [a, b, c, d, e, f] = address.octets();
        self.chaddr([a, b, c, d, e, f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    /// Client's hardware address, then zero bytes.
    #[must_use]
    pub fn chaddr(mut self, address: [u8; 16]) -> Self {
        self.header.set_chaddr(address);
        self
    }

    /// Adds an option.
    #[must_use]
    pub fn option(mut self, option: DhcpOption) -> Self {
        self.add(&option);
        self
    }

    /// Adds bytes to the options.
    #[must_use]
    pub fn options_bytes(mut self, options: &[u8]) -> Self {
        self.options.extend(options);
        self
    }

    /// Whether the option that ends the options is written after the others: it is unless this says no, or it is among them.
    #[must_use]
    pub fn end(self, end: bool) -> Self {
        Self { end, ..self }
    }

    /// Whether the magic cookie and options follow the header: they do unless this says no.
    #[must_use]
    pub fn cookie(self, cookie: bool) -> Self {
        Self { cookie, ..self }
    }

    fn add(&mut self, option: &DhcpOption) {
        if *option == DhcpOption::End {
            self.end = false;
        }
        option.put(&mut self.options);
    }
}

/// What every host asks for.
fn usual_parameters() -> DhcpOption {
    let codes = [DhcpOptionCode::SUBNET_MASK, DhcpOptionCode::ROUTER, DhcpOptionCode::DOMAIN_NAME_SERVER];
    DhcpOption::ParameterList(codes.into())
}

/// A client's message without options.
impl Default for Dhcp {
    fn default() -> Self {
        Self::over(DhcpHeader::zeroed()).op(DhcpOperation::BOOT_REQUEST).htype(ETHERNET).hlen(6)
    }
}

/// The ports of who is spoken to.
const SERVER_PORT: u16 = 67;
const CLIENT_PORT: u16 = 68;

impl Layer for Dhcp {
    fn identity(&self) -> Identity {
        Identity::Port(match self.header.op() {
            DhcpOperation::BOOT_REPLY => CLIENT_PORT,
            _ => SERVER_PORT,
        })
    }

    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        if self.cookie {
            if self.end {
                buf.prepend_array(&[DhcpOptionCode::END.0])?;
            }
            buf.prepend(self.options.bytes()?)?;
            buf.prepend_array(&DhcpHeader::MAGIC_COOKIE)?;
        }
        buf.prepend_array(self.header.as_array())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{built, bytes};
    use crate::layer::{Ipv4, Udp};

    const MAC: MacAddr = MacAddr([0x0e, 0x32, 0x65, 0xcf, 0xb0, 0xfe]);

    /// scapy: `BOOTP(op=1, xid=1152735399, flags="B", chaddr=..)/DHCP(options=[("message-type", 1), ..., "end"])`.
    #[test]
    fn a_message() {
        let dhcp = Dhcp::new(DhcpMessageType::DISCOVER, 1_152_735_399, MAC)
            .broadcast(true)
            .option(DhcpOption::RequestedAddress([236, 240, 151, 110].into()))
            .option(DhcpOption::LeaseTime(3600))
            .option(usual_parameters());
        let message = dhcp.build().unwrap();
        let start = bytes("01010600 44b558a7 0000 8000 00000000 00000000 00000000 00000000 0e3265cfb0fe");
        assert_eq!((&message[..start.len()], &message[start.len()..236]), (&start[..], &[0; 202][..]));
        assert_eq!(message[236..], bytes("63825363 350101 3204ecf0976e 330400000e10 3703010306 ff"));
        let text = "dhcp(xid=1152735399,broadcast=1,chaddr=0e:32:65:cf:b0:fe,options=[message_type(discover), \
                    requested_address(236.240.151.110), lease_time(3600), parameter_list(1, 3, 6), end])";
        assert_eq!(built(text), message);
    }

    #[test]
    fn ports_are_those_of_who_is_spoken_to() {
        let (address, server) = (Ipv4Addr::new(10, 0, 0, 9), Ipv4Addr::new(10, 0, 0, 1));
        let ports = [
            (Dhcp::request(1, MAC, address, server), 67),
            (Dhcp::release(1, MAC, address, server), 67),
            (Dhcp::offer(1, MAC, address, server, 60), 68),
            (Dhcp::ack(1, MAC, address, server, 60), 68),
            (Dhcp::nak(1, MAC, server), 68),
        ];
        for (dhcp, port) in ports {
            let packet = (Ipv4::default(), Udp::default(), dhcp).build().unwrap();
            assert_eq!(packet[23], port);
        }
    }

    /// RFC 2132 by section; RFC 3396, 5 for the long one.
    #[test]
    fn each_option() {
        let cases = [
            ("pad, pad", "00 00"),
            ("subnet_mask(255.255.255.0)", "01 04 ffffff00"),
            ("routers(10.0.0.1, 10.0.0.2)", "03 08 0a000001 0a000002"),
            ("domain_name_servers(10.0.0.1)", "06 04 0a000001"),
            ("host_name('ab')", "0c 02 6162"),
            ("domain_name('ab')", "0f 02 6162"),
            ("interface_mtu(1500)", "1a 02 05dc"),
            ("broadcast_address(10.0.0.255)", "1c 04 0a0000ff"),
            ("ntp_servers(10.0.0.1)", "2a 04 0a000001"),
            ("server_id(10.0.0.1)", "36 04 0a000001"),
            ("message('no')", "38 02 6e6f"),
            ("max_message_size(576)", "39 02 0240"),
            ("renewal_time(1)", "3a 04 00000001"),
            ("rebinding_time(2)", "3b 04 00000002"),
            ("vendor_class_id('x')", "3c 01 78"),
            ("client_id(0e:32:65:cf:b0:fe)", "3d 07 01 0e3265cfb0fe"),
            ("client_id('x')", "3d 02 00 78"),
            ("option(80)", "50 00"),
            ("option(rapid_commit), x'2a'", "50 00 2a"),
        ];
        for (text, expected) in cases {
            let message = built(&format!("dhcp(end=0,options=[{text}])"));
            assert_eq!(message[240..], bytes(expected), "{text}");
        }
        let long = DhcpOption::Raw { code: DhcpOptionCode(121), value: vec![7; 256] };
        let message = Dhcp::default().option(long).build().unwrap();
        assert_eq!((&message[240..242], &message[497..]), (&[121, 255][..], &[121, 1, 7, 255][..]));
    }

    #[test]
    fn names_are_bounded() {
        let message = built("dhcp(sname='boot',file='kernel',cookie=0,chaddr=x'0102')");
        assert_eq!((&message[28..31], message.len()), (&[1, 2, 0][..], 236));
        assert_eq!((&message[44..49], &message[108..115]), (&b"boot\0"[..], &b"kernel\0"[..]));
        let long = FieldValue::Bytes(vec![b'x'; 65]);
        let error = crate::Edit::set(&mut Dhcp::default(), "sname", &long).unwrap_err();
        assert_eq!(error.to_string(), "needs at most 64 bytes, found 65");
    }
}
