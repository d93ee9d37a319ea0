//! Whatever bytes there are: no panic, no end of time, no more data than went in, and the same by every way.

use proptest::prelude::*;

use crate::bytes::{File, ORDERS, Pieces, read, read_in_batches, samples};

fn check(bytes: &[u8], sizes: &[usize], stride: usize) {
    let (frames, error) = read(bytes);
    assert!(frames.len() <= bytes.len() / 16);
    assert!(frames.iter().map(|frame| frame.data().len()).sum::<usize>() <= bytes.len());
    assert_eq!(read(Pieces::new(bytes, sizes)), (frames.clone(), error.clone()));
    assert_eq!(read_in_batches(bytes, stride), (frames, error));
}

fn magic() -> impl Strategy<Value = Vec<u8>> {
    let classic = [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34]
        .into_iter()
        .flat_map(|magic| ORDERS.map(|order| File::pcap(order, magic, (2, 4), 0, 1).bytes));
    let sections = ORDERS.map(|order| File::new(order).section((1, 0)).bytes);
    let interfaces = ORDERS.map(|order| File::pcapng(order).bytes);
    let starts = classic.chain(sections).chain(interfaces).chain([vec![]]).collect::<Vec<_>>();
    prop::sample::select(starts)
}

/// Bytes that look like fields: mostly small numbers, as lengths and types are.
fn fields() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        4 => 0..64_u32,
        1 => any::<u32>(),
        1 => prop::sample::select(vec![0x0a0d_0d0a, 0x1a2b_3c4d, 0x4d3c_2b1a, 0x0001_0000, u32::MAX]),
    ];
    (prop::collection::vec(word, 0..64), any::<bool>()).prop_map(|(words, big)| {
        let bytes = |word: u32| if big { word.to_be_bytes() } else { word.to_le_bytes() };
        words.into_iter().flat_map(bytes).collect()
    })
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1..40_usize, 1..5)
}

proptest! {
    // A failure shows the bytes; no file of them is left behind.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), sizes in sizes(), stride in 1..9_usize) {
        check(&bytes, &sizes, stride);
    }

    #[test]
    fn any_fields(start in magic(), fields in fields(), sizes in sizes(), stride in 1..9_usize) {
        check(&[start, fields].concat(), &sizes, stride);
    }

    #[test]
    fn damaged_files(
        file in prop::sample::select(samples().into_iter().map(|(file, _)| file.bytes).collect::<Vec<_>>()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        sizes in sizes(),
        stride in 1..9_usize,
    ) {
        let mut bytes = file;
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        check(&bytes, &sizes, stride);
    }

    #[test]
    fn long_files(lens in prop::collection::vec(0..70_000_u32, 1..30), sizes in prop::collection::vec(1..300_000_usize, 1..4)) {
        for order in ORDERS {
            let mut classic = File::pcap(order, 0xa1b2_c3d4, (2, 4), 0, 1);
            let mut pcapng = File::pcapng(order);
            for (i, &len) in lens.iter().enumerate() {
                let data = vec![i as u8; len as usize];
                classic = classic.record(i as u32, 0, len, len, &data);
                pcapng = pcapng.enhanced(0, i as u64 * 1_000_000, &data, len, &[]);
            }
            let (frames, error) = read(Pieces::new(&classic.bytes, &sizes));
            prop_assert_eq!(error, None);
            prop_assert_eq!(frames.len(), lens.len());
            for (i, (frame, &len)) in frames.iter().zip(&lens).enumerate() {
                prop_assert_eq!(frame.data(), vec![i as u8; len as usize]);
            }
            prop_assert_eq!(read(Pieces::new(&pcapng.bytes, &sizes)), (frames, None));
        }
    }
}
