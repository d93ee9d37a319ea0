//! Savefiles through libpcap, held against our own reader.

use std::path::Path;

use pycap_capture::{Format, PcapSource, Savefile, Source, Timestamp};

use crate::corpus;

#[test]
fn savefiles_have_the_same_frames() {
    let Some(corpus) = corpus() else { return };
    let (mut files, mut frames) = (0, 0);
    for folder in ["tcpdump", "libpcap", "PcapFlowLab", "gopacket"] {
        visit(&corpus.join(folder), &mut |path| {
            let (Ok(mut ours), Ok(mut theirs)) = (Savefile::open(path), PcapSource::offline(path)) else {
                return;
            };
            // libpcap knows no interfaces that differ.
            if ours.format() == Format::Pcapng && ours.interfaces().len() > 1 {
                return;
            }
            files += 1;
            let ours_format = ours.format();
            let theirs_cut = theirs.snaplen() as usize;
            while let (Ok(Some(a)), Ok(Some(b))) = (ours.next_frame(), theirs.next_frame()) {
                // libpcap cuts what is longer than the file says that its frames are; we hand it out whole.
                let len = a.data().len().min(if theirs_cut == 0 { usize::MAX } else { theirs_cut });
                assert_eq!(a.data()[..len], *b.data(), "{}", path.display());
                assert_eq!(a.original_len(), b.original_len(), "{}", path.display());
                assert_eq!(a.link_type(), b.link_type(), "{}", path.display());
                // libpcap 1.10 takes both 32-bit words of a time in a classic file for numbers with a sign, we for ones without.
                let [ours, theirs] = [a, b].map(|frame| frame.timestamp().unwrap_or(Timestamp::UNIX_EPOCH));
                let parts = if ours_format == Format::PcapNanosecond { 1 } else { 1000 };
                let words = [(0, 0), (1, 0), (0, 1), (1, 1)];
                let wrapped = words.map(|(secs, fraction)| (secs * 1_000_000_000 + fraction * parts) << 32);
                assert!(wrapped.contains(&ours.nanos_since(theirs)), "{}: {ours} {theirs}", path.display());
                frames += 1;
            }
        });
    }
    println!("{frames} frames of {files} files are the same");
    assert!(files > 100 && frames > 10_000);
}

fn visit(folder: &Path, each: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { visit(&path, each) } else { each(&path) }
    }
}

fn sample() -> std::path::PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../pycap-cli/samples/ping-web-dns.pcap").into()
}

fn sample_frames() -> Vec<Vec<u8>> {
    let mut file = Savefile::open(sample()).unwrap();
    let mut frames = Vec::new();
    file.for_each(|frame| {
        frames.push(frame.data().to_vec());
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    frames
}

#[test]
fn no_frame_is_lost_by_a_break() {
    use std::ops::ControlFlow::{Break, Continue};
    let expected = sample_frames();
    assert!(expected.len() > 10);
    for every in [1, 2, 3, 7] {
        let mut source = PcapSource::offline(sample()).unwrap();
        let mut found: Vec<Vec<u8>> = Vec::new();
        loop {
            let before = found.len();
            source
                .for_each(|frame| {
                    found.push(frame.data().to_vec());
                    if found.len().is_multiple_of(every) { Break(()) } else { Continue(()) }
                })
                .unwrap();
            // Reads one by one come in between.
            if let Some(frame) = source.next_frame().unwrap() {
                found.push(frame.data().to_vec());
            }
            if found.len() == before {
                break;
            }
        }
        assert_eq!(found, expected);
    }
}

#[test]
fn a_panic_goes_through_and_the_source_goes_on() {
    let mut source = PcapSource::offline(sample()).unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = source.for_each(|_| panic!("in the callback"));
    }));
    assert_eq!(*panicked.unwrap_err().downcast::<&str>().unwrap(), "in the callback");
    let mut left = 0;
    while source.next_frame().unwrap().is_some() {
        left += 1;
    }
    assert_eq!(left, sample_frames().len() - 1);
}

#[test]
fn a_filter_and_a_stop_work_on_files() {
    let mut source = PcapSource::offline(sample()).unwrap();
    assert_eq!(source.stats().unwrap(), pycap_capture::Stats::default());
    let filter = source.compile("udp port 53").unwrap();
    source.set_filter(&filter).unwrap();
    let expected = {
        let mut file = Savefile::open(sample()).unwrap();
        let mut count = 0;
        while let Some(frame) = file.next_frame().unwrap() {
            count += usize::from(frame.matches(&filter));
        }
        count
    };
    let mut count = 0;
    while source.next_frame().unwrap().is_some() {
        count += 1;
    }
    assert!(count > 0);
    assert_eq!(count, expected);
    assert!(source.next_frame().unwrap().is_none());

    let mut source = PcapSource::offline(sample()).unwrap();
    Source::stop_handle(&source).unwrap().stop();
    assert!(source.next_frame().unwrap().is_none());
}

#[test]
fn what_is_no_file_is_an_error_that_names_it() {
    let error = PcapSource::offline("no/such/file.pcap").unwrap_err();
    assert!(error.to_string().starts_with("no/such/file.pcap: "), "{error}");
    let error = PcapSource::offline(env!("CARGO_MANIFEST_DIR").to_owned() + "/Cargo.toml").unwrap_err();
    assert!(error.to_string().contains("Cargo.toml: libpcap"), "{error}");
}
