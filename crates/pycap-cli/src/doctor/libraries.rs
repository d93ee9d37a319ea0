//! libpcap and libnet, which are loaded when they are needed.

use std::io::{self, Write};

use pycap_sys::{Libnet, Libpcap};

use super::report::Report;

pub(super) fn examine<W: Write>(report: &mut Report<W>) -> io::Result<()> {
    match Libpcap::load() {
        Ok(library) => report.good(format_args!("{}", library.version()))?,
        Err(error) => {
            report.missing("libpcap: needed for filter expressions only")?;
            report.advice(error)?;
        }
    }
    match Libnet::load() {
        Ok(library) => report.good(format_args!("{}", library.version()))?,
        Err(error) => {
            report.missing("libnet: needed only where packets are to be sent through it")?;
            report.advice(error)?;
        }
    }
    Ok(())
}
