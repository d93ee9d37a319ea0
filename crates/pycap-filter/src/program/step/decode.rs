//! Steps from instructions.

use std::collections::BTreeMap;

use super::{Action, Size, Step, Steps, Test};
use crate::Instruction;
use crate::instruction::*;

/// For instructions that [`check`](crate::verify::check) has nothing against.
pub(super) fn decode(instructions: &[Instruction]) -> Steps {
    Decoder::new(instructions).decode()
}

/// Makes steps of all instructions that a way leads to, each way's first: an instruction that one way leads to in the middle of a step
/// of another gets a step of its own.
struct Decoder<'a> {
    instructions: &'a [Instruction],
    /// By the number of the instruction that a step starts with.
    steps: Vec<Option<Step>>,
    pending: Vec<usize>,
    /// By the number of an instruction, the one that is really gone to, which is not a jump ahead.
    landings: Vec<u16>,
}

impl<'a> Decoder<'a> {
    fn new(instructions: &'a [Instruction]) -> Self {
        let mut landings = vec![0; instructions.len()];
        for (place, &Instruction { code, k, .. }) in instructions.iter().enumerate().rev() {
            let is_jump_ahead = code == JA && k as i32 >= 0;
            landings[place] = if is_jump_ahead { landings[place + 1 + k as usize] } else { place as u16 };
        }
        Self { instructions, steps: vec![None; instructions.len()], pending: Vec::new(), landings }
    }

    fn decode(mut self) -> Steps {
        let start = self.go_to(0);
        while let Some(place) = self.pending.pop() {
            if self.steps[place].is_none() && self.instructions[place].code != RET_K {
                self.steps[place] = Some(self.step(place));
            }
        }
        self.link(start)
    }

    /// The number of the instruction that is gone to, which will be decoded.
    fn go_to(&mut self, place: usize) -> u16 {
        let landing = self.landings[place];
        self.pending.push(landing.into());
        landing
    }

    /// The step of the instructions from this one on. `yes` and `no` are numbers of instructions.
    fn step(&mut self, place: usize) -> Step {
        let (mut step, len) = Step::new(&self.instructions[place..]);
        let last = place + len - 1;
        let instruction = self.instructions[last];
        if instruction.is_conditional_jump() {
            step.yes = self.go_to(last + 1 + usize::from(instruction.jt));
            step.no = self.go_to(last + 1 + usize::from(instruction.jf));
        } else if step.action == Action::Back {
            step.yes = self.go_to((last + 1).wrapping_add_signed(instruction.k as i32 as isize));
        } else if step.action != Action::ReturnA {
            step.yes = self.go_to(last + 1);
        }
        step
    }

    /// Puts the steps one behind the other, and turns numbers of instructions into indices of steps and returns.
    fn link(self, start: u16) -> Steps {
        let count = self.steps.iter().flatten().count();
        let mut returns = Vec::new();
        let mut known = BTreeMap::new();
        let mut next = 0;
        // One index for each instruction at most, so they fit as the instructions do.
        let indices: Vec<u16> = self
            .instructions
            .iter()
            .zip(&self.steps)
            .map(|(instruction, step)| {
                if step.is_some() {
                    next += 1;
                    return next - 1;
                }
                if instruction.code != RET_K {
                    return 0;
                }
                *known.entry(instruction.k).or_insert_with(|| {
                    returns.push(instruction.k);
                    (count + returns.len() - 1) as u16
                })
            })
            .collect();
        let target = |place: u16| indices[usize::from(place)];
        let steps: Box<[Step]> = self
            .steps
            .iter()
            .flatten()
            .map(|step| Step { yes: target(step.yes), no: target(step.no), ..*step })
            .collect();
        Steps {
            needs_more: steps.iter().any(|step| step.action.needs_more()),
            steps,
            returns: returns.into(),
            start: target(start),
        }
    }
}

impl Action {
    fn needs_more(self) -> bool {
        use Action::*;
        matches!(self, Read | ReadX | Write | WriteX | Ancillary | Back)
    }
}

impl Step {
    /// The largest step that the instructions start with, and how many it takes. Where it leads is not known yet.
    fn new(instructions: &[Instruction]) -> (Self, usize) {
        let step = |action, near, mask, value| Self { action, yes: 0, no: 0, near, mask, value };
        let first = instructions[0];
        let rest = &instructions[1..];
        if let Some((test, value)) = test(first) {
            return (step(Action::test(test), 0, u32::MAX, value), 1);
        }
        if let (AND_K, [second, ..]) = (first.code, rest)
            && let Some((test, value)) = test(*second)
        {
            return (step(Action::test(test), 0, first.k, value), 2);
        }
        if let Some((load, at_x)) = load(first)
            && let Ok(near) = u16::try_from(first.k)
        {
            let action = if at_x { Action::load_at_x_test } else { Action::load_test };
            match rest {
                [second, third, ..] if second.code == AND_K => {
                    if let Some((test, value)) = test(*third) {
                        return (step(action(load, test), near, second.k, value), 3);
                    }
                }
                [second, ..] => {
                    if let Some((test, value)) = test(*second) {
                        return (step(action(load, test), near, u32::MAX, value), 2);
                    }
                }
                [] => (),
            }
        }
        if let (LDX_MSH, Ok(near), [second, third, ..]) = (first.code, u16::try_from(first.k), rest)
            && let (Some((load, true)), Some((test, value))) = (load(*second), test(*third))
        {
            return (step(Action::load_behind_test(load, test), near, second.k, value), 3);
        }
        (step(Action::single(first), 0, first.k, 0), 1)
    }
}

/// What a jump that compares A with a constant asks, and the constant.
fn test(instruction: Instruction) -> Option<(Test, u32)> {
    let test = match instruction.code {
        JEQ_K => Test::Equal,
        JGT_K => Test::Greater,
        JGE_K => Test::NotLess,
        JSET_K => Test::AnyBit,
        _ => return None,
    };
    Some((test, instruction.k))
}

/// How much an instruction loads into A, and whether X counts in where from.
fn load(instruction: Instruction) -> Option<(Size, bool)> {
    Some(match instruction.code {
        LDB_ABS => (Size::Byte, false),
        LDH_ABS => (Size::Half, false),
        LDW_ABS => (Size::Word, false),
        LDB_IND => (Size::Byte, true),
        LDH_IND => (Size::Half, true),
        LDW_IND => (Size::Word, true),
        _ => return None,
    })
}

impl Action {
    /// For an instruction that makes a step alone, with its operand in `mask`. Comparisons with constants do not.
    fn single(Instruction { code, k, .. }: Instruction) -> Self {
        match code {
            LDB_ABS | LDH_ABS | LDW_ABS if k == ancillary::ALU_XOR_X => Self::XorX,
            LDB_ABS | LDH_ABS | LDW_ABS if k >= ancillary::OFFSET => Self::Ancillary,
            LDB_ABS => Self::Byte,
            LDH_ABS => Self::Half,
            LDW_ABS => Self::Word,
            LDB_IND => Self::ByteAtX,
            LDH_IND => Self::HalfAtX,
            LDW_IND => Self::WordAtX,
            LDX_MSH => Self::HeaderLen,
            LD_LEN => Self::Len,
            LDX_LEN => Self::LenX,
            LD_IMM => Self::Set,
            LDX_IMM => Self::SetX,
            LD_MEM => Self::Read,
            LDX_MEM => Self::ReadX,
            ST => Self::Write,
            STX => Self::WriteX,
            ADD_K => Self::Add,
            SUB_K => Self::Sub,
            MUL_K => Self::Mul,
            DIV_K => Self::Div,
            MOD_K => Self::Mod,
            AND_K => Self::And,
            OR_K => Self::Or,
            XOR_K => Self::Xor,
            LSH_K => Self::Lsh,
            RSH_K => Self::Rsh,
            ADD_X => Self::AddX,
            SUB_X => Self::SubX,
            MUL_X => Self::MulX,
            DIV_X => Self::DivX,
            MOD_X => Self::ModX,
            AND_X => Self::AndX,
            OR_X => Self::OrX,
            XOR_X => Self::XorX,
            LSH_X => Self::LshX,
            RSH_X => Self::RshX,
            NEG => Self::Neg,
            TAX => Self::Tax,
            TXA => Self::Txa,
            JA => Self::Back,
            JEQ_X => Self::test_x(Test::Equal),
            JGT_X => Self::test_x(Test::Greater),
            JGE_X => Self::test_x(Test::NotLess),
            JSET_X => Self::test_x(Test::AnyBit),
            // `RET_A`. No other code is left.
            _ => Self::ReturnA,
        }
    }
}
