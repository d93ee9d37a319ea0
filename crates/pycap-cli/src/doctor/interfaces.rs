//! The machine's interfaces, and what their hardware offers.

use std::io::{self, Write};

use super::report::Report;

pub(super) fn examine<W: Write>(report: &mut Report<W>) -> io::Result<()> {
    let interfaces = match pycap_capture::interfaces() {
        Ok(interfaces) => interfaces,
        Err(error) => return report.bad(error),
    };
    let names: Vec<_> = interfaces.iter().filter(|one| one.is_up()).map(|one| one.name()).collect();
    if names.is_empty() {
        report.missing("no interface is up")?;
        report.advice("sudo ip link set dev NAME up")?;
    } else {
        report.good(format_args!("up: {}", names.join(", ")))?;
    }
    let stamping: Vec<_> =
        interfaces.iter().map(|one| one.name()).filter(|name| stamps_in_hardware(name)).collect();
    if stamping.is_empty() {
        report.missing("hardware timestamps: no interface here has them; the kernel's are used")
    } else {
        report.good(format_args!("hardware timestamps: {}", stamping.join(", ")))
    }
}

fn stamps_in_hardware(interface: &str) -> bool {
    pycap_capture::timestamp_sources(interface)
        .is_ok_and(|sources| sources.contains(&pycap_capture::TimestampSource::HardwareRaw))
}
