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
use self::proof::Place;
use self::report::Report;
use crate::error::Failure;

/// Says what this machine allows, and proves that capturing works.
///
/// It makes a network namespace of its own, sends packets over a pair of interfaces there, captures them and compares. Nothing
/// outside is touched, and it needs no root where the system lets users make namespaces. Where none can be made, but this process may
/// capture, it does so on the loopback interface. The status is 0 where capturing works.
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

/// The proof, and what the kernel can do, in a network namespace of its own if one can be made; whether packets were captured.
fn examine_inside<W: Write + Send>(report: &mut Report<W>, privileges: Privileges) -> Result<bool, Failure> {
    report.heading("proof")?;
    match private_namespace(privileges) {
        Ok(namespace) => match namespace.run(|| examine_at(report, proof::PAIR)) {
            Ok(works) => works,
            Err(error) => {
                report.bad(error)?;
                Ok(false)
            }
        },
        // A container's root, say, or a program with file capabilities.
        Err(error) if privileges.raw => {
            report.missing("a network namespace of its own, to send packets in")?;
            report.advice(error)?;
            examine_at(report, proof::LOOPBACK)
        }
        Err(error) => {
            report.bad(error)?;
            Ok(false)
        }
    }
}

fn examine_at<W: Write>(report: &mut Report<W>, place: Place) -> Result<bool, Failure> {
    let proved = proof::prove(place);
    let works = proved.is_ok();
    match proved {
        Ok(proof) => report.good(proof)?,
        Err(why) => report.bad(why)?,
    }
    report.heading("kernel")?;
    kernel::examine(report, place.interface)?;
    Ok(works)
}

/// A namespace with a pair of interfaces that are up.
fn private_namespace(privileges: Privileges) -> Result<Namespace, pycap_rig::Error> {
    if !privileges.namespaces {
        pycap_rig::enter_private_namespaces()?;
    }
    let namespace = Rig::new()?.wire(proof::PAIR_SENDS, proof::PAIR.interface)?;
    namespace.address(proof::PAIR_SENDS, proof::PAIR.from.into(), proof::PREFIX_LEN)?;
    Ok(namespace)
}
