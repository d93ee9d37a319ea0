//! What makes instructions a program: that it does nothing undefined, and that the kernel takes it.

use crate::instruction::*;
use crate::{Error, ErrorKind, Instruction, MAX_INSTRUCTIONS, MAX_KERNEL_INSTRUCTIONS, MEMORY_WORDS};

/// Refuses what libpcap and the kernel refuse alike: see [`Filter::new`](crate::Filter::new).
pub(crate) fn check(instructions: &[Instruction]) -> Result<(), Error> {
    let len = instructions.len();
    if len > MAX_INSTRUCTIONS {
        return Err(Error::program(ErrorKind::TooLong, len));
    }
    let Some(last) = instructions.last() else {
        return Err(Error::program(ErrorKind::Empty, len));
    };
    for (place, &instruction) in instructions.iter().enumerate() {
        if let Some(kind) = fault(place, instruction, len) {
            return Err(Error::at(kind, place, instruction));
        }
    }
    if !matches!(last.code, RET_K | RET_A) {
        return Err(Error::at(ErrorKind::NoReturn, len - 1, *last));
    }
    Ok(())
}

fn fault(place: usize, instruction: Instruction, len: usize) -> Option<ErrorKind> {
    let Instruction { code, jt, jf, k } = instruction;
    let outside = |skipped: u8| place + 1 + usize::from(skipped) >= len;
    let (wrong, kind) = match code {
        LD_MEM | LDX_MEM | ST | STX => (k >= MEMORY_WORDS, ErrorKind::NoSuchMemory),
        DIV_K | MOD_K => (k == 0, ErrorKind::DivisionByZero),
        LSH_K | RSH_K => (k >= 32, ErrorKind::ShiftTooFar),
        // `protochain` jumps back: libpcap takes `k` for a signed number.
        JA if k as i32 == -1 => (true, ErrorKind::EndlessLoop),
        JA => {
            let target = place as i64 + 1 + i64::from(k as i32);
            (!(0..len as i64).contains(&target), ErrorKind::JumpOutOfProgram)
        }
        _ if instruction.is_conditional_jump() && is_known_code(code) => {
            (outside(jt) || outside(jf), ErrorKind::JumpOutOfProgram)
        }
        _ => (!is_known_code(code), ErrorKind::UnknownCode),
    };
    wrong.then_some(kind)
}

/// Refuses what the kernel refuses beyond that: Linux, net/core/filter.c, `bpf_check_basics_ok`, `bpf_check_classic`
/// and `check_load_and_stores`.
pub(crate) fn check_kernel(instructions: &[Instruction]) -> Result<(), Error> {
    let len = instructions.len();
    if len > MAX_KERNEL_INSTRUCTIONS {
        return Err(Error::program(ErrorKind::TooLongForKernel, len));
    }
    for (place, &instruction) in instructions.iter().enumerate() {
        let k = instruction.k;
        if instruction.code == JA && (k as i32) < 0 {
            return Err(Error::at(ErrorKind::BackwardJump, place, instruction));
        }
        if instruction.is_absolute_load() && k >= ancillary::OFFSET && !ancillary::is_known(k) {
            return Err(Error::at(ErrorKind::UnknownAncillary, place, instruction));
        }
    }
    check_memory(instructions)
}

/// Each word of memory has to be written on each way to where it is read.
///
/// One pass is enough as there are no jumps back. As the kernel does, instructions that nothing leads to count as if
/// all of memory were written there.
fn check_memory(instructions: &[Instruction]) -> Result<(), Error> {
    const ALL: u16 = u16::MAX;
    let mut written_at = vec![ALL; instructions.len()];
    let mut written = 0;
    for (place, &instruction) in instructions.iter().enumerate() {
        let Instruction { code, jt, jf, k } = instruction;
        written &= written_at[place];
        let mut lead_to = |skipped: u32, written: u16| {
            if let Some(there) = written_at.get_mut(place + 1 + skipped as usize) {
                *there &= written;
            }
        };
        match code {
            ST | STX => written |= 1 << k,
            LD_MEM | LDX_MEM if written & 1 << k == 0 => {
                return Err(Error::at(ErrorKind::MemoryNotWritten, place, instruction));
            }
            JA => {
                lead_to(k, written);
                written = ALL;
            }
            _ if instruction.is_conditional_jump() => {
                lead_to(jt.into(), written);
                lead_to(jf.into(), written);
                written = ALL;
            }
            _ => (),
        }
    }
    Ok(())
}
