//! Files that end anywhere, and readers that give as little as they like.

use std::io::{self, Read};

use pycap_capture::{ErrorKind, Savefile};

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

/// A reader that has nothing yet before each of its bytes.
struct Slow<'a> {
    bytes: &'a [u8],
    ready: bool,
}

impl Read for Slow<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.ready = !self.ready;
        if !self.ready {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let len = into.len().min(1);
        self.bytes.read(&mut into[..len])
    }
}

#[test]
fn a_reader_that_has_nothing_yet_is_asked_again() {
    for (file, _) in samples() {
        for len in [file.bytes.len() - 1, file.bytes.len()] {
            let bytes = &file.bytes[..len];
            let (whole, end) = read(bytes);
            // The header has to be there.
            let head = if bytes.starts_with(b"\n\r\r\n") { 28 } else { 24 };
            let (head, rest) = bytes.split_at(head);
            let mut file = Savefile::from_reader(head.chain(Slow { bytes: rest, ready: false })).unwrap();
            let mut frames = Vec::new();
            let error = loop {
                match file.next_frame() {
                    Ok(Some(frame)) => frames.push(frame.to_owned()),
                    Ok(None) => break None,
                    Err(error) if error.io_error().is_some() => {
                        assert_eq!(error.io_error().unwrap().kind(), io::ErrorKind::WouldBlock);
                    }
                    Err(error) => break Some((error.kind(), error.to_string())),
                }
            };
            assert_eq!((frames, error), (whole, end));
        }
    }
}
