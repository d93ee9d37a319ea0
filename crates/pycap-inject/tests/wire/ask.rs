//! Questions that the kernel's own stack answers at the other end, and how long nobody is waited for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};

use pycap_capture::{Live, Next, Source};
use pycap_inject::layer::{Ethernet, Icmpv4, Icmpv6, Ipv4, Tcp, Udp};
use pycap_inject::{Answer, AskError, Asker, Layer, NextHop, Reply, SendErrorKind, Stack, resolve_next_hop};
use pycap_rig::Namespace;
use pycap_wire::{LinkType, MacAddr, Packet, TcpFlags};

use crate::rig::tests;
use crate::routed::{has_ipv6, two};

tests! {
    arp_and_icmp_are_answered,
    tcp_is_answered_by_an_open_and_a_closed_port,
    udp_is_answered_by_a_server_and_by_an_error,
    dns_is_answered_by_its_identifier,
    ipv6_is_answered,
    nobody_is_waited_for_until_the_deadline,
    round_trips_are_the_kernels_times,
    an_address_is_enough_to_ask,
    this_machine_answers_itself,
    several_questions_have_one_deadline,
    a_wait_is_ended_from_another_thread,
    without_arp_frames_are_as_the_kernel_has_them,
}

const NEAR: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
const FAR: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);
const LONG: Duration = Duration::from_secs(5);

struct Wire {
    _near: Namespace,
    far: Namespace,
    hop: NextHop,
    asker: Asker,
}

fn wire() -> Wire {
    let (near, far) = two();
    let hop = resolve_next_hop(FAR.into(), LONG).unwrap();
    Wire { _near: near, far, hop, asker: Asker::open("out0").unwrap() }
}

impl Wire {
    fn ethernet(&self) -> Ethernet {
        Ethernet::new(self.hop.neighbour_mac.unwrap(), self.hop.mac.unwrap())
    }

    fn ask(&mut self, question: impl Layer) -> Answer {
        let answer = self.asker.ask(&question.build().unwrap(), LONG).unwrap();
        answer.unwrap_or_else(|| panic!("no answer within {LONG:?}"))
    }
}

fn ipv4() -> Ipv4 {
    Ipv4::new(NEAR, FAR)
}

fn arp_and_icmp_are_answered() {
    let mut wire = wire();
    let mac = wire.hop.mac.unwrap();
    let question = "eth(dst=broadcast,src=MAC)/arp(op=request,sha=MAC,spa=10.9.0.1,tpa=10.9.0.2)";
    let question: Stack = question.replace("MAC", &mac.to_string()).parse().unwrap();
    let answer = wire.ask(question);
    assert_eq!(answer.reply, Reply::Arp);
    let packet = Packet::parse(LinkType::ETHERNET, answer.frame.data());
    assert_eq!(packet.arp().unwrap().sender_mac(), wire.hop.neighbour_mac);

    let ping = (wire.ethernet(), ipv4(), Icmpv4::echo_request(7, 1), "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    let answer = wire.ask(ping);
    assert_eq!(answer.reply, Reply::Icmp);
    assert!(answer.round_trip < LONG);
    let packet = Packet::parse(LinkType::ETHERNET, answer.frame.data());
    assert_eq!((packet.payload(), packet.checksum_ok()), (&b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[..], Some(true)));
    // One with another identifier is not taken for the answer of this one.
    let again = (wire.ethernet(), ipv4(), Icmpv4::echo_request(8, 1), "");
    assert_eq!(wire.ask(again).reply, Reply::Icmp);
}

fn tcp_is_answered_by_an_open_and_a_closed_port() {
    let mut wire = wire();
    let listener = wire.far.run(|| TcpListener::bind("10.9.0.2:0").unwrap()).unwrap();
    let port = listener.local_addr().unwrap().port();
    let syn = |port, seq| (ipv4(), Tcp::syn(40_000, port, seq));
    let answer = wire.ask((wire.ethernet(), syn(port, 1000)));
    assert_eq!(answer.reply, Reply::Tcp(TcpFlags::SYN | TcpFlags::ACK));
    drop(listener);
    let answer = wire.ask((wire.ethernet(), syn(port, 2000)));
    assert_eq!(answer.reply, Reply::Tcp(TcpFlags::RST | TcpFlags::ACK));
}

fn udp_is_answered_by_a_server_and_by_an_error() {
    let mut wire = wire();
    let server = wire.far.run(|| UdpSocket::bind("10.9.0.2:0").unwrap()).unwrap();
    let port = server.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let mut buf = [0; 100];
        let (len, from) = server.recv_from(&mut buf).unwrap();
        server.send_to(&buf[..len], from).unwrap();
    });
    let answer = wire.ask((wire.ethernet(), ipv4(), Udp::new(40_000, port), "hello"));
    assert_eq!(answer.reply, Reply::Udp);
    assert_eq!(Packet::parse(LinkType::ETHERNET, answer.frame.data()).payload(), b"hello");
    thread.join().unwrap();
    // The server is gone: port unreachable.
    let answer = wire.ask((wire.ethernet(), ipv4(), Udp::new(40_000, port), "hello"));
    assert_eq!(answer.reply, Reply::IcmpError { icmp_type: 3, code: 3 });
    // And nobody forwards here a packet with its last hop.
    let answer = wire.ask((wire.ethernet(), ipv4(), "a protocol for experiments"));
    assert_eq!(answer.reply, Reply::IcmpError { icmp_type: 3, code: 2 });
}

fn dns_is_answered_by_its_identifier() {
    let mut wire = wire();
    let server = wire.far.run(|| UdpSocket::bind("10.9.0.2:53").unwrap()).unwrap();
    let thread = std::thread::spawn(move || {
        let mut buf = [0; 512];
        let (len, from) = server.recv_from(&mut buf).unwrap();
        buf[2] |= 0x80;
        // An answer to a question that nobody asked comes first.
        buf[0] ^= 0xff;
        server.send_to(&buf[..len], from).unwrap();
        buf[0] ^= 0xff;
        server.send_to(&buf[..len], from).unwrap();
    });
    let query = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0\x07example\0\0\x01\0\x01";
    let answer = wire.ask((wire.ethernet(), ipv4(), Udp::new(40_000, 53), query));
    assert_eq!(answer.reply, Reply::Dns);
    assert_eq!(Packet::parse(LinkType::ETHERNET, answer.frame.data()).payload()[..3], [0x12, 0x34, 0x81]);
    thread.join().unwrap();
}

fn ipv6_is_answered() {
    let mut wire = wire();
    if !has_ipv6() {
        return crate::rig::skip("this kernel has no IPv6");
    }
    let (near, far) =
        (Ipv6Addr::new(0xfd09, 0, 0, 0, 0, 0, 0, 1), Ipv6Addr::new(0xfd09, 0, 0, 0, 0, 0, 0, 2));
    let mac = wire.hop.mac.unwrap();
    let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 2);
    let ipv6 = |dst| pycap_inject::layer::Ipv6::new(near, dst).hop_limit(255);
    let option = pycap_inject::layer::NdpOption::SourceLinkAddress(mac);
    let solicitation = Icmpv6::neighbor_solicitation(far).option(&option);
    let group_mac = MacAddr([0x33, 0x33, 0xff, 0, 0, 2]);
    assert_eq!(wire.ask((Ethernet::new(group_mac, mac), ipv6(group), solicitation)).reply, Reply::Ndp);
    let ping = (wire.ethernet(), ipv6(far), Icmpv6::echo_request(7, 1), "hello");
    assert_eq!(wire.ask(ping).reply, Reply::Icmp);
    let closed = (wire.ethernet(), ipv6(far), Udp::new(40_000, 9), "hello");
    assert_eq!(wire.ask(closed).reply, Reply::IcmpError { icmp_type: 1, code: 4 });
    let syn = (wire.ethernet(), ipv6(far), Tcp::syn(40_000, 9, 1));
    assert_eq!(wire.ask(syn).reply, Reply::Tcp(TcpFlags::RST | TcpFlags::ACK));
    assert_eq!(IpAddr::from(far), "fd09::2".parse::<IpAddr>().unwrap());
}

fn nobody_is_waited_for_until_the_deadline() {
    let mut wire = wire();
    let ping = (wire.ethernet(), Ipv4::new(NEAR, [10, 9, 0, 77]), Icmpv4::echo_request(7, 1));
    for timeout in [Duration::ZERO, Duration::from_millis(50), Duration::from_millis(200)] {
        let start = Instant::now();
        assert!(wire.asker.ask(&ping.build().unwrap(), timeout).unwrap().is_none());
        let took = start.elapsed();
        assert!(took >= timeout && took < timeout + Duration::from_millis(500), "{timeout:?}: {took:?}");
    }
}

/// The far end answers in the same soft interrupt; what the ring takes to hand a block on, a millisecond, is not in it.
fn round_trips_are_the_kernels_times() {
    let mut wire = wire();
    let mut took: Vec<Duration> = (0..51)
        .map(|number| {
            let answer = wire.ask((wire.ethernet(), ipv4(), Icmpv4::echo_request(7, number), "hello"));
            assert!(answer.is_kernel_time);
            answer.round_trip
        })
        .collect();
    took.sort_unstable();
    let median = took[took.len() / 2];
    println!("{median:?} (median), {:?} to {:?}", took[0], took[50]);
    assert!(median < Duration::from_micros(300), "{median:?}");
    // As ping has it, by its own clock.
    let Some(said) = crate::rig::output("ping", &["-n", "-q", "-c", "20", "-i", "0.01", "10.9.0.2"]) else {
        return;
    };
    let average = said.rsplit("mdev = ").next().and_then(|times| times.split('/').nth(1)).unwrap();
    let average = Duration::from_secs_f64(average.parse::<f64>().unwrap() / 1e3);
    assert!(median < average * 3 + Duration::from_micros(50), "{median:?}, {said}");
    // Through a sender that passes by the queue no question is seen to leave, and that is told.
    let injector = pycap_inject::Injector::builder("out0").qdisc_bypass(true).open().unwrap();
    let capture = Live::on("out0").immediate(true).open().unwrap();
    let ping = (wire.ethernet(), ipv4(), Icmpv4::echo_request(8, 1), "hello").build().unwrap();
    let answer = Asker::new(injector, capture).ask(&ping, LONG).unwrap().unwrap();
    assert!(answer.round_trip < LONG && !answer.round_trip.is_zero());
}

fn an_address_is_enough_to_ask() {
    let (_near, far) = two();
    let mut asker = Asker::to(FAR.into()).unwrap();
    let ping = asker.question((Icmpv4::echo_request(7, 1), "hello")).unwrap();
    let answer = asker.ask(&ping, LONG).unwrap().unwrap();
    assert_eq!((answer.reply, answer.is_kernel_time), (Reply::Icmp, true));
    if has_ipv6() {
        let mut asker = Asker::to("fd09::2".parse().unwrap()).unwrap();
        let ping = asker.question((Icmpv6::echo_request(7, 1), "hello")).unwrap();
        assert_eq!(asker.ask(&ping, LONG).unwrap().unwrap().reply, Reply::Icmp);
    }
    // Nobody has this one, which is found out in the time that is given.
    let start = Instant::now();
    let longest = Duration::from_millis(100);
    let refused = |destination: [u8; 4]| Asker::to_within(destination.into(), longest).err().unwrap();
    let AskError::Send(error) = refused([10, 9, 0, 77]) else { panic!() };
    assert_eq!(error.kind(), SendErrorKind::Unresolved, "{error}");
    assert!(start.elapsed() < Duration::from_millis(600), "{:?}", start.elapsed());
    let AskError::Send(error) = refused([192, 0, 2, 1]) else { panic!() };
    assert_eq!(error.kind(), SendErrorKind::NoRoute, "{error}");
    let on_an_interface = Asker::open("out0").unwrap();
    assert!(matches!(on_an_interface.question("x"), Err(AskError::NoDestination)));
    drop(far);
}

fn this_machine_answers_itself() {
    let (near, _far) = two();
    near.up("lo").unwrap();
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let mut addresses: Vec<IpAddr> = vec![NEAR.into(), Ipv4Addr::LOCALHOST.into(), [127, 9, 9, 9].into()];
    if has_ipv6() {
        addresses.extend(["fd09::1", "::1"].map(|address| address.parse::<IpAddr>().unwrap()));
    }
    for address in addresses {
        let mut asker = Asker::to(address).unwrap();
        let (ping, closed) = if address.is_ipv4() {
            (
                asker.question((Icmpv4::echo_request(7, 1), "hello")),
                Reply::IcmpError { icmp_type: 3, code: 3 },
            )
        } else {
            (
                asker.question((Icmpv6::echo_request(7, 1), "hello")),
                Reply::IcmpError { icmp_type: 1, code: 4 },
            )
        };
        let answer = asker.ask(&ping.unwrap(), LONG).unwrap();
        let answer = answer.unwrap_or_else(|| panic!("{address} does not answer"));
        assert_eq!((answer.reply, answer.is_kernel_time), (Reply::Icmp, true), "{address}");
        let datagram = asker.question((Udp::new(40_000, 9), "hello")).unwrap();
        assert_eq!(asker.ask(&datagram, LONG).unwrap().map(|answer| answer.reply), Some(closed), "{address}");
        // Between a port and itself, the question that comes back is no answer.
        let datagram = asker.question((Udp::new(port, port), "hello")).unwrap();
        let reply = asker.ask(&datagram, Duration::from_millis(50)).unwrap().map(|answer| answer.reply);
        assert!(reply.is_none_or(|reply| reply == closed), "{address}: {reply:?}");
    }
}

/// Where nobody is asked, the addresses are those of the frames that the kernel sends itself, and those of a question.
fn without_arp_frames_are_as_the_kernel_has_them() {
    let (_near, _far) = two();
    if crate::rig::output("ip", &["link", "set", "out0", "arp", "off"]).is_none() {
        return;
    }
    crate::rig::output("ip", &["route", "add", "default", "via", "10.9.0.2"]);
    crate::rig::output(
        "ip",
        &["neigh", "replace", "10.9.0.33", "lladdr", "02:00:00:00:00:33", "dev", "out0"],
    );
    let mut destinations = vec!["10.9.0.2", "192.0.2.1", "10.9.0.33", "10.9.0.255", "239.129.2.3"];
    if has_ipv6() {
        crate::rig::output("ip", &["-6", "route", "add", "2001:db8::/32", "via", "fd09::2"]);
        destinations.extend(["fd09::2", "2001:db8::1"]);
    }
    let mut capture = Live::on("out0").immediate(true).open().unwrap();
    for destination in destinations.into_iter().map(|text| text.parse::<IpAddr>().unwrap()) {
        let local = if destination.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(local).unwrap();
        socket.set_broadcast(true).unwrap();
        socket.send_to(b"hello", (destination, 9)).unwrap();
        let until = Instant::now() + Duration::from_secs(3);
        let addresses = loop {
            let Next::Frame(frame) = capture.next_frame_until(Some(until)).unwrap() else {
                panic!("no frame to {destination}");
            };
            if frame.packet().ip().is_some_and(|ip| ip.dst() == destination) {
                break frame.data()[..12].to_vec();
            }
        };
        let hop = resolve_next_hop(destination, Duration::ZERO).unwrap();
        let expected = [hop.neighbour_mac.unwrap().octets(), hop.mac.unwrap().octets()].concat();
        assert_eq!(addresses, expected, "{destination}");
        assert!(!hop.has_neighbours);
        let asker = Asker::to(destination).unwrap();
        let question = asker.question((Udp::new(1, 9), "hello")).unwrap();
        assert_eq!(question[..12], addresses, "{destination}");
        assert_eq!(Packet::parse(LinkType::ETHERNET, &question).udp().map(|udp| udp.dst_port()), Some(9));
    }
}

fn several_questions_have_one_deadline() {
    let mut wire = wire();
    let ping = |dst: [u8; 4], number| {
        (wire.ethernet(), Ipv4::new(NEAR, dst), Icmpv4::echo_request(7, number), "hello").build().unwrap()
    };
    let mut questions: Vec<Vec<u8>> = (0..100).map(|number| ping(FAR.octets(), number)).collect();
    // Two that nobody answers.
    questions.insert(0, ping([10, 9, 0, 77], 1));
    questions.insert(50, ping([10, 9, 0, 78], 1));
    let slices: Vec<&[u8]> = questions.iter().map(Vec::as_slice).collect();
    let start = Instant::now();
    let timeout = Duration::from_millis(300);
    let answers = wire.asker.ask_all(&slices, timeout).unwrap();
    assert!((timeout..timeout * 4).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert_eq!(answers.len(), 102);
    for (place, (answer, question)) in answers.iter().zip(&questions).enumerate() {
        let Some(answer) = answer else {
            assert!(place == 0 || place == 50, "{place}");
            continue;
        };
        // Each has its own: identifier and sequence number are the same.
        assert_eq!(answer.frame.data()[38..42], question[38..42]);
        assert!(answer.is_kernel_time && answer.round_trip < timeout);
    }
    // It does not wait for longer than it has to.
    let start = Instant::now();
    assert!(wire.asker.ask_all(&slices[1..50], LONG).unwrap().iter().all(Option::is_some));
    assert!(start.elapsed() < LONG / 2);
    assert!(wire.asker.ask_all(&[], LONG).unwrap().is_empty());
}

fn a_wait_is_ended_from_another_thread() {
    let mut wire = wire();
    let stop = wire.asker.stop_handle().unwrap();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        stop.stop();
    });
    let start = Instant::now();
    let ping =
        (wire.ethernet(), Ipv4::new(NEAR, [10, 9, 0, 77]), Icmpv4::echo_request(7, 1)).build().unwrap();
    assert!(wire.asker.ask(&ping, Duration::from_secs(30)).unwrap().is_none());
    assert!(start.elapsed() < LONG);
    thread.join().unwrap();
}
