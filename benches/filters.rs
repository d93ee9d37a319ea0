//! The same programs for pycap's interpreter and for libpcap's.

use std::ffi::c_int;

use pycap_filter::{Filter, Input};
use pycap_sys::pcap::{Libpcap, bpf_insn, bpf_program, pcap_pkthdr};

/// A filter expression, and what `tcpdump -ddd -y EN10MB` makes of it with libpcap 1.10.
pub(crate) struct Expression {
    /// For a command line.
    #[allow(dead_code, reason = "one of the benches has a command line")]
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    program: &'static str,
}

pub(crate) const EXPRESSIONS: [Expression; 3] = [
    Expression {
        name: "port",
        text: "tcp port 80",
        program: "20,40 0 0 12,21 0 6 34525,48 0 0 20,21 0 15 6,40 0 0 54,21 12 0 80,40 0 0 56,21 10 11 80,\
                  21 0 10 2048,48 0 0 23,21 0 8 6,40 0 0 20,69 6 0 8191,177 0 0 14,72 0 0 14,21 2 0 80,\
                  72 0 0 16,21 0 1 80,6 0 0 262144,6 0 0 0",
    },
    Expression {
        name: "host",
        text: "host 10.0.0.1 and udp",
        program: "10,40 0 0 12,21 0 7 2048,32 0 0 26,21 2 0 167772161,32 0 0 30,21 0 3 167772161,48 0 0 23,\
                  21 0 1 17,6 0 0 262144,6 0 0 0",
    },
    Expression {
        name: "ip6",
        text: "ip6 proto 6 and ip6[53] & 2 != 0",
        program: "11,40 0 0 12,21 0 8 34525,48 0 0 20,21 3 0 6,21 0 5 44,48 0 0 54,21 0 3 6,48 0 0 67,\
                  69 0 1 2,6 0 0 262144,6 0 0 0",
    },
];

impl Expression {
    pub(crate) fn filter(&self) -> Filter {
        self.program.replace(',', "\n").parse().expect("libpcap makes programs")
    }
}

#[inline(always)]
pub(crate) fn pycap<'p>(filter: &Filter, packets: impl Iterator<Item = &'p [u8]>) -> u64 {
    let mut matched = 0;
    for packet in packets {
        matched += u64::from(filter.matches(Input::new(packet, packet.len() as u32)));
    }
    matched
}

/// A program for libpcap's interpreter.
pub(crate) struct Offline {
    libpcap: &'static Libpcap,
    instructions: Vec<bpf_insn>,
}

impl Offline {
    /// `None` where there is no libpcap.
    pub(crate) fn new(filter: &Filter) -> Option<Self> {
        let libpcap = Libpcap::load().ok()?;
        let instructions = filter.instructions().iter();
        let instructions = instructions
            .map(|instruction| bpf_insn {
                code: instruction.code,
                jt: instruction.jt,
                jf: instruction.jf,
                k: instruction.k,
            })
            .collect();
        Some(Self { libpcap, instructions })
    }

    #[inline(always)]
    pub(crate) fn run<'p>(&self, packets: impl Iterator<Item = &'p [u8]>) -> u64 {
        let (libpcap, instructions) = (self.libpcap, &self.instructions);
        let program =
            bpf_program { bf_len: instructions.len() as u32, bf_insns: instructions.as_ptr().cast_mut() };
        let mut matched = 0;
        for packet in packets {
            let len = packet.len() as u32;
            let header = pcap_pkthdr { caplen: len, len, ..Default::default() };
            // SAFETY: the instructions are a verified program, which is only read (`pcap_offline_filter` hands it to
            // `pcapint_filter` as constant), and the packet is as long as the header says.
            let kept: c_int = unsafe { libpcap.pcap_offline_filter(&program, &header, packet.as_ptr()) };
            matched += u64::from(kept != 0);
        }
        matched
    }
}
