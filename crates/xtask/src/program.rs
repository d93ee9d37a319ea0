//! The programs that chores build and run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Why a program could not be built or run.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Builds a program of the benches and returns its path.
pub(crate) fn bench(name: &str) -> Result<PathBuf, Failure> {
    build(name, &["--package=pycap-benches", &format!("--bench={name}")])
}

/// Builds the command of this name and returns its path.
pub(crate) fn command(name: &str) -> Result<PathBuf, Failure> {
    build(name, &["--package=pycap-cli", &format!("--bin={name}")])
}

fn build(name: &str, target: &[&str]) -> Result<PathBuf, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["build", "--quiet", "--release"]);
    command.args(target).arg("--message-format=json-render-diagnostics");
    output(&mut command)?
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| format!("cargo built no program `{name}`").into())
}

/// What the command prints; what it says on standard error becomes the error where it fails.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| -> Failure {
        match error.kind() {
            std::io::ErrorKind::NotFound if name == "valgrind" => {
                "valgrind is not installed; `sudo apt-get install valgrind` installs it".into()
            }
            _ => format!("cannot run {name}: {error}").into(),
        }
    })?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{name} failed ({}):\n{said}", output.status).into())
    }
}
