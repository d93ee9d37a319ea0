//! IPv6 mobility header.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+---------------+---------------+---------------+
//! | payload proto |   header len  |    MH type    |    reserved   |   (RFC 6275, 6.1.1)
//! +---------------+---------------+---------------+---------------+
//! |            checksum           |                               |
//! +-------------------------------+                               +
//! |      message data by MH type, then mobility options           |
//! +---------------------------------------------------------------+
//! ```

use core::fmt;
use core::net::Ipv6Addr;

use crate::display::from_fn;
use crate::header::{header, number};
use crate::net::mobility_option::{self, MobilityOptions};
use crate::{Error, Field, IpProtocol, LayerKind, Next, Visit};

header! {
    /// The part of a mobility header that all messages share: 6 bytes.
    pub struct MobilityHeader {
        /// What follows the header; 59 (nothing) by RFC 6275.
        payload_protocol, set_payload_protocol: IpProtocol;
        /// Length of the header in units of 8 bytes, the first 8 not counted.
        ext_len, set_ext_len: u8;
        /// Which message.
        message_type, set_message_type: MobilityType;
        /// Reserved, 0.
        reserved, set_reserved: u8;
        /// Checksum over pseudo-header and mobility header.
        checksum, set_checksum: u16;
    }
}

impl MobilityHeader {
    /// Length of the header with its message in bytes, as it claims: 8 to 2048.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        (usize::from(self.ext_len()) + 1) * 8
    }

    /// Sets [`header_len`](Self::header_len): bytes, of which whole units of 8 from 1 to 256 count.
    #[inline]
    pub fn set_header_len(&mut self, bytes: usize) {
        self.set_ext_len((bytes / 8).clamp(1, 256).wrapping_sub(1) as u8);
    }
}

number! {
    /// Which message a mobility header is (IANA "mobility-parameters").
    pub struct MobilityType(u8) {
        BINDING_REFRESH_REQUEST = 0, "Binding refresh request";
        HOME_TEST_INIT = 1, "Home test init";
        CARE_OF_TEST_INIT = 2, "Care-of test init";
        HOME_TEST = 3, "Home test";
        CARE_OF_TEST = 4, "Care-of test";
        BINDING_UPDATE = 5, "Binding update";
        BINDING_ACKNOWLEDGEMENT = 6, "Binding acknowledgement";
        BINDING_ERROR = 7, "Binding error";
        FAST_BINDING_UPDATE = 8, "Fast binding update";
        FAST_BINDING_ACKNOWLEDGEMENT = 9, "Fast binding acknowledgement";
        FAST_NEIGHBOR_ADVERTISEMENT = 10, "Fast neighbor advertisement";
        EXPERIMENTAL = 11, "Experimental";
        HOME_AGENT_SWITCH = 12, "Home agent switch";
        HEARTBEAT = 13, "Heartbeat";
        HANDOVER_INITIATE = 14, "Handover initiate";
        HANDOVER_ACKNOWLEDGE = 15, "Handover acknowledge";
        BINDING_REVOCATION = 16, "Binding revocation";
        LOCALIZED_ROUTING_INITIATION = 17, "Localized routing initiation";
        LOCALIZED_ROUTING_ACKNOWLEDGMENT = 18, "Localized routing acknowledgment";
        UPDATE_NOTIFICATION = 19, "Update notification";
        UPDATE_NOTIFICATION_ACKNOWLEDGEMENT = 20, "Update notification acknowledgement";
        FLOW_BINDING = 21, "Flow binding";
        SUBSCRIPTION_QUERY = 22, "Subscription query";
        SUBSCRIPTION_RESPONSE = 23, "Subscription response";
    }
}

/// What a mobility header says, by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MobilityMessage<'a> {
    /// The mobile node should renew its binding.
    BindingRefreshRequest,
    /// Home test init and care-of test init.
    TestInit {
        /// Init cookie.
        cookie: u64,
    },
    /// Home test and care-of test.
    Test {
        /// Nonce index.
        nonce: u16,
        /// Init cookie.
        cookie: u64,
        /// Keygen token.
        token: u64,
    },
    /// Binding update and fast binding update.
    BindingUpdate {
        /// Sequence number.
        sequence: u16,
        /// Flags from the highest bit: A (acknowledge), H (home registration), L (link-local address), K (key
        /// management), M (MAP), R (mobile router), P (proxy), F (forced UDP encapsulation), T (TLV-header), B (bulk).
        flags: u16,
        /// Lifetime in units of 4 seconds.
        lifetime: u16,
    },
    /// Binding acknowledgement and fast binding acknowledgement.
    BindingAcknowledgement {
        /// Status: below 128 accepted, else refused.
        status: u8,
        /// Flags from the highest bit: K, R, P, T, B.
        flags: u8,
        /// Sequence number of the update.
        sequence: u16,
        /// Lifetime in units of 4 seconds.
        lifetime: u16,
    },
    /// Binding error.
    BindingError {
        /// Status: 1 = unknown binding, 2 = unknown mobility header type.
        status: u8,
        /// The address that was in the home address option.
        home: Ipv6Addr,
    },
    /// Fast neighbor advertisement (RFC 4068; withdrawn).
    FastNeighborAdvertisement,
    /// Experimental (RFC 5096).
    Experimental,
    /// Home agent switch (RFC 5142).
    HomeAgentSwitch {
        /// The home agents' addresses, one after the other.
        addresses: &'a [[u8; 16]],
    },
    /// Heartbeat (RFC 5847).
    Heartbeat {
        /// Whether it comes without a request.
        unsolicited: bool,
        /// Whether it is a response.
        response: bool,
        /// Sequence number.
        sequence: u32,
    },
    /// Handover initiate and acknowledge (RFC 5568, RFC 5949).
    Handover {
        /// Sequence number.
        sequence: u16,
        /// Flags from the highest bit: S (assigned address) or U, U (buffer), P (proxy), F (forwarding).
        flags: u8,
        /// Code.
        code: u8,
    },
    /// Binding revocation (RFC 5846).
    BindingRevocation {
        /// 1 = indication, 2 = acknowledgement.
        kind: u8,
        /// Revocation trigger, or status.
        status: u8,
        /// Sequence number.
        sequence: u16,
        /// Flags from the highest bit: P (proxy), V (IPv4 home address only), G (global).
        flags: u16,
    },
    /// Localized routing initiation and acknowledgment (RFC 6705).
    LocalizedRouting {
        /// Sequence number.
        sequence: u16,
        /// Flags (high byte) and, in an acknowledgment, status (low byte).
        flags_status: u16,
        /// Lifetime in seconds.
        lifetime: u16,
    },
    /// Update notification (RFC 7077).
    UpdateNotification {
        /// Sequence number.
        sequence: u16,
        /// Notification reason.
        reason: u16,
        /// Flags from the highest bit: A (acknowledge), D (retransmission).
        flags: u16,
    },
    /// Another type, or too few bytes for the type.
    Unknown {
        /// The message's type.
        kind: MobilityType,
        /// What follows the checksum.
        data: &'a [u8],
    },
}

/// A mobility header: one message about where a mobile node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mobility<'a> {
    header: &'a MobilityHeader,
    data: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Mobility<'a> {
    /// Takes the header that starts at the first of `bytes`.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) below 6 bytes.
    #[inline(always)]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some((header, rest)) = MobilityHeader::split(bytes) else {
            return Err(Error::truncated(LayerKind::Mobility, MobilityHeader::LEN, bytes.len()));
        };
        let length = header.header_len() - MobilityHeader::LEN;
        let (data, payload) = rest.split_at_checked(length).unwrap_or_else(|| rest.split_at(rest.len()));
        Ok(Self { header, data, payload })
    }

    /// The first six bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a MobilityHeader {
        self.header
    }

    /// Which message.
    pub fn message_type(&self) -> MobilityType {
        self.header.message_type()
    }

    /// Checksum, as it stands in the header.
    pub fn checksum(&self) -> u16 {
        self.header.checksum()
    }

    /// What follows the checksum up to the header's end, as far as captured: message data and options.
    pub fn data_bytes(&self) -> &'a [u8] {
        self.data
    }

    /// What the header says, by its type.
    pub fn message(&self) -> MobilityMessage<'a> {
        self.split().0
    }

    /// The options that follow the message data.
    pub fn options(&self) -> MobilityOptions<'a> {
        MobilityOptions::new(self.split().1)
    }

    /// The message, and the options' bytes.
    fn split(&self) -> (MobilityMessage<'a>, &'a [u8]) {
        use MobilityType as Type;
        let kind = self.message_type();
        let unknown = (MobilityMessage::Unknown { kind, data: self.data }, &[][..]);
        let Some((&[a, b], rest)) = self.data.split_first_chunk::<2>() else { return unknown };
        let first = u16::from_be_bytes([a, b]);
        match kind {
            Type::BINDING_REFRESH_REQUEST => (MobilityMessage::BindingRefreshRequest, rest),
            Type::FAST_NEIGHBOR_ADVERTISEMENT => (MobilityMessage::FastNeighborAdvertisement, rest),
            Type::EXPERIMENTAL => (MobilityMessage::Experimental, rest),
            Type::HOME_TEST_INIT | Type::CARE_OF_TEST_INIT => match rest.split_first_chunk::<8>() {
                Some((cookie, rest)) => {
                    (MobilityMessage::TestInit { cookie: u64::from_be_bytes(*cookie) }, rest)
                }
                None => unknown,
            },
            Type::HOME_TEST | Type::CARE_OF_TEST => match rest.as_chunks::<8>().0 {
                [cookie, token, ..] => {
                    let (cookie, token) = (u64::from_be_bytes(*cookie), u64::from_be_bytes(*token));
                    let options = rest.get(16..).unwrap_or_default();
                    (MobilityMessage::Test { nonce: first, cookie, token }, options)
                }
                _ => unknown,
            },
            Type::BINDING_ERROR => match rest.split_first_chunk::<16>() {
                Some((home, rest)) => {
                    (MobilityMessage::BindingError { status: a, home: Ipv6Addr::from(*home) }, rest)
                }
                None => unknown,
            },
            Type::HOME_AGENT_SWITCH => match rest.as_chunks::<16>().0.get(..usize::from(a)) {
                Some(addresses) => {
                    let options = rest.get(addresses.as_flattened().len()..).unwrap_or_default();
                    (MobilityMessage::HomeAgentSwitch { addresses }, options)
                }
                None => unknown,
            },
            Type::HANDOVER_INITIATE | Type::HANDOVER_ACKNOWLEDGE => match *rest {
                [flags, code, ref options @ ..] => {
                    (MobilityMessage::Handover { sequence: first, flags, code }, options)
                }
                _ => unknown,
            },
            _ => match rest.split_first_chunk::<4>() {
                Some((words, options)) => {
                    Self::with_two_words(kind, first, *words).map_or(unknown, |message| (message, options))
                }
                None => unknown,
            },
        }
    }

    /// The messages whose data is three 16-bit words.
    fn with_two_words(kind: MobilityType, first: u16, words: [u8; 4]) -> Option<MobilityMessage<'a>> {
        use MobilityType as Type;
        let [high, low] = first.to_be_bytes();
        let [a, b, c, d] = words;
        let (second, third) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        Some(match kind {
            Type::BINDING_UPDATE | Type::FAST_BINDING_UPDATE => {
                MobilityMessage::BindingUpdate { sequence: first, flags: second, lifetime: third }
            }
            Type::BINDING_ACKNOWLEDGEMENT | Type::FAST_BINDING_ACKNOWLEDGEMENT => {
                MobilityMessage::BindingAcknowledgement {
                    status: high,
                    flags: low,
                    sequence: second,
                    lifetime: third,
                }
            }
            Type::HEARTBEAT => MobilityMessage::Heartbeat {
                unsolicited: first & 2 != 0,
                response: first & 1 != 0,
                sequence: u32::from_be_bytes(words),
            },
            Type::BINDING_REVOCATION => {
                MobilityMessage::BindingRevocation { kind: high, status: low, sequence: second, flags: third }
            }
            Type::LOCALIZED_ROUTING_INITIATION | Type::LOCALIZED_ROUTING_ACKNOWLEDGMENT => {
                MobilityMessage::LocalizedRouting { sequence: first, flags_status: second, lifetime: third }
            }
            Type::UPDATE_NOTIFICATION => {
                MobilityMessage::UpdateNotification { sequence: first, reason: second, flags: third }
            }
            _ => return None,
        })
    }

    /// The header's length in bytes with its message, as far as captured.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        MobilityHeader::LEN + self.data.len()
    }

    /// What follows the header.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the payload is. Only a fast neighbor advertisement carries one, an IPv6 packet (RFC 4068, 6.3.2); else the protocol should be 59, and what
    /// follows is data.
    #[inline(always)]
    pub fn next(&self) -> Next {
        match (self.message_type(), self.header.payload_protocol()) {
            (MobilityType::FAST_NEIGHBOR_ADVERTISEMENT, IpProtocol::IPV6) => {
                Next::IpProtocol(IpProtocol::IPV6)
            }
            _ => Next::End,
        }
    }

    /// How many bytes the header promises beyond the captured ones.
    #[inline]
    pub fn missing(&self) -> usize {
        self.header.header_len().saturating_sub(self.header_len())
    }

    /// What makes the header contradict itself: nothing, here.
    #[inline(always)]
    pub fn defect(&self) -> Option<Error> {
        None
    }

    /// Calls `visit` for each field: those of the header, of the message, and of each option.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        let h = self.header;
        visit(Field::uint("proto", 0, h.payload_protocol()).means(h.payload_protocol().name()));
        visit(Field::uint("len", 1, h.ext_len()));
        visit(Field::uint("type", 2, h.message_type()).means(h.message_type().name()));
        visit(Field::hex("reserved", 3, h.reserved()));
        visit(Field::hex("checksum", 4, h.checksum()));
        let (message, options) = self.split();
        match message {
            MobilityMessage::BindingRefreshRequest
            | MobilityMessage::FastNeighborAdvertisement
            | MobilityMessage::Experimental => (),
            MobilityMessage::TestInit { cookie } => visit(Field::hex("cookie", 8, cookie)),
            MobilityMessage::Test { nonce, cookie, token } => {
                visit(Field::uint("nonce", 6, nonce));
                visit(Field::hex("cookie", 8, cookie));
                visit(Field::hex("token", 16, token));
            }
            MobilityMessage::BindingUpdate { sequence, flags, lifetime } => {
                visit(Field::uint("seq", 6, sequence));
                visit(Field::hex("flags", 8, flags));
                visit(Field::uint("lifetime", 10, lifetime));
            }
            MobilityMessage::BindingAcknowledgement { status, flags, sequence, lifetime } => {
                visit(Field::uint("status", 6, status));
                visit(Field::hex("flags", 7, flags));
                visit(Field::uint("seq", 8, sequence));
                visit(Field::uint("lifetime", 10, lifetime));
            }
            MobilityMessage::BindingError { status, home } => {
                visit(Field::uint("status", 6, status));
                visit(Field::ipv6("home_address", 8, home));
            }
            MobilityMessage::HomeAgentSwitch { addresses } => {
                for (i, address) in addresses.iter().enumerate() {
                    visit(Field::ipv6("home_agents", 8 + 16 * i, Ipv6Addr::from(*address)).repeated());
                }
            }
            MobilityMessage::Heartbeat { unsolicited, response, sequence } => {
                visit(Field::uint("unsolicited", 7, unsolicited));
                visit(Field::uint("response", 7, response));
                visit(Field::uint("seq", 8, sequence));
            }
            MobilityMessage::Handover { sequence, flags, code } => {
                visit(Field::uint("seq", 6, sequence));
                visit(Field::hex("flags", 8, flags));
                visit(Field::uint("code", 9, code));
            }
            MobilityMessage::BindingRevocation { kind, status, sequence, flags } => {
                visit(Field::uint("revocation_type", 6, kind));
                visit(Field::uint("status", 7, status));
                visit(Field::uint("seq", 8, sequence));
                visit(Field::hex("flags", 10, flags));
            }
            MobilityMessage::LocalizedRouting { sequence, flags_status, lifetime } => {
                visit(Field::uint("seq", 6, sequence));
                visit(Field::hex("flags", 8, flags_status >> 8));
                visit(Field::uint("status", 9, flags_status & 0xff));
                visit(Field::uint("lifetime", 10, lifetime));
            }
            MobilityMessage::UpdateNotification { sequence, reason, flags } => {
                visit(Field::uint("seq", 6, sequence));
                visit(Field::uint("reason", 8, reason));
                visit(Field::hex("flags", 10, flags));
            }
            MobilityMessage::Unknown { data, .. } => visit(Field::bytes("data", 6, data)),
        }
        mobility_option::fields(self.header_len() - options.len(), options, visit);
    }

    /// The one-line form: `mobility: BU seq#=1 AH lifetime=240`.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let view = *self;
        from_fn(move |f| view.write_summary(f))
    }

    fn write_summary(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.message_type();
        let (name, fixed) = match kind {
            MobilityType::BINDING_REFRESH_REQUEST => ("BRR", 8),
            MobilityType::HOME_TEST_INIT => ("HoTI", 16),
            MobilityType::CARE_OF_TEST_INIT => ("CoTI", 16),
            MobilityType::HOME_TEST => ("HoT", 24),
            MobilityType::CARE_OF_TEST => ("CoT", 24),
            MobilityType::BINDING_UPDATE => ("BU", 12),
            MobilityType::BINDING_ACKNOWLEDGEMENT => ("BA", 12),
            MobilityType::BINDING_ERROR => ("BE", 24),
            _ => return write!(f, "mobility: type-#{} len={}", kind.0, self.header.ext_len()),
        };
        if self.header.header_len() < fixed {
            let length = self.header.header_len();
            return write!(f, "(header length {length} is too small for type {}) [|mobility]", kind.0);
        }
        write!(f, "mobility: {name}")?;
        match self.message() {
            MobilityMessage::Test { nonce, .. } => write!(f, " nonce id=0x{nonce:x}"),
            MobilityMessage::BindingUpdate { sequence, flags, lifetime } => {
                write!(f, " seq#={sequence}")?;
                if flags & 0xf000 != 0 {
                    f.write_str(" ")?;
                }
                let letters = [(0x8000, "A"), (0x4000, "H"), (0x2000, "L"), (0x1000, "K")];
                letters
                    .iter()
                    .filter(|(bit, _)| flags & bit != 0)
                    .try_for_each(|(_, letter)| f.write_str(letter))?;
                write!(f, " lifetime={}", u32::from(lifetime) * 4)
            }
            MobilityMessage::BindingAcknowledgement { status, flags, sequence, lifetime } => {
                let key = if flags & 0x80 != 0 { " K" } else { "" };
                write!(f, " status={status}{key} seq#={sequence} lifetime={}", u32::from(lifetime) * 4)
            }
            MobilityMessage::BindingError { status, home } => write!(f, " status={status} homeaddr {home}"),
            MobilityMessage::Unknown { .. } => f.write_str(" [|mobility]"),
            _ => Ok(()),
        }
    }
}

/// `Mobility(type=5, len=16)`.
impl fmt::Display for Mobility<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mobility(type={}, len={})", self.message_type().0, self.header.header_len())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;
    use std::vec::Vec;

    use super::*;
    use crate::net::mobility_option::MobilityOption;

    fn bytes(kind: u8, data: &[u8]) -> Vec<u8> {
        [&[59, ((data.len() + 6) / 8 - 1) as u8, kind, 0, 0x12, 0x34], data].concat()
    }

    #[test]
    fn summaries_are_tcpdumps() {
        // What tcpdump 4.99.3 prints for these bytes.
        let cases: [(u8, &[u8], &str); 9] = [
            (0, &[0, 0], "mobility: BRR"),
            (1, &[0; 10], "mobility: HoTI"),
            (3, &[1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "mobility: HoT nonce id=0x102"),
            (5, &[0, 1, 0xf0, 0, 0, 60, 1, 2, 0, 0], "mobility: BU seq#=1 AHLK lifetime=240"),
            (6, &[1, 0x80, 0, 1, 0, 60, 1, 2, 0, 0], "mobility: BA status=1 K seq#=1 lifetime=240"),
            (
                7,
                &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
                "mobility: BE status=1 homeaddr ::1",
            ),
            (8, &[0, 1, 0xf0, 0, 0, 60, 1, 2, 0, 0], "mobility: type-#8 len=1"),
            (13, &[0, 3, 0, 0, 0, 1, 1, 2, 0, 0], "mobility: type-#13 len=1"),
            (5, &[0, 1], "(header length 8 is too small for type 5) [|mobility]"),
        ];
        for (kind, data, text) in cases {
            assert_eq!(Mobility::parse(&bytes(kind, data)).unwrap().summary().to_string(), text);
        }
    }

    #[test]
    fn a_binding_update_has_options() {
        let data =
            [&[0, 7, 0x80, 0, 0, 60, 1, 0, 3, 16][..], &[0; 15], &[1, 4, 4, 0, 1, 0, 2, 0, 0]].concat();
        let bytes = bytes(5, &data);
        let view = Mobility::parse(&bytes).unwrap();
        assert_eq!(
            view.message(),
            MobilityMessage::BindingUpdate { sequence: 7, flags: 0x8000, lifetime: 60 }
        );
        assert_eq!(
            view.options().collect::<Vec<_>>(),
            [
                MobilityOption::PadN(&[]),
                MobilityOption::AlternateCareOfAddress(Ipv6Addr::LOCALHOST),
                MobilityOption::NonceIndices { home: 1, care_of: 2 },
                MobilityOption::Pad1,
                MobilityOption::Pad1,
            ]
        );
        assert_eq!(view.next(), Next::End);
    }

    #[test]
    fn a_fast_neighbor_advertisement_carries_ipv6_alone() {
        let mut advertisement = bytes(10, &[0, 0, 1, 0]);
        for (protocol, next) in [(41, Next::IpProtocol(IpProtocol::IPV6)), (59, Next::End), (60, Next::End)] {
            advertisement[0] = protocol;
            assert_eq!(Mobility::parse(&advertisement).unwrap().next(), next);
        }
    }

    #[test]
    fn every_type_and_truncation_is_shown() {
        for kind in 0..=25 {
            let bytes = bytes(kind, &[1; 34]);
            for length in 0..bytes.len() {
                match Mobility::parse(&bytes[..length]) {
                    Err(_) => assert!(length < 6),
                    Ok(view) => {
                        assert_eq!((view.header_len(), view.missing()), (length, 40 - length));
                        view.fields(&mut |_| ());
                        let _ = view.summary().to_string();
                    }
                }
            }
        }
    }
}
