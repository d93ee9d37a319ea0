//! Filter expressions over the corpus: the same packets match as where libpcap itself matches.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use pycap_capture::{CompileOptions, ErrorKind, Filter, LinkType, OwnedFrame, Savefile, compile};
use serde_json::Value;

/// The frames of a file, up to its end or its first damage.
fn read(path: &Path) -> Vec<OwnedFrame> {
    let mut frames = Vec::new();
    if let Ok(mut file) = Savefile::open(path) {
        while let Ok(Some(frame)) = file.next_frame() {
            frames.push(frame.to_owned());
        }
    }
    frames
}

#[test]
fn what_libpcap_matches_is_matched() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("PYCAP_CORPUS").map_or(beside, PathBuf::from);
    let Ok(lines) = fs::read_to_string(folder.join("filter-matches.jsonl")) else {
        println!("nothing to compare with: no corpus in ../shared/corpus, and PYCAP_CORPUS names none");
        return;
    };
    let mut files: BTreeMap<String, Vec<OwnedFrame>> = BTreeMap::new();
    let mut programs: HashMap<(String, LinkType), Filter> = HashMap::new();
    let (mut compared, mut matched, mut wrong) = (0, 0, Vec::new());
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (expression, name) = (line["expr"].as_str().unwrap(), line["file"].as_str().unwrap());
        let frames = files.entry(name.to_owned()).or_insert_with(|| read(&folder.join(name)));
        let packets = line["n"].as_u64().unwrap() as usize;
        let expected: Vec<usize> =
            line["matched"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
        let mut ours = Vec::new();
        for (number, frame) in (1..).zip(frames.iter().take(packets)) {
            let key = (expression.to_owned(), frame.as_frame().link_type());
            let program = match programs.get(&key) {
                Some(program) => program,
                None => match compile(expression, &CompileOptions::new(key.1)) {
                    Ok(program) => programs.entry(key).or_insert(program),
                    Err(error) if error.kind() == ErrorKind::LibraryMissing => {
                        assert!(std::env::var("CI").is_err(), "{error}");
                        println!("skipped: {error}");
                        return;
                    }
                    Err(error) => panic!("{name}: {error}"),
                },
            };
            if frame.as_frame().matches(program) {
                ours.push(number);
            }
        }
        if frames.len() < packets || ours != expected {
            wrong.push(format!("{name}: {expression:?}: {} of {packets} frames read", frames.len()));
        }
        compared += packets;
        matched += ours.len();
    }
    println!("{compared} times a filter and a packet, {matched} of them match, as with libpcap");
    assert!(wrong.is_empty(), "{} lines differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(matched > 0);
}
