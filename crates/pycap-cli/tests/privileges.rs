//! What root, ordinary users and those who may next to nothing are told: `pycap doctor`, and captures that are not allowed.
#![cfg(target_os = "linux")]

mod rig;

use std::path::PathBuf;
use std::process::{Command, Output};

use rig::namespace::{PYCAP, in_namespace, text};

/// A copy of the program where every user may run it: where the build stands, others may not look.
struct Program(PathBuf);

impl Program {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("pycap-{test}-{}", std::process::id()));
        // By another process: what this one has open for writing, a child that another test starts just then has too, for a moment, and
        // meanwhile it cannot be run.
        assert!(Command::new("cp").arg(PYCAP).arg(&path).status().unwrap().success());
        Self(path)
    }

    /// Runs a shell script in which `$pycap` is the program, as an ordinary user: `nobody` where root runs the tests.
    fn as_ordinary_user(&self, script: &str) -> Output {
        let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
        let mut command = if root {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        command.args(["-c", script]).env("pycap", &self.0).current_dir("/").output().unwrap()
    }

    /// Whether an ordinary user may make namespaces here. Under CI that has to be so.
    fn namespaces_are_allowed(&self) -> bool {
        let allowed = self.as_ordinary_user("unshare -Urn true").status.success();
        assert!(
            allowed || std::env::var("CI").is_err(),
            "no user namespaces, and nothing may be left out under CI"
        );
        if !allowed {
            println!("skipped: ordinary users can make no namespaces here");
        }
        allowed
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Runs the rest without capabilities but these, in a user namespace that allows no further namespaces. The setting is that namespace's
/// own: the machine's stays as it is (namespaces(7), /proc/sys/user).
fn confined(capabilities: &str) -> String {
    format!(
        "exec unshare -Urn sh -c 'ip link set lo up\n\
         echo 0 >/proc/sys/user/max_user_namespaces; echo 0 >/proc/sys/user/max_net_namespaces\n\
         exec setpriv --bounding-set=-all{capabilities} --inh-caps=-all \"$0\" \"$@\"' "
    )
}

/// The lines that begin with one of the doctor's marks.
fn marked<'a>(said: &'a str, mark: &str) -> Vec<&'a str> {
    said.lines().filter_map(|line| line.trim_start().strip_prefix(mark)).map(str::trim).collect()
}

fn assert_works(output: &Output) {
    let said = text(&output.stdout);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{said}");
    assert_eq!(marked(said, "FAIL"), [""; 0], "{said}");
    let good = marked(said, "yes");
    for words in [
        " packets sent over ",
        "every byte equal, in order",
        "ring buffers shared with the kernel (TPACKET_V3): Linux ",
        "fan-out over several threads: hash, load-balance, cpu, rollover",
    ] {
        assert!(good.iter().any(|line| line.contains(words)), "{words}: {said}");
    }
    // There or not, and then with what to do about it.
    for words in ["libpcap", "libnet", "AF_XDP", "hardware timestamps"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn the_doctor_proves_that_capturing_works() {
    let Some(output) = in_namespace(&[], "pycap doctor") else { return };
    assert_works(&output);
    let said = text(&output.stdout);
    assert!(said.contains("this process may capture on this machine's interfaces (cap_net_raw)"), "{said}");
    assert!(said.contains(" packets sent over a veth pair, "), "{said}");
    assert!(said.ends_with("\ncapturing works here\n"), "{said}");
}

#[test]
fn the_doctor_works_for_an_ordinary_user() {
    let program = Program::new("doctor-user");
    if !program.namespaces_are_allowed() {
        return;
    }
    let output = program.as_ordinary_user("$pycap doctor");
    assert_works(&output);
    let said = text(&output.stdout);
    let path = program.0.display();
    assert!(
        said.contains(&format!("\n        sudo setcap cap_net_raw,cap_net_admin=eip {path}\n")),
        "{said}"
    );
    let end =
        "\ncapturing works here; for this machine's own interfaces it needs the privilege named above\n";
    assert!(said.ends_with(end), "{said}");
}

/// As root of a container is, which may capture and little else: the proof takes the loopback interface.
#[test]
fn the_doctor_works_where_no_namespace_can_be_made() {
    let program = Program::new("doctor-container");
    if !program.namespaces_are_allowed() {
        return;
    }
    let output = program.as_ordinary_user(&format!("{} $pycap doctor", confined(",+net_raw")));
    assert_works(&output);
    let said = text(&output.stdout);
    assert!(said.contains(" packets sent over this machine's loopback interface, "), "{said}");
    assert!(said.contains("sudo sysctl user.max_user_namespaces="), "{said}");
    assert!(said.ends_with("\ncapturing works here\n"), "{said}");
}

#[test]
fn who_may_nothing_is_told_what_to_do() {
    let program = Program::new("doctor-nothing");
    if !program.namespaces_are_allowed() {
        return;
    }
    let path = program.0.display();
    let setcap = format!("sudo setcap cap_net_raw,cap_net_admin=eip {path}");
    let output = program.as_ordinary_user(&format!("{} $pycap doctor", confined("")));
    let said = text(&output.stdout);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), ""), "{said}");
    assert!(said.contains(&format!("\n        {setcap}\n")), "{said}");
    let failed = marked(said, "FAIL");
    assert!(failed.len() == 1 && failed[0].contains("sudo sysctl user.max_user_namespaces="), "{said}");
    assert!(said.ends_with("\ncapturing does not work here; the lines marked FAIL say why\n"), "{said}");

    for command in ["$pycap -i lo", "$pycap -i any -w /dev/null", "$pycap -i lo -Z nobody"] {
        let output = program.as_ordinary_user(&format!("{} {command}", confined("")));
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.starts_with("pycap: ") && said.contains(&setcap), "{said}");
    }
    // What takes no privilege works.
    let output = program.as_ordinary_user(&format!("{} $pycap -D", confined("")));
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}

#[test]
fn an_ordinary_user_is_told_what_to_do() {
    let program = Program::new("ordinary");
    for command in ["$pycap -i lo", "$pycap -i any"] {
        let output = program.as_ordinary_user(command);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains("sudo setcap cap_net_raw,cap_net_admin=eip "), "{said}");
    }
}
