//! What `cargo xtask live` measures beside trafgen and tcpreplay: `sender WORK INTERFACE FILE COUNT [BATCH]` sends the first frame of a
//! capture so many times, and prints how many were accepted and the nanoseconds that it took.

#[cfg(target_os = "linux")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (work, interface, file, count, batch) = match arguments[..] {
        [work, interface, file, count] => (work, interface, file, count, "64"),
        [work, interface, file, count, batch] => (work, interface, file, count, batch),
        _ => panic!("usage: sender WORK INTERFACE FILE COUNT [BATCH]; found {arguments:?}"),
    };
    let number = |text: &str| text.parse().expect("a number");
    let (sent, nanoseconds) = sender::run(work, interface, file, number(count), number(batch) as usize);
    println!("{sent} {nanoseconds}");
}

#[cfg(target_os = "linux")]
mod sender {
    use std::time::Instant;

    use pycap_capture::Savefile;
    use pycap_inject::Sender;
    use pycap_inject::pacer::{Pace, Pacer};
    use pycap_inject::replay::{Recording, Replay};
    use pycap_inject::sender::{PacketSocket, TxRing};

    pub(crate) fn run(work: &str, interface: &str, file: &str, count: u64, batch: usize) -> (u64, u128) {
        let (kind, bypass) = match work.strip_suffix("-bypass") {
            Some(kind) => (kind, true),
            None => (work, false),
        };
        let mut sender: Box<dyn Sender> = match kind {
            "packet" | "replay" => {
                let builder = PacketSocket::builder(interface).qdisc_bypass(bypass);
                Box::new(builder.open().expect("a packet socket"))
            }
            "ring" => Box::new(TxRing::builder(interface).qdisc_bypass(bypass).open().expect("a ring")),
            _ => panic!("no such work: {work}"),
        };
        let mut file = Savefile::open(file).expect("a capture");
        if kind == "replay" {
            return replay(&mut file, sender.as_mut(), count);
        }
        let frame = file.next_frame().expect("a capture").expect("a frame").to_owned();
        let frames = vec![frame.data(); batch];
        let started = Instant::now();
        let mut left = count;
        while left > 0 {
            let now = left.min(batch as u64) as usize;
            sender.send_batch(&frames[..now]).expect("the interface takes frames");
            left -= now as u64;
        }
        sender.flush().expect("all is sent");
        (sender.stats().sent, started.elapsed().as_nanos())
    }

    /// With everything that `pycap replay --topspeed` does.
    fn replay(file: &mut Savefile, sender: &mut dyn Sender, count: u64) -> (u64, u128) {
        let recording = Recording::read(file, 64 << 20).expect("a capture").expect("a small one");
        let mut replay = Replay::new(Pacer::new(Pace::TopSpeed).expect("a pace")).limit(count);
        replay.run(&mut recording.repeat(None), sender).expect("the interface takes frames");
        (replay.report().sent, replay.report().duration.as_nanos())
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {}
