//! The one line that tcpdump prints for a TCP segment, options included.

use core::fmt::{self, Formatter, Result, Write};
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::transport::tcp::{Tcp, TcpFlags};
use crate::transport::tcp_option::{MptcpSubtype, TcpOption, TcpOptionKind, TcpOptions};

/// Writes the line; `seq_base` and `ack_base` are taken off the numbers (and `ack_base` off SACK blocks).
pub(crate) fn write(f: &mut Formatter<'_>, tcp: Tcp<'_>, seq_base: u32, ack_base: u32) -> Result {
    let (flags, header_len, length) = (tcp.flags(), tcp.header().header_len(), tcp.payload_len());
    let segment_len = tcp.segment_len();
    if tcp.defect().is_some() {
        let length = segment_len.saturating_sub(header_len);
        return write!(f, " tcp {length} [bad hdr length {header_len} - too short, < 20]");
    }
    write!(f, "Flags [{}]", Letters(flags))?;
    if header_len > segment_len || tcp.options_cut() {
        return write!(f, " [bad hdr length {header_len} - too long, > {}]", segment_len);
    }
    if length > 0 || flags.0 & (TcpFlags::SYN | TcpFlags::FIN | TcpFlags::RST).0 != 0 {
        let seq = tcp.seq().wrapping_sub(seq_base);
        write!(f, ", seq {seq}")?;
        if length > 0 {
            write!(f, ":{}", seq.wrapping_add(length as u32))?;
        }
    }
    if flags.contains(TcpFlags::ACK) {
        write!(f, ", ack {}", tcp.ack().wrapping_sub(ack_base))?;
    }
    write!(f, ", win {}", tcp.window())?;
    if flags.contains(TcpFlags::URG) {
        write!(f, ", urg {}", tcp.urgent())?;
    }
    if header_len > tcp.header_len() || !tcp.options_bytes().is_empty() {
        f.write_str(", options [")?;
        match write_options(f, tcp, ack_base)? {
            End::Whole => f.write_str("]")?,
            End::Bad { comma } => return f.write_str(if comma { "[bad opt]]" } else { "[bad opt]" }),
            End::Cut { comma } => return f.write_str(if comma { " [|tcp]>" } else { " [|tcp]" }),
        }
    }
    write!(f, ", length {length}")
}

/// The flags as letters, lowest bit first; tcpdump 4.99 shows the low eight only.
struct Letters(TcpFlags);

impl fmt::Display for Letters {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let flags = self.0.0;
        if flags & 0xff == 0 {
            return f.write_str("none");
        }
        let set = |&(bit, _): &(usize, char)| flags >> bit & 1 != 0;
        "FSRP.UEW".chars().enumerate().filter(set).try_for_each(|(_, letter)| f.write_char(letter))
    }
}

/// How the list of options ends.
enum End {
    Whole,
    Bad { comma: bool },
    Cut { comma: bool },
}

fn write_options(
    f: &mut Formatter<'_>,
    tcp: Tcp<'_>,
    ack_base: u32,
) -> core::result::Result<End, fmt::Error> {
    let cut = tcp.header().header_len() > tcp.header_len();
    let mut walk = TcpOptions::new(tcp.options_bytes());
    let mut comma = false;
    loop {
        let here = walk.rest();
        let (Some(option), Some(&kind)) = (walk.next(), here.first()) else { break };
        if comma {
            f.write_char(',')?;
        }
        let whole = match option {
            TcpOption::EndOfOptions(_) => {
                f.write_str("eol")?;
                return Ok(End::Whole);
            }
            TcpOption::Nop => {
                f.write_str("nop")?;
                true
            }
            TcpOption::Malformed(_) if cut => return write_cut_option(f, here, comma),
            TcpOption::Malformed(_) => false,
            _ => {
                let used = here.len() - walk.rest().len();
                write_option(f, TcpOptionKind(kind), here.get(2..used).unwrap_or_default(), tcp, ack_base)?
            }
        };
        if !whole {
            return Ok(End::Bad { comma });
        }
        comma = true;
    }
    if cut && comma {
        f.write_char(',')?;
    }
    Ok(if cut { End::Cut { comma: false } } else { End::Whole })
}

/// tcpdump's name of an option.
fn name(kind: TcpOptionKind) -> Option<&'static str> {
    use TcpOptionKind as Kind;
    Some(match kind {
        Kind::MAXIMUM_SEGMENT_SIZE => "mss",
        Kind::WINDOW_SCALE => "wscale",
        Kind::SACK_PERMITTED => "sackOK",
        Kind::SACK => "sack",
        Kind::ECHO => "echo",
        Kind::ECHO_REPLY => "echoreply",
        Kind::TIMESTAMPS => "TS",
        Kind::CC => "cc",
        Kind::CC_NEW => "ccnew",
        Kind::CC_ECHO => "",
        Kind::MD5_SIGNATURE => "md5",
        Kind::SCPS_CAPABILITIES => "scps",
        Kind::USER_TIMEOUT => "uto",
        Kind::AUTHENTICATION => "tcp-ao",
        Kind::MULTIPATH => "mptcp",
        Kind::FAST_OPEN_COOKIE => "tfo",
        Kind::EXPERIMENT_2 => "exp",
        _ => return None,
    })
}

/// Writes what is captured of an option that the capture cuts.
fn write_cut_option(
    f: &mut Formatter<'_>,
    captured: &[u8],
    comma: bool,
) -> core::result::Result<End, fmt::Error> {
    let &[kind, length, ref data @ ..] = captured else { return Ok(End::Cut { comma: false }) };
    if length < 2 {
        return Ok(End::Bad { comma });
    }
    match name(TcpOptionKind(kind)) {
        Some(name) => f.write_str(name)?,
        None if data.is_empty() => write!(f, "unknown-{kind}")?,
        None => write!(f, "unknown-{kind} 0x{}", Hex(data))?,
    }
    Ok(End::Cut { comma })
}

/// Writes one option that has a length; `false` where tcpdump calls it bad.
fn write_option(
    f: &mut Formatter<'_>,
    kind: TcpOptionKind,
    data: &[u8],
    tcp: Tcp<'_>,
    sack_base: u32,
) -> core::result::Result<bool, fmt::Error> {
    use TcpOptionKind as Kind;
    let Some(name) = name(kind) else {
        write!(f, "unknown-{}", kind.0)?;
        if !data.is_empty() {
            write!(f, " 0x{}", Hex(data))?;
        }
        return Ok(true);
    };
    f.write_str(name)?;
    let more = match (kind, data) {
        (Kind::SACK_PERMITTED, more) => more,
        (Kind::MAXIMUM_SEGMENT_SIZE, &[a, b, ref more @ ..]) => {
            write!(f, " {}", u16::from_be_bytes([a, b]))?;
            more
        }
        (Kind::WINDOW_SCALE, &[shift, ref more @ ..]) => {
            write!(f, " {shift}")?;
            more
        }
        (Kind::SACK, data) => {
            match data.as_chunks::<8>() {
                (blocks, []) => {
                    write!(f, " {} ", blocks.len())?;
                    for &[a, b, c, d, e, g, h, i] in blocks {
                        let left = u32::from_be_bytes([a, b, c, d]).wrapping_sub(sack_base);
                        let right = u32::from_be_bytes([e, g, h, i]).wrapping_sub(sack_base);
                        write!(f, "{{{left}:{right}}}")?;
                    }
                }
                _ => f.write_str(" invalid sack")?,
            }
            &[]
        }
        (
            Kind::ECHO | Kind::ECHO_REPLY | Kind::CC | Kind::CC_NEW | Kind::CC_ECHO,
            &[a, b, c, d, ref more @ ..],
        ) => {
            write!(f, " {}", u32::from_be_bytes([a, b, c, d]))?;
            more
        }
        (Kind::TIMESTAMPS, &[a, b, c, d, e, g, h, i, ref more @ ..]) => {
            let (value, echo) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, g, h, i]));
            write!(f, " val {value} ecr {echo}")?;
            more
        }
        (Kind::MD5_SIGNATURE, data) => match data.split_first_chunk::<16>() {
            Some((digest, more)) => {
                let why = if tcp.missing() > 0 {
                    "snaplen too short"
                } else {
                    "shared secret not supplied with -M"
                };
                write!(f, " {why}, can't check - {}", Hex(digest))?;
                more
            }
            None => return Ok(false),
        },
        (Kind::SCPS_CAPABILITIES, &[capabilities, id, ref more @ ..]) => {
            write!(f, " cap {capabilities:02x} id {id}")?;
            more
        }
        (Kind::USER_TIMEOUT, &[a, b, ref more @ ..]) => {
            // tcpdump takes the lowest bit for the unit of minutes, which RFC 5482 has in the highest.
            let word = u16::from_be_bytes([a, b]);
            let seconds = u32::from(word >> 1) * if word & 1 != 0 { 60 } else { 1 };
            write!(f, " 0x{word:x} {seconds}")?;
            more
        }
        (Kind::AUTHENTICATION, data) => {
            match data {
                [key, next_key, mac @ ..] => {
                    write!(f, " keyid {key} rnextkeyid {next_key}")?;
                    if !mac.is_empty() {
                        write!(f, " mac 0x{}", Hex(mac))?;
                    }
                }
                _ => f.write_str(" (invalid)")?,
            }
            &[]
        }
        (Kind::MULTIPATH, data) => return write_multipath(f, data, tcp.flags()),
        (Kind::FAST_OPEN_COOKIE, data) => {
            f.write_char(' ')?;
            write_cookie(f, data)?;
            &[]
        }
        (Kind::EXPERIMENT_2, &[0xf9, 0x89, ref cookie @ ..]) => {
            f.write_str("-tfo")?;
            write_cookie(f, cookie)?;
            &[]
        }
        (Kind::EXPERIMENT_2, &[a, b, ..]) => {
            write!(f, "-{:04x}", u16::from_be_bytes([a, b]))?;
            &[]
        }
        (Kind::EXPERIMENT_2, _) => return Ok(false),
        // Too short for its kind: tcpdump reads on into the next option, and mostly runs out of bytes.
        _ => return Ok(false),
    };
    if !more.is_empty() {
        write!(f, "[len {}]", data.len() + 2)?;
    }
    Ok(true)
}

fn write_cookie(f: &mut Formatter<'_>, cookie: &[u8]) -> Result {
    match cookie.len() {
        0 => f.write_str(" cookiereq"),
        4..=16 if cookie.len().is_multiple_of(2) => write!(f, " cookie {}", Hex(cookie)),
        _ => f.write_str(" (invalid)"),
    }
}

/// Writes the data of a Multipath TCP option from its subtype on; `false` where tcpdump calls it bad.
fn write_multipath(
    f: &mut Formatter<'_>,
    data: &[u8],
    flags: TcpFlags,
) -> core::result::Result<bool, fmt::Error> {
    let (syn, ack) = (flags.contains(TcpFlags::SYN), flags.contains(TcpFlags::ACK));
    let Some((&first, rest)) = data.split_first() else { return Ok(false) };
    let (subtype, low) = (MptcpSubtype(first >> 4), first & 0x0f);
    write!(f, " {} ", data.len() + 2)?;
    match subtype {
        MptcpSubtype::MP_CAPABLE => {
            f.write_str("capable")?;
            let [flag, keys @ ..] = rest else { return Ok(false) };
            let fits = match (low, keys.len()) {
                (0, 8) | (1, 0) => syn,
                (0, 16) => ack && !syn,
                (1, 8) => syn && ack,
                (1, 16 | 18 | 20) => ack && !syn,
                _ => false,
            };
            if !fits {
                return Ok(false);
            }
            write!(f, " v{low}")?;
            if flag & 0x80 != 0 {
                f.write_str(" csum")?;
            }
            let (keys, tail) = keys.as_chunks::<8>();
            match *keys {
                [] => (),
                [sender] => write!(f, " {{0x{:x}}}", u64::from_be_bytes(sender))?,
                [sender, receiver, ..] => {
                    write!(
                        f,
                        " {{0x{:x},0x{:x}}}",
                        u64::from_be_bytes(sender),
                        u64::from_be_bytes(receiver)
                    )?;
                }
            }
            // tcpdump shows the data length and checksum of version 1 under no name.
            let _ = tail;
            Ok(true)
        }
        MptcpSubtype::MP_JOIN => {
            f.write_str("join")?;
            let [address, rest @ ..] = rest else { return Ok(false) };
            let fits = match rest.len() {
                8 => syn,
                12 => syn && ack,
                20 => ack,
                _ => false,
            };
            if !fits {
                return Ok(false);
            }
            if rest.len() != 20 {
                if low & 1 != 0 {
                    f.write_str(" backup")?;
                }
                write!(f, " id {address}")?;
            }
            match rest.len() {
                8 => {
                    let (token, nonce) = rest.split_at(4);
                    write!(f, " token 0x{:x} nonce 0x{:x}", number(token), number(nonce))?;
                }
                12 => {
                    let (mac, nonce) = rest.split_at(8);
                    write!(f, " hmac 0x{:x} nonce 0x{:x}", number(mac), number(nonce))?;
                }
                _ => write!(f, " hmac 0x{}", Hex(rest))?,
            }
            Ok(true)
        }
        MptcpSubtype::DSS => {
            f.write_str("dss")?;
            match rest {
                [flag, rest @ ..] if !syn => write_data_sequence(f, *flag, rest),
                _ => Ok(false),
            }
        }
        MptcpSubtype::ADD_ADDR => {
            f.write_str("add-addr")?;
            write_added_address(f, low, rest)
        }
        MptcpSubtype::REMOVE_ADDR => {
            f.write_str("rem-addr")?;
            if rest.is_empty() {
                return Ok(false);
            }
            f.write_str(" id")?;
            rest.iter().try_for_each(|id| write!(f, " {id}"))?;
            Ok(true)
        }
        MptcpSubtype::MP_PRIO => {
            f.write_str("prio")?;
            if rest.len() > 1 {
                return Ok(false);
            }
            f.write_str(if low & 1 != 0 { " backup" } else { " non-backup" })?;
            if let [id] = rest {
                write!(f, " id {id}")?;
            }
            Ok(true)
        }
        MptcpSubtype::MP_FAIL => match rest {
            [_, seq @ ..] if seq.len() == 8 => {
                write!(f, "fail seq {}", number(seq))?;
                Ok(true)
            }
            _ => {
                f.write_str("fail")?;
                Ok(false)
            }
        },
        MptcpSubtype::MP_FASTCLOSE => match rest {
            [_, key @ ..] if key.len() == 8 => {
                write!(f, "fast-close key 0x{:x}", number(key))?;
                Ok(true)
            }
            _ => {
                f.write_str("fast-close")?;
                Ok(false)
            }
        },
        _ => {
            f.write_str("unknown")?;
            Ok(true)
        }
    }
}

/// The data sequence signal (RFC 8684, 3.3): acknowledgment and mapping, each where its flag is set.
fn write_data_sequence(
    f: &mut Formatter<'_>,
    flag: u8,
    data: &[u8],
) -> core::result::Result<bool, fmt::Error> {
    let mut rest = data;
    let mut take = |wide: bool| {
        let (value, after) = rest.split_at_checked(if wide { 8 } else { 4 })?;
        rest = after;
        Some(number(value))
    };
    if flag & 0x10 != 0 {
        f.write_str(" fin")?;
    }
    if flag & 0x01 != 0 {
        f.write_str(" ack ")?;
        let Some(ack) = take(flag & 0x02 != 0) else { return Ok(false) };
        write!(f, "{ack}")?;
    }
    if flag & 0x04 != 0 {
        f.write_str(" seq ")?;
        let Some(seq) = take(flag & 0x08 != 0) else { return Ok(false) };
        write!(f, "{seq}")?;
        let Some(subflow) = take(false) else { return Ok(false) };
        write!(f, " subseq {subflow}")?;
        let Some((length, after)) = rest.split_at_checked(2) else { return Ok(false) };
        rest = after;
        write!(f, " len {}", number(length))?;
        if let Some((checksum, after)) = rest.split_at_checked(2) {
            rest = after;
            write!(f, " csum 0x{:x}", number(checksum))?;
        }
    }
    Ok(rest.is_empty())
}

/// An address that the sender adds: version 0 says its family in the low bits (RFC 6824), version 1 (RFC 8684)
/// says there whether it is an echo, and has a hash where it is not.
fn write_added_address(
    f: &mut Formatter<'_>,
    low: u8,
    data: &[u8],
) -> core::result::Result<bool, fmt::Error> {
    let Some((&id, rest)) = data.split_first() else { return Ok(false) };
    let (form, long) = match (low, rest.len()) {
        (4, 4 | 6) => (" v0-ip4", false),
        (6, 16 | 18) => (" v0-ip6", true),
        (0, 12 | 14) => (" v1", false),
        (0, 24 | 26) => (" v1", true),
        (1, 4 | 6 | 12 | 14) => (" v1-echo", false),
        (1, 16 | 18 | 24 | 26) => (" v1-echo", true),
        _ => return Ok(false),
    };
    write!(f, "{form} id {id} ")?;
    let rest = if long {
        let Some((address, rest)) = rest.split_first_chunk::<16>() else { return Ok(false) };
        write!(f, "{}", Ipv6Addr::from(*address))?;
        rest
    } else {
        let Some((address, rest)) = rest.split_first_chunk::<4>() else { return Ok(false) };
        write!(f, "{}", Ipv4Addr::from(*address))?;
        rest
    };
    let (port, hash) = rest.split_at(if rest.len() % 8 == 2 { 2 } else { 0 });
    if !port.is_empty() {
        write!(f, ":{}", number(port))?;
    }
    if !hash.is_empty() {
        write!(f, " hmac 0x{:x}", number(hash))?;
    }
    Ok(true)
}

/// A big-endian number of up to eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;
    use std::vec::Vec;

    use super::*;

    /// A segment from port 1000 to 2000 with seq 100, ack 200, window 512, urgent 7, and these options.
    fn summary(flags: u8, options: &[u8], payload: &[u8]) -> std::string::String {
        let offset = ((5 + options.len() / 4) << 4) as u8;
        let mut bytes =
            Vec::from([3, 232, 7, 208, 0, 0, 0, 100, 0, 0, 0, 200, offset, flags, 2, 0, 0, 0, 0, 7]);
        bytes.extend_from_slice(options);
        bytes.extend_from_slice(payload);
        Tcp::parse(&bytes).unwrap().summary().to_string()
    }

    #[test]
    fn numbers_and_flags_are_tcpdumps() {
        assert_eq!(summary(0, &[], &[]), "Flags [none], win 512, length 0");
        assert_eq!(summary(0x10, &[], &[]), "Flags [.], ack 200, win 512, length 0");
        assert_eq!(summary(0x12, &[], &[]), "Flags [S.], seq 100, ack 200, win 512, length 0");
        assert_eq!(summary(0x18, &[], b"abcdef"), "Flags [P.], seq 100:106, ack 200, win 512, length 6");
        assert_eq!(summary(0xff, &[], &[]), "Flags [FSRP.UEW], seq 100, ack 200, win 512, urg 7, length 0");
    }

    #[test]
    fn relative_numbers_wrap() {
        let bytes = [3, 232, 7, 208, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 2, 0, 0, 0, 0, 0, b'x'];
        let tcp = Tcp::parse(&bytes).unwrap();
        assert_eq!(
            tcp.summary_relative(u32::MAX, 1).to_string(),
            "Flags [P.], seq 2:3, ack 1, win 512, length 1"
        );
    }

    #[test]
    fn options_are_tcpdumps() {
        // What tcpdump 4.99.3 prints between the brackets for these bytes.
        let cases: [(&[u8], &str); 16] = [
            (
                &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7],
                "mss 1460,sackOK,TS val 1 ecr 2,nop,wscale 7",
            ),
            (&[6, 6, 0, 0, 0, 1, 1, 1], "echo 1,nop,nop"),
            (&[9, 2, 1, 1], "unknown-9,nop,nop"),
            (&[10, 3, 0x80, 1], "unknown-10 0x80,nop"),
            (&[13, 6, 0, 0, 0, 1, 1, 1], " 1,nop,nop"),
            (&[20, 4, 0x11, 0x22], "scps cap 11 id 34"),
            (&[28, 4, 0x80, 0x11], "uto 0x8011 983520"),
            (&[29, 8, 1, 2, b'a', b'b', b'c', b'd'], "tcp-ao keyid 1 rnextkeyid 2 mac 0x61626364"),
            (&[34, 2, 1, 1], "tfo  cookiereq,nop,nop"),
            (&[34, 6, b'a', b'b', b'c', b'd', 1, 1], "tfo  cookie 61626364,nop,nop"),
            (&[254, 4, 0xf9, 0x89], "exp-tfo cookiereq"),
            (&[254, 6, 0x12, 0x34, 9, 9, 1, 1], "exp-1234,nop,nop"),
            (&[5, 10, 0, 0, 0, 1, 0, 0, 0, 9, 1, 1], "sack 1 {1:9},nop,nop"),
            (&[0, 1, 1, 1], "eol"),
            (&[30, 3, 0x50, 1], "mptcp 3 prio non-backup,nop"),
            (&[30, 8, 0x34, 1, 10, 0, 0, 1], "mptcp 8 add-addr v0-ip4 id 1 10.0.0.1"),
        ];
        for (options, text) in cases {
            let line = summary(0x10, options, &[]);
            assert_eq!(line, std::format!("Flags [.], ack 200, win 512, options [{text}], length 0"));
        }
    }

    #[test]
    fn multipath_depends_on_the_flags() {
        let capable = [&[30, 12, 0, 0x81][..], &[b'k'; 8]].concat();
        assert!(summary(2, &capable, &[]).contains("[mptcp 12 capable v0 csum {0x6b6b6b6b6b6b6b6b}]"));
        assert!(summary(0x10, &capable, &[]).ends_with("[mptcp 12 capable[bad opt]"));
        let dss = [30, 20, 0x20, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 4, 0, 5];
        assert!(summary(0x10, &dss, &[]).contains("[mptcp 20 dss ack 1 seq 2 subseq 3 len 4 csum 0x5]"));
        let join = [30, 16, 0x11, 1, 0x74, 0x74, 0x74, 0x74, 0x74, 0x74, 0x74, 0x74, 0, 0, 0, 9];
        assert!(summary(0x12, &join, &[]).contains("join backup id 1 hmac 0x7474747474747474 nonce 0x9]"));
    }

    #[test]
    fn headers_at_odds_are_told() {
        let short = [3, 232, 7, 208, 0, 0, 0, 100, 0, 0, 0, 200, 0x40, 0x10, 2, 0, 0, 0, 0, 7];
        assert_eq!(
            Tcp::parse(&short).unwrap().summary().to_string(),
            " tcp 4 [bad hdr length 16 - too short, < 20]"
        );
        let long = [3, 232, 7, 208, 0, 0, 0, 100, 0, 0, 0, 200, 0x60, 0x10, 2, 0, 0, 0, 0, 7];
        let tcp = Tcp::parse(&long).unwrap();
        assert_eq!(tcp.summary().to_string(), "Flags [.] [bad hdr length 24 - too long, > 20]");
        assert_eq!(
            tcp.with_missing(7).summary().to_string(),
            "Flags [.], seq 100:103, ack 200, win 512, options [ [|tcp]"
        );
        assert!(summary(0x10, &[2, 40, 0, 0], &[]).ends_with("options [[bad opt]"));
        assert!(summary(0x10, &[1, 2, 1, 0], &[]).ends_with("options [nop,[bad opt]]"));
    }
}
