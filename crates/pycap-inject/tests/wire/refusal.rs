//! A frame that is not accepted: why, and what becomes of the ones around it.

use std::process::Command;

use pycap_inject::sender::{PacketSocket, RawIp};
use pycap_inject::{Backend, Injector, SendErrorKind};

use crate::rig::{
    drain, frame_of, kernel_senders, numbered, receiver, same, senders, skip, slices, tests, wire,
};

tests! {
    one_byte_too_long_says_so,
    the_mtu_of_now_counts,
    what_is_no_frame_is_not_sent,
    a_batch_stops_where_a_frame_is_refused,
    without_the_capability_nothing_is_opened,
    an_interface_that_is_not_there_names_the_nearest,
}

/// Set where this program is to be [`probe`].
pub(crate) const PROBE: &str = "PYCAP_PROBE_PERMISSION";

fn one_byte_too_long_says_so() {
    let _wire = wire();
    let mut ring = receiver("in0");
    for (name, mut sender) in senders("out0") {
        let error = sender.send(&frame_of(1515, 1)).unwrap_err();
        assert_eq!((error.kind(), error.interface()), (SendErrorKind::TooLong, Some("out0")), "{name}");
        let excess = error.excess().unwrap();
        assert_eq!((excess.frame, excess.limit, excess.mtu), (1515, 1514, Some(1500)), "{name}");
        let says = "the frame has 1515 bytes, 1 more than 1514, its MTU of 1500 and a link header of 14";
        assert!(error.to_string().contains(says), "{name}: {error}");
        let mut tagged = frame_of(1519, 1);
        tagged[12..16].copy_from_slice(&[0x81, 0, 0, 1]);
        let error = sender.send(&tagged).unwrap_err();
        assert_eq!(
            error.excess().map(|excess| (excess.frame, excess.limit)),
            Some((1519, 1518)),
            "{name}: {error}"
        );
        let error = sender.send(&frame_of(60_000, 1)).unwrap_err();
        assert_eq!(error.excess().map(|excess| excess.limit), Some(1514), "{name}: {error}");
        // The next one goes as if nothing had been.
        sender.send(&numbered(1)).unwrap();
        sender.flush().unwrap();
        same(&drain(&mut ring), &[numbered(1)], name);
        let stats = sender.stats();
        assert_eq!((stats.sent, stats.too_long, stats.failed()), (1, 3, 3), "{name}");
    }
}

fn the_mtu_of_now_counts() {
    let wire = wire();
    for (name, mut sender) in senders("out0") {
        // The other end takes what is longer.
        wire.set_mtu("in0", 4000).unwrap();
        wire.set_mtu("out0", 1000).unwrap();
        let error = sender.send(&frame_of(1015, 1)).unwrap_err();
        assert_eq!(error.excess().map(|excess| excess.mtu), Some(Some(1000)), "{name}: {error}");
        for mtu in [4000, 1500] {
            wire.set_mtu("out0", mtu).unwrap();
            let result = sender.send(&frame_of(mtu as usize + 14, 1));
            // A ring has room for frames of the MTU that it was opened with; here, for somewhat more.
            match result {
                Err(error) if name.contains("ring") => {
                    let excess = error.excess().unwrap();
                    assert_eq!((excess.frame, excess.mtu), (4014, None), "{name}: {error}");
                    assert!(excess.limit >= 1518 && error.to_string().contains("open it again"), "{error}");
                }
                result => result.unwrap(),
            }
        }
    }
}

fn what_is_no_frame_is_not_sent() {
    let _wire = wire();
    let mut ring = receiver("in0");
    for (name, mut sender) in senders("out0") {
        let error = sender.send(&[]).unwrap_err();
        assert_eq!(error.kind(), SendErrorKind::TooShort, "{name}: {error}");
        // With CAP_SYS_RAWIO the kernel takes a piece of a header (`dev_validate_header` in include/linux/netdevice.h).
        if let Err(error) = sender.send(&[0xff; 13]) {
            assert_eq!(error.kind(), SendErrorKind::TooShort, "{name}: {error}");
        }
        sender.flush().unwrap();
        let batch = sender.send_batch(&[]);
        assert!(batch.is_ok(), "{name}");
        let _ = drain(&mut ring);
        sender.send(&numbered(1)).unwrap();
        sender.flush().unwrap();
        same(&drain(&mut ring), &[numbered(1)], name);
    }
}

fn a_batch_stops_where_a_frame_is_refused() {
    let _wire = wire();
    let mut ring = receiver("in0");
    let bad = [frame_of(1515, 1), Vec::new(), frame_of(30_000, 1)];
    for (name, mut sender) in senders("out0") {
        for (round, place) in [0, 1, 3, 4, 63, 64, 65, 100, 199].into_iter().enumerate() {
            let mut frames: Vec<_> = (0..200).map(numbered).collect();
            frames[place] = bad[round % bad.len()].clone();
            let error = sender.send_batch(&slices(&frames)).unwrap_err();
            assert_eq!(error.accepted, place, "{name}: {error}");
            let kind =
                [SendErrorKind::TooLong, SendErrorKind::TooShort][usize::from(frames[place].is_empty())];
            assert_eq!(error.error.kind(), kind, "{name}: {error}");
            assert!(
                error.to_string().starts_with(&format!("frame {} of the batch: out0: ", place + 1)),
                "{error}"
            );
            // The caller leaves it out, and goes on.
            let after = &frames[place + 1..];
            sender.send_batch(&slices(after)).unwrap();
            sender.flush().unwrap();
            let expected = [&frames[..place], after].concat();
            same(&drain(&mut ring), &expected, &format!("{name}, {place}"));
        }
        assert_eq!(sender.stats().failed(), 9, "{name}");
    }
}

/// What this program does where [`PROBE`] is set: says what comes of opening each backend.
pub(crate) fn probe() {
    for backend in [Backend::Packet, Backend::TxRing, Backend::RawIp, Backend::Libpcap, Backend::Libnet] {
        match Injector::builder("out0").backend(backend).open() {
            Ok(_) => println!("{backend}: opened"),
            Err(error) => println!("{backend}: {:?}: {error}", error.kind()),
        }
    }
}

fn without_the_capability_nothing_is_opened() {
    let _wire = wire();
    let program = std::env::current_exe().unwrap();
    // In a user namespace of its own, nobody is anything in the network namespace that it came with.
    let run = Command::new("unshare").arg("--user").arg(&program).env(PROBE, "1").output();
    let run = match run {
        Ok(run) if run.status.success() => run,
        Ok(run) => return skip(&format!("unshare: {}", String::from_utf8_lossy(&run.stderr))),
        Err(error) => return skip(&format!("unshare: {error}")),
    };
    let text = String::from_utf8(run.stdout).unwrap();
    let command = format!("`sudo setcap cap_net_raw,cap_net_admin=eip {}`", program.display());
    for backend in ["packet", "tx-ring", "raw-ip", "libpcap", "libnet"] {
        let line = text.lines().find(|line| line.starts_with(&format!("{backend}: "))).unwrap();
        if line.contains("LibraryMissing") {
            skip(line);
            continue;
        }
        assert!(line.contains(": PermissionDenied: ") && line.contains(&command), "{line}");
    }
}

fn an_interface_that_is_not_there_names_the_nearest() {
    let _wire = wire();
    for backend in [Backend::Packet, Backend::TxRing, Backend::RawIp, Backend::Libpcap, Backend::Libnet] {
        for name in ["otu0", "", "a name that is too long for the kernel", "zero\0"] {
            let error = Injector::builder(name).backend(backend).open();
            // An empty name is that of no interface in particular.
            if name.is_empty() && backend == Backend::RawIp {
                assert!(error.is_ok());
                continue;
            }
            let error = error.unwrap_err();
            if error.kind() != SendErrorKind::LibraryMissing {
                assert_eq!(error.kind(), SendErrorKind::NoSuchInterface, "{backend}: {error}");
                assert!(
                    name != "otu0" || error.to_string().contains("the nearest: out0"),
                    "{backend}: {error}"
                );
            }
        }
    }
    assert!(PacketSocket::open("any").is_err() && RawIp::builder().interface("any").open().is_err());
    assert_eq!(kernel_senders("in0").len(), 6);
}
