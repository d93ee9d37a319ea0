//! Made-up filter programs, and many that are none: what our verifier and interpreter say is what libpcap and Linux say.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

use fastrand::Rng;
use pycap_filter::opcode::*;
use pycap_filter::{ErrorKind, Filter, Input, Instruction, MEMORY_WORDS, ancillary};
use pycap_sys::pcap::{Libpcap, bpf_insn};

const PROGRAMS: usize = 200_000;

/// Mostly what programs are made of, now and then anything.
fn instruction(rng: &mut Rng, left: usize) -> Instruction {
    let small = |rng: &mut Rng| match rng.u8(..8) {
        0 => rng.u32(..),
        1 => ancillary::OFFSET.wrapping_add(rng.u32(..68)),
        2 => rng.u32(..70),
        _ => rng.u32(..34),
    };
    let skip = |rng: &mut Rng| match rng.u8(..24) {
        0 => rng.u8(..),
        _ => rng.u8(..=(left as u8).saturating_sub(2)),
    };
    // Now and then one too many.
    let words = MEMORY_WORDS + u32::from(rng.u8(..20) == 0);
    let size = *rng.choice(&[W, H, B]).unwrap();
    let operand = *rng.choice(&[K, X]).unwrap();
    match rng.u8(..40) {
        0 => Instruction { code: rng.u16(..), jt: rng.u8(..), jf: rng.u8(..), k: rng.u32(..) },
        1 => Instruction::statement(rng.u16(..0x100), small(rng)),
        2..=9 => Instruction::statement(LD | size | *rng.choice(&[ABS, IND]).unwrap(), small(rng)),
        10..=12 => {
            let class = *rng.choice(&[LD, LDX]).unwrap();
            let k = rng.u32(..words);
            Instruction::statement(class | W | *rng.choice(&[IMM, MEM, LEN]).unwrap(), k)
        }
        13 => Instruction::statement(LDX | B | MSH, small(rng)),
        14..=16 => Instruction::statement(*rng.choice(&[ST, STX]).unwrap(), rng.u32(..words)),
        17..=24 => {
            let operations = [ADD, SUB, MUL, DIV, MOD, AND, OR, XOR, LSH, RSH, NEG];
            Instruction::statement(ALU | *rng.choice(&operations).unwrap() | operand, small(rng))
        }
        25 => Instruction::statement(JMP | JA, u32::from(skip(rng))),
        26..=34 => {
            let condition = *rng.choice(&[JEQ, JGT, JGE, JSET]).unwrap();
            Instruction::jump(JMP | condition | operand, small(rng), skip(rng), skip(rng))
        }
        35 => Instruction::statement(RET | *rng.choice(&[K, A]).unwrap(), small(rng)),
        _ => Instruction::statement(MISC | *rng.choice(&[TAX, TXA]).unwrap(), 0),
    }
}

fn program(rng: &mut Rng) -> Vec<Instruction> {
    let len = rng.usize(1..16);
    let mut program: Vec<_> = (0..len).map(|at| instruction(rng, len - at)).collect();
    if rng.u8(..30) > 0 {
        let code = RET | *rng.choice(&[K, A]).unwrap();
        program[len - 1] = Instruction::statement(code, rng.u32(..1000));
    }
    program
}

fn for_libpcap(program: &[Instruction]) -> Vec<bpf_insn> {
    program.iter().map(|&Instruction { code, jt, jf, k }| bpf_insn { code, jt, jf, k }).collect()
}

#[test]
fn libpcap_refuses_no_program_and_runs_it_alike() {
    let pcap = match Libpcap::load() {
        Ok(pcap) => pcap,
        Err(error) => {
            assert!(std::env::var("CI").is_err(), "{error}, and nothing may be left out under CI");
            return println!("skipped: {error}");
        }
    };
    let mut rng = Rng::with_seed(1);
    let (mut run, mut stricter) = (0, BTreeMap::new());
    for _ in 0..PROGRAMS {
        let program = program(&mut rng);
        let theirs = for_libpcap(&program);
        // SAFETY: the pointer and the length are those of a vector.
        let valid = unsafe { pcap.bpf_validate(theirs.as_ptr(), theirs.len() as i32) } != 0;
        let filter = match Filter::new(&*program) {
            Ok(filter) => filter,
            Err(error) => {
                if valid {
                    *stricter.entry(format!("{:?}", error.kind())).or_insert(0) += 1;
                }
                let documented = matches!(
                    error.kind(),
                    // libpcap takes for what it knows what has bits more, and shifts as C does: undefined.
                    ErrorKind::UnknownCode | ErrorKind::ShiftTooFar | ErrorKind::EndlessLoop
                );
                assert!(!valid || documented, "{error}: {program:?}");
                continue;
            }
        };
        assert!(valid, "libpcap refuses {program:?}");
        // It knows nothing beside the packet, runs for ever where it jumps back, and shifts by registers as C does.
        let alike = |instruction: &Instruction| {
            let backward = instruction.code == JMP | JA && (instruction.k as i32) < 0;
            let shift = matches!(instruction.code, code if code == ALU | LSH | X || code == ALU | RSH | X);
            let class = instruction.code & 0xe7;
            let beside_the_packet = class == LD | ABS && instruction.k >= ancillary::OFFSET;
            !(backward || shift || beside_the_packet)
        };
        // What it finds in memory that was not written is anything.
        let unwritten = filter.check_kernel().is_err_and(|error| error.kind() == ErrorKind::MemoryNotWritten);
        if unwritten || !program.iter().all(alike) {
            continue;
        }
        let packet: Vec<u8> = (0..rng.usize(..80)).map(|_| rng.u8(..)).collect();
        let original = packet.len() as u32 + rng.u32(..2) * 1000;
        // SAFETY: the instructions were found valid, and so many bytes of the packet may be read.
        let result =
            unsafe { pcap.bpf_filter(theirs.as_ptr(), packet.as_ptr(), original, packet.len() as u32) };
        let ours = filter.run(Input::new(&packet, original));
        assert_eq!(ours, result, "{packet:02x?}, {original} bytes: {filter:#?}");
        run += 1;
    }
    println!("{run} programs with the same result; libpcap takes more: {stricter:?}");
    assert!(run > PROGRAMS / 10);
}

/// Whether Linux takes the program.
fn kernel_takes(socket: &UdpSocket, program: &[Instruction]) -> bool {
    let instructions: Vec<libc::sock_filter> = program
        .iter()
        .map(|&Instruction { code, jt, jf, k }| libc::sock_filter { code, jt, jf, k })
        .collect();
    let program =
        libc::sock_fprog { len: instructions.len() as u16, filter: instructions.as_ptr().cast_mut() };
    // SAFETY: the pointer and the size are those of `program`, whose pointer and length are those of a vector; the kernel only reads.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const program).cast(),
            size_of_val(&program) as libc::socklen_t,
        )
    };
    result == 0
}

#[test]
fn the_kernel_takes_what_we_say_that_it_takes() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut rng = Rng::with_seed(2);
    let mut counts = [0, 0];
    for _ in 0..PROGRAMS {
        let program = program(&mut rng);
        let ours = Filter::new(&*program).and_then(|filter| filter.check_kernel());
        let theirs = kernel_takes(&socket, &program);
        assert_eq!(ours.is_ok(), theirs, "{ours:?}: {program:?}");
        counts[usize::from(theirs)] += 1;
    }
    println!("{} programs taken, {} refused, each as by Linux", counts[1], counts[0]);
    assert!(counts.into_iter().all(|count| count > PROGRAMS / 20));
}
