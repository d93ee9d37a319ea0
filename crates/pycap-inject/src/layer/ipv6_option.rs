//! IPv6 options as bytes, and the two headers that carry them.

use pycap_wire::{Ipv6Option, Ipv6OptionType, Ipv6OptionsHeader};

use super::option_list::{Arguments, each_option, unknown};
use crate::{BuildError, FieldError, FieldValue, PacketBuf};

/// The greatest length of a header that counts in units of 8 bytes.
pub(super) const MAX_HEADER: usize = 2048;

/// The options of a header, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OptionList {
    pub(super) bytes: Vec<u8>,
    /// The length of the longest option's data, where it is more than an option can say.
    too_long: usize,
}

impl OptionList {
    pub(super) const EMPTY: Self = Self { bytes: Vec::new(), too_long: 0 };

    /// Adds an option where it may stand: behind as much padding as that takes (RFC 8200, 4.2).
    pub(super) fn add(&mut self, option: &Ipv6Option<'_>) {
        let (kind, start) = (kind_of(option), self.bytes.len());
        let (unit, at) = alignment(kind);
        let position = Ipv6OptionsHeader::LEN + start;
        let padding = (unit + at - position % unit) % unit;
        self.bytes.resize(start + padding, 0);
        pad(self.bytes.get_mut(start..).unwrap_or_default());
        match option {
            Ipv6Option::Pad1 => self.bytes.push(kind.0),
            Ipv6Option::Malformed(bytes) => self.bytes.extend_from_slice(bytes),
            option => {
                let before = self.bytes.len();
                self.bytes.extend([kind.0, 0]);
                put_data(option, &mut self.bytes);
                let len = self.bytes.len() - before - 2;
                if len > usize::from(u8::MAX) {
                    self.too_long = self.too_long.max(len);
                }
                if let Some(byte) = self.bytes.get_mut(before + 1) {
                    *byte = len as u8;
                }
            }
        }
    }

    /// Writes an options header in front of the payload, padded to whole units of 8 bytes unless its length is set.
    pub(super) fn prepend(
        &self,
        layer: &'static str,
        mut header: Ipv6OptionsHeader,
        exact_len: bool,
        buf: &mut PacketBuf,
    ) -> Result<(), BuildError> {
        if self.too_long > 0 {
            return Err(BuildError::too_long(layer, "length of an option", self.too_long, u8::MAX.into()));
        }
        if !exact_len {
            let len = Ipv6OptionsHeader::LEN + self.bytes.len();
            header.set_header_len(pad_header(layer, len, buf)?);
        }
        buf.prepend(&self.bytes)?;
        buf.prepend_array(header.as_array())
    }
}

/// Pads a header of `len` bytes to whole units of 8 bytes, which it returns the number of bytes of.
pub(super) fn pad_header(layer: &'static str, len: usize, buf: &mut PacketBuf) -> Result<usize, BuildError> {
    let whole = len.next_multiple_of(8);
    if whole > MAX_HEADER {
        return Err(BuildError::too_long(layer, "room of the header", whole, MAX_HEADER));
    }
    pad(buf.room(whole - len)?);
    Ok(whole)
}

/// Makes bytes padding: Pad1 where it is one, else PadN.
pub(super) fn pad(room: &mut [u8]) {
    room.fill(0);
    if let Some(([kind, len], data)) = room.split_first_chunk_mut::<2>() {
        (*kind, *len) = (Ipv6OptionType::PAD_N.0, data.len() as u8);
    }
}

/// Where an option of a type has to start, counted from the start of the header: at multiples of the first number plus the
/// second (RFC 2711, RFC 2675, RFC 6275, RFC 5570, RFC 6553).
fn alignment(kind: Ipv6OptionType) -> (usize, usize) {
    match kind {
        Ipv6OptionType::ROUTER_ALERT | Ipv6OptionType::RPL | Ipv6OptionType::RPL_OLD => (2, 0),
        Ipv6OptionType::JUMBO_PAYLOAD | Ipv6OptionType::CALIPSO => (4, 2),
        Ipv6OptionType::HOME_ADDRESS => (8, 6),
        _ => (1, 0),
    }
}

/// The type of an option; of two types for one thing the one that is in use (RFC 9008), or whose data may not change.
fn kind_of(option: &Ipv6Option<'_>) -> Ipv6OptionType {
    match *option {
        Ipv6Option::Pad1 => Ipv6OptionType::PAD1,
        Ipv6Option::PadN(_) => Ipv6OptionType::PAD_N,
        Ipv6Option::RouterAlert(_) => Ipv6OptionType::ROUTER_ALERT,
        Ipv6Option::JumboPayload(_) => Ipv6OptionType::JUMBO_PAYLOAD,
        Ipv6Option::TunnelEncapsulationLimit(_) => Ipv6OptionType::TUNNEL_ENCAPSULATION_LIMIT,
        Ipv6Option::HomeAddress(_) => Ipv6OptionType::HOME_ADDRESS,
        Ipv6Option::Calipso { .. } => Ipv6OptionType::CALIPSO,
        Ipv6Option::QuickStart { .. } => Ipv6OptionType::QUICK_START,
        Ipv6Option::Rpl { .. } => Ipv6OptionType::RPL,
        Ipv6Option::Mpl { .. } => Ipv6OptionType::MPL,
        Ipv6Option::Ioam { .. } => Ipv6OptionType::IOAM,
        Ipv6Option::Pdm { .. } => Ipv6OptionType::PDM,
        Ipv6Option::AltMark { .. } => Ipv6OptionType::ALT_MARK,
        Ipv6Option::MinPathMtu { .. } => Ipv6OptionType::MIN_PATH_MTU,
        Ipv6Option::IlnpNonce(_) => Ipv6OptionType::ILNP_NONCE,
        Ipv6Option::LineIdentification(_) => Ipv6OptionType::LINE_IDENTIFICATION,
        Ipv6Option::Dff { .. } => Ipv6OptionType::DFF,
        Ipv6Option::Unknown { kind, .. } => kind,
        // Its bytes begin with its type, and it stands where it stands.
        _ => Ipv6OptionType::PAD1,
    }
}

/// The data of an option. Reserved bits are 0.
fn put_data(option: &Ipv6Option<'_>, to: &mut Vec<u8>) {
    match *option {
        Ipv6Option::RouterAlert(value) => to.extend(value.to_be_bytes()),
        Ipv6Option::JumboPayload(len) => to.extend(len.to_be_bytes()),
        Ipv6Option::TunnelEncapsulationLimit(limit) => to.push(limit),
        Ipv6Option::HomeAddress(address) => to.extend(address.octets()),
        Ipv6Option::Calipso { domain, level, checksum, compartments } => {
            to.extend(domain.to_be_bytes());
            to.extend([(compartments.len() / 4) as u8, level]);
            to.extend(checksum.to_be_bytes());
            to.extend_from_slice(compartments);
        }
        Ipv6Option::QuickStart { function, rate, ttl, nonce } => {
            to.extend([function << 4 | rate & 0x0f, ttl]);
            to.extend((nonce << 2).to_be_bytes());
        }
        Ipv6Option::Rpl { flags, instance, sender_rank, tlvs } => {
            to.extend([flags, instance]);
            to.extend(sender_rank.to_be_bytes());
            to.extend_from_slice(tlvs);
        }
        Ipv6Option::Mpl { flags, sequence, seed } => {
            to.extend([flags, sequence]);
            to.extend_from_slice(seed);
        }
        Ipv6Option::Ioam { option_type, data } => {
            to.extend([0, option_type]);
            to.extend_from_slice(data);
        }
        Ipv6Option::Pdm {
            scale_received,
            scale_sent,
            this_packet,
            last_received,
            delta_received,
            delta_sent,
        } => {
            to.extend([scale_received, scale_sent]);
            for number in [this_packet, last_received, delta_received, delta_sent] {
                to.extend(number.to_be_bytes());
            }
        }
        Ipv6Option::AltMark { flow, loss, delay } => {
            to.extend((flow << 12 | u32::from(loss) << 11 | u32::from(delay) << 10).to_be_bytes());
        }
        Ipv6Option::MinPathMtu { min, returned } => {
            to.extend(min.to_be_bytes());
            to.extend(returned.to_be_bytes());
        }
        Ipv6Option::LineIdentification(line) => {
            to.push(line.len() as u8);
            to.extend_from_slice(line);
        }
        Ipv6Option::Dff { flags, sequence } => {
            to.push(flags);
            to.extend(sequence.to_be_bytes());
        }
        Ipv6Option::PadN(data) | Ipv6Option::IlnpNonce(data) | Ipv6Option::Unknown { data, .. } => {
            to.extend_from_slice(data);
        }
        _ => (),
    }
}

const NAMES: &str = "pad1, padn(LENGTH), router_alert(VALUE), jumbo(LENGTH), tunnel_limit(LIMIT), home_address(ADDRESS), \
    calipso(DOMAIN, LEVEL, CHECKSUM, COMPARTMENTS), quick_start(FUNCTION, RATE, TTL, NONCE), \
    rpl(FLAGS, INSTANCE, RANK, TLVS), mpl(FLAGS, SEQUENCE, SEED), ioam(TYPE, DATA), \
    pdm(SCALE, SCALE, PACKET, PACKET, DELTA, DELTA), alt_mark(FLOW, LOSS, DELAY), min_path_mtu(MTU, RETURNED), \
    ilnp_nonce(BYTES), line_id(BYTES), dff(FLAGS, SEQUENCE), raw(TYPE, BYTES)";

/// Options as a field has them: bytes, or a list.
pub(super) fn from_value(value: &FieldValue) -> Result<OptionList, FieldError> {
    let mut list = OptionList::EMPTY;
    each_option(value, |option| match option {
        Ok(bytes) => {
            list.bytes.extend_from_slice(bytes);
            Ok(())
        }
        Err(call) => add_named(&mut list, call),
    })?;
    match list.too_long {
        0 => Ok(list),
        len => Err(FieldError::new(format!("an option has at most 255 bytes of data, found {len}"))),
    }
}

fn add_named(list: &mut OptionList, mut call: Arguments<'_>) -> Result<(), FieldError> {
    let bytes: Vec<u8>;
    let option = match call.name() {
        "pad1" => Ipv6Option::Pad1,
        "padn" => {
            bytes = vec![0; call.next::<u8>()?.into()];
            Ipv6Option::PadN(&bytes)
        }
        "router_alert" => Ipv6Option::RouterAlert(call.next_or(0)?),
        "jumbo" => Ipv6Option::JumboPayload(call.next()?),
        "tunnel_limit" => Ipv6Option::TunnelEncapsulationLimit(call.next()?),
        "home_address" => Ipv6Option::HomeAddress(call.next()?),
        "calipso" => {
            let (domain, level, checksum) = (call.next()?, call.next()?, call.next()?);
            bytes = call.next_or(Vec::new())?;
            Ipv6Option::Calipso { domain, level, checksum, compartments: &bytes }
        }
        "quick_start" => Ipv6Option::QuickStart {
            function: call.next()?,
            rate: call.next()?,
            ttl: call.next()?,
            nonce: call.next()?,
        },
        "rpl" => {
            let (flags, instance, sender_rank) = (call.next()?, call.next()?, call.next()?);
            bytes = call.next_or(Vec::new())?;
            Ipv6Option::Rpl { flags, instance, sender_rank, tlvs: &bytes }
        }
        "mpl" => {
            let (flags, sequence) = (call.next()?, call.next()?);
            bytes = call.next_or(Vec::new())?;
            Ipv6Option::Mpl { flags, sequence, seed: &bytes }
        }
        "ioam" => {
            let option_type = call.next()?;
            bytes = call.next()?;
            Ipv6Option::Ioam { option_type, data: &bytes }
        }
        "pdm" => Ipv6Option::Pdm {
            scale_received: call.next()?,
            scale_sent: call.next()?,
            this_packet: call.next()?,
            last_received: call.next()?,
            delta_received: call.next()?,
            delta_sent: call.next()?,
        },
        "alt_mark" => Ipv6Option::AltMark {
            flow: call.next()?,
            loss: call.next_or(false)?,
            delay: call.next_or(false)?,
        },
        "min_path_mtu" => Ipv6Option::MinPathMtu { min: call.next()?, returned: call.next_or(0)? },
        "ilnp_nonce" => {
            bytes = call.next()?;
            Ipv6Option::IlnpNonce(&bytes)
        }
        "line_id" => {
            bytes = call.next()?;
            Ipv6Option::LineIdentification(&bytes)
        }
        "dff" => Ipv6Option::Dff { flags: call.next()?, sequence: call.next()? },
        "raw" => {
            let kind = Ipv6OptionType(call.next()?);
            bytes = call.next_or(Vec::new())?;
            Ipv6Option::Unknown { kind, data: &bytes }
        }
        name => return Err(unknown("IPv6", name, NAMES)),
    };
    call.end(())?;
    list.add(&option);
    Ok(())
}

/// Declares the layer of a header that has options and nothing else: its file implements [`Layer`](crate::Layer), with
/// `prepend_header` for what is written.
macro_rules! options_header {
    ($(#[$meta:meta])* pub struct $Name:ident = $layer:literal;) => {
        $crate::layer::declare::layer! {
            $(#[$meta])*
            pub struct $Name(pycap_wire::Ipv6OptionsHeader) = $layer;
            set {}
            computed {
                /// What follows. Where it is bytes that say nothing of themselves, 253, which is for experiments (RFC 3692).
                "nxt" next_header, set_next_header: pycap_wire::IpProtocol, Numbers;
                /// Length of the header in units of 8 bytes, the first 8 not counted.
                "len" ext_len, set_ext_len: u8, Lengths;
            }
            also {
                /// Options.
                "options" options: $crate::layer::ipv6_option::OptionList, = $crate::layer::ipv6_option::OptionList::EMPTY,
                    from $crate::layer::ipv6_option::from_value, takes "IPv6 options, or bytes";
            }
        }

        impl $Name {
            /// Adds an option, and before it the padding that its alignment asks for. The last one is followed by padding to whole
            /// units of 8 bytes, unless the header's length is set.
            ///
            /// Reserved bits that the option does not have are 0, and of two types for the same thing it has the one that is in
            /// use; as bytes it may have any.
            #[must_use]
            pub fn option(mut self, option: pycap_wire::Ipv6Option<'_>) -> Self {
                self.options.add(&option);
                self
            }

            /// Adds bytes to the options, as they are.
            #[must_use]
            pub fn options_bytes(mut self, options: &[u8]) -> Self {
                self.options.bytes.extend_from_slice(options);
                self
            }

            fn prepend_header(
                &self,
                inner: $crate::Identity,
                buf: &mut $crate::PacketBuf,
            ) -> Result<(), $crate::BuildError> {
                let mut header = self.header;
                if !self.is_exact(Mark::next_header) {
                    header.set_next_header(inner.ip_protocol().unwrap_or($crate::context::EXPERIMENT_IP_PROTOCOL));
                }
                self.options.prepend(Self::NAME, header, self.is_exact(Mark::ext_len), buf)
            }
        }

        /// Without options: padding.
        impl Default for $Name {
            fn default() -> Self {
                Self::over(pycap_wire::Ipv6OptionsHeader::zeroed())
            }
        }

        impl $crate::ToBuilder for pycap_wire::$Name<'_> {
            type Builder = $Name;

            fn to_builder(&self) -> $Name {
                $Name::exactly(*self.header()).options_bytes(self.options_bytes())
            }
        }
    };
}
pub(super) use options_header;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{bytes, call, word};
    use pycap_wire::Ipv6Options;

    fn encoded(options: &[Ipv6Option<'_>]) -> Vec<u8> {
        let mut list = OptionList::EMPTY;
        options.iter().for_each(|option| list.add(option));
        list.bytes
    }

    /// The appendix A of RFC 2460 draws such lists; alignments are those of the options' own RFCs.
    #[test]
    fn options_stand_where_they_may() {
        assert_eq!(encoded(&[Ipv6Option::RouterAlert(0)]), bytes("05020000"));
        assert_eq!(encoded(&[Ipv6Option::Pad1, Ipv6Option::RouterAlert(1)]), bytes("00 00 05020001"));
        assert_eq!(
            encoded(&[Ipv6Option::RouterAlert(0), Ipv6Option::JumboPayload(70000)]),
            bytes("05020000 c204 00011170")
        );
        let jumbo = [Ipv6Option::TunnelEncapsulationLimit(1), Ipv6Option::JumboPayload(70000)];
        assert_eq!(encoded(&jumbo), bytes("040101 00 c204 00011170"));
        let home = encoded(&[Ipv6Option::HomeAddress("2001:db8::1".parse().unwrap())]);
        assert_eq!(home, bytes("01020000 c910 20010db8000000000000000000000001"));
    }

    /// Options as wire parses them, and the forms that it does not know.
    #[test]
    fn parsed_options_have_their_bytes() {
        let all = bytes(
            "00 01020000 05020000 04010300 c20400010000 2606 0740 00000008 0000 2304 801e0100 0708 000000010009abcd \
             070c 0000000101090000 01020304 \
             8c03 026162 6d03 400155 1104 0002aabb 0f0a 01020003000400050006 1204 12345c00 3004 05dc0501 8b04 01020304 \
             ee03 c00102 1e02 0707 0503 000000 1e09 01",
        );
        let mut options = Ipv6Options::new(&all);
        loop {
            let here = options.rest();
            let Some(option) = options.next() else { break };
            let own = &here[..here.len() - options.rest().len()];
            let written = encoded(&[option]);
            // In front of it there may be padding.
            assert_eq!(&written[written.len() - own.len()..], own, "{option:?}");
        }
        assert!(options.rest().is_empty());
    }

    #[test]
    fn lists_of_options() {
        let list = FieldValue::List(vec![
            call("router_alert", &["0"]),
            word("pad1"),
            call("padn", &["4"]),
            call("jumbo", &["70000"]),
            call("raw", &["0x1e", "\"ab\""]),
            FieldValue::Bytes(vec![0]),
        ]);
        assert_eq!(
            from_value(&list).unwrap().bytes,
            bytes("05020000 00 0104 00000000 00 c204 00011170 1e02 6162 00")
        );
        let error = |value: FieldValue| from_value(&value).unwrap_err().to_string();
        assert!(
            error(word("nop")).starts_with("no IPv6 option is named nop; there are pad1, padn(LENGTH), ")
        );
        assert_eq!(error(call("jumbo", &["x"])), "argument 1 of jumbo: needs a number, found x");
        assert_eq!(error(call("pad1", &["1"])), "pad1 takes 0 arguments, found 1 more");
        let long = FieldValue::Call("raw".into(), vec![FieldValue::Uint(9), FieldValue::Bytes(vec![0; 256])]);
        assert_eq!(error(long), "an option has at most 255 bytes of data, found 256");
    }
}
