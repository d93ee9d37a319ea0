//! Dissects a frame where there is no operating system.
//!
//! The panic handler is the proof: the one of `std` would clash with it. There is no allocator, and nothing that is
//! linked asks for one.

#![no_std]

use core::fmt::Write;
use core::panic::PanicInfo;

use pycap_wire::{LinkType, Packet};

/// The destination port of the frame's TCP or UDP, or 0; its layers are shown and counted on the way.
#[unsafe(no_mangle)]
pub extern "C" fn destination_port(data: &[u8; 1514], shown: &mut usize) -> u16 {
    let packet = Packet::parse(LinkType::ETHERNET, data);
    for layer in packet.layers() {
        let mut counter = Counter(0);
        let _ = write!(counter, "{layer} {}", layer.summary());
        layer.fields(&mut |field| {
            let _ = write!(counter, "{field}");
        });
        *shown += counter.0;
    }
    match (packet.tcp(), packet.udp()) {
        (Some(tcp), _) => tcp.dst_port(),
        (_, Some(udp)) => udp.dst_port(),
        _ => 0,
    }
}

struct Counter(usize);

impl Write for Counter {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
