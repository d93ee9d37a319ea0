//! What is run with each file that has been completed: tcpdump's `-z`.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::tell;

/// A command that runs beside the capture, once for each file.
pub(crate) struct PostRotation {
    command: OsString,
    /// Held by every thread that has not started its command yet.
    starting: Sender<()>,
    started: Receiver<()>,
}

impl PostRotation {
    pub(crate) fn new(command: &OsStr) -> Self {
        let (starting, started) = channel();
        Self { command: command.to_owned(), starting, started }
    }

    /// Runs the command with the file, at the lowest priority. What goes wrong with it is told, and does not end the capture.
    pub(crate) fn run(&self, file: PathBuf) {
        let (command, starting) = (self.command.clone(), self.starting.clone());
        // A thread for each waits for the command's end, so that the capture does not, and no zombie is left.
        let thread = std::thread::Builder::new().name("postrotate".to_owned());
        let spawned = thread.spawn(move || {
            let ended = start(&command, &file).and_then(|mut child| {
                drop(starting);
                child.wait()
            });
            let why = match ended {
                Ok(status) if status.success() => return,
                Ok(status) => status.to_string(),
                Err(error) => error.to_string(),
            };
            tell(format_args!("-z {} {}: {why}", command.display(), file.display()));
        });
        if let Err(error) = spawned {
            tell(format_args!("-z {}: cannot be run: {error}", self.command.display()));
        }
    }

    /// Waits until the commands have started, not until they have ended: they outlive this process, as tcpdump's do.
    pub(crate) fn end(self) {
        let Self { starting, started, .. } = self;
        drop(starting);
        // Nothing is ever sent: it returns when nobody is left who could.
        let _ = started.recv();
    }
}

fn start(command: &OsStr, file: &Path) -> io::Result<Child> {
    lower_priority();
    let mut command = Command::new(command);
    // What is typed is not for it.
    command.arg(file).stdin(Stdio::null());
    // Ctrl-C at the terminal ends the capture, and not what is done with its files.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()
}

/// For this thread, and what it starts: on Linux each thread has its own.
fn lower_priority() {
    const LOWEST: i32 = 19;
    // It can only fail where a sandbox forbids it; the command is run all the same.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, LOWEST);
}
