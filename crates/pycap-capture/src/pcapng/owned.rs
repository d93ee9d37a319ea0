//! Blocks and options that a program makes itself.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::block::{Block, BlockType};
use super::contents::{NameRecord, SecretsType};
use super::convert::packet_options_in;
use super::option::{Options, code};
use crate::{ByteOrder, Error, ErrorKind, Interface, Result};

/// The most that an option holds, in bytes.
const MAX_VALUE: usize = u16::MAX as usize;
/// The most that a block holds, in bytes: no reader takes more.
const MAX_BODY: usize = 16 << 20;

/// A block that borrows from nothing: [kept](Block::to_owned) from a file, or made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedBlock {
    block_type: BlockType,
    order: ByteOrder,
    body: Vec<u8>,
    interface: Option<(u32, Interface)>,
}

impl OwnedBlock {
    pub(crate) fn new(block_type: BlockType, order: ByteOrder, body: Vec<u8>) -> Self {
        Self { block_type, order, body, interface: None }
    }

    /// A block of any type. `body` is its fixed part, numbers in the byte order of this machine ([`ByteOrder::NATIVE`]); options follow
    /// with [`option`](BlockBuilder::option), where its type has any.
    pub fn builder(block_type: BlockType, body: &[u8]) -> BlockBuilder {
        BlockBuilder { block_type, body: body.to_vec(), options: OptionList::new() }
    }

    /// Addresses and their names.
    pub fn names() -> NamesBuilder {
        NamesBuilder { body: Vec::new(), options: OptionList::new(), too_long: None }
    }

    /// Keys to decrypt packets with.
    pub fn secrets(kind: SecretsType, data: &[u8]) -> BlockBuilder {
        let order = ByteOrder::NATIVE;
        let len = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let mut block =
            Self::builder(BlockType::DECRYPTION_SECRETS, order.words([kind.0, len]).as_flattened());
        block.body.extend(data);
        block
    }

    /// An entry of systemd's journal, in its export format.
    pub fn journal(entry: &[u8]) -> BlockBuilder {
        Self::builder(BlockType::SYSTEMD_JOURNAL_EXPORT, entry)
    }

    /// A block of the maker with this Private Enterprise Number; `copy` says whether it stays true in a file that is changed.
    pub fn custom(pen: u32, data: &[u8], copy: bool) -> BlockBuilder {
        let block_type = if copy { BlockType::CUSTOM } else { BlockType::CUSTOM_NO_COPY };
        let mut block = Self::builder(block_type, &ByteOrder::NATIVE.bytes32(pen));
        block.body.extend(data);
        block
    }

    /// The block, borrowed.
    pub fn as_block(&self) -> Block<'_> {
        let block = Block::new(self.block_type, self.order, &self.body);
        match &self.interface {
            Some((index, info)) => block.of_interface(*index, info),
            None => block,
        }
    }
}

impl From<Block<'_>> for OwnedBlock {
    fn from(block: Block<'_>) -> Self {
        Self {
            block_type: block.block_type(),
            order: block.byte_order(),
            body: block.body().to_vec(),
            interface: block.interface().zip(block.interface_info().cloned()),
        }
    }
}

/// A block being made.
#[derive(Clone, Debug)]
#[must_use = "it is a block when it is built"]
pub struct BlockBuilder {
    block_type: BlockType,
    body: Vec<u8>,
    options: OptionList,
}

impl BlockBuilder {
    /// With an option; its number is one of [`code`].
    pub fn option(mut self, code: u16, value: impl AsRef<[u8]>) -> Self {
        self.options = self.options.option(code, value);
        self
    }

    /// With a comment.
    pub fn comment(self, text: &str) -> Self {
        self.option(code::COMMENT, text)
    }

    /// The block.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotRepresentable`] if an option has more than 65,535 bytes, or all of the block more than 16 MiB.
    pub fn build(mut self) -> Result<OwnedBlock> {
        self.options.check()?;
        self.body.resize(self.body.len().next_multiple_of(4), 0);
        self.body.extend(self.options.end());
        if self.body.len() > MAX_BODY {
            let (name, len) = (self.block_type, self.body.len());
            let message = format!("{name} of {len} bytes: no reader takes more than {MAX_BODY}");
            return Err(Error::new(ErrorKind::NotRepresentable, message));
        }
        Ok(OwnedBlock::new(self.block_type, ByteOrder::NATIVE, self.body))
    }
}

/// A name resolution block being made.
#[derive(Clone, Debug)]
#[must_use = "it is a block when it is built"]
pub struct NamesBuilder {
    body: Vec<u8>,
    options: OptionList,
    too_long: Option<usize>,
}

impl NamesBuilder {
    /// With the names of an address.
    pub fn name(self, address: impl Into<IpAddr>, names: &[&str]) -> Self {
        match address.into() {
            IpAddr::V4(address) => self.record(NameRecord::IPV4, &address.octets(), names),
            IpAddr::V6(address) => self.record(NameRecord::IPV6, &Ipv6Addr::octets(&address), names),
        }
    }

    /// With the names of a MAC address.
    pub fn eui48(self, address: [u8; 6], names: &[&str]) -> Self {
        self.record(NameRecord::EUI48, &address, names)
    }

    /// With the names of an EUI-64 address.
    pub fn eui64(self, address: [u8; 8], names: &[&str]) -> Self {
        self.record(NameRecord::EUI64, &address, names)
    }

    fn record(mut self, kind: u16, address: &[u8], names: &[&str]) -> Self {
        let order = ByteOrder::NATIVE;
        let len = address.len() + names.iter().map(|name| name.len() + 1).sum::<usize>();
        let Ok(len16) = u16::try_from(len) else {
            self.too_long = Some(len);
            return self;
        };
        self.body.extend([order.bytes16(kind), order.bytes16(len16)].as_flattened());
        self.body.extend(address);
        for name in names {
            self.body.extend(name.bytes());
            self.body.push(0);
        }
        self.body.resize(self.body.len().next_multiple_of(4), 0);
        self
    }

    /// With an option; its number is one of [`code`].
    pub fn option(mut self, code: u16, value: impl AsRef<[u8]>) -> Self {
        self.options = self.options.option(code, value);
        self
    }

    /// The block.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotRepresentable`] if the names of one address or an option have more than 65,535 bytes, or all of the block more than
    /// 16 MiB.
    pub fn build(mut self) -> Result<OwnedBlock> {
        if let Some(len) = self.too_long {
            let message =
                format!("the names of one address have {len} bytes: a record holds at most {MAX_VALUE}");
            return Err(Error::new(ErrorKind::NotRepresentable, message));
        }
        // nrb_record_end
        self.body.extend([0; 4]);
        let (block_type, body) = (BlockType::NAME_RESOLUTION, self.body);
        BlockBuilder { block_type, body, options: self.options }.build()
    }
}

/// Options of a packet or another block, in the order in which they are added.
///
/// ```
/// # use pycap_capture::pcapng::OptionList;
/// let options = OptionList::new().comment("the handshake").comment("is repeated").drop_count(3);
/// assert_eq!(options.options().comments().count(), 2);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OptionList {
    bytes: Vec<u8>,
    too_long: Option<(u16, usize)>,
}

impl OptionList {
    /// None at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of a packet of a file, to go on from.
    pub fn of_packet(options: Options<'_>) -> Self {
        Self { bytes: packet_options_in(ByteOrder::NATIVE, options, |_| true), too_long: None }
    }

    /// With this option. Numbers in the value have the byte order of this machine ([`ByteOrder::NATIVE`]).
    #[must_use]
    pub fn option(mut self, code: u16, value: impl AsRef<[u8]>) -> Self {
        let (value, order) = (value.as_ref(), ByteOrder::NATIVE);
        let Ok(len) = u16::try_from(value.len()) else {
            self.too_long.get_or_insert((code, value.len()));
            return self;
        };
        self.bytes.extend([order.bytes16(code), order.bytes16(len)].as_flattened());
        self.bytes.extend(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }

    /// With a comment.
    #[must_use]
    pub fn comment(self, text: &str) -> Self {
        self.option(code::COMMENT, text)
    }

    /// So many packets were lost since the one before.
    #[must_use]
    pub fn drop_count(self, packets: u64) -> Self {
        self.option(code::EPB_DROPCOUNT, packets.to_ne_bytes())
    }

    /// With the number that packets share that are the same one.
    #[must_use]
    pub fn packet_id(self, id: u64) -> Self {
        self.option(code::EPB_PACKETID, id.to_ne_bytes())
    }

    /// With the queue that it came in on.
    #[must_use]
    pub fn queue(self, queue: u32) -> Self {
        self.option(code::EPB_QUEUE, queue.to_ne_bytes())
    }

    /// With what a filter made of it: the kind of filter, and its verdict.
    #[must_use]
    pub fn verdict(self, kind: u8, verdict: &[u8]) -> Self {
        self.option(code::EPB_VERDICT, [&[kind], verdict].concat())
    }

    /// With a hash of its bytes: the algorithm, and the hash.
    #[must_use]
    pub fn hash(self, algorithm: u8, hash: &[u8]) -> Self {
        self.option(code::EPB_HASH, [&[algorithm], hash].concat())
    }

    /// The options, borrowed.
    pub fn options(&self) -> Options<'_> {
        Options::new(&self.bytes, ByteOrder::NATIVE)
    }

    pub(crate) fn check(&self) -> Result<()> {
        let message = match self.too_long {
            Some((code, len)) => {
                format!("option {code} of {len} bytes: an option holds at most {MAX_VALUE}")
            }
            None if self.bytes.len() > MAX_BODY => {
                format!("{} bytes of options: no reader takes more than {MAX_BODY}", self.bytes.len())
            }
            None => return Ok(()),
        };
        Err(Error::new(ErrorKind::NotRepresentable, message))
    }

    /// All of them, and their end; nothing, if there are none.
    pub(crate) fn end(mut self) -> Vec<u8> {
        if !self.bytes.is_empty() {
            self.bytes.extend([0; 4]);
        }
        self.bytes
    }
}

impl fmt::Debug for OptionList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options().fmt(f)
    }
}
