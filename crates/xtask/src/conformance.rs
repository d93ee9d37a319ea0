//! `cargo xtask conformance`: pycap's dissection of a whole corpus beside tshark's, and its savefile reader beside
//! what the corpus says of each file.

mod compare;
mod corpus;
mod explain;
mod formats;
mod report;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Outcome;
use corpus::Corpus;
use report::Report;

/// The protocols that pycap has taken on, by their names in the recorded dissection.
const SUPPORTED: &str = "eth,llc,vlan,ieee8021ad,null,sll,sll2,arp,ip,ipv6,ipv6_hopopts,ipv6_routing,ipv6_frag,\
ipv6_dstopts,mobility,ah,esp,icmp,icmpv6,igmp,tcp,udp,udplite";

/// The most packets, in percent, that may differ for a reason that is checked in.
const MAX_EXPLAINED_PERCENT: f64 = 0.5;

/// The arguments of `cargo xtask conformance`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder of captures [default: $PYCAP_CORPUS, or ../shared/corpus beside the workspace]
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// tshark's dissection, one JSON line a packet, plain or zstd [default: oracle-*.jsonl.zst in the corpus]
    #[arg(long, value_name = "FILE")]
    oracle: Option<PathBuf>,
    /// The layers to compare; a packet's first other layer ends its comparison
    #[arg(long, value_name = "LAYERS", value_delimiter = ',', default_value = SUPPORTED)]
    support: Vec<String>,
    /// Fail where fewer percent of the packets are equal or explained
    #[arg(long, value_name = "P", default_value_t = 100.0)]
    min_equal: f64,
    /// How many examples of each difference to print
    #[arg(long, value_name = "N", default_value_t = 0)]
    examples: usize,
    /// Look only at files whose path contains this
    #[arg(long, value_name = "SUBSTRING")]
    file: Option<String>,
}

/// Compares, prints a table, and says whether all is equal or explained.
pub(crate) fn run(args: &Args) -> Outcome {
    let corpus = Corpus::open(args.corpus.clone(), args.oracle.clone(), args.file.as_deref())?;
    let report = compare_all(&corpus, args);
    report.print();
    Ok(report.passes(args.min_equal, MAX_EXPLAINED_PERCENT))
}

/// Whether a corpus is named or found where it is looked for.
pub(crate) fn corpus_found() -> bool {
    Corpus::default_folder().is_some()
}

fn compare_all(corpus: &Corpus, args: &Args) -> Report {
    let (next, total) = (AtomicUsize::new(0), Mutex::new(Report::new(args.examples)));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut report = Report::new(args.examples);
                while let Some(file) = corpus.files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    compare::file(file, &args.support, &mut report);
                }
                total.lock().expect("no comparison panicked").add(report);
            });
        }
    });
    total.into_inner().expect("no comparison panicked")
}
