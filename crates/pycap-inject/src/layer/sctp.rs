//! An SCTP packet.

use pycap_wire::{
    IpProtocol, SctpChunkHeader, SctpChunkType, SctpDataHeader, SctpHeader, SctpInitHeader,
    SctpPayloadProtocol,
};

use super::declare::layer;
use super::option_list::{Arguments, each_option, unknown};
use crate::{BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf};

/// The greatest length of a chunk with its header.
const MAX_CHUNK: usize = 0xffff;

layer! {
    /// An SCTP packet (RFC 9260): the common header and its chunks.
    pub struct Sctp(SctpHeader) = "sctp";
    set {
        /// Source port.
        "sport" src_port, set_src_port: u16;
        /// Destination port.
        "dport" dst_port, set_dst_port: u16;
        /// Verification tag.
        "tag" verification_tag, set_verification_tag: u32;
    }
    computed {
        /// CRC32c of the packet, as it stands there in big-endian order.
        "checksum" checksum, set_checksum: u32, Checksums;
    }
    also {
        /// Chunks.
        "chunks" chunks: Vec<u8>, = Vec::new(), from chunks, takes "chunks, or bytes";
    }
    state {
        /// The length of a chunk that is too long.
        too_long: usize = 0;
    }
}

impl Sctp {
    /// A packet from port `src` to port `dst`.
    pub fn new(src: u16, dst: u16, verification_tag: u32) -> Self {
        Self::over(SctpHeader::zeroed()).src_port(src).dst_port(dst).verification_tag(verification_tag)
    }

    /// Adds a chunk: its type, flags and what follows its header. It is padded to whole words.
    #[must_use]
    pub fn chunk(mut self, chunk_type: SctpChunkType, flags: u8, value: &[u8]) -> Self {
        let len = SctpChunkHeader::LEN + value.len();
        self.too_long = self.too_long.max(if len > MAX_CHUNK { len } else { 0 });
        put_chunk(&mut self.chunks, chunk_type, flags, value);
        self
    }

    /// Adds a DATA chunk with a whole message.
    #[must_use]
    pub fn data(
        self,
        tsn: u32,
        stream_id: u16,
        stream_seq: u16,
        protocol: SctpPayloadProtocol,
        data: &[u8],
    ) -> Self {
        self.chunk(SctpChunkType::DATA, WHOLE, &data_value(tsn, stream_id, stream_seq, protocol, data))
    }

    /// Adds an INIT chunk without parameters.
    #[must_use]
    pub fn init(self, init: SctpInitHeader) -> Self {
        self.chunk(SctpChunkType::INIT, 0, init.as_bytes())
    }

    /// Adds bytes to the chunks.
    #[must_use]
    pub fn chunks_bytes(mut self, bytes: &[u8]) -> Self {
        self.chunks.extend_from_slice(bytes);
        self
    }
}

impl Default for Sctp {
    fn default() -> Self {
        Self::new(0, 0, 0)
    }
}

impl Layer for Sctp {
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::SCTP)
    }

    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        if self.too_long > 0 {
            return Err(BuildError::too_long(Self::NAME, "length of a chunk", self.too_long, MAX_CHUNK));
        }
        let mut header = self.header;
        buf.prepend(&self.chunks)?;
        if !self.is_exact(Mark::checksum) {
            header.set_checksum(0);
            header.set_crc32c(crc32c::crc32c_append(crc32c::crc32c(header.as_bytes()), buf.payload()));
        }
        buf.prepend_array(header.as_array())
    }
}

/// Flags of a DATA chunk that is beginning and end of its message (RFC 9260, 3.3.1).
const WHOLE: u8 = 0x03;

fn put_chunk(to: &mut Vec<u8>, chunk_type: SctpChunkType, flags: u8, value: &[u8]) {
    let mut header = SctpChunkHeader::zeroed();
    header.set_chunk_type(chunk_type);
    header.set_flags(flags);
    header.set_len((SctpChunkHeader::LEN + value.len()).min(MAX_CHUNK) as u16);
    to.extend_from_slice(header.as_bytes());
    to.extend_from_slice(value);
    to.resize(to.len().next_multiple_of(4), 0);
}

fn data_value(
    tsn: u32,
    stream_id: u16,
    stream_seq: u16,
    protocol: SctpPayloadProtocol,
    data: &[u8],
) -> Vec<u8> {
    let mut header = SctpDataHeader::zeroed();
    header.set_tsn(tsn);
    header.set_stream_id(stream_id);
    header.set_stream_seq(stream_seq);
    header.set_payload_protocol(protocol);
    [header.as_bytes(), data].concat()
}

fn chunks(value: &FieldValue) -> Result<Vec<u8>, FieldError> {
    let mut list = Vec::new();
    each_option(value, |chunk| match chunk {
        Ok(bytes) => {
            list.extend_from_slice(bytes);
            Ok(())
        }
        Err(call) => put_named(&mut list, call),
    })?;
    Ok(list)
}

fn put_named(list: &mut Vec<u8>, mut call: Arguments<'_>) -> Result<(), FieldError> {
    let (chunk_type, flags, value) = match call.name() {
        "data" => {
            let (tsn, stream_id, stream_seq) = (call.next()?, call.next()?, call.next()?);
            let protocol = SctpPayloadProtocol(call.next()?);
            let data: Vec<u8> = call.next_or(Vec::new())?;
            (SctpChunkType::DATA, WHOLE, data_value(tsn, stream_id, stream_seq, protocol, &data))
        }
        "init" => {
            let mut init = SctpInitHeader::zeroed();
            init.set_initiate_tag(call.next()?);
            init.set_receiver_window(call.next_or(0xffff)?);
            init.set_outbound_streams(call.next_or(1)?);
            init.set_inbound_streams(call.next_or(1)?);
            init.set_initial_tsn(call.next_or(0)?);
            (SctpChunkType::INIT, 0, init.as_bytes().to_vec())
        }
        "raw" => (SctpChunkType(call.next()?), call.next()?, call.next_or(Vec::new())?),
        name => match SctpChunkType::from_name(name) {
            Some(chunk_type) => (chunk_type, 0, call.next_or(Vec::new())?),
            None => {
                return Err(unknown(
                    "SCTP",
                    name,
                    "data(TSN, STREAM, SEQ, PROTOCOL, DATA), init(TAG, WINDOW, OUT, IN, TSN), raw(TYPE, FLAGS, DATA), \
                     and other types of chunks, as cookie_ack, with their bytes",
                ));
            }
        },
    };
    if SctpChunkHeader::LEN + value.len() > MAX_CHUNK {
        return Err(FieldError::new(format!("a chunk has at most {MAX_CHUNK} bytes, found {}", value.len())));
    }
    put_chunk(list, chunk_type, flags, &value);
    call.end(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Edit;
    use crate::layer::Ipv4;
    use crate::layer::testing::{bytes, call, word};

    /// scapy: `SCTP(sport=5267, dport=47755, tag=2169733769)/SCTPChunkData(beginning=1, ending=1, ...)`.
    #[test]
    fn data_and_its_checksum() {
        let data = bytes("e362f3abecb3ef74b115");
        let sctp = Sctp::new(5267, 47755, 2_169_733_769);
        let sctp = sctp.data(2_962_913_416, 17184, 64279, SctpPayloadProtocol::DIAMETER, &data);
        let expected =
            "1493 ba8b 81538289 66624318 00 03 001a b09a7888 4320 fb17 0000002e e362f3abecb3ef74b115 0000";
        assert_eq!(sctp.build().unwrap(), bytes(expected));
        let packet = (Ipv4::default(), sctp.checksum(7)).build().unwrap();
        assert_eq!((packet[9], &packet[28..32]), (132, &bytes("00000007")[..]));
    }

    /// RFC 9260, 3.3.
    #[test]
    fn other_chunks() {
        let cases = [
            (
                call("init", &["0x0a0b0c0d", "131072", "10", "2048", "7"]),
                "01 00 0014 0a0b0c0d 00020000 000a 0800 00000007",
            ),
            (call("cookie_echo", &["\"abc\""]), "0a 00 0007 616263 00"),
            (word("cookie_ack"), "0b 00 0004"),
            (word("shutdown_ack"), "08 00 0004"),
            (call("raw", &["132", "1", "\"a\""]), "84 01 0005 61 000000"),
        ];
        for (chunk, expected) in cases {
            let mut sctp = Sctp::default();
            sctp.set("chunks", &chunk).unwrap();
            assert_eq!(sctp.build().unwrap()[12..], bytes(expected), "{chunk}");
        }
        let error = Sctp::default().chunk(SctpChunkType::COOKIE_ECHO, 0, &[0; 0xfffc]).build().unwrap_err();
        assert_eq!(error.to_string(), "sctp: 65536 bytes, length of a chunk is 65535: 1 too many");
    }
}
