//! A DHCP message.

use std::net::Ipv4Addr;

use pycap_wire::{DhcpHeader, DhcpMessageType, DhcpOperation, DhcpOptionCode, MacAddr};

use super::declare::layer;
use super::option_list::{Arguments, each_option, unknown};
use crate::value::FromValue;
use crate::{BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf};

/// The ports of servers and of clients (RFC 2131, 4.1).
const SERVER: u16 = 67;
const CLIENT: u16 = 68;

/// The longest data of an option.
const MAX_DATA: usize = 255;

layer! {
    /// A DHCP message (RFC 2131): BOOTP's header, the magic cookie, options.
    pub struct Dhcp(DhcpHeader) = "dhcp";
    set {
        /// Operation: a request, or a reply.
        "op" op, set_op: DhcpOperation;
        /// Hardware type: 1, Ethernet.
        "htype" htype, set_htype: u8;
        /// Length of a hardware address in bytes: 6.
        "hlen" hlen, set_hlen: u8;
        /// Relay agents that passed it on.
        "hops" hops, set_hops: u8;
        /// Transaction identifier.
        "xid" xid, set_xid: u32;
        /// Seconds since the client began.
        "secs" secs, set_secs: u16;
        /// Flags, 16 bits; the highest asks for broadcasts.
        "flags" flags, set_flags: u16;
        /// Whether the answer is to be broadcast.
        "broadcast" broadcast, set_broadcast: bool;
        /// The client's address, where it has one.
        "ciaddr" ciaddr, set_ciaddr: Ipv4Addr;
        /// The address that the client gets.
        "yiaddr" yiaddr, set_yiaddr: Ipv4Addr;
        /// The next server to ask.
        "siaddr" siaddr, set_siaddr: Ipv4Addr;
        /// The relay agent's address.
        "giaddr" giaddr, set_giaddr: Ipv4Addr;
    }
    computed {}
    also {
        /// Options.
        "options" options: Vec<u8>, = Vec::new(), from options, takes "DHCP options, or bytes";
    }
    through {
        /// The client's hardware address.
        "chaddr" takes "Ethernet address, or bytes", by set_chaddr;
        /// The server's name, up to 64 bytes.
        "sname" takes "bytes", by set_sname;
        /// The boot file's name, up to 128 bytes.
        "file" takes "bytes", by set_file;
    }
    state {
        /// The length of an option's data that is too long.
        too_long: usize = 0;
        /// Without the magic cookie, as BOOTP was before RFC 1048.
        without_cookie: bool = false;
    }
}

impl Dhcp {
    /// A message of a client with this hardware address.
    pub fn request_of(xid: u32, mac: impl Into<MacAddr>) -> Self {
        let mut header = DhcpHeader::zeroed();
        header.set_op(DhcpOperation(1));
        header.set_htype(1);
        header.set_hlen(6);
        header.set_xid(xid);
        set_start(&mut header, &mac.into().0);
        Self::over(header)
    }

    /// The question for servers, without the end of its options.
    pub fn discover(xid: u32, mac: impl Into<MacAddr>) -> Self {
        Self::request_of(xid, mac).message_type(DhcpMessageType::DISCOVER)
    }

    /// The request for an address, without the end of its options.
    pub fn request(xid: u32, mac: impl Into<MacAddr>, address: impl Into<Ipv4Addr>) -> Self {
        Self::request_of(xid, mac)
            .message_type(DhcpMessageType::REQUEST)
            .option(DhcpOptionCode::REQUESTED_ADDRESS, &address.into().octets())
    }

    /// Adds an option and its data.
    #[must_use]
    pub fn option(mut self, code: DhcpOptionCode, data: &[u8]) -> Self {
        if data.len() > MAX_DATA {
            self.too_long = self.too_long.max(data.len());
        }
        put(&mut self.options, code, data);
        self
    }

    /// Adds the option that says what the message is.
    #[must_use]
    pub fn message_type(self, message_type: DhcpMessageType) -> Self {
        self.option(DhcpOptionCode::MESSAGE_TYPE, &[message_type.0])
    }

    /// Adds the end of the options.
    #[must_use]
    pub fn end(self) -> Self {
        self.option(DhcpOptionCode::END, &[])
    }

    /// Adds bytes to the options.
    #[must_use]
    pub fn options_bytes(mut self, options: &[u8]) -> Self {
        self.options.extend_from_slice(options);
        self
    }

    /// Without the magic cookie before the options.
    #[must_use]
    pub fn without_cookie(self) -> Self {
        Self { without_cookie: true, ..self }
    }
}

impl Default for Dhcp {
    fn default() -> Self {
        Self::request_of(0, MacAddr::ZERO)
    }
}

impl Layer for Dhcp {
    fn identity(&self) -> Identity {
        Identity::Port(if self.header.op() == DhcpOperation(2) { CLIENT } else { SERVER })
    }

    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        if self.too_long > 0 {
            return Err(BuildError::too_long(Self::NAME, "length of an option", self.too_long, MAX_DATA));
        }
        buf.prepend(&self.options)?;
        if !self.without_cookie {
            buf.prepend_array(&DhcpHeader::MAGIC_COOKIE)?;
        }
        buf.prepend_array(self.header.as_array())
    }
}

fn set_start(header: &mut DhcpHeader, address: &[u8]) {
    let mut chaddr = [0; 16];
    chaddr.iter_mut().zip(address).for_each(|(to, from)| *to = *from);
    header.set_chaddr(chaddr);
}

/// Codes 0 and 255 are one byte (RFC 2132, 3.1 and 3.2).
fn put(to: &mut Vec<u8>, code: DhcpOptionCode, data: &[u8]) {
    to.push(code.0);
    if code != DhcpOptionCode::PAD && code != DhcpOptionCode::END {
        to.push(data.len() as u8);
        to.extend_from_slice(data);
    }
}

fn set_chaddr(dhcp: &mut Dhcp, value: &FieldValue) -> Result<(), FieldError> {
    let address = super::arp::address_from(value)?;
    if address.len() > 16 {
        return Err(FieldError::new(format!("needs at most 16 bytes, found {}", address.len())));
    }
    set_start(&mut dhcp.header, &address);
    Ok(())
}

fn padded<const N: usize>(value: &FieldValue) -> Result<[u8; N], FieldError> {
    let bytes: Vec<u8> = FromValue::from_value(value)?;
    let mut padded = [0; N];
    match padded.get_mut(..bytes.len()) {
        Some(start) => start.copy_from_slice(&bytes),
        None => return Err(FieldError::new(format!("needs at most {N} bytes, found {}", bytes.len()))),
    }
    Ok(padded)
}

fn set_sname(dhcp: &mut Dhcp, value: &FieldValue) -> Result<(), FieldError> {
    dhcp.header.set_sname(padded(value)?);
    Ok(())
}

fn set_file(dhcp: &mut Dhcp, value: &FieldValue) -> Result<(), FieldError> {
    dhcp.header.set_file(padded(value)?);
    Ok(())
}

fn options(value: &FieldValue) -> Result<Vec<u8>, FieldError> {
    let mut list = Vec::new();
    each_option(value, |option| match option {
        Ok(bytes) => {
            list.extend_from_slice(bytes);
            Ok(())
        }
        Err(call) => put_named(&mut list, call),
    })?;
    Ok(list)
}

/// An argument of an option: addresses and bytes as they are, numbers as a byte each.
struct Data(Vec<u8>);

impl FromValue for Data {
    const TAKES: &'static str = "bytes, addresses or numbers";
    fn from_value(value: &FieldValue) -> Result<Self, FieldError> {
        Ok(Self(match value {
            FieldValue::Ipv4(address) => Vec::from(address.octets()),
            FieldValue::Mac(mac) => Vec::from(mac.0),
            FieldValue::Uint(_) => vec![FromValue::from_value(value)?],
            other => FromValue::from_value(other)?,
        }))
    }
}

fn put_named(list: &mut Vec<u8>, mut call: Arguments<'_>) -> Result<(), FieldError> {
    const SECONDS: [DhcpOptionCode; 3] =
        [DhcpOptionCode::LEASE_TIME, DhcpOptionCode::RENEWAL_TIME, DhcpOptionCode::REBINDING_TIME];
    let name = call.name();
    let code = match name {
        "raw" => DhcpOptionCode(call.next()?),
        "message_type" => DhcpOptionCode::MESSAGE_TYPE,
        "requested_address" => DhcpOptionCode::REQUESTED_ADDRESS,
        "lease_time" => DhcpOptionCode::LEASE_TIME,
        "parameter_request_list" => DhcpOptionCode::PARAMETER_REQUEST_LIST,
        "server_id" => DhcpOptionCode::SERVER_ID,
        name => DhcpOptionCode::from_name(name).ok_or_else(|| {
            let names = "message_type(discover), requested_address(1.2.3.4), lease_time(SECONDS), \
                         parameter_request_list(1, 3, 6), server_id(1.2.3.4), end, raw(CODE, DATA), and others by their names \
                         in RFC 2132";
            unknown("DHCP", name, names)
        })?,
    };
    let data = match code {
        DhcpOptionCode::MESSAGE_TYPE if name != "raw" => vec![call.next::<DhcpMessageType>()?.0],
        code if SECONDS.contains(&code) && name != "raw" => Vec::from(call.next::<u32>()?.to_be_bytes()),
        _ => call.rest::<Data>()?.into_iter().flat_map(|data| data.0).collect(),
    };
    if data.len() > MAX_DATA {
        return Err(FieldError::new(format!(
            "an option has at most {MAX_DATA} bytes of data, found {}",
            data.len()
        )));
    }
    put(list, code, &data);
    call.end(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Edit;
    use crate::layer::testing::{bytes, call, word};
    use crate::layer::{Ipv4, Udp};

    const MAC: [u8; 6] = [0x0e, 0x32, 0x65, 0xcf, 0xb0, 0xfe];

    /// scapy: `BOOTP(op=1, xid=1152735399, flags="B", chaddr=..)/DHCP(options=[("message-type", 1), ..., "end"])`.
    #[test]
    fn a_message() {
        let mut dhcp = Dhcp::request_of(1_152_735_399, MAC).broadcast(true);
        let options = FieldValue::List(vec![
            call("message_type", &["discover"]),
            call("requested_address", &["236.240.151.110"]),
            call("lease_time", &["3600"]),
            call("parameter_request_list", &["1", "3", "6"]),
            word("end"),
        ]);
        dhcp.set("options", &options).unwrap();
        let message = dhcp.build().unwrap();
        let start = bytes("01010600 44b558a7 0000 8000 00000000 00000000 00000000 00000000 0e3265cfb0fe");
        assert_eq!((&message[..start.len()], &message[start.len()..236]), (&start[..], &[0; 202][..]));
        assert_eq!(message[236..], bytes("63825363 350101 3204ecf0976e 330400000e10 3703010306 ff"));
    }

    /// RFC 2131, 4.1.
    #[test]
    fn the_port_is_that_of_who_is_spoken_to() {
        let request = Dhcp::request(1, MAC, [10, 0, 0, 1]);
        for (dhcp, port) in [(request.clone(), 67), (request.op(DhcpOperation::BOOT_REPLY), 68)] {
            assert_eq!((Ipv4::default(), Udp::default(), dhcp).build().unwrap()[23], port);
        }
        let error = Dhcp::default().option(DhcpOptionCode(43), &[0; 256]).build().unwrap_err();
        assert_eq!(error.to_string(), "dhcp: 256 bytes, length of an option is 255: 1 too many");
    }
}
