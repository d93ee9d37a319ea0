//! Reading savefiles, and reading and dissecting them, pycap beside its peers: `cargo bench --bench savefile`.
//!
//! The file has 170 MB of the mix (some 640 bytes a packet) and stays in the page cache. All readers get buffers of 512 KiB
//! where they can be told. Compressed files are held against their decoder alone. After criterion's benches a table has the ratios: of rounds in which all take turns, the
//! fastest of each, which is the least disturbed by what else the machine does.

#[path = "dissectors.rs"]
mod dissectors;

use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use dissectors::{Fold, assert_agreement, etherparse, pycap as dissect};
use pycap_testkit::generate::{self, Traffic};

const BYTES: u64 = 170_000_000;
const BUFFER: usize = 512 * 1024;

fn main() {
    let savefiles = Savefiles::write();
    savefiles.assert_agreement();
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5))
        .configure_from_args();
    for question in savefiles.questions() {
        let mut group = criterion.benchmark_group(question.title);
        group.throughput(Throughput::Elements(savefiles.packets));
        for contender in &question.contenders {
            group.bench_function(contender.name, |bencher| bencher.iter(&contender.run));
        }
        group.finish();
    }
    criterion.final_summary();
    let argument = |name: &str| std::env::args().any(|argument| argument == name);
    if argument("--bench") && !argument("--list") {
        for question in savefiles.questions() {
            question.print_ratios(savefiles.packets, if argument("--quick") { 5 } else { 21 });
        }
    }
}

/// One packet, as every reader gives it.
struct Record<'a> {
    secs: u64,
    nanos: u32,
    original_len: u32,
    data: &'a [u8],
}

/// What all readers have to agree upon, and what reading alone does with a record.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    packets: u64,
    secs: u64,
    nanos: u64,
    original: u64,
    captured: u64,
}

impl Totals {
    #[inline(always)]
    fn add(&mut self, record: Record<'_>) {
        self.packets += 1;
        self.secs += record.secs;
        self.nanos += u64::from(record.nanos);
        self.original += u64::from(record.original_len);
        self.captured += record.data.len() as u64;
    }
}

struct Question<'a> {
    title: &'static str,
    contenders: Vec<Contender<'a>>,
    /// Each says that a contender takes at most so many times the time of another.
    limits: Vec<Limit>,
}

struct Contender<'a> {
    name: &'static str,
    run: Box<dyn Fn() + 'a>,
}

struct Limit {
    of: &'static str,
    beside: &'static str,
    ratio: f64,
}

impl Question<'_> {
    fn print_ratios(&self, packets: u64, rounds: usize) {
        let mut times = vec![Vec::new(); self.contenders.len()];
        for _ in 0..rounds {
            for (contender, times) in self.contenders.iter().zip(&mut times) {
                let start = Instant::now();
                (contender.run)();
                times.push(start.elapsed());
            }
        }
        let fastest: Vec<f64> =
            times.iter().map(|times| times.iter().min().expect("there are rounds").as_secs_f64()).collect();
        println!("\n{}, the fastest of {rounds} rounds in turn:", self.title);
        for (contender, time) in self.contenders.iter().zip(&fastest) {
            println!(
                "{:<28} {:>8.1} ms {:>8.1} ns a packet {:>6.2} x {}",
                contender.name,
                time * 1e3,
                time * 1e9 / packets as f64,
                time / fastest[0],
                self.contenders[0].name,
            );
        }
        let time = |name: &str| {
            let named = self.contenders.iter().position(|contender| contender.name == name);
            named.map(|index| fastest[index])
        };
        for Limit { of, beside, ratio } in &self.limits {
            if let (Some(time), Some(other)) = (time(of), time(beside)) {
                let verdict = if time / other <= *ratio { "ok" } else { "MISSED" };
                println!(
                    "{of} takes {:.3} of the time of {beside}, limit {ratio:.3}: {verdict}",
                    time / other
                );
            }
        }
    }
}

/// The files that are read; gone when this is.
struct Savefiles {
    pcap: PathBuf,
    pcapng: PathBuf,
    gzip: PathBuf,
    zstd: PathBuf,
    packets: u64,
}

impl Savefiles {
    fn write() -> Self {
        let mix = Traffic::Mix.frames(20_000, 1);
        assert_agreement(&mix[..2000]);
        let bytes: usize = mix.iter().map(|frame| 16 + frame.len()).sum();
        let packets = BYTES * mix.len() as u64 / bytes as u64;
        let frames = || mix.iter().map(Vec::as_slice).cycle().take(packets as usize);
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let this = Self {
            pcap: directory.join("pycap-bench.pcap"),
            pcapng: directory.join("pycap-bench.pcapng"),
            gzip: directory.join("pycap-bench.pcap.gz"),
            zstd: directory.join("pycap-bench.pcap.zst"),
            packets,
        };
        let create =
            |path| BufWriter::with_capacity(1 << 20, File::create(path).expect("a file can be made"));
        generate::pcap(frames(), create(&this.pcap)).expect("170 MB can be written");
        generate::pcapng(frames(), create(&this.pcapng)).expect("170 MB can be written");
        for path in [&this.gzip, &this.zstd] {
            pycap::copy(&this.pcap, path);
        }
        this
    }

    fn assert_agreement(&self) {
        macro_rules! totals {
            ($reader:path, $path:expr) => {{
                let mut totals = Totals::default();
                $reader($path, |record| totals.add(record));
                totals
            }};
        }
        let expected = totals!(pycap::for_each, &self.pcap);
        assert_eq!(expected.packets, self.packets);
        assert_eq!(totals!(pycap::next_frame, &self.pcap), expected);
        for path in [&self.pcap, &self.pcapng] {
            let index = pycap_capture::SavefileIndex::build(path).expect("the file is sound");
            assert_eq!(index.packets(), self.packets, "index");
        }
        assert_eq!(totals!(pcap_parser::pcap, &self.pcap), expected, "pcap-parser");
        assert_eq!(totals!(pcap_file::pcap, &self.pcap), expected, "pcap-file");
        assert_eq!(totals!(pycap::for_each, &self.pcapng), expected, "pcapng");
        assert_eq!(totals!(pycap::for_each, &self.gzip), expected, "gzip");
        assert_eq!(totals!(pycap::for_each, &self.zstd), expected, "zstd");
        let len = std::fs::metadata(&self.pcap).expect("the file is there").len();
        assert_eq!((decoders::gzip(&self.gzip), decoders::zstd(&self.zstd)), (len, len));
        assert_eq!(totals!(pcap_parser::pcapng, &self.pcapng), expected, "pcap-parser, pcapng");
        assert_eq!(totals!(pcap_file::pcapng, &self.pcapng), expected, "pcap-file, pcapng");
        #[cfg(libpcap)]
        {
            assert_eq!(totals!(libpcap::next_packet, &self.pcap), expected, "pcap");
            assert_eq!(totals!(libpcap::for_each, &self.pcap), expected, "pcap");
            assert_eq!(totals!(libpcap::for_each, &self.pcapng), expected, "pcap, pcapng");
        }
    }

    fn questions(&self) -> Vec<Question<'_>> {
        macro_rules! contender {
            ($name:literal, read $path:ident with $reader:path) => {
                Contender {
                    name: $name,
                    run: Box::new(|| {
                        let mut totals = Totals::default();
                        $reader(&self.$path, |record| totals.add(record));
                        black_box(totals);
                    }),
                }
            };
            ($name:literal, read $path:ident with $reader:path, dissect with $dissect:path) => {
                Contender {
                    name: $name,
                    run: Box::new(|| {
                        let mut fold = Fold::default();
                        $reader(&self.$path, |record| $dissect(record.data, &mut fold));
                        black_box(fold);
                    }),
                }
            };
        }
        let raw = |path| Contender { name: "raw read(2)", run: Box::new(move || raw_read(path)) };
        vec![
            Question {
                title: "read pcap",
                contenders: vec![
                    raw(&self.pcap),
                    contender!("pycap for_each", read pcap with pycap::for_each),
                    contender!("pycap next_frame", read pcap with pycap::next_frame),
                    contender!("pcap-parser", read pcap with pcap_parser::pcap),
                    contender!("pcap-file", read pcap with pcap_file::pcap),
                    #[cfg(libpcap)]
                    contender!("pcap for_each", read pcap with libpcap::for_each),
                    #[cfg(libpcap)]
                    contender!("pcap next_packet", read pcap with libpcap::next_packet),
                ],
                limits: vec![
                    Limit { of: "pycap for_each", beside: "raw read(2)", ratio: 1.4 },
                    Limit { of: "pycap next_frame", beside: "raw read(2)", ratio: 1.4 },
                ],
            },
            Question {
                title: "read pcapng",
                contenders: vec![
                    raw(&self.pcapng),
                    contender!("pycap for_each", read pcapng with pycap::for_each),
                    contender!("pycap next_frame", read pcapng with pycap::next_frame),
                    contender!("pcap-parser", read pcapng with pcap_parser::pcapng),
                    contender!("pcap-file", read pcapng with pcap_file::pcapng),
                    #[cfg(libpcap)]
                    contender!("pcap for_each", read pcapng with libpcap::for_each),
                ],
                limits: vec![
                    Limit { of: "pycap for_each", beside: "raw read(2)", ratio: 2.2 },
                    Limit { of: "pycap next_frame", beside: "raw read(2)", ratio: 2.2 },
                ],
            },
            Question {
                title: "index pcap",
                contenders: vec![
                    contender!("for_each, no index", read pcap with pycap::for_each),
                    Contender { name: "index", run: Box::new(|| pycap::index(&self.pcap)) },
                ],
                limits: vec![Limit { of: "index", beside: "for_each, no index", ratio: 1.2 }],
            },
            Question {
                title: "index pcapng",
                contenders: vec![
                    contender!("for_each, no index", read pcapng with pycap::for_each),
                    Contender { name: "index", run: Box::new(|| pycap::index(&self.pcapng)) },
                ],
                limits: vec![Limit { of: "index", beside: "for_each, no index", ratio: 1.2 }],
            },
            Question {
                title: "read gzip",
                contenders: vec![
                    Contender {
                        name: "flate2 alone",
                        run: Box::new(|| {
                            black_box(decoders::gzip(&self.gzip));
                        }),
                    },
                    contender!("pycap for_each", read gzip with pycap::for_each),
                ],
                limits: vec![Limit { of: "pycap for_each", beside: "flate2 alone", ratio: 1.2 }],
            },
            Question {
                title: "read zstd",
                contenders: vec![
                    Contender {
                        name: "ruzstd alone",
                        run: Box::new(|| {
                            black_box(decoders::zstd(&self.zstd));
                        }),
                    },
                    contender!("pycap for_each", read zstd with pycap::for_each),
                ],
                limits: vec![Limit { of: "pycap for_each", beside: "ruzstd alone", ratio: 1.2 }],
            },
            Question {
                title: "read and dissect pcap",
                contenders: vec![
                    contender!("pycap stack", read pcap with pycap::for_each, dissect with dissect::stack),
                    contender!("pycap Packet", read pcap with pycap::for_each, dissect with dissect::packet),
                    contender!("pcap-parser + etherparse", read pcap with pcap_parser::pcap, dissect with etherparse::sliced),
                    contender!("pcap-file + etherparse", read pcap with pcap_file::pcap, dissect with etherparse::sliced),
                    #[cfg(libpcap)]
                    contender!("pcap for_each + etherparse", read pcap with libpcap::for_each, dissect with etherparse::sliced),
                    #[cfg(libpcap)]
                    contender!("pcap + etherparse", read pcap with libpcap::next_packet, dissect with etherparse::sliced),
                ],
                limits: vec![
                    Limit { of: "pycap stack", beside: "pcap + etherparse", ratio: 1.0 / 3.0 },
                    Limit { of: "pycap Packet", beside: "pcap + etherparse", ratio: 1.0 / 3.0 },
                    Limit { of: "pycap stack", beside: "pcap for_each + etherparse", ratio: 1.0 / 3.0 },
                    Limit { of: "pycap Packet", beside: "pcap for_each + etherparse", ratio: 1.0 / 3.0 },
                ],
            },
        ]
    }
}

impl Drop for Savefiles {
    fn drop(&mut self) {
        for path in [&self.pcap, &self.pcapng, &self.gzip, &self.zstd] {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn raw_read(path: &Path) {
    let mut file = File::open(path).expect("the file is there");
    let mut buffer = vec![0; BUFFER];
    while file.read(&mut buffer).expect("the file can be read") > 0 {
        black_box(&buffer);
    }
}

/// What decompressing alone takes, into a buffer of the size that a savefile has.
mod decoders {
    use std::io::{BufRead, BufReader};

    use flate2::bufread::MultiGzDecoder;
    use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

    use super::{BUFFER, File, Path, Read, black_box};

    fn read_through(mut reader: impl Read, buffer: &mut [u8]) -> u64 {
        let mut total = 0;
        loop {
            match reader.read(buffer).expect("the file is sound") {
                0 => return total,
                read => total += read as u64,
            }
            black_box(&*buffer);
        }
    }

    fn open(path: &Path) -> BufReader<File> {
        BufReader::with_capacity(BUFFER, File::open(path).expect("the file is there"))
    }

    pub(super) fn gzip(path: &Path) -> u64 {
        read_through(MultiGzDecoder::new(open(path)), &mut vec![0; BUFFER])
    }

    pub(super) fn zstd(path: &Path) -> u64 {
        let (mut file, mut decoder, mut buffer) = (open(path), FrameDecoder::new(), vec![0; BUFFER]);
        let mut total = 0;
        while !file.fill_buf().expect("the file can be read").is_empty() {
            let frame = StreamingDecoder::new_with_decoder(&mut file, &mut decoder);
            total += read_through(frame.expect("the file is sound"), &mut buffer);
        }
        total
    }
}

mod pycap {
    use pycap_capture::{Frame, Savefile, SavefileIndex, SavefileWriter};

    use super::{ControlFlow, Path, Record, black_box};

    #[inline(always)]
    fn record(frame: Frame<'_>) -> Record<'_> {
        let time = frame.timestamp().unwrap_or_default();
        Record {
            secs: time.secs() as u64,
            nanos: time.subsec_nanos(),
            original_len: frame.original_len(),
            data: frame.data(),
        }
    }

    /// Writes the same frames to another file, compressed as its name says.
    pub(super) fn copy(from: &Path, to: &Path) {
        let mut file = Savefile::open(from).expect("the file is sound");
        let mut out = SavefileWriter::builder().create(to).expect("a file can be made");
        while let Some(frame) = file.next_frame().expect("the file is sound") {
            out.write(frame).expect("170 MB can be written");
        }
        out.finish().expect("170 MB can be written");
    }

    #[inline(always)]
    pub(super) fn for_each(path: &Path, mut each: impl FnMut(Record<'_>)) {
        let mut file = Savefile::open(path).expect("the file is sound");
        file.for_each(|frame| {
            each(record(frame));
            ControlFlow::Continue(())
        })
        .expect("the file is sound");
    }

    #[inline(always)]
    pub(super) fn next_frame(path: &Path, mut each: impl FnMut(Record<'_>)) {
        let mut file = Savefile::open(path).expect("the file is sound");
        while let Some(frame) = file.next_frame().expect("the file is sound") {
            each(record(frame));
        }
    }

    pub(super) fn index(path: &Path) {
        black_box(SavefileIndex::build(path).expect("the file is sound"));
    }
}

mod pcap_parser {
    use pcap_parser::traits::PcapReaderIterator;
    use pcap_parser::{Block, LegacyPcapReader, PcapBlockOwned, PcapError, PcapNGReader};

    use super::{BUFFER, File, Path, Record};

    #[inline(always)]
    fn blocks(mut reader: impl PcapReaderIterator, mut each: impl FnMut(PcapBlockOwned<'_>)) {
        loop {
            match reader.next() {
                Ok((length, block)) => {
                    each(block);
                    reader.consume(length);
                }
                Err(PcapError::Eof) => break,
                Err(PcapError::Incomplete(_)) => reader.refill().expect("the file can be read"),
                Err(error) => panic!("the file is sound: {error}"),
            }
        }
    }

    #[inline(always)]
    pub(super) fn pcap(path: &Path, mut each: impl FnMut(Record<'_>)) {
        let file = File::open(path).expect("the file is there");
        blocks(LegacyPcapReader::new(BUFFER, file).expect("the file is sound"), |block| {
            if let PcapBlockOwned::Legacy(block) = block {
                each(Record {
                    secs: block.ts_sec.into(),
                    nanos: block.ts_usec * 1000,
                    original_len: block.origlen,
                    data: block.data,
                });
            }
        });
    }

    #[inline(always)]
    pub(super) fn pcapng(path: &Path, mut each: impl FnMut(Record<'_>)) {
        let file = File::open(path).expect("the file is there");
        let mut interfaces = Vec::new();
        blocks(PcapNGReader::new(BUFFER, file).expect("the file is sound"), |block| match block {
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                interfaces
                    .push((interface.ts_offset(), interface.ts_resolution().expect("it is microseconds")));
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let (offset, resolution) = interfaces[packet.if_id as usize];
                let (secs, micros) = packet.decode_ts(offset as u64, resolution);
                each(Record {
                    secs: secs.into(),
                    nanos: micros * 1000,
                    original_len: packet.origlen,
                    // `data` has the padding.
                    data: &packet.data[..packet.caplen as usize],
                });
            }
            _ => (),
        });
    }
}

mod pcap_file {
    use pcap_file::pcap::PcapReader;
    use pcap_file::pcapng::{Block, PcapNgReader};

    use super::{File, Path, Record};

    #[inline(always)]
    pub(super) fn pcap(path: &Path, mut each: impl FnMut(Record<'_>)) {
        let file = File::open(path).expect("the file is there");
        let mut reader = PcapReader::new(file).expect("the file is sound");
        while let Some(packet) = reader.next_packet() {
            let packet = packet.expect("the file is sound");
            each(Record {
                secs: packet.timestamp.as_secs(),
                nanos: packet.timestamp.subsec_nanos(),
                original_len: packet.orig_len,
                data: &packet.data,
            });
        }
    }

    #[inline(always)]
    pub(super) fn pcapng(path: &Path, mut each: impl FnMut(Record<'_>)) {
        let file = File::open(path).expect("the file is there");
        let mut reader = PcapNgReader::new(file).expect("the file is sound");
        while let Some(block) = reader.next_block() {
            if let Block::EnhancedPacket(packet) = block.expect("the file is sound") {
                // pcap-file takes the interface's units, here microseconds, for nanoseconds.
                let micros = packet.timestamp.as_nanos() as u64;
                each(Record {
                    secs: micros / 1_000_000,
                    nanos: (micros % 1_000_000) as u32 * 1000,
                    original_len: packet.original_len,
                    data: &packet.data,
                });
            }
        }
    }
}

#[cfg(libpcap)]
mod libpcap {
    use pcap::{Capture, Error, Packet};

    use super::{Path, Record};

    #[inline(always)]
    fn record<'a>(packet: &Packet<'a>) -> Record<'a> {
        Record {
            secs: packet.header.ts.tv_sec as u64,
            nanos: packet.header.ts.tv_usec as u32 * 1000,
            original_len: packet.header.len,
            data: packet.data,
        }
    }

    #[inline(always)]
    pub(super) fn next_packet(path: &Path, mut each: impl FnMut(Record<'_>)) {
        let mut capture = Capture::from_file(path).expect("the file is sound");
        loop {
            match capture.next_packet() {
                Ok(packet) => each(record(&packet)),
                Err(Error::NoMorePackets) => break,
                Err(error) => panic!("the file is sound: {error}"),
            }
        }
    }

    #[inline(always)]
    pub(super) fn for_each(path: &Path, mut each: impl FnMut(Record<'_>)) {
        let mut capture = Capture::from_file(path).expect("the file is sound");
        capture.for_each(None, |packet| each(record(&packet))).expect("the file is sound");
    }
}
