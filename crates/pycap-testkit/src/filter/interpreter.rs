//! Classic BPF, interpreted one instruction after the other, as plainly as it can be.

use pycap_filter::opcode::*;
use pycap_filter::{Input, Instruction, MEMORY_WORDS, ancillary};

/// What a program returns for a packet; 0 where it ends otherwise.
///
/// # Panics
///
/// On what verification refuses.
pub fn interpret(program: &[Instruction], input: Input<'_>) -> u32 {
    result(program, input).unwrap_or(0)
}

fn result(program: &[Instruction], input: Input<'_>) -> Option<u32> {
    let (mut a, mut x) = (0_u32, 0_u32);
    let mut memory = [0_u32; MEMORY_WORDS as usize];
    let mut jumps_back = 0;
    let mut place = 0_i64;
    loop {
        let Instruction { code, jt, jf, k } = program[place as usize];
        place += 1;
        let operand = if code & X == 0 { k } else { x };
        let memory = &mut memory[k as usize % MEMORY_WORDS as usize];
        match code & 7 {
            LD => a = load(code, k, a, x, *memory, input)?,
            LDX if code == LDX | B | MSH => x = bytes(input, k.into(), 1)? % 16 * 4,
            LDX => x = load(code - LDX, k, a, x, *memory, input)?,
            ST => *memory = a,
            STX => *memory = x,
            ALU => a = calculate(code & 0xf0, a, operand)?,
            JMP if code == JMP | JA => {
                let skipped = k as i32;
                jumps_back += usize::from(skipped < 0);
                if jumps_back > input.data().len() {
                    return None;
                }
                place += i64::from(skipped);
            }
            JMP => {
                let holds = match code & 0xf0 {
                    JEQ => a == operand,
                    JGT => a > operand,
                    JGE => a >= operand,
                    JSET => a & operand != 0,
                    _ => panic!("code {code:#x}"),
                };
                place += i64::from(if holds { jt } else { jf });
            }
            RET => return Some(if code & A == 0 { k } else { a }),
            MISC if code == MISC | TAX => x = a,
            MISC if code == MISC | TXA => a = x,
            _ => panic!("code {code:#x}"),
        }
    }
}

fn load(code: u16, k: u32, a: u32, x: u32, memory: u32, input: Input<'_>) -> Option<u32> {
    let size = match code & 0x18 {
        W => 4,
        H => 2,
        B => 1,
        _ => panic!("code {code:#x}"),
    };
    match code & 0xe0 {
        IMM => Some(k),
        MEM => Some(memory),
        LEN => Some(input.original_len()),
        ABS if k == ancillary::ALU_XOR_X => Some(a ^ x),
        ABS if k >= ancillary::OFFSET => input.metadata()?.load(k),
        ABS => bytes(input, k.into(), size),
        IND => bytes(input, u64::from(k) + u64::from(x), size),
        _ => panic!("code {code:#x}"),
    }
}

fn bytes(input: Input<'_>, at: u64, size: usize) -> Option<u32> {
    let bytes = input.data().get(usize::try_from(at).ok()?..)?.get(..size)?;
    Some(bytes.iter().fold(0, |number, &byte| number << 8 | u32::from(byte)))
}

fn calculate(operation: u16, a: u32, operand: u32) -> Option<u32> {
    Some(match operation {
        ADD => a.wrapping_add(operand),
        SUB => a.wrapping_sub(operand),
        MUL => a.wrapping_mul(operand),
        DIV => a.checked_div(operand)?,
        MOD => a.checked_rem(operand)?,
        AND => a & operand,
        OR => a | operand,
        XOR => a ^ operand,
        LSH => a.checked_shl(operand).unwrap_or(0),
        RSH => a.checked_shr(operand).unwrap_or(0),
        NEG => a.wrapping_neg(),
        _ => panic!("operation {operation:#x}"),
    })
}
