use proptest::prelude::*;

use super::*;
use crate::{Layer, layer};

fn parsed(text: &str) -> Stack {
    Stack::parse(text).unwrap_or_else(|error| panic!("{error}\n{}", error.pointing_into(text)))
}

#[test]
fn layers_are_those_of_the_builder() {
    let text = "eth(dst=00:50:ba:8f:c4:5f,src=00:03:93:44:a9:92)/ip(src=192.168.1.106,dst=192.168.1.104,ttl=100,id=1)\
                /icmp_echo_request(id=0,seq=1)/\"ABCDEFGHIJKLMNOPQRSTUVWXYZ\"";
    let built = (
        layer::Ethernet::new([0x00, 0x50, 0xba, 0x8f, 0xc4, 0x5f], [0x00, 0x03, 0x93, 0x44, 0xa9, 0x92]),
        layer::Ipv4::new([192, 168, 1, 106], [192, 168, 1, 104]).ttl(100).id(1),
        layer::Icmpv4::echo_request(0, 1),
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    );
    assert_eq!(parsed(text).build().unwrap(), built.build().unwrap());

    let spaced = " ip ( src = 10.0.0.1 , dst=10.0.0.2,\n\tproto = udp,options = x\"01 0101\" ) / tcp(flags = syn | ACK, seq=0xffffffff, \
                  window=0b101)/ \"a\" * 3 /x\"de ad BEEF\"*0x2 ";
    let built = (
        layer::Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2])
            .protocol(pycap_wire::IpProtocol::UDP)
            .options_bytes(&[1, 1, 1]),
        layer::Tcp::new(0, 0).flags(pycap_wire::TcpFlags(0x12)).seq(u32::MAX).window(5),
        "aaa",
        [0xde, 0xad, 0xbe, 0xef, 0xde, 0xad, 0xbe, 0xef],
    );
    assert_eq!(parsed(spaced).build().unwrap(), built.build().unwrap());
}

/// What a field is set to, as the error of one that never takes it repeats it.
fn value(text: &str) -> String {
    let error = Stack::parse(&format!("ip(src={text})")).unwrap_err();
    let (_, found) = error.message().split_once(", found ").unwrap_or_else(|| panic!("{error}"));
    found.to_owned()
}

#[test]
fn values() {
    for (text, found) in [
        ("18446744073709551615", "18446744073709551615"),
        ("0Xff", "255"),
        ("00:03:93:44:a9:92", "00:03:93:44:a9:92"),
        ("00-03-93-44-a9-92", "00:03:93:44:a9:92"),
        ("::", "::"),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.1"),
        ("fe80::1", "fe80::1"),
        ("dead:beef:0:0:0:0:0:1", "dead:beef::1"),
        ("syn | ack|urg", "syn|ack|urg"),
        ("net-unreachable", "net-unreachable"),
        ("802.1Q-VLAN", "802.1Q-VLAN"),
        (r#""\n\r\t\0\\\"\x7f/)é""#, r#""\n\r\t\x00\\\"\x7f/)\xc3\xa9""#),
        (r#"x" 0 1 02""#, r#""\x01\x02""#),
        (r#""ab"*2"#, r#""abab""#),
        (r#""ab"*0"#, r#""""#),
        (r#"""*18446744073709551615"#, r#""""#),
        ("[]", "[]"),
        ("[mss(1460),nop , sack( 1,[2, 0x3] ) ,x(\"a\")]", "[mss(1460), nop, sack(1, [2, 3]), x(\"a\")]"),
        ("nop()", "nop()"),
    ] {
        assert_eq!(value(text), found, "{text}");
    }
}

#[test]
fn what_is_set_is_known() {
    let expression = Expression::parse("eth(src=00:00:00:00:00:00)/ip/\"x\"").unwrap();
    assert!(expression.sets(0, "src") && !expression.sets(0, "dst") && !expression.sets(1, "src"));
    assert!(!expression.sets(2, "src") && !expression.sets(3, "src"));
    assert_eq!(expression.stack().layers().len(), 3);
}

#[test]
fn misuse_is_told_at_its_column() {
    let fields = "; it has version, tos, dscp, ecn, id, flags_fragment, rb, df, mf, frag_off, ttl, src, dst, hdr_len, len, proto, \
                  checksum, options";
    for (text, column, message) in [
        ("", 1, "the expression is empty: it takes layers with / between them, as in "),
        (" \n ", 4, "the expression is empty"),
        ("/ip", 1, "needs a layer: a name, or text in quotes; found /"),
        ("ip/", 4, "needs a layer after the /: a name, or text in quotes; found the end"),
        ("ip//udp", 4, "needs a layer after the /"),
        ("ip udp", 4, "needs / and the next layer, or the end, found udp"),
        ("ip(ttl=1))", 10, "needs / and the next layer, or the end, found )"),
        ("eth/\"é\"/ipp/udp", 9, "no layer is named ipp: did you mean ip?"),
        ("icmp_ehco_request", 1, "no layer is named icmp_ehco_request: did you mean icmp_echo_request?"),
        ("ip/udp/hello_world", 8, "no layer is named hello_world: there are eth, "),
        ("ip(ttl=1", 9, "needs , and another field, or ); found the end"),
        ("ip(ttl=1 id=2)", 10, "needs , and another field, or ); found id"),
        ("ip(ttl)", 7, "needs = and a value for ttl, found )"),
        ("ip(ttl=)", 8, "needs a value, found )"),
        ("ip(ttl=1,)", 10, "needs the name of a field, found )"),
        ("ip(=1)", 4, "needs the name of a field, found ="),
        ("ip(options=[1,2)", 16, "needs , and another value, or ]; found )"),
        ("ip(options=mss(1)", 18, "needs , and another field, or ); found the end"),
        ("ip(options=mss(1", 17, "needs , and another argument, or ); found the end"),
        ("ip(ttl=3,tos=1,tttl=4)", 16, &format!("ip has no field tttl (did you mean ttl?){fields}")),
        ("ip(entirely_else=4)", 4, &format!("ip has no field entirely_else{fields}")),
        ("ip(ttl=300)", 8, "ttl: 300 is more than 255"),
        ("ip(ttl=fast)", 8, "ttl: needs a number, found fast"),
        ("ip(src=00:03:93:44:a9:92)", 8, "src: needs an IPv4 address, found 00:03:93:44:a9:92"),
        ("ip(src=1.2.3.400)", 8, "1.2.3.400 is no IPv4 address"),
        ("ip(src=00:03:93)", 8, "00:03:93 is neither an Ethernet address, "),
        ("ip(proto=nonsense)", 10, "proto: no "),
        ("ip/tcp(flags=syn|sin)", 14, "flags: no TCP flag is named sin"),
        ("ip/tcp(flags=syn|)", 18, "needs a name after the |, found )"),
        ("ip(ttl=1, tos=0, ttl=2)", 18, "ttl of ip is set twice"),
        ("ip(ttl=18446744073709551616)", 8, "18446744073709551616 is more than 18446744073709551615"),
        ("ip(ttl=-1)", 8, "-1: there are no negative numbers"),
        ("ip(ttl=ff)", 8, "ttl: needs a number, found ff"),
        ("ip(ttl=1f)", 8, "1f is no number: 0x is in front of hexadecimal ones, "),
        ("ip(ttl=0x)", 8, "0x is no number"),
        ("ip(ttl=0b12)", 8, "0b12 is no number"),
        ("ip/\"hello", 4, "the text that begins here has no closing quote"),
        ("ip/\"hello\\", 4, "the text that begins here has no closing quote"),
        ("ip/\"a\\q\"", 6, "no escape is \\q: there are \\n \\r \\t \\0 \\\\ \\\" \\xHH"),
        ("ip/\"a\\x1\"", 6, "\\x needs two hexadecimal digits"),
        ("ip/x\"abc\"", 4, "needs two hexadecimal digits a byte, found 3 in all"),
        ("ip/x\"ag\"", 7, "needs hexadecimal digits, found g"),
        ("ip/x\"ab", 4, "the bytes that begin here have no closing quote"),
        ("ip/\"a\"*", 8, "needs a number of times after the *, found the end"),
        ("ip/\"a\"*b", 8, "needs a number of times, found b"),
        ("\"a\"*65535/\"a\"*1", 15, "repetitions make 65536 bytes, more than 65535"),
        ("\"aa\"*18446744073709551615", 6, "repetitions make 18446744073709551615 bytes, "),
        ("ip(ttl=\u{1b}[2J)", 8, "needs a value, found \\u{1b}"),
    ] {
        let error = Stack::parse(text).unwrap_err();
        assert_eq!(error.column(), column, "{text}: {error}");
        assert!(error.message().starts_with(message), "{text}: {error}");
        assert_eq!(error.to_string(), format!("column {column}: {}", error.message()));
    }
}

#[test]
fn lengths_and_depths_are_bounded() {
    let layers = |count: usize| vec!["ip"; count].join("/");
    assert!(Stack::parse(&layers(64)).is_ok());
    let error = Stack::parse(&layers(65)).unwrap_err();
    assert_eq!((error.column(), error.message()), (193, "more than 64 layers"));

    let nested = |depth: usize| format!("ip(options={}{})", "[".repeat(depth), "]".repeat(depth));
    assert!(!Stack::parse(&nested(32)).unwrap_err().message().contains("deeper"));
    for text in [nested(33), nested(30_000), format!("ip(options={}", "a(".repeat(30_000))] {
        assert!(Stack::parse(&text).unwrap_err().message().starts_with("values nest deeper than 32"));
    }

    let long = format!("\"{}\"", "a".repeat(65_534));
    assert!(Stack::parse(&long).is_ok());
    let error = Stack::parse(&format!("{long} ")).unwrap_err();
    assert_eq!(error.message(), "the expression has 65537 bytes, at most 65536 are possible");
    let error = Stack::parse(&"a".repeat(60_000)).unwrap_err();
    assert!(error.message().len() < 2000, "{error}");
}

#[test]
fn the_caret_stands_below_the_column() {
    let shown = |text: &str| Stack::parse(text).unwrap_err().pointing_into(text);
    assert_eq!(shown("ip/"), "ip/\n   ^");
    assert_eq!(shown("\"é\"/ip(ttl=\n300)"), "\"é\"/ip(ttl= 300)\n            ^");
    assert_eq!(shown("ip(\u{1b}"), "ip(\u{fffd}\n   ^");
    let text = format!("\"{}\"/ipp/\"{}\"", "a".repeat(500), "b".repeat(500));
    let (line, caret) = {
        let shown = shown(&text);
        let (line, caret) = shown.split_once('\n').unwrap();
        (line.to_owned(), caret.to_owned())
    };
    assert!(line.len() < 80 && line.starts_with("...aaa") && line.ends_with("bbb..."), "{line}");
    assert_eq!(line.find("ipp"), caret.find('^'));
}

#[test]
fn near_names() {
    for (name, near) in
        [("ehternet", None), ("eht", Some("eth")), ("TCP", Some("tcp")), ("zzzz", None), ("x", None)]
    {
        assert_eq!(nearest(name, ["eth", "ip", "tcp", "udp"].into_iter()), near, "{name}");
    }
    assert_eq!((distance("abc", "acb"), distance("", "abc"), distance("kitten", "sitting")), (1, 3, 3));
}

proptest! {
    /// No text panics, and columns are in it.
    #[test]
    fn any_text(text in "[a-z0-9(),=/\"x|*.:\\[\\] \\\\é-]{0,60}|\\PC{0,40}") {
        if let Err(error) = Stack::parse(&text) {
            prop_assert!((1..=text.chars().count() + 1).contains(&error.column()));
            prop_assert!(!error.message().is_empty());
            error.pointing_into(&text);
        }
    }

    /// Values are shown as expressions have them.
    #[test]
    fn shown_values_are_read_again(bytes in proptest::collection::vec(any::<u8>(), 0..20), number: u64, mac: [u8; 6], ip: u128) {
        let value_of = |value: FieldValue| value.to_string();
        let ip = std::net::Ipv6Addr::from(ip);
        let call = FieldValue::Call("f".into(), vec![FieldValue::Uint(number), FieldValue::Mac(mac.into())]);
        let list = FieldValue::List(vec![call, FieldValue::Ipv6(ip), FieldValue::Bytes(bytes)]);
        prop_assert_eq!(value(&value_of(list.clone())), value_of(list));
    }
}
