//! Frames to write, and what is read back.

use std::io::Read;
use std::path::PathBuf;

use pycap_capture::{
    Direction, Format, Frame, Interface, LinkType, OwnedFrame, Reception, Savefile, SavefileWriter,
    Segmentation, SegmentationKind, Timestamp, VlanTag, WriterBuilder,
};

/// Addresses, an EtherType for experiments, and a little more.
pub(crate) const ETHERNET: &[u8] = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x88\xb5hello";

/// A frame with a time.
pub(crate) fn frame(data: &[u8]) -> Frame<'_> {
    Frame::new(data, LinkType::ETHERNET).with_timestamp(Timestamp::new(1_700_000_000, 123_456_789))
}

/// A frame that knows everything.
pub(crate) fn knowing() -> Frame<'static> {
    frame(ETHERNET)
        .with_original_len(1500)
        .with_flags(4 << 5 | 0x0100_0000)
        .with_direction(Direction::Inbound)
        .with_reception(Reception::Broadcast)
        .with_checksum_not_ready(true)
        .with_vlan_tag(VlanTag { tpid: 0x8100, tci: 0x6005 })
        .with_segmentation(Segmentation { size: 1448, kind: SegmentationKind::TCP_IPV4 })
}

pub(crate) fn pcapng() -> WriterBuilder {
    SavefileWriter::builder().format(Format::Pcapng)
}

/// The file that has these frames.
pub(crate) fn written<'a>(builder: WriterBuilder, frames: impl IntoIterator<Item = Frame<'a>>) -> Vec<u8> {
    let mut out = builder.to_writer(Vec::new()).unwrap();
    let mut count = 0;
    for frame in frames {
        out.write(frame).unwrap();
        count += 1;
    }
    let bytes = out.bytes_written();
    assert_eq!(out.frames_written(), count);
    let file = out.finish().unwrap();
    assert!(bytes <= file.len() as u64);
    file
}

/// All frames and interfaces of a file, in which there has to be no error.
pub(crate) fn read(file: impl Read) -> (Vec<OwnedFrame>, Vec<Interface>) {
    let mut file = Savefile::from_reader(file).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = file.next_frame().unwrap() {
        frames.push(frame.to_owned());
    }
    (frames, file.interfaces().to_vec())
}

/// What a frame is once it was written and read, other losses aside: a tag that was taken out is back among
/// the bytes.
pub(crate) fn with_tag_in_bytes(frame: Frame<'_>) -> OwnedFrame {
    let bytes = frame.wire_bytes();
    let grown = (bytes.len() - frame.data().len()) as u32;
    let mut copy = Frame::new(&bytes, frame.link_type())
        .with_original_len(frame.original_len().saturating_add(grown))
        .with_interface(frame.interface())
        .with_segmentation(
            frame.segmentation().unwrap_or(Segmentation { size: 0, kind: SegmentationKind::NONE }),
        )
        .with_flags(frame.flags());
    if let Some(time) = frame.timestamp() {
        copy = copy.with_timestamp(time);
    }
    if let (0, Some(tag)) = (grown, frame.vlan_tag()) {
        copy = copy.with_vlan_tag(tag);
    }
    copy.to_owned()
}

/// A path for a file of a test.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("writer-{}-{name}", std::process::id()))
}

/// A file that is gone when the test is over.
pub(crate) struct Temporary(pub(crate) PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
