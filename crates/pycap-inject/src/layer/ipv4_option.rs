//! IPv4 options as bytes.

use std::net::Ipv4Addr;

use pycap_wire::{Ipv4Option, Ipv4OptionType, Ipv4Route, Ipv4Timestamp};

use super::option_list::{Arguments, each_option, unknown};
use crate::value::FromValue;
use crate::{FieldError, FieldValue};

/// Adds an option. Reserved bits are 0.
pub(super) fn put(option: &Ipv4Option<'_>, to: &mut Vec<u8>) {
    let start = to.len();
    let (kind, data): (_, &[u8]) = match *option {
        Ipv4Option::EndOfOptions(padding) => {
            to.push(Ipv4OptionType::END_OF_OPTIONS.0);
            return to.extend_from_slice(padding);
        }
        Ipv4Option::Nop => return to.push(Ipv4OptionType::NOP.0),
        Ipv4Option::Malformed(bytes) => return to.extend_from_slice(bytes),
        Ipv4Option::RecordRoute(route) => (Ipv4OptionType::RECORD_ROUTE, route.bytes()),
        Ipv4Option::LooseSourceRoute(route) => (Ipv4OptionType::LOOSE_SOURCE_ROUTE, route.bytes()),
        Ipv4Option::StrictSourceRoute(route) => (Ipv4OptionType::STRICT_SOURCE_ROUTE, route.bytes()),
        Ipv4Option::Timestamp(timestamp) => (Ipv4OptionType::TIMESTAMP, timestamp.bytes()),
        Ipv4Option::RouterAlert(_) => (Ipv4OptionType::ROUTER_ALERT, &[]),
        Ipv4Option::StreamId(_) => (Ipv4OptionType::STREAM_ID, &[]),
        Ipv4Option::Security { authority, .. } => (Ipv4OptionType::SECURITY, authority),
        Ipv4Option::Cipso { tags, .. } => (Ipv4OptionType::CIPSO, tags),
        Ipv4Option::QuickStart { .. } => (Ipv4OptionType::QUICK_START, &[]),
        Ipv4Option::MtuProbe(_) => (Ipv4OptionType::MTU_PROBE, &[]),
        Ipv4Option::MtuReply(_) => (Ipv4OptionType::MTU_REPLY, &[]),
        Ipv4Option::Traceroute { .. } => (Ipv4OptionType::TRACEROUTE, &[]),
        Ipv4Option::Unknown { kind, data } => (kind, data),
        _ => return,
    };
    to.extend([kind.0, 0]);
    put_fixed(option, to);
    to.extend_from_slice(data);
    // A longer one does not fit into any header.
    let len = (to.len() - start).min(u8::MAX.into()) as u8;
    if let Some(byte) = to.get_mut(start + 1) {
        *byte = len;
    }
}

/// What an option has before the part of it that may be of any length.
fn put_fixed(option: &Ipv4Option<'_>, to: &mut Vec<u8>) {
    match *option {
        Ipv4Option::RecordRoute(route)
        | Ipv4Option::LooseSourceRoute(route)
        | Ipv4Option::StrictSourceRoute(route) => to.push(route.pointer),
        Ipv4Option::Timestamp(timestamp) => {
            to.extend([timestamp.pointer, timestamp.overflow << 4 | timestamp.flag & 0x0f]);
        }
        Ipv4Option::RouterAlert(number)
        | Ipv4Option::StreamId(number)
        | Ipv4Option::MtuProbe(number)
        | Ipv4Option::MtuReply(number) => to.extend(number.to_be_bytes()),
        Ipv4Option::Security { level, .. } => to.push(level),
        Ipv4Option::Cipso { domain, .. } => to.extend(domain.to_be_bytes()),
        Ipv4Option::QuickStart { function, rate, ttl, nonce } => {
            to.extend([function << 4 | rate & 0x0f, ttl]);
            to.extend((nonce << 2).to_be_bytes());
        }
        Ipv4Option::Traceroute { id, outbound_hops, return_hops, originator } => {
            to.extend([id, outbound_hops, return_hops].map(u16::to_be_bytes).as_flattened());
            to.extend(originator.octets());
        }
        _ => (),
    }
}

const NAMES: &str = "eol, nop, record_route(ADDRESS, ...), loose_route(ADDRESS, ...), strict_route(ADDRESS, ...), \
    timestamp(FLAG, ADDRESS or TIME, ...), router_alert(VALUE), stream_id(ID), security(LEVEL, BYTES), \
    cipso(DOMAIN, TAGS), quick_start(FUNCTION, RATE, TTL, NONCE), mtu_probe(MTU), mtu_reply(MTU), \
    traceroute(ID, OUT, BACK, ADDRESS), raw(TYPE, BYTES)";

/// Options as a field has them: bytes, or a list.
pub(super) fn from_value(value: &FieldValue) -> Result<Vec<u8>, FieldError> {
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

fn put_named(list: &mut Vec<u8>, mut call: Arguments<'_>) -> Result<(), FieldError> {
    let bytes: Vec<u8>;
    let option = match call.name() {
        "eol" => Ipv4Option::EndOfOptions(&[]),
        "nop" => Ipv4Option::Nop,
        "record_route" => {
            bytes = addresses(&mut call)?;
            Ipv4Option::RecordRoute(Ipv4Route::new(FIRST_ADDRESS, &bytes))
        }
        "loose_route" => {
            bytes = addresses(&mut call)?;
            Ipv4Option::LooseSourceRoute(Ipv4Route::new(FIRST_ADDRESS, &bytes))
        }
        "strict_route" => {
            bytes = addresses(&mut call)?;
            Ipv4Option::StrictSourceRoute(Ipv4Route::new(FIRST_ADDRESS, &bytes))
        }
        "timestamp" => {
            let flag = call.next_or(0)?;
            bytes = call.rest::<Word>()?.into_iter().flat_map(|word| word.0).collect();
            Ipv4Option::Timestamp(Ipv4Timestamp::new(FIRST_TIME, 0, flag, &bytes))
        }
        "router_alert" => Ipv4Option::RouterAlert(call.next_or(0)?),
        "stream_id" => Ipv4Option::StreamId(call.next()?),
        "security" => {
            let level = call.next()?;
            bytes = call.next_or(Vec::new())?;
            Ipv4Option::Security { level, authority: &bytes }
        }
        "cipso" => {
            let domain = call.next()?;
            bytes = call.next_or(Vec::new())?;
            Ipv4Option::Cipso { domain, tags: &bytes }
        }
        "quick_start" => Ipv4Option::QuickStart {
            function: call.next()?,
            rate: call.next()?,
            ttl: call.next()?,
            nonce: call.next()?,
        },
        "mtu_probe" => Ipv4Option::MtuProbe(call.next()?),
        "mtu_reply" => Ipv4Option::MtuReply(call.next()?),
        "traceroute" => Ipv4Option::Traceroute {
            id: call.next()?,
            outbound_hops: call.next()?,
            return_hops: call.next()?,
            originator: call.next()?,
        },
        "raw" => {
            let kind = Ipv4OptionType(call.next()?);
            bytes = call.next_or(Vec::new())?;
            Ipv4Option::Unknown { kind, data: &bytes }
        }
        name => return Err(unknown("IPv4", name, NAMES)),
    };
    call.end(())?;
    put(&option, list);
    Ok(())
}

/// The pointers of options of which nothing is used (RFC 791, 3.1).
const FIRST_ADDRESS: u8 = 4;
const FIRST_TIME: u8 = 5;

fn addresses(call: &mut Arguments<'_>) -> Result<Vec<u8>, FieldError> {
    Ok(call.rest::<Ipv4Addr>()?.into_iter().flat_map(|address| address.octets()).collect())
}

/// An address or a time.
struct Word([u8; 4]);

impl FromValue for Word {
    const TAKES: &'static str = "IPv4 address or time";

    fn from_value(value: &FieldValue) -> Result<Self, FieldError> {
        match value {
            FieldValue::Ipv4(address) => Ok(Self(address.octets())),
            value => u32::from_value(value).map(|time| Self(time.to_be_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Ipv4;
    use crate::layer::testing::{bytes, call, word};
    use crate::{Context, Layer};
    use pycap_wire::{IpProtocol, Ipv4Options};

    fn encoded(all: &[u8]) -> Vec<u8> {
        let mut list = Vec::new();
        Ipv4Options::new(all).for_each(|option| put(&option, &mut list));
        list
    }

    #[test]
    fn parsed_options_have_their_bytes() {
        for hex in [
            "94040000 01 0707 04 01020304 830b 08 01020304 05060708 8903 04 8804 0001 00 01ff",
            "440c 05 13 01020304 00000001 4406 05 00 0102 8204 ab 01 860a 00000001 01040002 1908 0740 00000008",
            "0b04 05dc 0c04 05dc 520c 0001 0002 0003 01020304 9e04 0102 9403 01 0706 04 010203",
            "0709 04 01",
            "07",
            "0701",
        ] {
            assert_eq!(encoded(&bytes(hex)), bytes(hex), "{hex}");
        }
    }

    #[test]
    fn lists_of_options() {
        let list = FieldValue::List(vec![
            call("router_alert", &["0"]),
            call("record_route", &["1.2.3.4"]),
            word("nop"),
            call("timestamp", &["1", "1.2.3.4", "7"]),
            call("raw", &["158", "\"a\""]),
            word("eol"),
        ]);
        let expected = "94040000 0707 04 01020304 01 440c 05 01 01020304 00000007 9e03 61 00";
        assert_eq!(from_value(&list).unwrap(), bytes(expected));
        let error = from_value(&word("mss")).unwrap_err().to_string();
        assert!(
            error.starts_with("no IPv4 option is named mss; there are eol, nop, record_route(ADDRESS, ...)")
        );
    }

    #[test]
    fn a_source_route_names_the_final_destination() {
        let route = [5, 6, 7, 8, 9, 9, 9, 9];
        let ip = Ipv4::new([1, 2, 3, 4], [4, 3, 2, 1])
            .option(Ipv4Option::LooseSourceRoute(Ipv4Route::new(4, &route)));
        let (src, dst) = ([1, 2, 3, 4], [9, 9, 9, 9]);
        let expected = Context::ipv4(src.into(), dst.into()).pseudo("", IpProtocol::UDP, 8);
        assert_eq!(ip.inward(&Context::OUTERMOST).pseudo("", IpProtocol::UDP, 8), expected);
        assert_eq!(ip.build().unwrap()[20..], bytes("830b 04 05060708 09090909 00"));
    }
}
