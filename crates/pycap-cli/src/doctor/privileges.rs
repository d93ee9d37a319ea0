//! What this process may do on the machine's real interfaces.

use std::io::{self, Write};

use super::report::Report;

/// What matters of this process's rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Privileges {
    /// May open packet sockets (CAP_NET_RAW).
    pub(super) raw: bool,
    /// May change interfaces and make network namespaces' insides (CAP_NET_ADMIN).
    pub(super) admin: bool,
    /// May make namespaces without a user namespace around them (CAP_SYS_ADMIN).
    pub(super) namespaces: bool,
}

/// Bits of capability sets, as in the kernel's include/uapi/linux/capability.h.
const CAP_NET_ADMIN: u32 = 12;
const CAP_NET_RAW: u32 = 13;
const CAP_SYS_ADMIN: u32 = 21;

impl Privileges {
    fn of_this_process() -> io::Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        Ok(Self::parse(&status).unwrap_or(Self { raw: false, admin: false, namespaces: false }))
    }

    /// From the line `CapEff:` of a process's status.
    fn parse(status: &str) -> Option<Self> {
        let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
        let effective = u64::from_str_radix(effective.trim(), 16).ok()?;
        let has = |bit: u32| effective >> bit & 1 == 1;
        Some(Self { raw: has(CAP_NET_RAW), admin: has(CAP_NET_ADMIN), namespaces: has(CAP_SYS_ADMIN) })
    }
}

pub(super) fn examine<W: Write>(report: &mut Report<W>) -> io::Result<Privileges> {
    let privileges = Privileges::of_this_process()?;
    if privileges.raw {
        report.good("this process may capture on this machine's interfaces (cap_net_raw)")?;
    } else {
        report.missing("this process may not capture on this machine's interfaces: it lacks cap_net_raw")?;
        report.advice("run it with sudo, or allow it once for this program:")?;
        report.advice(setcap_line())?;
    }
    if privileges.admin {
        report.good(
            "it may change interfaces: hardware timestamps, buffers past the system's limits (cap_net_admin)",
        )?;
    } else if privileges.raw {
        report
            .missing("it may not switch hardware timestamps on, nor poll busily: it lacks cap_net_admin")?;
        report.advice(setcap_line())?;
    }
    Ok(privileges)
}

/// The command that lets this very program capture.
fn setcap_line() -> String {
    let program = std::env::current_exe().unwrap_or_else(|_| "pycap".into());
    format!("sudo setcap cap_net_raw,cap_net_admin=eip {}", program.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_from_the_status() {
        let status = "Name:\tpycap\nCapInh:\t0000000000000000\nCapEff:\t0000000000002000\n";
        assert_eq!(
            Privileges::parse(status),
            Some(Privileges { raw: true, admin: false, namespaces: false })
        );
        assert_eq!(Privileges::parse("Name:\tpycap\n"), None);
    }
}
