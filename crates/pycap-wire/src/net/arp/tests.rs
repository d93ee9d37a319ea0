use super::*;
use crate::Layer;
use crate::testing::{ToString, bytes, fields, torture};

const REQUEST: &str = "0001 0800 06 04 0001 0015fadca1f7 0a000001 000000000000 0a000002";

#[test]
fn ethernet_and_ipv4() {
    let bytes = bytes(REQUEST);
    let arp = Arp::parse(&bytes).unwrap();
    assert_eq!((arp.header_len(), arp.missing(), arp.next()), (28, 0, Next::End));
    assert_eq!(arp.sender_mac(), Some(MacAddr([0x00, 0x15, 0xfa, 0xdc, 0xa1, 0xf7])));
    assert_eq!(arp.target_ip(), Some(Ipv4Addr::new(10, 0, 0, 2)));
    assert_eq!(
        fields(Layer::Arp(arp)),
        "htype@0=1 ptype@2=0x800 hlen@4=6 plen@5=4 op@6=1 sha@8=00:15:fa:dc:a1:f7 spa@14=10.0.0.1 tha@18=00:00:00:00:00:00 \
         tpa@24=10.0.0.2"
    );
    assert_eq!(
        arp.to_string(),
        "ARP(op=0x1, protocol=0x800, 00:15:fa:dc:a1:f7 (10.0.0.1) -> 00:00:00:00:00:00 (10.0.0.2))"
    );
}

// The lines are those of tcpdump 4.99.3.
#[test]
fn lines() {
    let addresses = " 020000000002 0a0a0c02 020000000001 0a0a0c01";
    for (start, line) in [
        (
            "0001 0800 06 04 0001",
            "ARP, Request who-has 10.10.12.1 (02:00:00:00:00:01) tell 10.10.12.2, length 28",
        ),
        ("0001 0800 06 04 0002", "ARP, Reply 10.10.12.2 is-at 02:00:00:00:00:02, length 28"),
        (
            "0001 0800 06 04 0003",
            "ARP, Reverse Request who-is 02:00:00:00:00:01 tell 02:00:00:00:00:02, length 28",
        ),
        ("0001 0800 06 04 0004", "ARP, Reverse Reply 02:00:00:00:00:01 at 10.10.12.1, length 28"),
        (
            "0001 0800 06 04 0008",
            "ARP, Inverse Request who-is 02:00:00:00:00:01 tell 02:00:00:00:00:02, length 28",
        ),
        ("0001 0800 06 04 0009", "ARP, Inverse Reply 02:00:00:00:00:02 at 10.10.12.2, length 28"),
        ("0001 0800 06 04 002a", "ARP, Unknown (42)"),
        (
            "1234 9999 04 02 0001",
            "ARP, Unknown Hardware (4660) (len 4), Unknown Protocol (0x9999) (len 2), length 28",
        ),
        ("0001 86dd 00 08 0001", "ARP, Ethernet (len 0), IPv6 (len 8), length 28"),
        ("0001 0800 06 10 0001", " [|arp]"),
    ] {
        let bytes = bytes(&(start.to_string() + addresses));
        assert_eq!(Arp::parse(&bytes).unwrap().summary().to_string(), line, "{start}");
    }
    let padded = bytes(&(REQUEST.to_string() + "000000000000000000000000000000000000"));
    let arp = Arp::parse(&padded).unwrap();
    assert_eq!(arp.summary().to_string(), "ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 46");
    assert_eq!(arp.payload(), [0; 18]);
}

// Which addresses are Ethernet's and IPv4's is what tshark 4.0 decides for these messages.
#[test]
fn addresses_of_other_networks() {
    for (hex, shown) in [
        // IEEE 802; IPv4 by AX.25's number.
        (
            "0006 00cc 06 04 0001 000102030405 06070809 0a0b0c0d0e0f 10111213",
            "00:01:02:03:04:05 6.7.8.9 0a:0b:0c:0d:0e:0f 16.17.18.19",
        ),
        (
            "0003 0800 06 04 0001 000102030405 06070809 0a0b0c0d0e0f 10111213",
            "000102030405 6.7.8.9 0a0b0c0d0e0f 16.17.18.19",
        ),
        (
            "0001 86dd 06 04 0001 000102030405 06070809 0a0b0c0d0e0f 10111213",
            "00:01:02:03:04:05 06070809 0a:0b:0c:0d:0e:0f 10111213",
        ),
        ("0001 0800 04 04 0001 00010203 06070809 0a0b0c0d 10111213", "00010203 6.7.8.9 0a0b0c0d 16.17.18.19"),
        ("0007 0800 01 04 0002 01 06070809 fe 10111213", "01 6.7.8.9 fe 16.17.18.19"),
        ("0001 0800 06 00 0001 000102030405 0a0b0c0d0e0f", "00:01:02:03:04:05 0a:0b:0c:0d:0e:0f"),
        ("0001 0825 00 04 0001 06070809 10111213", "06070809 10111213"),
        ("ff00 8b01 00 00 0004", ""),
        (
            "0001 86dd 06 10 0001 000102030405 000102030405060708090a0b0c0d0e0f 0a0b0c0d0e0f 101112131415161718191a1b1c1d1e1f",
            "00:01:02:03:04:05 000102030405060708090a0b0c0d0e0f 0a:0b:0c:0d:0e:0f 101112131415161718191a1b1c1d1e1f",
        ),
    ] {
        let bytes = bytes(hex);
        let arp = Arp::parse(&bytes).unwrap();
        assert_eq!((arp.missing(), arp.payload().len()), (0, 0), "{hex}");
        let fields = fields(Layer::Arp(arp));
        let addresses: crate::testing::Vec<_> =
            fields.split(' ').skip(5).map(|field| field.split('=').next_back().unwrap()).collect();
        assert_eq!(addresses.join(" "), shown, "{hex}");
    }
}

#[test]
fn cut_short() {
    let bytes = bytes(REQUEST);
    let arp = Arp::parse(&bytes[..22]).unwrap();
    assert_eq!((arp.header_len(), arp.missing()), (22, 6));
    assert_eq!((arp.sender_ip(), arp.target_mac()), (Some(Ipv4Addr::new(10, 0, 0, 1)), None));
    assert_eq!(
        fields(Layer::Arp(arp)),
        "htype@0=1 ptype@2=0x800 hlen@4=6 plen@5=4 op@6=1 sha@8=00:15:fa:dc:a1:f7 spa@14=10.0.0.1"
    );
    assert_eq!(Arp::parse(&bytes[..7]), Err(Error::truncated(LayerKind::Arp, 8, 7)));
}

// RFC 2225, section 8.5: number and subaddress of each side have a length byte of their own, whose low six bits count.
#[test]
fn atm() {
    let bytes = bytes("0013 0800 42 01 0008 04 43 00 04 aaaa bb 0a000001 cccccc 0a000002 ff");
    let arp = Arp::parse(&bytes).unwrap();
    assert_eq!((arp.missing(), arp.payload()), (0, &[0xff][..]));
    assert_eq!((arp.sender_subaddress(), arp.target_subaddress()), (&[0xbb][..], &[][..]));
    assert_eq!(
        fields(Layer::Arp(arp)),
        "htype@0=19 ptype@2=0x800 shtl@4=66 sstl@5=1 op@6=8 spln@8=4 thtl@9=67 tstl@10=0 tpln@11=4 sha@12=aaaa ssa@14=bb \
         spa@15=10.0.0.1 tha@19=cccccc tpa@22=10.0.0.2"
    );
    assert_eq!(Arp::parse(&bytes[..10]).unwrap().missing(), 12);
}

#[test]
fn headers_are_written_as_they_are_read() {
    let mut header = ArpHeader::zeroed();
    header.set_hardware_type(HardwareType::ETHERNET);
    header.set_protocol_type(EtherType::IPV4);
    header.set_hardware_len(6);
    header.set_protocol_len(4);
    header.set_operation(ArpOperation::REQUEST);
    let mut addresses = ArpIpv4Addresses::zeroed();
    addresses.set_sender_mac(MacAddr([0x00, 0x15, 0xfa, 0xdc, 0xa1, 0xf7]));
    addresses.set_sender_ip(Ipv4Addr::new(10, 0, 0, 1));
    addresses.set_target_ip(Ipv4Addr::new(10, 0, 0, 2));
    let bytes = bytes(REQUEST);
    assert_eq!([header.as_bytes(), addresses.as_bytes()].concat(), bytes);
    assert_eq!(Arp::parse(&bytes).unwrap().ipv4_addresses(), Some(&addresses));
}

#[test]
fn any_bytes() {
    for sample in [REQUEST, "0013 0800 42 01 0008 04 43 00 04 aaaa bb 0a000001 cccccc 0a000002 ff"] {
        torture(&bytes(sample), |bytes| Arp::parse(bytes).ok().map(Layer::Arp));
    }
}
