//! Writes the fuzz targets' seeds to `fuzz/seeds`, after a change to the samples: `cargo run -p pycap-testkit --example seeds`.

use std::fs;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    for seed in pycap_testkit::seed::seeds() {
        let folder = root.join(seed.target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(seed.name), &seed.bytes)?;
    }
    Ok(())
}
