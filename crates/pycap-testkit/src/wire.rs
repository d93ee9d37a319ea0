//! What tests on a wire of their own begin and end with.

use std::process::Command;
use std::time::{Duration, Instant};

use pycap_capture::{Next, OwnedFrame, Source};
use pycap_rig::Rig;

/// What makes namespaces, where that is allowed and these programs are installed. Elsewhere the test is to be left out, and the reason
/// is printed.
///
/// # Panics
///
/// Under CI instead, where nothing may be left out.
pub fn rig(programs: &[&str]) -> Option<Rig> {
    let lacking = programs.iter().find(|program| {
        let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
        !found.is_ok_and(|found| found.status.success())
    });
    let why = match (Rig::new(), lacking) {
        (Ok(rig), None) => return Some(rig),
        (Err(error), _) => error.to_string(),
        (_, Some(program)) => format!("{program} is not installed"),
    };
    skip(&why);
    None
}

/// Says why a test is left out.
///
/// # Panics
///
/// Under CI, where nothing may be left out.
pub fn skip(why: &str) {
    assert!(std::env::var("CI").is_err(), "{why}, and nothing may be left out under CI");
    println!("skipped: {why}");
}

/// All frames until none has come for a while.
///
/// # Panics
///
/// Where the source fails.
pub fn drain(source: &mut impl Source) -> Vec<OwnedFrame> {
    const QUIET: Duration = Duration::from_millis(300);
    let mut frames = Vec::new();
    while let Next::Frame(frame) =
        source.next_frame_until(Some(Instant::now() + QUIET)).expect("the capture works")
    {
        frames.push(frame.to_owned());
    }
    frames
}
