//! Captures on a veth pair of the test's own: what takes a kernel that sends frames, changes interfaces and counts.
//!
//! The tests run one after the other, as many of them are about time, each in a network namespace of its own. Without root the whole
//! program moves into a user namespace first, where the system lets it.

#[cfg(target_os = "linux")]
mod fanout;
#[cfg(target_os = "linux")]
mod filter;
#[cfg(target_os = "linux")]
mod frames;
#[cfg(target_os = "linux")]
mod interfaces;
#[cfg(target_os = "linux")]
mod limits;
#[cfg(target_os = "linux")]
mod rig;
#[cfg(target_os = "linux")]
mod soak;
#[cfg(all(target_os = "linux", feature = "tokio"))]
mod tasks;
#[cfg(target_os = "linux")]
mod timing;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
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
    let mut trials = Vec::new();
    for tests in
        [timing::TESTS, frames::TESTS, filter::TESTS, fanout::TESTS, interfaces::TESTS, limits::TESTS]
    {
        trials.extend(tests.iter().map(rig::Test::trial));
    }
    #[cfg(feature = "tokio")]
    trials.extend(tasks::TESTS.iter().map(rig::Test::trial));
    trials.extend(soak::TESTS.iter().map(|test| test.trial().with_ignored_flag(true)));
    libtest_mimic::run(&arguments, trials).exit_code()
}

#[cfg(not(target_os = "linux"))]
fn main() {}
