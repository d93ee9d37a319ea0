//! Captures ten seconds of TCP on an interface and prints what it saw: `cargo run --example live -- eth0 'tcp port 443'`.

use std::time::{Duration, Instant};

use pycap_capture::{Live, Next, Source};

fn main() -> Result<(), pycap_capture::Error> {
    let mut arguments = std::env::args().skip(1);
    let interface = arguments.next().unwrap_or_else(|| "any".to_owned());
    let filter = arguments.next().unwrap_or_default();
    let mut capture = Live::on(interface).promiscuous(true).filter(filter).open()?;
    let deadline = Some(Instant::now() + Duration::from_secs(10));
    let (mut frames, mut bytes) = (0_u64, 0_u64);
    while let Next::Frame(frame) = capture.next_frame_until(deadline)? {
        frames += 1;
        bytes += u64::from(frame.original_len());
        let name = frame.interface_info().and_then(|interface| interface.name()).unwrap_or("?");
        println!("{name}: {} bytes", frame.data().len());
    }
    println!("{frames} frames, {bytes} bytes; {}", capture.stats()?);
    Ok(())
}
