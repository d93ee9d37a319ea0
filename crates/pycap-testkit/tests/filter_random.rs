//! Random programs of loads, masks and comparisons on short packets: matched as plainly interpreted.

use fastrand::Rng;
use pycap_filter::opcode::*;
use pycap_filter::{Filter, Input, Instruction};
use pycap_testkit::filter::interpret;

/// Few numbers, so that comparisons hold now and then, among them those at the ends of what a load's size can hold.
fn number(rng: &mut Rng) -> u32 {
    const ENDS: [u32; 10] = [0, 1, 2, 0xff, 0x100, 0x101, 0xffff, 0x1_0000, 0x0101_0101, u32::MAX];
    match rng.u8(..3) {
        0 => ENDS[rng.usize(..ENDS.len())],
        1 => rng.u32(..4) << (8 * rng.u32(..4)),
        _ => (rng.u32(..4) * 0x0101_0101) >> (8 * rng.u32(..4)),
    }
}

fn instruction(rng: &mut Rng, left: usize) -> Instruction {
    let size = [W, H, B][rng.usize(..3)];
    let at = rng.u32(..20);
    match rng.u8(..20) {
        0..=5 => Instruction::statement(LD | size | ABS, at),
        6..=7 => Instruction::statement(LD | size | IND, at),
        8 => Instruction::statement(LDX | B | MSH, at),
        9..=10 => Instruction::statement(ALU | AND | K, number(rng)),
        11 => Instruction::statement(JMP | JA, rng.u32(..left as u32)),
        12 if rng.u8(..8) == 0 => Instruction::statement(MISC | TAX, 0),
        12..=13 => Instruction::statement(RET | K, rng.u32(..3)),
        _ => {
            let test = [JEQ, JGT, JGE, JSET][rng.usize(..4)];
            let mut skip = || rng.u8(..left.min(6) as u8);
            let (jt, jf) = (skip(), skip());
            Instruction::jump(JMP | test | K, number(rng), jt, jf)
        }
    }
}

#[test]
fn as_plainly_interpreted() {
    let mut rng = Rng::with_seed(1);
    let mut kept = 0;
    for _ in 0..200_000 {
        let len = rng.usize(1..24);
        let mut program: Vec<Instruction> = (1..=len).rev().map(|left| instruction(&mut rng, left)).collect();
        program.push(Instruction::statement(RET | K, 7));
        let filter = Filter::new(program.clone()).expect("it is a program");
        for _ in 0..8 {
            let packet: Vec<u8> = (0..rng.usize(..28)).map(|_| [0, 1, 2, 0xff][rng.usize(..4)]).collect();
            let input = Input::new(&packet, 99);
            let result = interpret(&program, input);
            assert_eq!(filter.run(input), result, "{packet:?}\n{filter:#?}");
            kept += usize::from(result != 0);
        }
    }
    assert!(kept > 1000, "{kept}");
}
