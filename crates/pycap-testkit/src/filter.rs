//! Filter programs to try: from a fuzzer's bytes, and what holds for each of them.

use pycap_filter::{Cooked, Direction, ErrorKind, Filter, Input, Instruction, Metadata, opcode};
use pycap_wire::VlanTag;

use crate::seed::Seed;

mod interpreter;

pub use interpreter::interpret;

/// The instructions and the packet that a fuzzer's input stands for: the count of instructions (a byte); of each its code
/// (2 bytes, little-endian), jt, jf and k (4 bytes, little-endian); the packet.
pub fn split_program(input: &[u8]) -> Option<(Vec<Instruction>, &[u8])> {
    let (&count, rest) = input.split_first()?;
    let (program, packet) = rest.split_at_checked(8 * usize::from(count))?;
    let instruction = |bytes: &[u8]| Instruction {
        code: u16::from_le_bytes([bytes[0], bytes[1]]),
        jt: bytes[2],
        jf: bytes[3],
        k: u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
    };
    Some((program.chunks_exact(8).map(instruction).collect(), packet))
}

fn join_program(program: &[Instruction], packet: &[u8]) -> Vec<u8> {
    let mut input = vec![program.len() as u8];
    for Instruction { code, jt, jf, k } in program {
        input.extend(code.to_le_bytes());
        input.extend([jt, jf]);
        input.extend(k.to_le_bytes());
    }
    input.extend(packet);
    input
}

/// Asserts all that is known of any instructions: that they are refused or run as plainly interpreted, that
/// text leads back to them, and that what is made of them for the kernel matches the same packets.
///
/// # Panics
///
/// Where that is not so.
pub fn examine(instructions: &[Instruction], packet: &[u8]) {
    let filter = match Filter::new(instructions) {
        Ok(filter) => filter,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let original_len = packet.len() as u32 + 7;
    let metadata = metadata(packet);
    for input in [
        Input::new(packet, original_len),
        Input::new(packet, original_len).with_metadata(&metadata),
        Input::new(packet, original_len).with_metadata(&Metadata::new()),
    ] {
        let result = filter.run(input);
        assert_eq!(result, interpret(filter.instructions(), input), "{filter:#?}");
        assert_eq!(filter.matches(input), result != 0);
        assert!(filter.with_snaplen(100).run(input) <= result, "{filter:#?}");
        assert!(result == 0 || filter.with_snaplen(100).matches(input), "{filter:#?}");
    }
    assert_text_leads_back(&filter);
    assert_kernel_programs_agree(&filter, packet, original_len);
}

/// Something of everything, from the packet's first bytes.
fn metadata(packet: &[u8]) -> Metadata {
    let byte = |at: usize| packet.get(at).copied().unwrap_or(0);
    let number = |at: usize| u32::from_be_bytes([byte(at), byte(at + 1), byte(at + 2), byte(at + 3)]);
    Metadata::new()
        .with_protocol(number(0) as u16)
        .with_packet_type(byte(4) % 5)
        .with_ifindex(number(5) % 4)
        .with_hatype(number(6) as u16)
        .with_vlan((byte(7) > 99).then_some(VlanTag { tpid: 0x8100, tci: number(8) as u16 }))
        .with_mark(number(9))
        .with_queue(byte(10).into())
        .with_rxhash(number(11))
        .with_cpu(byte(12).into())
}

fn assert_text_leads_back(filter: &Filter) {
    assert_eq!(&filter.decimal().to_string().parse::<Filter>().expect("it is its own text"), filter);
    assert_eq!(&filter.c_array().to_string().parse::<Filter>().expect("it is its own text"), filter);
    assert_eq!(filter.listing().to_string().lines().count(), filter.instructions().len());
}

fn assert_kernel_programs_agree(filter: &Filter, packet: &[u8], original_len: u32) {
    for packet_type in [0, 4] {
        for ifindex in [1, 2] {
            let metadata = metadata(packet).with_packet_type(packet_type).with_ifindex(ifindex);
            let input = Input::new(packet, original_len).with_metadata(&metadata);
            let run = |filter: Option<Filter>| filter.expect("it is not too long").run(input);
            let if_kept = |keep| if keep { filter.run(input) } else { 0 };
            assert_eq!(run(filter.only_direction(Direction::Outgoing)), if_kept(packet_type == 4));
            assert_eq!(run(filter.only_direction(Direction::Incoming)), if_kept(packet_type != 4));
            assert_eq!(run(filter.drop_outgoing_on(1)), if_kept((packet_type, ifindex) != (4, 1)));
        }
    }
    for cooked in [Cooked::Sll, Cooked::Sll2] {
        assert_cooked_agrees(filter, cooked, packet);
    }
}

/// On a cooked socket the program gets what is behind the pseudo-header, and that as metadata.
fn assert_cooked_agrees(filter: &Filter, cooked: Cooked, packet: &[u8]) {
    let Some(for_socket) = filter.for_cooked_socket(cooked) else { return };
    // How often a program may jump back depends on the length of what it is run on.
    if filter.check_kernel().is_err_and(|error| error.kind() == ErrorKind::BackwardJump) {
        return;
    }
    let byte = |at: usize| packet[at];
    let half = |at: usize| u16::from_be_bytes([byte(at), byte(at + 1)]);
    let (len, header) = match cooked {
        Cooked::Sll if packet.len() >= 16 && byte(0) == 0 => {
            let header =
                Metadata::new().with_packet_type(byte(1)).with_hatype(half(2)).with_protocol(half(14));
            // This one has no interface.
            (16, header.with_ifindex(3))
        }
        Cooked::Sll2 if packet.len() >= 20 => {
            let ifindex = u32::from(half(4)) << 16 | u32::from(half(6));
            let header =
                Metadata::new().with_packet_type(byte(10)).with_hatype(half(8)).with_protocol(half(0));
            (20, header.with_ifindex(ifindex))
        }
        _ => return,
    };
    let run = |filter: &Filter, bytes: &[u8]| {
        filter.run(Input::new(bytes, bytes.len() as u32).with_metadata(&header))
    };
    assert_eq!(run(&for_socket, &packet[len..]), run(filter, packet), "{cooked:?} of {filter:#?}");
    // On a raw one there is the link's header in its place.
    const OTHERS: u32 = 77;
    let hatype = half(if cooked == Cooked::Sll { 2 } else { 8 });
    let links = [(hatype.wrapping_add(1), 0), (hatype, 14), (hatype.wrapping_add(2), 14)];
    let Some(for_raw) = filter.for_raw_socket(cooked, &links, OTHERS) else { return };
    let raw = [&[0xa5; 14], &packet[len..]].concat();
    assert_eq!(run(&for_raw, &raw), run(filter, packet), "raw {cooked:?} of {filter:#?}");
    let others = filter.for_raw_socket(cooked, &links[..1], OTHERS).expect("it is shorter");
    assert_eq!(run(&others, &raw), OTHERS);
}

/// What the fuzzer of filters begins with.
pub(crate) fn seeds() -> Vec<Seed> {
    use opcode::*;
    const fn statement(code: u16, k: u32) -> Instruction {
        Instruction::statement(code, k)
    }
    const fn jump(code: u16, k: u32, jt: u8, jf: u8) -> Instruction {
        Instruction::jump(code, k, jt, jf)
    }
    let mut http = [0; 60];
    http[12] = 8;
    http[14] = 0x45;
    http[23] = 6;
    http[37] = 80;
    let tcp_port_80 = [
        statement(LD | H | ABS, 12),
        jump(JMP | JEQ | K, 0x800, 0, 9),
        statement(LD | B | ABS, 23),
        jump(JMP | JEQ | K, 6, 0, 7),
        statement(LD | H | ABS, 20),
        jump(JMP | JSET | K, 0x1fff, 5, 0),
        statement(LDX | B | MSH, 14),
        statement(LD | H | IND, 14),
        jump(JMP | JEQ | K, 80, 1, 0),
        jump(JMP | JGE | K, 8000, 0, 1),
        statement(RET | K, 65535),
        statement(RET | K, 0),
    ];
    let net = [
        statement(LD | W | ABS, 26),
        statement(ALU | AND | K, 0xffff_ff00),
        jump(JMP | JEQ | K, 0x0a00_0000, 0, 1),
        statement(RET | K, 1),
        statement(RET | K, 0),
    ];
    let arithmetic = [
        statement(LD | W | LEN, 0),
        statement(ST, 3),
        statement(LDX | MEM, 3),
        statement(ALU | ADD | X, 0),
        statement(ALU | DIV | K, 3),
        statement(ALU | LSH | K, 2),
        statement(ALU | NEG, 0),
        statement(MISC | TAX, 0),
        statement(ALU | MOD | X, 0),
        statement(RET | A, 0),
    ];
    // As `protochain` does it.
    let back = [
        statement(LDX | IMM, 0),
        statement(LD | B | IND, 1),
        statement(ALU | ADD | X, 0),
        statement(MISC | TAX, 0),
        jump(JMP | JGT | K, 30, 1, 0),
        statement(JMP | JA, -5_i32 as u32),
        statement(RET | A, 0),
    ];
    let vlan = [
        statement(LD | B | ABS, pycap_filter::ancillary::VLAN_TAG_PRESENT),
        jump(JMP | JEQ | K, 1, 0, 1),
        statement(RET | K, 65535),
        statement(RET | K, 0),
    ];
    let programs: [(&str, &[Instruction]); 5] = [
        ("tcp-port-80", &tcp_port_80),
        ("net", &net),
        ("arithmetic", &arithmetic),
        ("back", &back),
        ("vlan", &vlan),
    ];
    let seed = |(name, program): (&str, &[Instruction])| Seed {
        target: "filter",
        name: name.into(),
        bytes: join_program(program, &http),
    };
    programs.into_iter().map(seed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_are_programs() {
        for seed in seeds() {
            let (program, packet) = split_program(&seed.bytes).unwrap();
            assert!(Filter::new(&*program).is_ok(), "{}", seed.name);
            examine(&program, packet);
        }
    }
}
