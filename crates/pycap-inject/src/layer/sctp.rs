//! An SCTP packet.

use pycap_wire::{
    IpProtocol, SctpChunkHeader, SctpChunkType, SctpDataHeader, SctpHeader, SctpInitHeader,
    SctpPayloadProtocol, SctpSackHeader,
};

use super::arguments::Arguments;
use super::declare::layer;
use super::option_list::{each_option, unknown};
use super::tlvs::Tlvs;
use crate::{BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf};

layer! {
    /// An SCTP packet (RFC 9260): its header, then chunks. What is inside the layer follows the chunks as it is.
    ///
    /// ```
    /// use pycap_inject::{Layer, layer::{Ipv4, Sctp, SctpChunk}};
    ///
    /// let init = SctpChunk::init(0x0a0b_0c0d, 7);
    /// let packet = (Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]), Sctp::new(5000, 5000).chunk(init)).build()?;
    /// assert_eq!((packet[9], packet.len()), (132, 20 + 12 + 20));
    /// # Ok::<(), pycap_inject::BuildError>(())
    /// ```
    pub struct Sctp(SctpHeader) = "sctp";
    set {
        /// Source port.
        "sport" src_port, set_src_port: u16;
        /// Destination port.
        "dport" dst_port, set_dst_port: u16;
        /// Verification tag; 0 in a packet with INIT.
        "tag" verification_tag, set_verification_tag: u32;
    }
    computed {
        /// Checksum as it stands on the wire: the CRC32c of header, chunks and payload, low byte first.
        "checksum" checksum, set_checksum: u32, Checksums;
    }
    also {
        /// Chunks.
        "chunks" chunks: Tlvs, = Tlvs::EMPTY, from chunks, takes "chunks, or bytes";
    }
}

/// A chunk of an SCTP packet (RFC 9260, 3.3). Lengths are filled in, and zero bytes pad it to a multiple of 4.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SctpChunk {
    /// User data (0).
    Data {
        /// Flags: 1 last fragment, 2 first fragment, 4 unordered, 8 to be acknowledged at once.
        flags: u8,
        /// What stands before the data.
        header: SctpDataHeader,
        /// The data.
        data: Vec<u8>,
    },
    /// Begins an association (1).
    Init {
        /// The fixed part.
        header: SctpInitHeader,
        /// Parameters, as bytes.
        parameters: Vec<u8>,
    },
    /// Answers INIT (2).
    InitAck {
        /// The fixed part.
        header: SctpInitHeader,
        /// Parameters, as bytes: the state cookie among them.
        parameters: Vec<u8>,
    },
    /// Acknowledges data (3).
    Sack {
        /// The last transmission sequence number before the first gap.
        cumulative_tsn: u32,
        /// Advertised receiver window credit in bytes.
        receiver_window: u32,
        /// Blocks that were received, start and end as offsets from `cumulative_tsn`.
        gap_blocks: Vec<(u16, u16)>,
        /// Transmission sequence numbers that came more than once.
        duplicates: Vec<u32>,
    },
    /// Asks whether the peer is there (4), with what it is to send back.
    Heartbeat(Vec<u8>),
    /// Answers HEARTBEAT (5), with what that had.
    HeartbeatAck(Vec<u8>),
    /// Ends an association at once (6).
    Abort {
        /// Whether the verification tag is the peer's own, reflected.
        tag_reflected: bool,
        /// Error causes, as bytes.
        causes: Vec<u8>,
    },
    /// Ends an association (7), acknowledging data up to this transmission sequence number.
    Shutdown(u32),
    /// Answers SHUTDOWN (8).
    ShutdownAck,
    /// Reports errors (9): their causes, as bytes.
    Error(Vec<u8>),
    /// Returns the state cookie (10).
    CookieEcho(Vec<u8>),
    /// Answers COOKIE ECHO (11).
    CookieAck,
    /// Answers SHUTDOWN ACK (14).
    ShutdownComplete {
        /// Whether the verification tag is the peer's own, reflected.
        tag_reflected: bool,
    },
    /// Any other chunk.
    Raw {
        /// What the chunk is.
        chunk_type: SctpChunkType,
        /// Flags.
        flags: u8,
        /// What follows the chunk's header.
        value: Vec<u8>,
    },
}

/// The flags of a message that is one fragment.
const WHOLE: u8 = 3;

/// The type of the one parameter of HEARTBEAT (RFC 9260, 3.3.5).
const HEARTBEAT_INFO: u16 = 1;

/// The fixed part of INIT with a window of 64 KiB and as many streams as there can be.
fn init_header(tag: u32, tsn: u32) -> SctpInitHeader {
    let mut header = SctpInitHeader::zeroed();
    header.set_initiate_tag(tag);
    header.set_receiver_window(0x10000);
    header.set_outbound_streams(0xffff);
    header.set_inbound_streams(0xffff);
    header.set_initial_tsn(tsn);
    header
}

impl SctpChunk {
    /// A user message that is one fragment.
    pub fn data(tsn: u32, stream: u16, stream_seq: u16, protocol: SctpPayloadProtocol, data: &[u8]) -> Self {
        let mut header = SctpDataHeader::zeroed();
        header.set_tsn(tsn);
        header.set_stream_id(stream);
        header.set_stream_seq(stream_seq);
        header.set_payload_protocol(protocol);
        Self::Data { flags: WHOLE, header, data: data.to_vec() }
    }

    /// An INIT with this initiate tag and initial transmission sequence number, a window of 64 KiB and all streams.
    pub fn init(tag: u32, tsn: u32) -> Self {
        Self::Init { header: init_header(tag, tsn), parameters: Vec::new() }
    }

    fn put(&self, to: &mut Tlvs) {
        let (chunk_type, flags, parts): (_, u8, [&[u8]; 2]) = match self {
            Self::Data { flags, header, data } => (SctpChunkType::DATA, *flags, [header.as_bytes(), data]),
            Self::Init { header, parameters } => (SctpChunkType::INIT, 0, [header.as_bytes(), parameters]),
            Self::InitAck { header, parameters } => {
                (SctpChunkType::INIT_ACK, 0, [header.as_bytes(), parameters])
            }
            Self::Sack { cumulative_tsn, receiver_window, gap_blocks, duplicates } => {
                return put_sack(*cumulative_tsn, *receiver_window, gap_blocks, duplicates, to);
            }
            Self::Heartbeat(info) => return put_heartbeat(SctpChunkType::HEARTBEAT, info, to),
            Self::HeartbeatAck(info) => return put_heartbeat(SctpChunkType::HEARTBEAT_ACK, info, to),
            Self::Abort { tag_reflected, causes } => {
                (SctpChunkType::ABORT, u8::from(*tag_reflected), [causes, &[]])
            }
            Self::Shutdown(tsn) => {
                return put_chunk(SctpChunkType::SHUTDOWN, 0, &[&tsn.to_be_bytes()], to);
            }
            Self::ShutdownAck => (SctpChunkType::SHUTDOWN_ACK, 0, [&[]; 2]),
            Self::Error(causes) => (SctpChunkType::ERROR, 0, [causes, &[]]),
            Self::CookieEcho(cookie) => (SctpChunkType::COOKIE_ECHO, 0, [cookie, &[]]),
            Self::CookieAck => (SctpChunkType::COOKIE_ACK, 0, [&[]; 2]),
            Self::ShutdownComplete { tag_reflected } => {
                (SctpChunkType::SHUTDOWN_COMPLETE, u8::from(*tag_reflected), [&[]; 2])
            }
            Self::Raw { chunk_type, flags, value } => (*chunk_type, *flags, [value, &[]]),
        };
        put_chunk(chunk_type, flags, &parts, to);
    }

    fn from_call(mut call: Arguments<'_>) -> Result<Self, FieldError> {
        let chunk = match call.name() {
            "data" => {
                let (tsn, stream, seq) = (call.next()?, call.next()?, call.next()?);
                let protocol = call.next()?;
                let data: Vec<u8> = call.next()?;
                match (Self::data(tsn, stream, seq, protocol, &data), call.next_or(WHOLE)?) {
                    (Self::Data { header, data, .. }, flags) => Self::Data { flags, header, data },
                    (other, _) => other,
                }
            }
            name @ ("init" | "init_ack") => {
                let mut header = init_header(call.next()?, call.next()?);
                header.set_receiver_window(call.next_or(header.receiver_window())?);
                header.set_outbound_streams(call.next_or(header.outbound_streams())?);
                header.set_inbound_streams(call.next_or(header.inbound_streams())?);
                let parameters = call.next_or(Vec::new())?;
                match name {
                    "init" => Self::Init { header, parameters },
                    _ => Self::InitAck { header, parameters },
                }
            }
            "sack" => Self::Sack {
                cumulative_tsn: call.next()?,
                receiver_window: call.next_or(0x10000)?,
                gap_blocks: call.rest::<u16>()?.chunks_exact(2).map(|gap| (gap[0], gap[1])).collect(),
                duplicates: Vec::new(),
            },
            "heartbeat" => Self::Heartbeat(call.next_or(Vec::new())?),
            "heartbeat_ack" => Self::HeartbeatAck(call.next_or(Vec::new())?),
            "abort" => Self::Abort { causes: call.next_or(Vec::new())?, tag_reflected: call.next_or(false)? },
            "shutdown" => Self::Shutdown(call.next()?),
            "shutdown_ack" => Self::ShutdownAck,
            "error" => Self::Error(call.next_or(Vec::new())?),
            "cookie_echo" => Self::CookieEcho(call.next()?),
            "cookie_ack" => Self::CookieAck,
            "shutdown_complete" => Self::ShutdownComplete { tag_reflected: call.next_or(false)? },
            "chunk" => {
                let (chunk_type, flags) = (call.next()?, call.next()?);
                Self::Raw { chunk_type, flags, value: call.next_or(Vec::new())? }
            }
            name => return Err(unknown("SCTP", name, NAMES)),
        };
        call.end(chunk)
    }
}

const NAMES: &str = "data(TSN, STREAM, SEQ, PROTOCOL, BYTES, FLAGS), init(TAG, TSN, WINDOW, OUT, IN, BYTES), init_ack(likewise), \
                     sack(TSN, WINDOW, START, END, ...), heartbeat(BYTES), heartbeat_ack(BYTES), abort(BYTES, REFLECTED), \
                     shutdown(TSN), shutdown_ack, error(BYTES), cookie_echo(BYTES), cookie_ack, \
                     shutdown_complete(REFLECTED), chunk(TYPE, FLAGS, BYTES)";

fn put_chunk(chunk_type: SctpChunkType, flags: u8, parts: &[&[u8]], to: &mut Tlvs) {
    let len = SctpChunkHeader::LEN + parts.iter().map(|part| part.len()).sum::<usize>();
    let Ok(fits) = u16::try_from(len) else {
        return to.fail(BuildError::too_long(Sctp::NAME, "length of a chunk", len, 0xffff));
    };
    let mut header = SctpChunkHeader::zeroed();
    header.set_chunk_type(chunk_type);
    header.set_flags(flags);
    header.set_len(fits);
    to.extend(header.as_bytes());
    parts.iter().for_each(|part| to.extend(part));
    to.pad(4);
}

fn put_sack(tsn: u32, window: u32, gap_blocks: &[(u16, u16)], duplicates: &[u32], to: &mut Tlvs) {
    let mut header = SctpSackHeader::zeroed();
    header.set_cumulative_tsn(tsn);
    header.set_receiver_window(window);
    // More of them do not fit into a chunk, which is told below.
    header.set_gap_blocks(gap_blocks.len().min(0xffff) as u16);
    header.set_duplicates(duplicates.len().min(0xffff) as u16);
    let gaps: Vec<u8> = gap_blocks.iter().flat_map(|(a, b)| [*a, *b]).flat_map(u16::to_be_bytes).collect();
    let duplicates: Vec<u8> = duplicates.iter().flat_map(|tsn| tsn.to_be_bytes()).collect();
    put_chunk(SctpChunkType::SACK, 0, &[header.as_bytes(), &gaps, &duplicates], to);
}

fn put_heartbeat(chunk_type: SctpChunkType, info: &[u8], to: &mut Tlvs) {
    // The chunk, being longer, does not fit where the parameter does not.
    let len = (info.len() + 4).min(0xffff) as u16;
    put_chunk(chunk_type, 0, &[&HEARTBEAT_INFO.to_be_bytes(), &len.to_be_bytes(), info], to);
}

fn chunks(value: &FieldValue) -> Result<Tlvs, FieldError> {
    let mut chunks = Tlvs::EMPTY;
    each_option(value, |chunk| match chunk {
        Ok(bytes) => {
            chunks.extend(bytes);
            Ok(())
        }
        Err(call) => SctpChunk::from_call(call).map(|chunk| chunk.put(&mut chunks)),
    })?;
    Ok(chunks)
}

impl Sctp {
    /// A packet from port `src` to port `dst`.
    pub fn new(src: u16, dst: u16) -> Self {
        Self::over(SctpHeader::zeroed()).src_port(src).dst_port(dst)
    }

    /// Adds a chunk.
    #[must_use]
    pub fn chunk(mut self, chunk: SctpChunk) -> Self {
        chunk.put(&mut self.chunks);
        self
    }

    /// Adds bytes to the chunks.
    #[must_use]
    pub fn chunks_bytes(mut self, chunks: &[u8]) -> Self {
        self.chunks.extend(chunks);
        self
    }
}

/// From port 0 to port 0.
impl Default for Sctp {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

impl Layer for Sctp {
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::SCTP)
    }

    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        buf.prepend(self.chunks.bytes()?)?;
        if !self.is_exact(Mark::checksum) {
            header.set_checksum(0);
            let crc = crc32c::crc32c(header.as_bytes());
            header.set_crc32c(crc32c::crc32c_append(crc, buf.payload()));
        }
        buf.prepend_array(header.as_array())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Ipv4;
    use crate::layer::testing::{built, bytes};

    /// scapy: `SCTP(sport=5267, dport=47755, tag=2169733769)/SCTPChunkData(beginning=1, ending=1, ...)`.
    #[test]
    fn data_and_its_checksum() {
        let data = bytes("e362f3abecb3ef74b115");
        let chunk = SctpChunk::data(2_962_913_416, 17184, 64279, SctpPayloadProtocol::DIAMETER, &data);
        let sctp = Sctp::new(5267, 47755).verification_tag(2_169_733_769).chunk(chunk);
        let expected = bytes(
            "1493 ba8b 81538289 66624318 00 03 001a b09a7888 4320 fb17 0000002e e362f3abecb3ef74b115 0000",
        );
        assert_eq!(sctp.build().unwrap(), expected);
        let text = "sctp(sport=5267,dport=47755,tag=0x81538289,chunks=[data(2962913416, 17184, 64279, diameter, x'e362f3abecb3ef74b115')])";
        assert_eq!(built(text), expected);
        assert_eq!((Ipv4::default(), sctp.checksum(7)).build().unwrap()[28..32], bytes("00000007"));
    }

    /// RFC 9260, 3.3.
    #[test]
    fn each_chunk() {
        let cases = [
            ("init(0x0a0b0c0d, 7, 131072, 10, 2048)", "01 00 0014 0a0b0c0d 00020000 000a 0800 00000007"),
            (
                "init_ack(1, 2, 3, 4, 5, x'00070004')",
                "02 00 0018 00000001 00000003 0004 0005 00000002 00070004",
            ),
            ("sack(6, 4096, 2, 3)", "03 00 0014 00000006 00001000 0001 0000 0002 0003"),
            ("heartbeat(x'0102')", "04 00 000a 0001 0006 0102 0000"),
            ("heartbeat_ack(x'01020304')", "05 00 000c 0001 0008 01020304"),
            ("abort", "06 00 0004"),
            ("abort(x'000c0004', 1)", "06 01 0008 000c0004"),
            ("shutdown(9)", "07 00 0008 00000009"),
            ("shutdown_ack", "08 00 0004"),
            ("error(x'000c0004')", "09 00 0008 000c0004"),
            ("cookie_echo('abc')", "0a 00 0007 616263 00"),
            ("cookie_ack", "0b 00 0004"),
            ("shutdown_complete(1)", "0e 01 0004"),
            ("chunk(pad, 0, 'a')", "84 00 0005 61 000000"),
            ("x'ff'", "ff"),
        ];
        for (text, expected) in cases {
            assert_eq!(built(&format!("sctp(chunks=[{text}])"))[12..], bytes(expected), "{text}");
        }
        let sack = SctpChunk::Sack {
            cumulative_tsn: 1,
            receiver_window: 2,
            gap_blocks: vec![],
            duplicates: vec![3],
        };
        assert_eq!(
            Sctp::new(1, 2).chunk(sack).build().unwrap()[12..],
            bytes("03 00 0014 00000001 00000002 0000 0001 00000003")
        );
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let error = Sctp::new(1, 2).chunk(SctpChunk::CookieEcho(vec![0; 0xfffc])).build().unwrap_err();
        assert_eq!(error.to_string(), "sctp: 65536 bytes, length of a chunk is 65535: 1 too many");
    }
}
