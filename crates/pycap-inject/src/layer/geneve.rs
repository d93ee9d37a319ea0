//! GENEVE.

use pycap_wire::{EtherType, GeneveHeader, GeneveOptionClass, GeneveOptionHeader};

use super::declare::layer;
use super::option_list::{each_option, unknown};
use crate::context::EXPERIMENT_ETHER_TYPE;
use crate::{BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf};

/// The port of RFC 8926.
const PORT: u16 = 6081;

/// The longest options: their length is 6 bits of words (RFC 8926, 3.4).
const MAX_OPTIONS: usize = 252;

/// The longest data of an option: its length is 5 bits of words (RFC 8926, 3.5).
const MAX_DATA: usize = 124;

layer! {
    /// A GENEVE header (RFC 8926).
    pub struct Geneve(GeneveHeader) = "geneve";
    set {
        /// Version: 0.
        "version" version, set_version: u8;
        /// Whether it is a control message.
        "control" control, set_control: bool;
        /// Whether there are critical options.
        "critical" critical, set_critical: bool;
        /// Network identifier, 24 bits.
        "vni" vni, set_vni: u32;
        /// The last, reserved byte.
        "reserved" reserved, set_reserved: u8;
    }
    computed {
        /// Length of the options in bytes, a multiple of 4 up to 252.
        "options_len" options_len, set_options_len: usize, Lengths;
        /// EtherType of the payload. Where the payload is bytes that say nothing of themselves, 0x88b5, which is for experiments.
        "proto" protocol, set_protocol: EtherType, Numbers;
    }
    also {
        /// Options.
        "options" options: Vec<u8>, = Vec::new(), from options, takes "option(CLASS, TYPE, DATA), or bytes";
    }
    state {
        /// The length of an option's data that is too long for an option.
        too_long: usize = 0;
    }
}

impl Geneve {
    /// The header of a network.
    pub fn new(vni: u32) -> Self {
        Self::over(GeneveHeader::zeroed()).vni(vni)
    }

    /// Adds an option; its data is padded with zeros to whole words.
    #[must_use]
    pub fn option(mut self, class: GeneveOptionClass, option_type: u8, data: &[u8]) -> Self {
        self.too_long = self.too_long.max(if data.len() > MAX_DATA { data.len() } else { 0 });
        put_option(class, option_type, data, &mut self.options);
        self
    }

    /// Adds bytes to the options.
    #[must_use]
    pub fn options_bytes(mut self, options: &[u8]) -> Self {
        self.options.extend_from_slice(options);
        self
    }
}

impl Default for Geneve {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Layer for Geneve {
    fn identity(&self) -> Identity {
        Identity::Port(PORT)
    }

    /// What is inside has nothing of the addresses around the tunnel.
    fn inward(&self, _: &Context) -> Context {
        Context::link()
    }

    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        if self.too_long > 0 {
            return Err(BuildError::too_long(Self::NAME, "data of an option", self.too_long, MAX_DATA));
        }
        if !self.is_exact(Mark::options_len) {
            let len = self.options.len().next_multiple_of(4);
            if len > MAX_OPTIONS {
                return Err(BuildError::too_long(Self::NAME, "room for options", len, MAX_OPTIONS));
            }
            header.set_options_len(len);
            buf.room(len - self.options.len())?.fill(0);
        }
        if !self.is_exact(Mark::protocol) {
            header.set_protocol(inner.ether_type().unwrap_or(EXPERIMENT_ETHER_TYPE));
        }
        buf.prepend(&self.options)?;
        buf.prepend_array(header.as_array())
    }
}

fn put_option(class: GeneveOptionClass, option_type: u8, data: &[u8], to: &mut Vec<u8>) {
    let len = data.len().next_multiple_of(4);
    let mut header = GeneveOptionHeader::zeroed();
    header.set_class(class);
    header.set_option_type(option_type);
    header.set_data_len(len);
    to.extend_from_slice(header.as_bytes());
    to.extend_from_slice(data);
    to.resize(to.len() + len - data.len(), 0);
}

fn options(value: &FieldValue) -> Result<Vec<u8>, FieldError> {
    let mut list = Vec::new();
    each_option(value, |option| {
        let mut call = match option {
            Ok(bytes) => {
                list.extend_from_slice(bytes);
                return Ok(());
            }
            Err(call) => call,
        };
        if call.name() != "option" {
            return Err(unknown("GENEVE", call.name(), "option(CLASS, TYPE, DATA)"));
        }
        let (class, option_type): (GeneveOptionClass, u8) = (call.next()?, call.next()?);
        let data: Vec<u8> = call.next_or(Vec::new())?;
        if data.len() > MAX_DATA {
            return Err(FieldError::new(format!(
                "an option has at most {MAX_DATA} bytes of data, found {}",
                data.len()
            )));
        }
        put_option(class, option_type, &data, &mut list);
        call.end(())
    })?;
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Edit;
    use crate::layer::testing::{bytes, call};
    use crate::layer::{Ethernet, Ipv4, Udp};

    /// scapy: `UDP()/GENEVE(vni=6088115)/Ether()`.
    #[test]
    fn a_network_inside_udp() {
        let packet =
            (Ipv4::default(), Udp::default(), Geneve::new(6_088_115), Ethernet::default()).build().unwrap();
        assert_eq!(
            (&packet[22..24], &packet[28..37]),
            (&[0x17, 0xc1][..], &bytes("0000 6558 5ce5b3 00 ff")[..])
        );
    }

    /// tshark 4.0: OAM and critical options set, 8 bytes of options, VNI 0x2a; class OVN, type 0x80.
    #[test]
    fn options() {
        let mut geneve = Geneve::new(0x2a).control(true).critical(true);
        geneve.set("options", &call("option", &["0x102", "0x80", "\"abcde\""])).unwrap();
        assert_eq!(
            (&geneve, "x").build().unwrap(),
            bytes("03c0 88b5 00002a 00 0102 80 02 6162636465 000000 78")
        );
        let typed = Geneve::new(0x2a).control(true).critical(true).option(
            GeneveOptionClass::OVN,
            0x80,
            &[0, 2, 0, 3],
        );
        let packet = (typed, Ethernet::default()).build().unwrap();
        assert_eq!(packet[..16], bytes("02c0 6558 00002a 00 0102 80 01 00020003"));
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let error = Geneve::new(0).options_bytes(&[0; 253]).build().unwrap_err();
        assert_eq!(error.to_string(), "geneve: 256 bytes, room for options is 252: 4 too many");
        let error = Geneve::new(0).option(GeneveOptionClass(0), 0, &[0; 125]).build().unwrap_err();
        assert_eq!(error.to_string(), "geneve: 125 bytes, data of an option is 124: 1 too many");
    }
}
