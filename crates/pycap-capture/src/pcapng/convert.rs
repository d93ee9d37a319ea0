//! Blocks in the other byte order: a file takes over blocks of files that were written elsewhere.

use std::borrow::Cow;

use super::block::{Block, BlockType, options_at};
use super::option::{BlockOption, Options, code};
use crate::ByteOrder;
use crate::writer::local;

/// Where a number is, and how many bytes it has.
type Place = (usize, usize);

impl<'a> Block<'a> {
    /// The body with its numbers in this byte order. Of blocks and options that are not known here nobody can tell which of their bytes
    /// are numbers: these stay as they are.
    pub(crate) fn body_in(self, order: ByteOrder) -> Cow<'a, [u8]> {
        if self.byte_order() == order {
            return Cow::Borrowed(self.body());
        }
        let mut body = self.body().to_vec();
        let fixed: &[Place] = match self.block_type() {
            BlockType::SECTION_HEADER => &[(0, 4), (4, 2), (6, 2), (8, 8)],
            BlockType::INTERFACE_DESCRIPTION => &[(0, 2), (2, 2), (4, 4)],
            BlockType::PACKET => &[(0, 2), (2, 2), (4, 4), (8, 4), (12, 4), (16, 4)],
            BlockType::ENHANCED_PACKET => &[(0, 4), (4, 4), (8, 4), (12, 4), (16, 4)],
            BlockType::INTERFACE_STATISTICS => &[(0, 4), (4, 4), (8, 4)],
            BlockType::DECRYPTION_SECRETS => &[(0, 4), (4, 4)],
            BlockType::SIMPLE_PACKET | BlockType::CUSTOM | BlockType::CUSTOM_NO_COPY => &[(0, 4)],
            _ => &[],
        };
        swap(&mut body, fixed);
        if self.block_type() == BlockType::NAME_RESOLUTION {
            swap_headers(&mut body, self.byte_order(), |_, _, _| {});
        }
        if let Some(start) = options_at(self.block_type(), self.byte_order(), self.body())
            && let Some(options) = body.get_mut(start..)
        {
            convert_options(options, self.block_type(), self.byte_order());
        }
        Cow::Owned(body)
    }
}

/// Those options of a packet that are to be kept, in this byte order, without their end.
pub(crate) fn packet_options_in(
    order: ByteOrder,
    options: Options<'_>,
    keep: impl Fn(&BlockOption<'_>) -> bool,
) -> Vec<u8> {
    let from = options.order();
    let mut bytes = Vec::new();
    for BlockOption { code, value, .. } in options.filter(keep) {
        // The length is one that an option has, so it fits.
        bytes.extend([from.bytes16(code), from.bytes16(value.len() as u16)].as_flattened());
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    if from != order {
        convert_options(&mut bytes, BlockType::ENHANCED_PACKET, from);
    }
    bytes
}

/// Turns options that are in this byte order into the other one.
fn convert_options(options: &mut [u8], block_type: BlockType, order: ByteOrder) {
    swap_headers(options, order, |code, value, _| swap(value, places(block_type, code, value)));
}

/// Walks over items that have a code and a length in front, turns these round, and shows each value.
fn swap_headers(mut bytes: &mut [u8], order: ByteOrder, mut each: impl FnMut(u16, &mut [u8], ByteOrder)) {
    loop {
        let Some((header, rest)) = bytes.split_first_chunk_mut::<4>() else { return };
        let code = order.u16_at::<0, _>(header);
        let len = usize::from(order.u16_at::<2, _>(header));
        swap(header, &[(0, 2), (2, 2)]);
        // Where the length is false no reader goes on, so nobody knows what is behind it.
        let Some(value) = rest.get_mut(..len).filter(|_| code != code::END) else { return };
        each(code, value, order);
        bytes = rest.get_mut(len.next_multiple_of(4)..).unwrap_or_default();
    }
}

/// Where in the value of an option there are numbers.
fn places(block_type: BlockType, code: u16, value: &[u8]) -> &'static [Place] {
    use code::*;
    const WORD: &[Place] = &[(0, 4)];
    const TWO_WORDS: &[Place] = &[(0, 4), (4, 4)];
    const LONG: &[Place] = &[(0, 8)];
    if matches!(code, CUSTOM_TEXT | CUSTOM_BYTES | CUSTOM_TEXT_NO_COPY | CUSTOM_BYTES_NO_COPY) {
        return WORD;
    }
    match block_type {
        BlockType::INTERFACE_DESCRIPTION => match code {
            IF_SPEED | IF_TSOFFSET | IF_TXSPEED | IF_RXSPEED => LONG,
            IF_TZONE => WORD,
            _ => &[],
        },
        BlockType::PACKET if code == EPB_FLAGS => WORD,
        BlockType::PACKET | BlockType::ENHANCED_PACKET => match code {
            local::CODE if local::is_own(value) => &local::PLACES,
            EPB_FLAGS | EPB_QUEUE => WORD,
            EPB_DROPCOUNT | EPB_PACKETID => LONG,
            EPB_PROCESSID_THREADID => TWO_WORDS,
            // The return value of a program: Linux eBPF at tc or XDP.
            EPB_VERDICT if matches!(value, [1 | 2, ..]) => &[(1, 8)],
            _ => &[],
        },
        BlockType::INTERFACE_STATISTICS => match code {
            ISB_STARTTIME | ISB_ENDTIME => TWO_WORDS,
            ISB_IFRECV..=ISB_USRDELIV => LONG,
            _ => &[],
        },
        _ => &[],
    }
}

/// Turns the bytes of numbers round. One that is not there whole stays as it is.
fn swap(bytes: &mut [u8], places: &[Place]) {
    for &(at, len) in places {
        if let Some(number) = bytes.get_mut(at..at + len) {
            number.reverse();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pcapng::OwnedBlock;
    use ByteOrder::{Big, Little};

    /// Converts there and back, and compares what the numbers say on the way.
    fn both_ways(block_type: BlockType, little: &[u8], big: &[u8]) {
        let block = OwnedBlock::new(block_type, Little, little.to_vec());
        assert_eq!(block.as_block().body_in(Big), big, "{block_type}");
        let block = OwnedBlock::new(block_type, Big, big.to_vec());
        assert_eq!(block.as_block().body_in(Little), little, "{block_type}");
    }

    #[test]
    fn numbers_are_turned_round_and_texts_are_not() {
        both_ways(
            BlockType::INTERFACE_DESCRIPTION,
            b"\x01\0\0\0\0\0\x04\0\x02\0\x04\0eth0\x08\0\x08\0\x01\0\0\0\0\0\0\0\0\0\0\0",
            b"\0\x01\0\0\0\x04\0\0\0\x02\0\x04eth0\0\x08\0\x08\0\0\0\0\0\0\0\x01\0\0\0\0",
        );
        both_ways(
            BlockType::ENHANCED_PACKET,
            b"\x01\0\0\0\x02\0\0\0\x03\0\0\0\x01\0\0\0\x05\0\0\0x\0\0\0\x02\0\x04\0\x01\0\0\0\x07\0\x09\0\x01\x05\0\0\0\0\0\0\0\0\0\0",
            b"\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x01\0\0\0\x05x\0\0\0\0\x02\0\x04\0\0\0\x01\0\x07\0\x09\x01\0\0\0\0\0\0\0\x05\0\0\0",
        );
        both_ways(
            BlockType::NAME_RESOLUTION,
            b"\x01\0\x06\0\x01\x02\x03\x04a\0\0\0\0\0\0\0\xac\x0b\x05\0\x07\0\0\0x\0\0\0",
            b"\0\x01\0\x06\x01\x02\x03\x04a\0\0\0\0\0\0\0\x0b\xac\0\x05\0\0\0\x07x\0\0\0",
        );
        both_ways(BlockType(0x1234), b"\x01\0\0\0", b"\x01\0\0\0");
    }

    #[test]
    fn what_is_torn_stays_as_it_is() {
        for len in 0..40 {
            let body: Vec<u8> = (0..len).collect();
            for block_type in (0..12).map(BlockType).chain([BlockType::SECTION_HEADER, BlockType::CUSTOM]) {
                for order in [Big, Little] {
                    let block = OwnedBlock::new(block_type, order, body.clone());
                    for to in [Big, Little] {
                        assert_eq!(block.as_block().body_in(to).len(), body.len());
                    }
                    let _ = format!("{:?} {:?}", block.as_block(), block.as_block().contents());
                }
            }
        }
    }
}
