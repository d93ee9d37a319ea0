//! An Ethernet frame with IP, an ICMP echo request and the alphabet, onto an interface: `ping INTERFACE`, as root or with
//! CAP_NET_RAW. Without an interface it prints the frame.

use pycap_inject::{Injector, Layer, PacketBuf, Sender, layer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let packet = (
        layer::Ethernet::new([0x00, 0x50, 0xba, 0x8f, 0xc4, 0x5f], [0x00, 0x03, 0x93, 0x44, 0xa9, 0x92]),
        layer::Ipv4::new([192, 168, 1, 106], [192, 168, 1, 104]).ttl(100).id(1),
        layer::Icmpv4::echo_request(0, 1),
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    );
    let mut buf = PacketBuf::new();
    let frame = packet.write(&mut buf)?;
    match std::env::args().nth(1) {
        Some(interface) => {
            let mut injector = Injector::open(&interface)?;
            injector.send(frame)?;
            println!("{}", injector.stats());
        }
        None => {
            frame.iter().for_each(|byte| print!("{byte:02x}"));
            println!();
        }
    }
    Ok(())
}
