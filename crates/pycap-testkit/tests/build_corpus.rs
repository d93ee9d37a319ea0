//! Every packet of the corpus, made layers again: written as they are they have the same bytes, and with their checksums
//! computed anew those verify.

use pycap_capture::Savefile;
use pycap_inject::{Derived, Layer, PacketBuf, ToBuilder};
use pycap_testkit::corpus;
use pycap_wire::checksum::Verifier;
use pycap_wire::{LinkType, Packet};

#[derive(Debug, Default)]
struct Count {
    packets: usize,
    layers: usize,
    verified: usize,
    wrong_before: usize,
}

#[test]
fn every_packet_is_built_again() {
    let files = corpus::files();
    if files.is_empty() {
        return;
    }
    let (mut count, mut wrong, mut buf) = (Count::default(), Vec::new(), PacketBuf::new());
    for path in &files {
        let Ok(mut file) = Savefile::open(path) else { continue };
        let mut number = 0;
        while let Ok(Some(frame)) = file.next_frame() {
            number += 1;
            if let Err(what) = build_again(frame.link_type(), frame.data(), &mut buf, &mut count) {
                wrong.push(format!("{} packet {number}: {what}", path.display()));
            }
        }
    }
    println!("{count:?}");
    assert!(wrong.is_empty(), "{} packets differ:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
    assert!(count.packets > 1000);
}

fn build_again(
    link_type: LinkType,
    data: &[u8],
    buf: &mut PacketBuf,
    count: &mut Count,
) -> Result<(), String> {
    let packet = Packet::parse(link_type, data);
    let mut stack = packet.to_builder();
    let written = stack.write(buf).map_err(|error| error.to_string())?;
    if written != data {
        return Err(format!("it has other bytes\nwas   {}\nbuilt {}", hex(data), hex(written)));
    }
    stack.compute(Derived::Checksums);
    let written = stack.write(buf).map_err(|error| error.to_string())?;
    let verdicts = |data| -> Vec<(&'static str, Option<bool>)> {
        let mut verifier = Verifier::default();
        Packet::parse(link_type, data).layers().map(|layer| (layer.name(), verifier.verify(&layer))).collect()
    };
    let (before, after) = (verdicts(data), verdicts(written));
    count.packets += 1;
    count.layers += after.len();
    count.verified += after.iter().filter(|(_, verdict)| *verdict == Some(true)).count();
    count.wrong_before += before.iter().filter(|(_, verdict)| *verdict == Some(false)).count();
    match after.iter().find(|(_, verdict)| *verdict == Some(false)) {
        Some((layer, _)) => {
            Err(format!("the checksum of {layer} is wrong\nwas   {}\nbuilt {}", hex(data), hex(written)))
        }
        None if written.len() != data.len() => Err(format!("{} bytes became {}", data.len(), written.len())),
        None => Ok(()),
    }
}

/// The first bytes in hexadecimal.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(120).map(|byte| format!("{byte:02x}")).collect()
}
