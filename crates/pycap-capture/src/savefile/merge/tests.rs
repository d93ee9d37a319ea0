use super::*;
use crate::pcapng::{Contents, OptionList};
use crate::{ErrorKind, Format, LinkType, SavefileWriter, Stats};

/// A file with packets of these times, a comment of its section, and an interface of this name.
fn file(name: &str, times: &[i64]) -> Vec<u8> {
    let builder = SavefileWriter::builder().format(Format::Pcapng).comment(format!("section of {name}"));
    let mut out = builder.hardware(name).to_writer(Vec::new()).unwrap();
    let index = out.add_interface(Interface::new(LinkType::ETHERNET).with_name(name)).unwrap();
    for &secs in times {
        let frame = Frame::new(name.as_bytes(), LinkType::ETHERNET).with_interface(index);
        let frame = frame.with_timestamp(Timestamp::new(secs, 0));
        out.write_with(frame, OptionList::new().comment("as it was").options()).unwrap();
    }
    let stats = Stats { received: Some(times.len() as u64), ..Stats::default() };
    out.interface_stats(index, &stats).unwrap();
    out.finish().unwrap()
}

fn merge(files: &[Vec<u8>]) -> Merge<&[u8]> {
    Merge::new(files.iter().map(|bytes| Savefile::from_reader(&bytes[..]).unwrap()).collect())
}

/// Which file and time each packet is of.
fn packets<R: Read>(merge: &mut Merge<R>) -> (String, Option<Error>) {
    let mut all = Vec::new();
    loop {
        match merge.next_frame() {
            Ok(Some(frame)) => {
                assert_eq!(frame.interface_info().unwrap().name().unwrap().as_bytes(), frame.data());
                let name = String::from_utf8_lossy(frame.data());
                all.push(format!("{name}{:.0}", frame.timestamp().unwrap()));
            }
            Ok(None) => return (all.join(" "), None),
            Err(error) => return (all.join(" "), Some(error)),
        }
    }
}

#[test]
fn by_time_or_one_after_the_other() {
    let files = [file("a", &[1, 4, 4, 9]), file("b", &[2, 4, 3, 10]), file("c", &[]), file("d", &[4])];
    // `b` goes back: its 3 comes when it is its turn.
    let (all, error) = packets(&mut merge(&files));
    assert_eq!((all.as_str(), error.is_none()), ("a1 b2 a4 a4 b4 b3 d4 a9 b10", true));
    let (all, _) = packets(&mut merge(&files).appended());
    assert_eq!(all, "a1 a4 a4 a9 b2 b4 b3 b10 d4");
    assert_eq!(packets(&mut merge(&[])).0, "");
}

/// The files' own numbers of packets and interfaces, also where a section begins anew.
#[test]
fn what_was_where_in_its_own_file_is_known() {
    let files = [file("a", &[1, 4]), [file("b", &[2]), file("c", &[3])].concat()];
    let mut merge = merge(&files);
    let mut places = Vec::new();
    while let Some(record) = merge.next_record().unwrap() {
        assert_eq!(record.number().is_some(), record.frame().is_some());
        let Some(frame) = record.frame() else { continue };
        let (name, number) = (frame.data()[0] as char, record.number().unwrap());
        let interface = frame.interface();
        places.push((name, number, interface));
    }
    assert_eq!(places, [('a', 1, 0), ('b', 1, 1), ('c', 2, 2), ('a', 2, 0)]);
    let origins: Vec<_> = (0..4).map(|index| merge.origin(index)).collect();
    assert_eq!(origins, [Some((0, 0)), Some((1, 0)), Some((1, 1)), None]);
}

#[test]
fn all_that_the_files_say_is_there_with_new_numbers() {
    // The second has two sections.
    let files = [file("a", &[1, 4]), [file("b", &[2]), file("c", &[3])].concat()];
    let mut merge = merge(&files).with_comment("both");
    let mut out = SavefileWriter::builder().format(Format::Pcapng).to_writer(Vec::new()).unwrap();
    while let Some(record) = merge.next_record().unwrap() {
        out.write_record(record).unwrap();
    }
    assert_eq!((merge.frames_read(), merge.interfaces().len()), (4, 3));
    let bytes = out.finish().unwrap();
    let mut file = Savefile::from_reader(&bytes[..]).unwrap();
    let (mut comments, mut hardware, mut statistics, mut frames) = (Vec::new(), 0, Vec::new(), Vec::new());
    while let Some(record) = file.next_record().unwrap() {
        comments.extend(record.comments().map(|text| text.into_owned()));
        if let Some(frame) = record.frame() {
            assert_eq!(frame.interface_info().unwrap().name().unwrap().as_bytes(), frame.data());
            frames.push(frame.interface());
            continue;
        }
        let block = record.block().unwrap();
        hardware += block.options().filter(|_| block.block_type() == BlockType::SECTION_HEADER).count();
        if let Contents::Statistics(said) = block.contents() {
            statistics
                .push((block.interface_info().unwrap().name().unwrap().to_owned(), said.stats().received));
        }
    }
    assert_eq!(frames, [0, 1, 2, 0]);
    // Its own comment and those of the second file and of the merge, hardware, application.
    assert_eq!(hardware, 5);
    let sections = comments.iter().filter(|comment| *comment != "as it was");
    let expected = ["section of a", "section of b", "both", "section of c"];
    assert_eq!(sections.collect::<Vec<_>>(), expected);
    let expected = [("b".to_owned(), Some(1)), ("c".to_owned(), Some(1)), ("a".to_owned(), Some(2))];
    assert_eq!(statistics, expected);
}

#[test]
fn the_error_of_a_torn_file_comes_at_the_end() {
    let whole = file("a", &[1, 2, 3]);
    let torn = file("b", &[1, 2, 3]);
    let files = [torn[..torn.len() - 70].to_vec(), whole];
    let mut merge = merge(&files);
    let (all, error) = packets(&mut merge);
    assert!(all.starts_with("b1 a1 b2 a2 ") && all.ends_with("a3"), "{all}");
    assert_eq!(error.unwrap().kind(), ErrorKind::Truncated);
    assert!(merge.next_record().unwrap().is_none() && merge.other_errors().is_empty());
    let twice = [files[0].clone(), files[0].clone()];
    let mut both = self::merge(&twice);
    assert!(packets(&mut both).1.is_some());
    assert_eq!(both.other_errors().len(), 1);
    assert!(Merge::open(["missing.pcap"]).is_err());
}

#[test]
fn many_files_take_little() {
    let folder = std::env::temp_dir().join(format!("pycap-merge-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("a.pcapng");
    std::fs::write(&path, file("a", &(0..2000).collect::<Vec<_>>())).unwrap();
    let merge = Merge::open(vec![&path; 600]).unwrap();
    for file in merge.files() {
        assert_eq!(file.records.buffer.capacity(), 16 << 10);
    }
    let mut merge = merge;
    let mut count = 0;
    while merge.next_frame().unwrap().is_some() {
        count += 1;
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!((count, merge.interfaces().len()), (1_200_000, 600));
}
