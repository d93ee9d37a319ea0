//! Whether a replay keeps the times of its capture: `pycap replay` sends one with random gaps, and the ring's timestamps at the other end
//! of the wire are held against the capture's.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use pycap_capture::{Direction, Frame, LinkType, Next, PacketRing, SavefileWriter, Timestamp};
use pycap_rig::Namespace;

use super::Programs;
use super::consumer::Scratch;
use super::load::{RECEIVER, SENDER};
use crate::Outcome;
use crate::program::{self, Failure};

/// What 99 of 100 gaps may be wrong by, and the end of the replay against its beginning.
const MOST: Duration = Duration::from_micros(50);
/// The gaps of the capture, in microseconds: at random between these.
const GAPS: [u64; 2] = [100, 3_000];

/// Replays so many seconds, and holds what comes out against the limits.
pub(super) fn look(wire: &Namespace, programs: &Programs, seconds: u32) -> Outcome {
    let times = times(u64::from(seconds) * 1_000_000_000);
    let file = Scratch(std::env::temp_dir().join(format!("pycap-timing-{}.pcap", std::process::id())));
    write(&file, &times)?;
    let received = wire.run(|| -> Result<Vec<i128>, Failure> {
        let mut ring =
            PacketRing::builder(RECEIVER).direction(Direction::Inbound).buffer_size(16 << 20).open()?;
        let stop = ring.stop_handle();
        let mut command = Command::new(&programs.pycap);
        command.arg("replay").arg(&file.0).args(["-i", SENDER]);
        thread::scope(|scope| {
            let replay = scope.spawn(move || {
                let said = program::output(&mut command);
                thread::sleep(Duration::from_millis(200));
                stop.stop();
                said
            });
            let mut received = Vec::new();
            let until = Instant::now() + Duration::from_secs(u64::from(seconds) + 30);
            while let Next::Frame(frame) = ring.next_frame_until(Some(until))? {
                received.extend(frame.timestamp().map(Timestamp::as_nanos));
            }
            replay.join().map_err(|_| "the replay's thread panicked")??;
            Ok(received)
        })
    })??;
    if received.len() != times.len() {
        return Err(format!("{} frames of {} were received", received.len(), times.len()).into());
    }
    // How late each is, against the first.
    let late: Vec<i128> =
        received.iter().zip(&times).map(|(got, due)| got - received[0] - i128::from(*due)).collect();
    let mut wrong: Vec<i128> = late.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    wrong.sort_unstable();
    let part = (late.len() / 10).max(1);
    let drift = (median(&late[late.len() - part..]) - median(&late[..part])).abs();
    say!("\n{} packets replayed in {seconds} s with the gaps of their capture", times.len());
    let quantile = |hundredths: usize| wrong[(wrong.len() * hundredths / 100).min(wrong.len() - 1)];
    say!(
        "half of the gaps are wrong by at most {:.1} us, 90 % by {:.1}",
        micros(quantile(50)),
        micros(quantile(90))
    );
    let mut good = true;
    for (what, found) in [("99 % of the gaps", quantile(99)), ("the last tenth against the first", drift)] {
        let verdict = found <= MOST.as_nanos() as i128;
        good &= verdict;
        let word = if verdict { "ok" } else { "MISSED" };
        say!("{what}: {:.1} us, limit {}: {word}", micros(found), MOST.as_micros());
    }
    Ok(good)
}

/// When frames are due, in nanoseconds after the first.
fn times(end: u64) -> Vec<u64> {
    let mut state = 1_u64;
    let [least, most] = GAPS;
    let gaps = std::iter::repeat_with(|| {
        // A linear congruential generator (Knuth, MMIX), of which the upper bits are good.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (least + (state >> 33) % (most - least)) * 1_000
    });
    let all = gaps.scan(0, |time, gap| Some(std::mem::replace(time, *time + gap)));
    all.take_while(|time| *time <= end).collect()
}

fn write(file: &Scratch, times: &[u64]) -> Result<(), Failure> {
    let mut writer = SavefileWriter::builder().create(&file.0)?;
    let mut frame = [0xff; 60];
    frame[12..14].copy_from_slice(&[0x88, 0xb5]);
    for time in times {
        let time = Timestamp::from_nanos(1_700_000_000_000_000_000 + i128::from(*time));
        writer.write(Frame::new(&frame, LinkType::ETHERNET).with_timestamp(time))?;
    }
    writer.finish()?;
    Ok(())
}

fn median(values: &[i128]) -> i128 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

fn micros(nanoseconds: i128) -> f64 {
    nanoseconds as f64 / 1e3
}
