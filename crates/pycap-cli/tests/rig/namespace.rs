//! Runs the command in network namespaces that nobody else is in.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub const PYCAP: &str = env!("CARGO_BIN_EXE_pycap");

/// Runs a shell script in a new network namespace whose loopback is up, where `pycap` is the command under test. Nothing where
/// neither root nor user namespaces allow that, or a program that the script needs is missing; under CI that fails.
pub fn in_namespace(needs: &[&str], script: &str) -> Option<Output> {
    let script = format!("set -eu\npycap() {{ '{PYCAP}' \"$@\"; }}\nip link set lo up\n{script}");
    let run = |flags: &str, script: &str| Command::new("unshare").args([flags, "sh", "-c", script]).output();
    let flags = ["-n", "-rn"]
        .into_iter()
        .find(|flags| run(flags, "true").is_ok_and(|output| output.status.success()));
    let lacking = needs.iter().chain(&["ip"]).find(|program| {
        !Command::new("sh")
            .args(["-c", &format!("command -v {program}")])
            .output()
            .is_ok_and(|found| found.status.success())
    });
    match (flags, lacking) {
        (Some(flags), None) => Some(run(flags, &script).unwrap()),
        (flags, lacking) => {
            let why = match flags {
                None => "no network namespace can be made here: it takes root, or user namespaces".to_owned(),
                Some(_) => format!("{} is missing", lacking.unwrap()),
            };
            assert!(std::env::var("CI").is_err(), "{why}, and nothing may be left out under CI");
            println!("skipped: {why}");
            None
        }
    }
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// An empty folder: what an earlier run left there would be taken for this one's.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Waits until a file has the line that says that a capture runs.
pub const LISTENS: &str =
    "listens() { for n in $(seq 100); do grep -qs 'listening on' $1 && return; sleep 0.05; done; return 1; }";
