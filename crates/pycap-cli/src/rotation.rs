//! `-C`, `-G` and `-W`: the rotation that they ask for.

use std::path::Path;
use std::time::Duration;

use pycap_capture::Rotation;
use pycap_capture::rotate::FileSequence;

use crate::args::Args;
use crate::error::Failure;

/// The files that the command line asks for; nothing if that is one.
pub(crate) fn of(args: &Args, name: &Path) -> Result<Option<FileSequence>, Failure> {
    if !args.rotates() {
        return Ok(None);
    }
    let mut rotation = Rotation::new();
    if let Some(bytes) = args.file_size {
        rotation = rotation.size(bytes);
    }
    if let Some(seconds) = args.rotate_seconds {
        rotation = rotation.every(Duration::from_secs(seconds.into()));
    }
    if let Some(count) = args.file_count {
        rotation = rotation.files(count);
    }
    rotation.sequence(name).map(Some).map_err(|error| Failure::Usage(format!("-w {error}")))
}
