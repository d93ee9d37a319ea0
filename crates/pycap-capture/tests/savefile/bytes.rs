//! Capture files in memory, and readers that hand them out in all manners.

use std::io::{self, Read};
use std::ops::ControlFlow;

use pycap_capture::ByteOrder::{self, Big, Little};
use pycap_capture::{ErrorKind, Next, OwnedFrame, Savefile, Source};

pub(crate) const ORDERS: [ByteOrder; 2] = [Little, Big];

/// A file under construction.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) order: ByteOrder,
    pub(crate) bytes: Vec<u8>,
}

impl File {
    pub(crate) fn new(order: ByteOrder) -> Self {
        Self { order, bytes: Vec::new() }
    }

    /// The header of a classic file.
    pub(crate) fn pcap(order: ByteOrder, magic: u32, version: (u16, u16), snaplen: u32, link: u32) -> Self {
        Self::new(order).u32(magic).u16(version.0).u16(version.1).u32(0).u32(0).u32(snaplen).u32(link)
    }

    /// A record of a classic file; `first` and `second` are its lengths, as they stand in the file.
    pub(crate) fn record(self, secs: u32, fraction: u32, first: u32, second: u32, data: &[u8]) -> Self {
        self.u32(secs).u32(fraction).u32(first).u32(second).raw(data)
    }

    /// A pcapng file with one interface.
    pub(crate) fn pcapng(order: ByteOrder) -> Self {
        Self::new(order).section((1, 0)).interface(1, 0, &[])
    }

    pub(crate) fn section(self, version: (u16, u16)) -> Self {
        let body = Self::new(self.order).u32(0x1a2b_3c4d).u16(version.0).u16(version.1).u64(u64::MAX);
        self.block(0x0a0d_0d0a, &body.bytes)
    }

    pub(crate) fn interface(self, link: u16, snaplen: u32, options: &[(u16, &[u8])]) -> Self {
        let body = Self::new(self.order).u16(link).u16(0).u32(snaplen).options(options);
        self.block(1, &body.bytes)
    }

    pub(crate) fn enhanced(
        self,
        id: u32,
        units: u64,
        data: &[u8],
        len: u32,
        options: &[(u16, &[u8])],
    ) -> Self {
        let body = Self::new(self.order).u32(id).u32((units >> 32) as u32).u32(units as u32);
        let body = body.u32(data.len() as u32).u32(len).padded(data).options(options);
        self.block(6, &body.bytes)
    }

    pub(crate) fn simple(self, data: &[u8], len: u32) -> Self {
        let body = Self::new(self.order).u32(len).padded(data);
        self.block(3, &body.bytes)
    }

    pub(crate) fn obsolete(
        self,
        id: u16,
        units: u64,
        data: &[u8],
        len: u32,
        options: &[(u16, &[u8])],
    ) -> Self {
        let body = Self::new(self.order).u16(id).u16(7).u32((units >> 32) as u32).u32(units as u32);
        let body = body.u32(data.len() as u32).u32(len).padded(data).options(options);
        self.block(2, &body.bytes)
    }

    pub(crate) fn block(self, kind: u32, body: &[u8]) -> Self {
        let total = 12 + body.len().next_multiple_of(4) as u32;
        self.u32(kind).u32(total).padded(body).u32(total)
    }

    fn options(mut self, options: &[(u16, &[u8])]) -> Self {
        for &(code, value) in options {
            self = self.u16(code).u16(value.len() as u16).padded(value);
        }
        if options.is_empty() { self } else { self.u32(0) }
    }

    pub(crate) fn u16(self, number: u16) -> Self {
        match self.order {
            Little => self.raw(&number.to_le_bytes()),
            Big => self.raw(&number.to_be_bytes()),
        }
    }

    pub(crate) fn u32(self, number: u32) -> Self {
        match self.order {
            Little => self.raw(&number.to_le_bytes()),
            Big => self.raw(&number.to_be_bytes()),
        }
    }

    fn u64(self, number: u64) -> Self {
        match self.order {
            Little => self.raw(&number.to_le_bytes()),
            Big => self.raw(&number.to_be_bytes()),
        }
    }

    pub(crate) fn padded(self, bytes: &[u8]) -> Self {
        let padding = bytes.len().next_multiple_of(4) - bytes.len();
        self.raw(bytes).raw(&[0; 3][..padding])
    }

    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub(crate) fn open(&self) -> Savefile<&[u8]> {
        Savefile::from_reader(&self.bytes[..]).unwrap()
    }

    /// All frames; there has to be no error.
    pub(crate) fn frames(&self) -> Vec<OwnedFrame> {
        let (frames, error) = read(&self.bytes[..]);
        assert_eq!(error, None);
        frames
    }

    /// The frames up to an error, which there has to be.
    pub(crate) fn frames_and_error(&self) -> (Vec<OwnedFrame>, ErrorKind, String) {
        let (frames, error) = read(&self.bytes[..]);
        let (kind, message) = error.expect("an error");
        (frames, kind, message)
    }
}

/// Everything that a reader holds, and the error at its end, if there is one.
pub(crate) fn read(reader: impl Read) -> (Vec<OwnedFrame>, Option<(ErrorKind, String)>) {
    let mut frames = Vec::new();
    let mut file = match Savefile::from_reader(reader) {
        Ok(file) => file,
        Err(error) => return (frames, Some((error.kind(), error.to_string()))),
    };
    let error = loop {
        match file.next_frame() {
            Ok(Some(frame)) => frames.push(frame.to_owned()),
            Ok(None) => break None,
            Err(error) => break Some((error.kind(), error.to_string())),
        }
    };
    assert_eq!(file.frames_read(), frames.len() as u64);
    assert!(file.next_frame().unwrap().is_none());
    assert!(matches!(file.next_frame_until(None), Ok(Next::Finished)));
    (frames, error)
}

/// The same through `for_each`, broken off and taken up again after every `stride` frames.
pub(crate) fn read_in_batches(
    reader: impl Read,
    stride: usize,
) -> (Vec<OwnedFrame>, Option<(ErrorKind, String)>) {
    let mut frames: Vec<OwnedFrame> = Vec::new();
    let mut file = match Savefile::from_reader(reader) {
        Ok(file) => file,
        Err(error) => return (frames, Some((error.kind(), error.to_string()))),
    };
    loop {
        let before = frames.len();
        let result = file.for_each(|frame| {
            frames.push(frame.to_owned());
            if frames.len() - before == stride { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match result {
            Ok(()) if frames.len() - before == stride => {}
            Ok(()) => return (frames, None),
            Err(error) => return (frames, Some((error.kind(), error.to_string()))),
        }
    }
}

/// Hands out a file in pieces of the given sizes, over and over, with an interruption before each.
pub(crate) struct Pieces<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) sizes: &'a [usize],
    turn: usize,
}

impl<'a> Pieces<'a> {
    pub(crate) fn new(bytes: &'a [u8], sizes: &'a [usize]) -> Self {
        Self { bytes, sizes, turn: 0 }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        if self.turn % 2 == 1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let size = self.sizes[self.turn / 2 % self.sizes.len()].min(into.len());
        self.bytes.read(&mut into[..size])
    }
}

/// One small file of each kind, with the number of its packets.
pub(crate) fn samples() -> Vec<(File, usize)> {
    let mut samples = Vec::new();
    for order in ORDERS {
        for magic in [0xa1b2_c3d4, 0xa1b2_3c4d] {
            let file = File::pcap(order, magic, (2, 4), 65535, 1)
                .record(1_700_000_000, 5, 5, 60, b"first")
                .record(1_700_000_001, 6, 0, 0, b"")
                .record(1_700_000_002, 7, 6, 6, b"second");
            samples.push((file, 3));
        }
        let file = File::pcap(order, 0xa1b2_cd34, (2, 4), 65535, 1)
            .record(1, 2, 3, 4, b"\0\0\0\x02\x08\0\x04\0abc")
            .record(1, 2, 1, 4, b"\0\0\0\x02\x08\0\x01\0d");
        samples.push((file, 2));
        let file = File::new(order)
            .section((1, 0))
            .interface(1, 4, &[(2, b"eth0"), (9, b"\x09")])
            .block(0xbad, b"skip me")
            .enhanced(0, 1_700_000_000_000_000_001, b"data", 9, &[(1, b"comment"), (2, &[1, 0, 0, 0])])
            .interface(101, 0, &[])
            .enhanced(1, 2, b"raw", 3, &[])
            .simple(b"simp", 6)
            .obsolete(1, 3, b"obsolete", 8, &[]);
        samples.push((file, 4));
    }
    let mut two = File::pcapng(Little).enhanced(0, 1, b"little", 6, &[]);
    two.order = Big;
    samples.push((two.section((1, 0)).interface(9, 0, &[]).enhanced(0, 2, b"big", 3, &[]), 2));
    samples
}
