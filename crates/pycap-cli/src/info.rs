//! What a capture file is and has: `pycap info`, after Wireshark's capinfos.

mod json;
mod text;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use pycap_capture::pcapng::{Block, BlockType, Contents, Options, code};
use pycap_capture::{
    ByteOrder, Compression, Format, Frame, Interface, LinkType, Record, Savefile, Timestamp,
};

use crate::error::Failure;
use crate::escape;
use crate::progress::Progress;
use crate::tell_failure;

/// Tells what capture files are and have: packets, times, rates, interfaces, comments.
#[derive(Debug, clap::Parser)]
#[command(name = "pycap info", disable_version_flag = true)]
pub(crate) struct InfoArgs {
    /// The capture files; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// One JSON object a file
    #[arg(long)]
    json: bool,
}

/// Prints what is known of every file, also of those that are damaged.
pub(crate) fn run(args: &InfoArgs) -> Result<(), Failure> {
    let mut well = true;
    for (number, path) in args.files.iter().enumerate() {
        let opened = if path == Path::new("-") { Savefile::stdin() } else { Savefile::open(path) };
        let report = match opened {
            Ok(mut file) => Report::of(&mut file, path),
            Err(error) => {
                tell_failure(&error.into());
                well = false;
                continue;
            }
        };
        let mut out = io::BufWriter::new(io::stdout().lock());
        if args.json {
            writeln!(out, "{}", escape::json(&json::object(&report)))?;
        } else {
            if number > 0 {
                writeln!(out)?;
            }
            text::write(&mut out, &report)?;
        }
        out.flush()?;
        if let Some(damage) = report.damage {
            tell_failure(&damage);
            well = false;
        }
    }
    if well { Ok(()) } else { Err(Failure::Unwell) }
}

/// What is known of a file.
struct Report {
    path: PathBuf,
    format: Format,
    version: (u16, u16),
    byte_order: ByteOrder,
    compression: Option<Compression>,
    file_size: u64,
    packets: u64,
    /// Packets of which the file has not all bytes.
    cut: u64,
    /// Bytes that packets had, and those that the file has of them.
    data: u64,
    captured: u64,
    times: Times,
    link_types: BTreeMap<u16, u64>,
    sections: Vec<Section>,
    /// How many there are beyond those that are kept.
    more_sections: u64,
    interfaces: Vec<(Interface, OfInterface)>,
    counts: Counts,
    /// Why the reading ended early.
    damage: Option<Failure>,
}

#[derive(Default)]
struct Times {
    earliest: Option<Timestamp>,
    latest: Option<Timestamp>,
    last: Option<Timestamp>,
    /// Packets without a time.
    without: u64,
    out_of_order: bool,
}

impl Times {
    fn see(&mut self, time: Option<Timestamp>) {
        let Some(time) = time else {
            self.without += 1;
            return;
        };
        self.out_of_order |= self.last.is_some_and(|last| time < last);
        self.last = Some(time);
        self.earliest = Some(self.earliest.map_or(time, |earliest| earliest.min(time)));
        self.latest = Some(self.latest.map_or(time, |latest| latest.max(time)));
    }

    fn duration_nanos(&self) -> Option<i128> {
        Some(self.latest?.nanos_since(self.earliest?))
    }

    /// Whether no packet is earlier than the one before; nobody knows where some have no time.
    fn in_order(&self) -> Option<bool> {
        (self.without == 0).then_some(!self.out_of_order)
    }
}

/// What a section header says.
struct Section {
    hardware: Option<String>,
    os: Option<String>,
    application: Option<String>,
    comments: Vec<String>,
}

/// What is known of an interface beside its description.
#[derive(Default)]
struct OfInterface {
    packets: u64,
    /// In bits a second.
    speed: Option<u64>,
    comments: Vec<String>,
    statistics: u64,
    last: Option<Statistics>,
}

/// The last statistics of an interface.
#[derive(Default)]
struct Statistics {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    received_by_interface: Option<u64>,
    dropped_by_interface: Option<u64>,
    accepted_by_filter: Option<u64>,
    dropped_by_system: Option<u64>,
    delivered: Option<u64>,
}

#[derive(Default)]
struct Counts {
    comments: u64,
    names: u64,
    secrets: u64,
    custom: u64,
    other: u64,
    /// Packets that say how many were lost before them, and the sum of these.
    with_drops: u64,
    drops: u64,
}

/// The most that is kept of texts, in bytes, and of sections: a file may have been made to fill the memory.
const MAX_TEXTS: usize = 16 << 20;
const MAX_SECTIONS: usize = 10_000;

impl Report {
    fn of(file: &mut Savefile, path: &Path) -> Self {
        let mut this = Self {
            path: path.to_owned(),
            format: file.format(),
            version: file.version(),
            byte_order: file.byte_order(),
            compression: file.compression(),
            file_size: 0,
            packets: 0,
            cut: 0,
            data: 0,
            captured: 0,
            times: Times::default(),
            link_types: BTreeMap::new(),
            sections: Vec::new(),
            more_sections: 0,
            interfaces: Vec::new(),
            counts: Counts::default(),
            damage: None,
        };
        let mut texts = Texts { left: MAX_TEXTS };
        let mut interfaces: Vec<OfInterface> = Vec::new();
        let mut progress = Progress::new(file.file_len(), true);
        loop {
            match file.next_record() {
                Ok(Some(record)) => this.see(record, &mut interfaces, &mut texts),
                Ok(None) => break,
                Err(error) => {
                    this.damage = Some(error.into());
                    break;
                }
            }
            if this.packets.is_multiple_of(Progress::STEP) {
                progress.at(file.position());
            }
        }
        progress.finish();
        // In a pipe there is no length but what came through it.
        this.file_size = file.file_len().unwrap_or_else(|| file.position());
        interfaces.resize_with(file.interfaces().len(), OfInterface::default);
        this.interfaces = file.interfaces().iter().cloned().zip(interfaces).collect();
        for (interface, _) in &this.interfaces {
            this.link_types.entry(interface.link_type().0).or_default();
        }
        this
    }

    fn see(&mut self, record: Record<'_>, interfaces: &mut Vec<OfInterface>, texts: &mut Texts) {
        let index = record.frame().map(Frame::interface).or(record.block().and_then(Block::interface));
        if let Some(index) = index.and_then(|index| usize::try_from(index).ok())
            && index >= interfaces.len()
        {
            interfaces.resize_with(index + 1, OfInterface::default);
        }
        let of = index.and_then(|index| interfaces.get_mut(usize::try_from(index).ok()?));
        self.counts.comments += record.comments().count() as u64;
        if let Some(frame) = record.frame() {
            self.packets += 1;
            self.cut += u64::from(frame.missing() > 0);
            self.data += u64::from(frame.original_len());
            self.captured += frame.data().len() as u64;
            self.times.see(frame.timestamp());
            *self.link_types.entry(frame.link_type().0).or_default() += 1;
            if let Some(of) = of {
                of.packets += 1;
            }
            if let Some(drops) = record.drop_count() {
                self.counts.with_drops += 1;
                self.counts.drops = self.counts.drops.saturating_add(drops);
            }
            return;
        }
        let Some(block) = record.block() else { return };
        match (block.contents(), of) {
            (Contents::SectionHeader(_), _) if self.sections.len() >= MAX_SECTIONS => self.more_sections += 1,
            (Contents::SectionHeader(_), _) => self.sections.push(Section {
                hardware: texts.find(block.options(), code::SHB_HARDWARE),
                os: texts.find(block.options(), code::SHB_OS),
                application: texts.find(block.options(), code::SHB_USERAPPL),
                comments: texts.comments(block),
            }),
            (Contents::Interface(_), Some(of)) => {
                of.speed = block.options().find(code::IF_SPEED).and_then(|option| option.number());
                of.comments = texts.comments(block);
            }
            (Contents::Statistics(statistics), Some(of)) => {
                let stats = statistics.stats();
                of.statistics += 1;
                of.last = Some(Statistics {
                    start: statistics.start(),
                    end: statistics.end(),
                    received_by_interface: statistics.received_by_interface(),
                    dropped_by_interface: stats.interface_dropped,
                    accepted_by_filter: statistics.received_by_filter(),
                    dropped_by_system: stats.dropped,
                    delivered: stats.received,
                });
            }
            (Contents::Names(names), _) => self.counts.names += names.count() as u64,
            _ => match block.block_type() {
                BlockType::DECRYPTION_SECRETS => self.counts.secrets += 1,
                BlockType::CUSTOM | BlockType::CUSTOM_NO_COPY => self.counts.custom += 1,
                _ => self.counts.other += 1,
            },
        }
    }

    /// So many a second, over all of the capture.
    fn rate(&self, count: u64) -> Option<f64> {
        let nanos = self.times.duration_nanos().filter(|&nanos| nanos > 0 && self.times.without == 0)?;
        Some(count as f64 * 1e9 / nanos as f64)
    }

    /// Bytes of a packet, on average.
    fn mean_size(&self) -> Option<f64> {
        (self.packets > 0).then(|| self.data as f64 / self.packets as f64)
    }

    fn link_types(&self) -> impl Iterator<Item = (LinkType, u64)> {
        self.link_types.iter().map(|(&number, &packets)| (LinkType(number), packets))
    }
}

/// Keeps texts up to a sum of their lengths.
struct Texts {
    left: usize,
}

impl Texts {
    fn keep(&mut self, text: &str) -> String {
        // What a text takes beside its bytes.
        const TEXT: usize = 24;
        match self.left.checked_sub(TEXT + text.len()) {
            Some(left) => {
                self.left = left;
                text.to_owned()
            }
            None => "...".to_owned(),
        }
    }

    fn find(&mut self, options: Options<'_>, code: u16) -> Option<String> {
        Some(self.keep(&options.find(code)?.text()))
    }

    fn comments(&mut self, block: Block<'_>) -> Vec<String> {
        let mut comments = Vec::new();
        for comment in block.comments() {
            if self.left < comment.len() {
                break;
            }
            comments.push(self.keep(&comment));
        }
        comments
    }
}
