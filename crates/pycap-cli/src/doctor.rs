//! `pycap doctor`: what this machine allows, what to do about the rest, and proof that capturing works.

mod interfaces;
mod kernel;
mod libraries;
mod privileges;
mod proof;
mod report;

use std::io::Write;

use pycap_rig::{Namespace, Rig};

use self::privileges::Privileges;
use self::report::Report;
use crate::error::Failure;

/// Says what this machine allows, and proves that capturing works.
///
/// It makes a network namespace of its own, sends packets over a pair of interfaces there, captures them and compares. Nothing
/// outside is touched, and it needs no root where the system lets users make namespaces. The status is 0 where capturing works.
#[derive(Debug, clap::Parser)]
#[command(name = "pycap doctor", disable_version_flag = true)]
pub(crate) struct DoctorArgs {}

/// Looks at everything, prints what it finds as it goes, and fails where capturing does not work.
pub(crate) fn run(_args: &DoctorArgs) -> Result<(), Failure> {
    let mut report = Report::new(anstream::stdout());
    // First what is true of the machine as it is: for the proof this process may move into namespaces of its own.
    report.heading("privileges")?;
    let privileges = privileges::examine(&mut report)?;
    report.heading("interfaces")?;
    interfaces::examine(&mut report)?;
    report.heading("libraries, loaded when they are needed")?;
    libraries::examine(&mut report)?;
    let works = examine_inside(&mut report, privileges)?;
    report.verdict(match (works, privileges.raw) {
        (true, true) => "capturing works here",
        (true, false) => {
            "capturing works here; for this machine's own interfaces it needs the privilege named above"
        }
        (false, _) => "capturing does not work here; the lines marked FAIL say why",
    })?;
    if works { Ok(()) } else { Err(Failure::Unwell) }
}

/// The part that happens in a network namespace of its own; whether packets were captured there.
fn examine_inside<W: Write + Send>(report: &mut Report<W>, privileges: Privileges) -> Result<bool, Failure> {
    let (sender, receiver) = ("pycap0", "pycap1");
    report.heading("proof, in a network namespace of its own")?;
    let namespace = match private_namespace(privileges, sender, receiver) {
        Ok(inside) => inside,
        Err(error) => {
            report.bad(error)?;
            return Ok(false);
        }
    };
    let proved = namespace
        .address(sender, proof::SENDER.into(), proof::PREFIX_LEN)
        .and_then(|()| namespace.run(|| proof::prove(receiver)))
        .unwrap_or_else(|error| Err(error.to_string()));
    let works = proved.is_ok();
    match proved {
        Ok(proof) => report.good(proof)?,
        Err(why) => report.bad(why)?,
    }
    report.heading("kernel")?;
    match namespace.run(|| kernel::examine(report, receiver)) {
        Ok(printed) => printed?,
        Err(error) => report.bad(error)?,
    }
    Ok(works)
}

/// A namespace with a pair of interfaces that are up.
fn private_namespace(privileges: Privileges, a: &str, b: &str) -> Result<Namespace, pycap_rig::Error> {
    if !privileges.namespaces {
        pycap_rig::enter_private_namespaces()?;
    }
    Rig::new()?.wire(a, b)
}
