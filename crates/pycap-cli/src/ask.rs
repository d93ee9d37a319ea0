//! `pycap ask`: a packet is sent, and what answers it is printed.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use pycap_inject::{Answer, Asker, Expression, Identity, Layer, SendErrorKind, Sender};

use crate::capture::by_number;
use crate::error::Failure;
use crate::send::complete::{complete, is_loopback};
use crate::send::duration;

const EXAMPLES: &str = r#"Examples:
  pycap ask -i eth0 'ip(dst=192.0.2.1)/icmp_echo_request(id=1,seq=1)'
                                     does it answer?
  pycap ask -i eth0 'ip(dst=192.0.2.1)/tcp(sport=40000,dport=80,flags=syn)'
                                     is the port open? (this machine's own stack resets what it did not ask for)
  pycap ask -i eth0 'eth(dst=broadcast)/arp(spa=192.0.2.7,tpa=192.0.2.1)'
                                     who has this address?
  pycap ask -i eth0 'ip(dst=192.0.2.1)/udp(sport=40000)/dns(id=7,rd=1,questions=[a("example.com")])'"#;

/// Sends a packet and prints the packet that answers it, with the time that this took.
///
/// The packet is an expression: `pycap send --help` tells what that is. An answer is an ARP reply, an echo reply, an advertisement, a
/// segment that acknowledges or resets, a datagram back, a DNS response with the same identifier, an ICMP error that quotes the
/// packet. Without one the status is 1.
#[derive(Debug, clap::Parser)]
#[command(
    name = "pycap ask",
    disable_version_flag = true,
    after_help = EXAMPLES,
    max_term_width = 100,
    override_usage = "pycap ask -i INTERFACE [OPTIONS] EXPRESSION"
)]
pub(crate) struct AskArgs {
    /// The packet
    #[arg(value_name = "EXPRESSION")]
    expression: String,

    /// Ask on INTERFACE
    #[arg(short, long, value_name = "INTERFACE")]
    interface: String,

    /// How long to wait for the answer, and for the next hop's hardware address ahead of that: seconds, or with ms or us behind the number
    #[arg(short, long, value_name = "TIME", value_parser = duration, allow_negative_numbers = true, default_value = "1")]
    timeout: Duration,

    /// How often to ask, each time as long as that, until there is an answer
    #[arg(short, long, value_name = "COUNT", value_parser = crate::args::from_one::<u32>, allow_negative_numbers = true, default_value = "1")]
    count: u32,
}

/// Asks, and prints the answer.
pub(crate) fn run(args: &AskArgs) -> Result<(), Failure> {
    let text = args.expression.as_str();
    let expression = Expression::parse(text).map_err(|error| Failure::expression(&error, text))?;
    // What cannot be built needs no privilege to be told so.
    expression.stack().build()?;
    let interface = by_number(&args.interface)?;
    // A frame that comes in at a loopback interface with an address of this machine is dropped: what may, goes by a raw socket.
    let framed =
        expression.stack().layers().next().is_some_and(|layer| layer.identity() == Identity::Ethernet);
    let mut asker = if is_loopback(&interface)? && !framed {
        Asker::open_loopback(&interface)?
    } else {
        Asker::open(&interface)?
    };
    let link_type = asker.injector().link_type();
    let mut question: Option<Vec<u8>> = None;
    let mut unresolved = None;
    for _ in 0..args.count {
        let start = Instant::now();
        if question.is_none() {
            match complete(&expression, &interface, link_type, args.timeout) {
                Ok(stack) => question = Some(stack.build()?),
                // The next time it may tell.
                Err(Failure::Send(error)) if error.kind() == SendErrorKind::Unresolved => {
                    unresolved = Some(error);
                    std::thread::sleep(args.timeout.saturating_sub(start.elapsed()));
                    continue;
                }
                Err(failure) => return Err(failure),
            }
        }
        let left = args.timeout.saturating_sub(start.elapsed());
        if let Some(question) = &question
            && let Some(answer) = asker.ask(question, left)?
        {
            return print(&answer);
        }
    }
    if let (None, Some(error)) = (question, unresolved) {
        return Err(Failure::Send(error));
    }
    let waited = args.timeout.saturating_mul(args.count);
    Err(Failure::NoAnswer(format!("no answer on {interface} within {} s", waited.as_secs_f64())))
}

fn print(answer: &Answer) -> Result<(), Failure> {
    let frame = answer.frame.as_frame();
    let packet = frame.packet();
    let summary = packet.summary().with_original_len(frame.original_len() as usize);
    let millis = answer.round_trip.as_secs_f64() * 1e3;
    let mut out = io::stdout().lock();
    writeln!(out, "{summary} ({millis:.3} ms)")?;
    Ok(out.flush()?)
}
