//! Dissects the packet whose bytes are given in hexadecimal, and prints its layers with their fields:
//!
//! ```console
//! $ cargo run --example dissect -- 0050ba8fc45f00039344a992 0800 4500001c...
//! ```

use pycap_wire::{LinkType, Packet};

fn main() {
    let text: String = std::env::args().skip(1).collect();
    let text = if text.is_empty() { SAMPLE } else { &text };
    let Some(bytes) = from_hex(text) else {
        eprintln!("the packet is to be given as pairs of hexadecimal digits");
        std::process::exit(2);
    };
    let mut layers = Packet::parse(LinkType::ETHERNET, &bytes).layers();
    while let Some(at) = layers.next_located() {
        println!("{:4}  {}", at.offset, at.layer);
        at.layer.fields(&mut |field| println!("{:4}      {field}", at.offset + field.offset));
    }
    let (payload, stop) = (layers.payload(), layers.stop());
    println!("{:4}  {} bytes of payload", layers.payload_offset(), payload.len());
    println!("      {}", stop.map_or_else(String::new, |stop| stop.to_string()));
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace() && *c != ':').collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).ok()).collect()
}

/// An ARP request.
const SAMPLE: &str =
    "ffffffffffff 00039344a992 0806 0001 0800 06 04 0001 00039344a992 c0a8006a 000000000000 c0a80068";
