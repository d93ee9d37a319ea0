//! What is compared with: captures, tshark's dissection of them, and a manifest.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// A folder of captures and what is known of each.
pub(super) struct Corpus {
    pub(super) files: Vec<CorpusFile>,
}

/// One capture.
#[derive(Default)]
pub(super) struct CorpusFile {
    /// The path below the corpus.
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// The lines of the recorded dissection.
    pub(super) oracle: Vec<String>,
    /// The number of packets by the manifest.
    pub(super) packets: Option<u64>,
    /// What the manifest's reader stumbled over.
    pub(super) reader_note: String,
}

/// A line of the recorded dissection.
#[derive(Deserialize)]
pub(super) struct OracleRecord {
    #[serde(default)]
    pub(super) ts: Option<i128>,
    #[serde(default)]
    pub(super) caplen: u64,
    #[serde(default)]
    pub(super) len: u64,
    #[serde(default)]
    pub(super) l: Vec<Map<String, Json>>,
    #[serde(default)]
    pub(super) quoted: Vec<Map<String, Json>>,
    #[serde(default)]
    pub(super) err: Vec<String>,
    /// Instead of a packet, in the last line: why tshark went no further.
    #[serde(default)]
    pub(super) file_error: Option<String>,
}

impl Corpus {
    /// The corpus that is used when none is named: the one that the environment names, even if it is not there, or else
    /// the one beside the workspace, if it is there.
    pub(super) fn default_folder() -> Option<PathBuf> {
        std::env::var_os("PYCAP_CORPUS").map(PathBuf::from).or_else(|| {
            let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
            beside.join("MANIFEST.tsv").is_file().then_some(beside)
        })
    }

    /// Reads the manifest and the recorded dissection, of the files whose path contains `wanted`.
    pub(super) fn open(
        folder: Option<PathBuf>,
        oracle: Option<PathBuf>,
        wanted: Option<&str>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let folder = folder
            .or_else(Self::default_folder)
            .ok_or("no corpus found: name one with --corpus DIR or PYCAP_CORPUS")?;
        let oracle = match oracle {
            Some(path) => path,
            None => recorded_in(&folder)?,
        };
        let mut files = BTreeMap::new();
        read_manifest(&folder.join("MANIFEST.tsv"), &mut files)?;
        read_oracle(&oracle, &mut files)?;
        let files = files
            .into_iter()
            .filter(|(name, _)| wanted.is_none_or(|part| name.contains(part)))
            .map(|(name, file)| CorpusFile { path: folder.join(&name), name, ..file })
            .collect();
        Ok(Self { files })
    }
}

fn recorded_in(folder: &Path) -> Result<PathBuf, Box<dyn Error + Send + Sync>> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("oracle") && (name.ends_with(".jsonl.zst") || name.ends_with(".jsonl"))
        })
        .collect();
    found.sort();
    found.into_iter().next().ok_or_else(|| {
        format!("{}: no oracle*.jsonl.zst there: name one with --oracle FILE", folder.display()).into()
    })
}

/// Takes the columns `path`, `packets` and `reader_note` of the manifest, which a corpus may do without.
fn read_manifest(
    path: &Path,
    files: &mut BTreeMap<String, CorpusFile>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    if !path.exists() {
        return Ok(());
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let head = lines.next().unwrap_or_default();
    let column = |name| head.iter().position(|title| *title == name);
    for row in lines {
        let cell = |name| column(name).and_then(|at| row.get(at).copied()).unwrap_or_default();
        let file = files.entry(cell("path").to_owned()).or_default();
        file.packets = cell("packets").parse().ok();
        file.reader_note = cell("reader_note").to_owned();
    }
    Ok(())
}

/// Sorts the lines by their key `f`, the file.
fn read_oracle(
    path: &Path,
    files: &mut BTreeMap<String, CorpusFile>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    #[derive(Deserialize)]
    struct OfFile<'a> {
        #[serde(borrow)]
        f: std::borrow::Cow<'a, str>,
    }
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(|error| named(&error))?;
    let reader: Box<dyn Read> = if path.extension().is_some_and(|extension| extension == "zst") {
        Box::new(ruzstd::decoding::StreamingDecoder::new(file).map_err(|error| named(&error))?)
    } else {
        Box::new(file)
    };
    for line in BufReader::with_capacity(1 << 20, reader).lines() {
        let line = line.map_err(|error| named(&error))?;
        let OfFile { f } = serde_json::from_str(&line).map_err(|error| named(&error))?;
        match files.get_mut(f.as_ref()) {
            Some(file) => file.oracle.push(line),
            None => {
                let name = f.into_owned();
                files.insert(name, CorpusFile { oracle: vec![line], ..CorpusFile::default() });
            }
        }
    }
    Ok(())
}
