//! TCP options as bytes.

use pycap_wire::{MptcpSubtype, SackBlocks, TcpOption, TcpOptionKind};

use super::option_list::{Arguments, each_option, unknown};
use crate::{FieldError, FieldValue};

/// The experiment identifier of fast open (RFC 7413, 4.1.1) is not told by the option: it is written with the kind of its own.
pub(super) fn put(option: &TcpOption<'_>, to: &mut Vec<u8>) {
    let start = to.len();
    let kind = match kind_of(option) {
        Some(kind) => kind,
        None => return to.extend_from_slice(malformed(option)),
    };
    to.extend([kind.0, 0]);
    match *option {
        TcpOption::EndOfOptions(padding) => {
            to.truncate(start + 1);
            return to.extend_from_slice(padding);
        }
        TcpOption::Nop => return to.truncate(start + 1),
        _ => put_data(option, to),
    }
    // A longer one does not fit into any header.
    let len = (to.len() - start).min(u8::MAX.into()) as u8;
    if let Some(byte) = to.get_mut(start + 1) {
        *byte = len;
    }
}

fn kind_of(option: &TcpOption<'_>) -> Option<TcpOptionKind> {
    use TcpOptionKind as Kind;
    Some(match *option {
        TcpOption::EndOfOptions(_) => Kind::END_OF_OPTIONS,
        TcpOption::Nop => Kind::NOP,
        TcpOption::MaximumSegmentSize(_) => Kind::MAXIMUM_SEGMENT_SIZE,
        TcpOption::WindowScale(_) => Kind::WINDOW_SCALE,
        TcpOption::SackPermitted => Kind::SACK_PERMITTED,
        TcpOption::Sack(_) => Kind::SACK,
        TcpOption::Echo(_) => Kind::ECHO,
        TcpOption::EchoReply(_) => Kind::ECHO_REPLY,
        TcpOption::Timestamps { .. } => Kind::TIMESTAMPS,
        TcpOption::PartialOrderPermitted => Kind::PARTIAL_ORDER_PERMITTED,
        TcpOption::PartialOrderProfile(_) => Kind::PARTIAL_ORDER_PROFILE,
        TcpOption::ConnectionCount(_) => Kind::CC,
        TcpOption::ConnectionCountNew(_) => Kind::CC_NEW,
        TcpOption::ConnectionCountEcho(_) => Kind::CC_ECHO,
        TcpOption::AlternateChecksumRequest(_) => Kind::ALTERNATE_CHECKSUM_REQUEST,
        TcpOption::AlternateChecksum(_) => Kind::ALTERNATE_CHECKSUM_DATA,
        TcpOption::Md5Signature(_) => Kind::MD5_SIGNATURE,
        TcpOption::ScpsCapabilities { .. } => Kind::SCPS_CAPABILITIES,
        TcpOption::SelectiveNegativeAck { .. } => Kind::SELECTIVE_NEGATIVE_ACK,
        TcpOption::QuickStart { .. } => Kind::QUICK_START_RESPONSE,
        TcpOption::UserTimeout { .. } => Kind::USER_TIMEOUT,
        TcpOption::Authentication { .. } => Kind::AUTHENTICATION,
        TcpOption::Multipath { .. } => Kind::MULTIPATH,
        TcpOption::FastOpen(_) => Kind::FAST_OPEN_COOKIE,
        TcpOption::AccurateEcn { order_1: false, .. } => Kind::ACCURATE_ECN_0,
        TcpOption::AccurateEcn { order_1: true, .. } => Kind::ACCURATE_ECN_1,
        TcpOption::Experiment { kind, .. } | TcpOption::Unknown { kind, .. } => kind,
        _ => return None,
    })
}

fn malformed<'a>(option: &TcpOption<'a>) -> &'a [u8] {
    match *option {
        TcpOption::Malformed(bytes) => bytes,
        _ => &[],
    }
}

/// The data of an option. Reserved bits are 0.
fn put_data(option: &TcpOption<'_>, to: &mut Vec<u8>) {
    match *option {
        TcpOption::MaximumSegmentSize(size) => to.extend(size.to_be_bytes()),
        TcpOption::WindowScale(byte)
        | TcpOption::PartialOrderProfile(byte)
        | TcpOption::AlternateChecksumRequest(byte) => to.push(byte),
        TcpOption::Sack(blocks) => to.extend_from_slice(blocks.bytes()),
        TcpOption::Echo(number)
        | TcpOption::EchoReply(number)
        | TcpOption::ConnectionCount(number)
        | TcpOption::ConnectionCountNew(number)
        | TcpOption::ConnectionCountEcho(number) => to.extend(number.to_be_bytes()),
        TcpOption::Timestamps { value, echo } => {
            to.extend(value.to_be_bytes());
            to.extend(echo.to_be_bytes());
        }
        TcpOption::Md5Signature(digest) => to.extend_from_slice(digest),
        TcpOption::ScpsCapabilities { flags, id } => to.extend([flags, id]),
        TcpOption::SelectiveNegativeAck { offset, size } => {
            to.extend(offset.to_be_bytes());
            to.extend(size.to_be_bytes());
        }
        TcpOption::QuickStart { rate, ttl_diff, nonce } => {
            to.extend([rate & 0x0f, ttl_diff]);
            to.extend((nonce << 2).to_be_bytes());
        }
        TcpOption::UserTimeout { minutes, timeout } => {
            to.extend((u16::from(minutes) << 15 | timeout & 0x7fff).to_be_bytes());
        }
        TcpOption::Authentication { key, next_key, mac } => {
            to.extend([key, next_key]);
            to.extend_from_slice(mac);
        }
        TcpOption::Experiment { id, data, .. } => {
            to.extend(id.to_be_bytes());
            to.extend_from_slice(data);
        }
        TcpOption::AlternateChecksum(data)
        | TcpOption::Multipath { data, .. }
        | TcpOption::FastOpen(data)
        | TcpOption::AccurateEcn { counters: data, .. }
        | TcpOption::Unknown { data, .. } => to.extend_from_slice(data),
        _ => (),
    }
}

/// A SACK option with blocks of two sequence numbers each.
pub(super) fn put_sack(blocks: impl IntoIterator<Item = (u32, u32)>, to: &mut Vec<u8>) {
    let list: Vec<[u8; 8]> = blocks
        .into_iter()
        .map(|(left, right)| (u64::from(left) << 32 | u64::from(right)).to_be_bytes())
        .collect();
    put(&TcpOption::Sack(SackBlocks::new(&list)), to);
}

const NAMES: &str = "eol, nop, mss(SIZE), wscale(SHIFT), sackok, sack(LEFT, RIGHT, ...), timestamp(VALUE, ECHO), \
    echo(NUMBER), echo_reply(NUMBER), po_permitted, po_profile(FLAGS), cc(COUNT), cc_new(COUNT), cc_echo(COUNT), \
    alt_checksum_request(NUMBER), alt_checksum(BYTES), md5(BYTES), scps(FLAGS, ID), snack(OFFSET, SIZE), \
    quick_start(RATE, TTL_DIFF, NONCE), user_timeout(TIMEOUT, MINUTES), ao(KEY, NEXT_KEY, MAC), mptcp(BYTES), \
    fast_open(COOKIE), acc_ecn(ORDER, BYTES), exp(ID, BYTES), raw(KIND, BYTES)";

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
    let digest: [u8; 16];
    let option = match call.name() {
        "eol" => TcpOption::EndOfOptions(&[]),
        "nop" => TcpOption::Nop,
        "mss" => TcpOption::MaximumSegmentSize(call.next()?),
        "wscale" => TcpOption::WindowScale(call.next()?),
        "sackok" => TcpOption::SackPermitted,
        "sack" => {
            let numbers: Vec<u32> = call.rest()?;
            let (pairs, left) = numbers.as_chunks::<2>();
            if !left.is_empty() {
                return Err(FieldError::new(format!(
                    "sack needs two sequence numbers for each block, found {} in all",
                    numbers.len()
                )));
            }
            put_sack(pairs.iter().map(|[left, right]| (*left, *right)), list);
            return Ok(());
        }
        "timestamp" => TcpOption::Timestamps { value: call.next()?, echo: call.next_or(0)? },
        "echo" => TcpOption::Echo(call.next()?),
        "echo_reply" => TcpOption::EchoReply(call.next()?),
        "po_permitted" => TcpOption::PartialOrderPermitted,
        "po_profile" => TcpOption::PartialOrderProfile(call.next()?),
        "cc" => TcpOption::ConnectionCount(call.next()?),
        "cc_new" => TcpOption::ConnectionCountNew(call.next()?),
        "cc_echo" => TcpOption::ConnectionCountEcho(call.next()?),
        "alt_checksum_request" => TcpOption::AlternateChecksumRequest(call.next()?),
        "alt_checksum" => {
            bytes = call.next()?;
            TcpOption::AlternateChecksum(&bytes)
        }
        "md5" => {
            digest = call.next()?;
            TcpOption::Md5Signature(&digest)
        }
        "scps" => TcpOption::ScpsCapabilities { flags: call.next()?, id: call.next()? },
        "snack" => TcpOption::SelectiveNegativeAck { offset: call.next()?, size: call.next()? },
        "quick_start" => {
            TcpOption::QuickStart { rate: call.next()?, ttl_diff: call.next()?, nonce: call.next()? }
        }
        "user_timeout" => TcpOption::UserTimeout { timeout: call.next()?, minutes: call.next_or(false)? },
        "ao" => {
            let (key, next_key) = (call.next()?, call.next()?);
            bytes = call.next_or(Vec::new())?;
            TcpOption::Authentication { key, next_key, mac: &bytes }
        }
        "mptcp" => {
            bytes = call.next()?;
            let subtype = MptcpSubtype(bytes.first().map_or(0, |byte| byte >> 4));
            TcpOption::Multipath { subtype, data: &bytes }
        }
        "fast_open" => {
            bytes = call.next_or(Vec::new())?;
            TcpOption::FastOpen(&bytes)
        }
        "acc_ecn" => {
            let order_1 = call.next()?;
            bytes = call.next_or(Vec::new())?;
            TcpOption::AccurateEcn { order_1, counters: &bytes }
        }
        "exp" => {
            let id = call.next()?;
            bytes = call.next_or(Vec::new())?;
            TcpOption::Experiment { kind: TcpOptionKind::EXPERIMENT_2, id, data: &bytes }
        }
        "raw" => {
            let kind = TcpOptionKind(call.next()?);
            bytes = call.next_or(Vec::new())?;
            TcpOption::Unknown { kind, data: &bytes }
        }
        name => return Err(unknown("TCP", name, NAMES)),
    };
    call.end(())?;
    put(&option, list);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{bytes, call, word};
    use pycap_wire::TcpOptions;

    fn encoded(all: &[u8]) -> Vec<u8> {
        let mut list = Vec::new();
        TcpOptions::new(all).for_each(|option| put(&option, &mut list));
        list
    }

    #[test]
    fn parsed_options_have_their_bytes() {
        for hex in [
            "020405b4 01 030307 0402 080a0000000100000002 050a 000003e8 000007d0 00 0102",
            "0606 00000001 0706 00000002 0902 0a0380 0b06 00000003 0c06 00000004 0d06 00000005 0e0301 0f04 aabb",
            "1312 000102030405060708090a0b0c0d0e0f 1404 8001 1506 00010002 1b08 0340 00000008 1c04 8005 1d06 0102 aabb",
            "1e04 2001 2202 220a 0102030405060708 ac05 000001 ae08 000001000002 fd04 1234 fe06 abcd 0102 2002 4505 010203",
            "0203 01 0508 0000 0000 0000 020405",
            "0801",
            "05",
        ] {
            assert_eq!(encoded(&bytes(hex)), bytes(hex), "{hex}");
        }
    }

    /// The bytes that scapy makes of `[('MSS', 1460), ('NOP', None), ('WScale', 7), ('SAckOK', b''), ('Timestamp', (1, 2)),
    /// ('SAck', (1000, 2000)), ('EOL', None)]`.
    #[test]
    fn lists_of_options() {
        let list = FieldValue::List(vec![
            call("mss", &["1460"]),
            word("nop"),
            call("wscale", &["7"]),
            word("sackok"),
            call("timestamp", &["1", "2"]),
            call("sack", &["1000", "2000"]),
            word("eol"),
        ]);
        let expected = "020405b4 01 030307 0402 080a 00000001 00000002 050a 000003e8 000007d0 00";
        assert_eq!(from_value(&list).unwrap(), bytes(expected));
        let raw = FieldValue::List(vec![call("raw", &["254", "\"ab\""]), FieldValue::Bytes(vec![1, 1])]);
        assert_eq!(from_value(&raw).unwrap(), bytes("fe04 6162 0101"));
        let error = |value: FieldValue| from_value(&value).unwrap_err().to_string();
        assert_eq!(
            error(call("sack", &["1"])),
            "sack needs two sequence numbers for each block, found 1 in all"
        );
        assert_eq!(error(call("mss", &["70000"])), "argument 1 of mss: 70000 is more than 65535");
        assert_eq!(error(word("mss")), "mss needs at least 1 arguments, found 0");
        assert!(
            error(word("scale")).starts_with("no TCP option is named scale; there are eol, nop, mss(SIZE)")
        );
        assert_eq!(error(FieldValue::Uint(1)), "needs options, or their bytes, found 1");
    }
}
