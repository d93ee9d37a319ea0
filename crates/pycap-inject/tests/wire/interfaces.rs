//! What happens to an interface while frames are sent to it.

use pycap_inject::{Backend, Injector, SendErrorKind, Sender};
use pycap_rig::Namespace;

use crate::rig::{
    add_wire, drain, kernel_senders, numbered, receiver, same, senders, slices, tests, up, wire,
};

tests! {
    one_that_is_down_is_not_opened,
    one_that_is_set_down_takes_frames_again_once_it_is_up,
    one_that_is_deleted_ends_the_sending,
    one_that_is_moved_ends_the_sending,
    one_that_is_renamed_goes_on,
}

fn one_that_is_down_is_not_opened() {
    let wire = wire();
    wire.down("out0").unwrap();
    for backend in [Backend::Packet, Backend::TxRing, Backend::RawIp, Backend::Libpcap, Backend::Libnet] {
        let error = Injector::builder("out0").backend(backend).open().unwrap_err();
        if error.kind() == SendErrorKind::LibraryMissing {
            continue;
        }
        assert_eq!(
            (error.kind(), error.interface()),
            (SendErrorKind::InterfaceDown, Some("out0")),
            "{backend}: {error}"
        );
        assert!(error.to_string().contains("`sudo ip link set dev out0 up`"), "{backend}: {error}");
    }
}

fn one_that_is_set_down_takes_frames_again_once_it_is_up() {
    let wire = wire();
    let frames: Vec<_> = (0..10).map(numbered).collect();
    for (name, mut sender) in senders("out0") {
        wire.down("out0").unwrap();
        let error = sender.send_batch(&slices(&frames)).unwrap_err();
        assert_eq!(
            (error.accepted, error.error.kind()),
            (0, SendErrorKind::InterfaceDown),
            "{name}: {error}"
        );
        let error = sender.send(&frames[0]).unwrap_err();
        assert_eq!(
            (error.kind(), error.interface()),
            (SendErrorKind::InterfaceDown, Some("out0")),
            "{name}: {error}"
        );
        assert_eq!(sender.stats().interface_down, 2, "{name}");
        up(&wire);
        let mut ring = receiver("in0");
        // libpcap's socket has an error to tell of that is over; who sends again gets past it.
        if name == "libpcap" {
            let _ = sender.send(&frames[0]);
            let _ = drain(&mut ring);
        }
        sender.send_batch(&slices(&frames)).unwrap();
        sender.flush().unwrap();
        same(&drain(&mut ring), &frames, name);
    }
}

/// Sends until it is refused, while something happens to the interface.
fn until_refused(mut sender: Box<dyn Sender>, name: &str, happen: impl FnOnce()) {
    let frames: Vec<_> = (0..64).map(numbered).collect();
    std::thread::scope(|scope| {
        let sending = scope.spawn(move || {
            let mut accepted = 0_u64;
            let error = loop {
                match sender.send_batch(&slices(&frames)) {
                    Ok(()) => accepted += 64,
                    Err(error) => {
                        accepted += error.accepted as u64;
                        break error.error;
                    }
                }
            };
            (accepted, error, sender)
        });
        std::thread::sleep(std::time::Duration::from_millis(30));
        happen();
        let (accepted, error, mut sender) = sending.join().unwrap();
        assert_eq!(
            (error.kind(), error.interface()),
            (SendErrorKind::InterfaceGone, Some("out0")),
            "{name}: {error}"
        );
        assert!(accepted > 0, "{name}");
        assert_eq!((sender.stats().sent, sender.stats().interface_down), (accepted, 1), "{name}");
        let again = sender.send(&numbered(1)).unwrap_err();
        assert_eq!(again.kind(), SendErrorKind::InterfaceGone, "{name}: {again}");
        // There is nothing that it would wait for.
        sender.flush().unwrap();
    });
}

fn one_that_is_deleted_ends_the_sending() {
    let wire = wire();
    for number in 0..senders("out0").len() {
        let (name, sender) = senders("out0").swap_remove(number);
        until_refused(sender, name, || wire.delete("out0").unwrap());
        add_wire(&wire);
    }
}

fn one_that_is_moved_ends_the_sending() {
    let wire = wire();
    let other = Namespace::new("other").unwrap();
    for number in 0..senders("out0").len() {
        let (name, sender) = senders("out0").swap_remove(number);
        until_refused(sender, name, || wire.move_to(&other, "out0").unwrap());
        wire.delete("in0").unwrap();
        add_wire(&wire);
    }
}

fn one_that_is_renamed_goes_on() {
    let wire = wire();
    let mut all = kernel_senders("out0");
    if let Err(error) = wire.rename("out0", "other0") {
        return println!("Linux before 6.2 renames no interface that is up: {error}");
    }
    let mut ring = receiver("in0");
    for (name, sender) in &mut all {
        sender.send(&numbered(5)).unwrap();
        sender.flush().unwrap();
        same(&drain(&mut ring), &[numbered(5)], name);
        // It is called what it is called now.
        let error = sender.send(&crate::rig::frame_of(2000, 0)).unwrap_err();
        assert_eq!(error.interface(), Some("other0"), "{name}: {error}");
    }
}
