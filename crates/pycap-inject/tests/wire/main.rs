//! What the senders put on a wire of the test's own, and what they say where it takes a frame no more: what takes a kernel.
//!
//! The tests run one after the other, each in network namespaces of its own. Without root the whole program moves into a user namespace
//! first, where the system lets it.

#[cfg(target_os = "linux")]
mod arrival;
#[cfg(all(target_os = "linux", feature = "capture"))]
mod ask;
#[cfg(target_os = "linux")]
mod interfaces;
#[cfg(target_os = "linux")]
mod neighbours;
#[cfg(target_os = "linux")]
mod pressure;
#[cfg(target_os = "linux")]
mod refusal;
#[cfg(target_os = "linux")]
mod rig;
#[cfg(target_os = "linux")]
mod routed;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    if std::env::var_os(refusal::PROBE).is_some() {
        refusal::probe();
        return std::process::ExitCode::SUCCESS;
    }
    let mut arguments = libtest_mimic::Arguments::from_args();
    arguments.test_threads = Some(1);
    if let Err(error) = pycap_rig::enter_private_namespaces() {
        if std::env::var_os("CI").is_some() {
            println!("nothing may be left out where CI is set: {error}");
            return std::process::ExitCode::FAILURE;
        }
        println!("skipped: {error}");
        return std::process::ExitCode::SUCCESS;
    }
    let modules = [
        arrival::TESTS,
        routed::TESTS,
        refusal::TESTS,
        interfaces::TESTS,
        pressure::TESTS,
        neighbours::TESTS,
        #[cfg(feature = "capture")]
        ask::TESTS,
    ];
    let trials = modules.into_iter().flatten().map(rig::Test::trial).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

#[cfg(not(target_os = "linux"))]
fn main() {}
