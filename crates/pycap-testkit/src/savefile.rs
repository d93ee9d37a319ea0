//! Savefiles put together field by field, in either byte order.

/// The byte order of a savefile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl Order {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Little, Self::Big];

    fn u16(self, n: u16) -> [u8; 2] {
        if self == Self::Little { n.to_le_bytes() } else { n.to_be_bytes() }
    }

    fn u32(self, n: u32) -> [u8; 4] {
        if self == Self::Little { n.to_le_bytes() } else { n.to_be_bytes() }
    }
}

/// A classic pcap file.
#[derive(Debug, Clone)]
pub struct Pcap {
    order: Order,
    bytes: Vec<u8>,
}

impl Pcap {
    /// The magic number of times in microseconds.
    pub const MICROSECONDS: u32 = 0xa1b2_c3d4;
    /// The magic number of times in nanoseconds.
    pub const NANOSECONDS: u32 = 0xa1b2_3c4d;

    /// A file of version 2.4 without records.
    pub fn new(order: Order, magic: u32, link_type: u32) -> Self {
        Self::with_version(order, magic, (2, 4), link_type)
    }

    /// A file of any version without records.
    pub fn with_version(order: Order, magic: u32, version: (u16, u16), link_type: u32) -> Self {
        let mut bytes = Vec::new();
        bytes.extend(order.u32(magic));
        bytes.extend(order.u16(version.0));
        bytes.extend(order.u16(version.1));
        for word in [0, 0, 262_144, link_type] {
            bytes.extend(order.u32(word));
        }
        Self { order, bytes }
    }

    /// With a record more: seconds, their fraction, the frame's length on the wire, and its captured bytes.
    #[must_use]
    pub fn record(self, seconds: u32, fraction: u32, original_len: u32, data: &[u8]) -> Self {
        self.words(&[seconds, fraction, data.len() as u32, original_len]).bytes(data)
    }

    /// With words more, in the file's byte order.
    #[must_use]
    pub fn words(mut self, words: &[u32]) -> Self {
        words.iter().for_each(|word| self.bytes.extend(self.order.u32(*word)));
        self
    }

    /// With bytes more.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend(bytes);
        self
    }

    /// The file.
    pub fn build(self) -> Vec<u8> {
        self.bytes
    }
}

/// A pcapng file.
#[derive(Debug, Clone)]
pub struct Pcapng {
    order: Order,
    bytes: Vec<u8>,
}

impl Pcapng {
    /// A file of one section without interfaces.
    pub fn new(order: Order) -> Self {
        Self { order, bytes: Vec::new() }.section(order)
    }

    /// With a new section, which may have another byte order.
    #[must_use]
    pub fn section(mut self, order: Order) -> Self {
        self.order = order;
        let version = [order.u16(1), order.u16(0)].concat();
        let body = [&order.u32(0x1a2b_3c4d)[..], &version, &[0xff; 8]].concat();
        self.block(0x0a0d_0d0a, &body)
    }

    /// With an interface; `options` are whole options, filled up to words.
    #[must_use]
    pub fn interface(self, link_type: u16, snaplen: u32, options: &[u8]) -> Self {
        let order = self.order;
        let body = [&order.u16(link_type)[..], &[0, 0], &order.u32(snaplen), options].concat();
        self.block(1, &body)
    }

    /// With an enhanced packet block.
    #[must_use]
    pub fn packet(self, interface: u32, time: u64, original_len: u32, data: &[u8], options: &[u8]) -> Self {
        let order = self.order;
        let words = [interface, (time >> 32) as u32, time as u32, data.len() as u32, original_len];
        let mut body: Vec<u8> = words.into_iter().flat_map(|word| order.u32(word)).collect();
        body.extend(data);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(options);
        self.block(6, &body)
    }

    /// With a simple packet block.
    #[must_use]
    pub fn simple_packet(self, original_len: u32, data: &[u8]) -> Self {
        let body = [&self.order.u32(original_len)[..], data].concat();
        self.block(3, &body)
    }

    /// With any block, filled up to words.
    #[must_use]
    pub fn block(mut self, kind: u32, body: &[u8]) -> Self {
        let padded = body.len().next_multiple_of(4);
        let len = self.order.u32(padded as u32 + 12);
        self.bytes.extend(self.order.u32(kind));
        self.bytes.extend(len);
        self.bytes.extend(body);
        self.bytes.resize(self.bytes.len() + padded - body.len(), 0);
        self.bytes.extend(len);
        self
    }

    /// An option of a block, filled up to words.
    pub fn option(&self, code: u16, value: &[u8]) -> Vec<u8> {
        let mut option = [&self.order.u16(code)[..], &self.order.u16(value.len() as u16), value].concat();
        option.resize(option.len().next_multiple_of(4), 0);
        option
    }

    /// The file.
    pub fn build(self) -> Vec<u8> {
        self.bytes
    }
}
