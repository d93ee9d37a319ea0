//! What is said where this process may not capture: the same from each backend.

/// Names what is missing and the command that grants it to this program.
#[cold]
pub(crate) fn may_not_capture() -> String {
    let program = std::env::current_exe();
    let program = program.as_deref().map_or_else(|_| "PROGRAM".into(), |path| path.to_string_lossy());
    if cfg!(target_os = "linux") {
        format!(
            "run as root, or once `sudo setcap cap_net_raw,cap_net_admin=eip {program}`: \
             to capture takes the capability CAP_NET_RAW"
        )
    } else {
        format!("run `sudo {program}`, or give your user access to /dev/bpf*, which to capture takes")
    }
}
