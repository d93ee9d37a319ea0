//! Files that end anywhere, and readers that give as little as they like.

use pycap_capture::ErrorKind;

use crate::bytes::{Pieces, read, read_in_batches, samples};

/// The samples have their packets where these lengths say: a file cut at one of them is a whole file.
fn whole_lengths(bytes: &[u8], packets: usize) -> Vec<usize> {
    let (whole, error) = read(bytes);
    assert_eq!((whole.len(), error), (packets, None));
    (0..=bytes.len()).filter(|&len| matches!(read(&bytes[..len]), (_, None))).collect()
}

#[test]
fn a_file_cut_anywhere_gives_its_whole_packets_and_one_error() {
    for (file, packets) in samples() {
        let (whole, _) = read(&file.bytes[..]);
        // Header, interfaces and other blocks add to the places where a pcapng file may end well.
        assert!(whole_lengths(&file.bytes, packets).len() > packets);
        let mut most = 0;
        for len in 0..file.bytes.len() {
            let (frames, error) = read(&file.bytes[..len]);
            assert_eq!(frames[..], whole[..frames.len()]);
            assert!(frames.len() >= most, "a longer file never has fewer packets");
            most = frames.len();
            match error {
                None => {}
                Some((kind, _)) if len == 0 => assert_eq!(kind, ErrorKind::Empty),
                Some((kind, message)) => {
                    assert_eq!(kind, ErrorKind::Truncated, "{len}: {message}");
                    assert!(message.contains("the file ends early"), "{message}");
                }
            }
        }
        assert_eq!(most, packets - 1);
    }
}

#[test]
fn it_does_not_matter_how_the_bytes_arrive() {
    for (file, _) in samples() {
        for len in 0..=file.bytes.len() {
            let bytes = &file.bytes[..len];
            let at_once = read(bytes);
            for sizes in [&[1][..], &[3, 1, 30], &[17]] {
                assert_eq!(read(Pieces::new(bytes, sizes)), at_once);
                assert_eq!(read_in_batches(Pieces::new(bytes, sizes), 2), at_once);
            }
            assert_eq!(read_in_batches(bytes, 1), at_once);
            assert_eq!(read_in_batches(bytes, usize::MAX), at_once);
        }
    }
}
