//! Files with everything that an index has to get over, from a seed.

use pycap_capture::ByteOrder;

use crate::bytes::{File, ORDERS};

/// A small generator of numbers (splitmix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// Less than `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn data(&mut self) -> Vec<u8> {
        let len = match self.below(10) {
            0..5 => self.below(100),
            5..7 => self.below(3000),
            _ => 50_000 + self.below(150_000),
        };
        vec![self.next() as u8; len as usize]
    }

    /// Mostly forward, sometimes back, sometimes far.
    fn step(&mut self, secs: u64) -> u64 {
        match self.below(8) {
            0 => secs.saturating_sub(self.below(20)),
            1 => 1_000_000 + self.below(1000),
            _ => secs + self.below(3),
        }
    }
}

/// A file of some MB: pcap of an even seed, pcapng of an odd one.
pub(super) fn generated(seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    let order = ORDERS[random.below(2) as usize];
    match seed % 2 {
        0 => pcap(&mut random, order),
        _ => pcapng(&mut random, order),
    }
}

fn pcap(random: &mut Random, order: ByteOrder) -> Vec<u8> {
    let magic = [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34][random.below(3) as usize];
    let mut file = File::pcap(order, magic, (2, 4), 65535, 1);
    let mut secs = 1_000_500;
    for _ in 0..random.below(90) {
        secs = random.step(secs);
        let (fraction, data) = (random.below(1_000_000) as u32, random.data());
        let len = data.len() as u32;
        let data = if magic == 0xa1b2_cd34 { [vec![0; 8], data].concat() } else { data };
        file = file.record(secs as u32, fraction, len, len, &data);
    }
    file.bytes
}

fn pcapng(random: &mut Random, order: ByteOrder) -> Vec<u8> {
    // Some files have few other blocks, some have one behind every other packet.
    let often = [3, 12, 60][random.below(3) as usize];
    let mut file = File::pcapng(order);
    let (mut secs, mut interfaces) = (1_000_500, 1);
    for number in 0..random.below(120) {
        if random.below(often) == 0 {
            let len = [8, 40, 20_000][random.below(3) as usize];
            let body = vec![number as u8; len];
            match random.below(7) {
                0 => {
                    file.order = ORDERS[random.below(2) as usize];
                    file = file.section((1, 0)).interface(1, 0, &[]);
                    interfaces = 1;
                }
                1 => {
                    file = file.interface(101, 0, &[(2, b"more"), (9, b"\x03")]);
                    interfaces += 1;
                }
                kind => file = file.block([4, 5, 10, 0xbad, 0x1234][kind as usize - 2], &body),
            }
        }
        secs = random.step(secs);
        let (id, data) = (random.below(interfaces), random.data());
        let (units, len) = (secs * 1_000_000 + random.below(1_000_000), data.len() as u32);
        file = match random.below(9) {
            0 => file.simple(&data, len),
            1 => file.obsolete(id as u16, units, &data, len, &[]),
            2 => file.enhanced(id as u32, units, &data, len, &[(1, b"comment"), (2, &[1, 0, 0, 0])]),
            _ => file.enhanced(id as u32, units, &data, len, &[]),
        };
    }
    file.bytes
}
