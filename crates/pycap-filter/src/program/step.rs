//! Programs of any kind: fewer and larger steps than the instructions that they are made from.
//!
//! A load of bytes, the mask over them and the comparison that they are for are one step (`decode.rs` says which
//! instructions become which step). Jumps are resolved to the index of a step; indices past the last step are returns, so that the
//! one check of the index, without which safe code does not read a step, is also what ends the loop.

mod decode;

use std::cell::Cell;

use crate::instruction::MEMORY_WORDS;
use crate::{Input, Instruction};

#[derive(Clone)]
pub(super) struct Steps {
    steps: Box<[Step]>,
    /// What is returned by a jump to the index behind the last step, by one to the next, and so on.
    returns: Box<[u32]>,
    start: u16,
    /// Has memory, ancillary loads or jumps back, which the run that has not to care for them is faster without.
    needs_more: bool,
}

/// 16 bytes, so that finding one takes no multiplication.
#[derive(Clone, Copy, Debug)]
struct Step {
    action: Action,
    /// Where to go on, also where there is nothing to decide.
    yes: u16,
    no: u16,
    /// An offset, where there is a mask too.
    near: u16,
    /// A mask, or where there is none, an offset or other operand.
    mask: u32,
    /// What to compare with.
    value: u32,
}

const _: () = assert!(size_of::<Step>() == 16);

/// How many bytes a load takes.
#[derive(Clone, Copy)]
enum Size {
    Byte,
    Half,
    Word,
}

/// What a conditional jump asks of A.
#[derive(Clone, Copy)]
enum Test {
    Equal,
    Greater,
    NotLess,
    AnyBit,
}

macro_rules! actions {
    (
        tests: { $($test:ident: $on_a:ident $on_x:ident
            [$byte:ident $half:ident $word:ident]
            [$byte_at_x:ident $half_at_x:ident $word_at_x:ident]
            [$byte_behind:ident $half_behind:ident $word_behind:ident];)* }
        others: $($other:ident)*
    ) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        enum Action {
            $($byte, $half, $word, $byte_at_x, $half_at_x, $word_at_x, $byte_behind, $half_behind, $word_behind,)*
            $($on_a, $on_x,)*
            $($other,)*
        }

        impl Action {
            /// A = bytes at `near`, & `mask`; test it with `value`.
            const fn load_test(size: Size, test: Test) -> Self {
                match (test, size) {
                    $((Test::$test, Size::Byte) => Self::$byte,
                    (Test::$test, Size::Half) => Self::$half,
                    (Test::$test, Size::Word) => Self::$word,)*
                }
            }

            /// The same of the bytes at X + `near`.
            const fn load_at_x_test(size: Size, test: Test) -> Self {
                match (test, size) {
                    $((Test::$test, Size::Byte) => Self::$byte_at_x,
                    (Test::$test, Size::Half) => Self::$half_at_x,
                    (Test::$test, Size::Word) => Self::$word_at_x,)*
                }
            }

            /// X = length of the IPv4 header at `near`, A = bytes at X + `mask`; test it with `value`.
            const fn load_behind_test(size: Size, test: Test) -> Self {
                match (test, size) {
                    $((Test::$test, Size::Byte) => Self::$byte_behind,
                    (Test::$test, Size::Half) => Self::$half_behind,
                    (Test::$test, Size::Word) => Self::$word_behind,)*
                }
            }

            /// A = A & `mask`; test it with `value`.
            const fn test(test: Test) -> Self {
                match test {
                    $(Test::$test => Self::$on_a,)*
                }
            }

            /// Test A with X.
            const fn test_x(test: Test) -> Self {
                match test {
                    $(Test::$test => Self::$on_x,)*
                }
            }
        }
    };
}

actions! {
    tests: {
        Equal: Equal EqualX [ByteEqual HalfEqual WordEqual]
            [ByteAtXEqual HalfAtXEqual WordAtXEqual] [ByteBehindEqual HalfBehindEqual WordBehindEqual];
        Greater: Greater GreaterX [ByteGreater HalfGreater WordGreater]
            [ByteAtXGreater HalfAtXGreater WordAtXGreater] [ByteBehindGreater HalfBehindGreater WordBehindGreater];
        NotLess: NotLess NotLessX [ByteNotLess HalfNotLess WordNotLess]
            [ByteAtXNotLess HalfAtXNotLess WordAtXNotLess] [ByteBehindNotLess HalfBehindNotLess WordBehindNotLess];
        AnyBit: AnyBit AnyBitX [ByteAnyBit HalfAnyBit WordAnyBit]
            [ByteAtXAnyBit HalfAtXAnyBit WordAtXAnyBit] [ByteBehindAnyBit HalfBehindAnyBit WordBehindAnyBit];
    }
    others:
        Byte Half Word ByteAtX HalfAtX WordAtX HeaderLen
        Len LenX Set SetX Read ReadX Write WriteX Ancillary
        Add Sub Mul Div Mod And Or Xor Lsh Rsh AddX SubX MulX DivX ModX AndX OrX XorX LshX RshX Neg Tax Txa
        Back ReturnA
}

impl Steps {
    /// For instructions that [`check`](crate::verify::check) has nothing against.
    pub(super) fn new(instructions: &[Instruction]) -> Self {
        decode::decode(instructions)
    }

    #[inline]
    pub(super) fn run(&self, input: Input<'_>) -> u32 {
        let Input { data, original_len, metadata } = input;
        if self.needs_more {
            self.run_all(data, original_len, |k| metadata?.load(k))
        } else {
            self.run_plain(data, original_len)
        }
    }

    /// The ancillary offset that it got to without being told what is there, if it did.
    pub(super) fn try_run(&self, input: Input<'_>) -> Result<u32, u32> {
        let Input { data, original_len, metadata } = input;
        if !self.needs_more {
            return Ok(self.run_plain(data, original_len));
        }
        let missing = Cell::new(None);
        let load = |k| {
            let value = metadata.and_then(|metadata| metadata.load(k));
            if value.is_none() {
                missing.set(Some(k));
            }
            value
        };
        let result = self.run_all(data, original_len, load);
        missing.get().map_or(Ok(result), Err)
    }

    fn run_plain(&self, data: &[u8], original_len: u32) -> u32 {
        self.execute::<false>(data, original_len, |_| None)
    }

    #[inline(never)]
    fn run_all(&self, data: &[u8], original_len: u32, ancillary: impl Fn(u32) -> Option<u32>) -> u32 {
        self.execute::<true>(data, original_len, ancillary)
    }

    /// Without `ALL`, the program has no steps that use memory or what is not in the bytes, and none back.
    #[inline(always)]
    fn execute<const ALL: bool>(
        &self,
        data: &[u8],
        original_len: u32,
        ancillary: impl Fn(u32) -> Option<u32>,
    ) -> u32 {
        let steps = &*self.steps;
        let (mut a, mut x) = (0_u32, 0_u32);
        let mut memory = [0_u32; MEMORY_WORDS as usize];
        let mut jumps_back = 0;
        let mut index = usize::from(self.start);

        /// The value of an `Option`; without one, the end of the program.
        macro_rules! some {
            ($value:expr) => {
                match $value {
                    Some(value) => value,
                    None => return 0,
                }
            };
        }
        while let Some(step) = steps.get(index) {
            let Step { mask, value, .. } = *step;
            let near = usize::from(step.near);
            let mut next = step.yes;
            macro_rules! decide {
                ($holds:expr) => {
                    if !$holds {
                        next = step.no;
                    }
                };
            }
            macro_rules! on_load {
                ($load:ident, |$a:ident, $value:ident| $holds:expr) => {{
                    a = some!($load(data, near)) & mask;
                    let ($a, $value) = (a, value);
                    decide!($holds);
                }};
            }
            macro_rules! on_load_at_x {
                ($load:ident, |$a:ident, $value:ident| $holds:expr) => {{
                    a = some!($load(data, some!(sum(x, step.near.into())))) & mask;
                    let ($a, $value) = (a, value);
                    decide!($holds);
                }};
            }
            macro_rules! on_load_behind {
                ($load:ident, |$a:ident, $value:ident| $holds:expr) => {{
                    x = header_len(some!(byte(data, near)));
                    a = some!($load(data, some!(sum(x, mask))));
                    let ($a, $value) = (a, value);
                    decide!($holds);
                }};
            }
            match step.action {
                Action::ByteEqual => on_load!(byte, |a, value| a == value),
                Action::HalfEqual => on_load!(half, |a, value| a == value),
                Action::WordEqual => on_load!(word, |a, value| a == value),
                Action::ByteGreater => on_load!(byte, |a, value| a > value),
                Action::HalfGreater => on_load!(half, |a, value| a > value),
                Action::WordGreater => on_load!(word, |a, value| a > value),
                Action::ByteNotLess => on_load!(byte, |a, value| a >= value),
                Action::HalfNotLess => on_load!(half, |a, value| a >= value),
                Action::WordNotLess => on_load!(word, |a, value| a >= value),
                Action::ByteAnyBit => on_load!(byte, |a, value| a & value != 0),
                Action::HalfAnyBit => on_load!(half, |a, value| a & value != 0),
                Action::WordAnyBit => on_load!(word, |a, value| a & value != 0),

                Action::ByteAtXEqual => on_load_at_x!(byte, |a, value| a == value),
                Action::HalfAtXEqual => on_load_at_x!(half, |a, value| a == value),
                Action::WordAtXEqual => on_load_at_x!(word, |a, value| a == value),
                Action::ByteAtXGreater => on_load_at_x!(byte, |a, value| a > value),
                Action::HalfAtXGreater => on_load_at_x!(half, |a, value| a > value),
                Action::WordAtXGreater => on_load_at_x!(word, |a, value| a > value),
                Action::ByteAtXNotLess => on_load_at_x!(byte, |a, value| a >= value),
                Action::HalfAtXNotLess => on_load_at_x!(half, |a, value| a >= value),
                Action::WordAtXNotLess => on_load_at_x!(word, |a, value| a >= value),
                Action::ByteAtXAnyBit => on_load_at_x!(byte, |a, value| a & value != 0),
                Action::HalfAtXAnyBit => on_load_at_x!(half, |a, value| a & value != 0),
                Action::WordAtXAnyBit => on_load_at_x!(word, |a, value| a & value != 0),

                Action::ByteBehindEqual => on_load_behind!(byte, |a, value| a == value),
                Action::HalfBehindEqual => on_load_behind!(half, |a, value| a == value),
                Action::WordBehindEqual => on_load_behind!(word, |a, value| a == value),
                Action::ByteBehindGreater => on_load_behind!(byte, |a, value| a > value),
                Action::HalfBehindGreater => on_load_behind!(half, |a, value| a > value),
                Action::WordBehindGreater => on_load_behind!(word, |a, value| a > value),
                Action::ByteBehindNotLess => on_load_behind!(byte, |a, value| a >= value),
                Action::HalfBehindNotLess => on_load_behind!(half, |a, value| a >= value),
                Action::WordBehindNotLess => on_load_behind!(word, |a, value| a >= value),
                Action::ByteBehindAnyBit => on_load_behind!(byte, |a, value| a & value != 0),
                Action::HalfBehindAnyBit => on_load_behind!(half, |a, value| a & value != 0),
                Action::WordBehindAnyBit => on_load_behind!(word, |a, value| a & value != 0),

                Action::Equal => {
                    a &= mask;
                    decide!(a == value);
                }
                Action::Greater => {
                    a &= mask;
                    decide!(a > value);
                }
                Action::NotLess => {
                    a &= mask;
                    decide!(a >= value);
                }
                Action::AnyBit => {
                    a &= mask;
                    decide!(a & value != 0);
                }
                Action::EqualX => decide!(a == x),
                Action::GreaterX => decide!(a > x),
                Action::NotLessX => decide!(a >= x),
                Action::AnyBitX => decide!(a & x != 0),

                Action::Byte => a = some!(byte(data, mask as usize)),
                Action::Half => a = some!(half(data, mask as usize)),
                Action::Word => a = some!(word(data, mask as usize)),
                Action::ByteAtX => a = some!(byte(data, some!(sum(x, mask)))),
                Action::HalfAtX => a = some!(half(data, some!(sum(x, mask)))),
                Action::WordAtX => a = some!(word(data, some!(sum(x, mask)))),
                Action::HeaderLen => x = header_len(some!(byte(data, mask as usize))),
                Action::Len => a = original_len,
                Action::LenX => x = original_len,
                Action::Set => a = mask,
                Action::SetX => x = mask,
                Action::Add => a = a.wrapping_add(mask),
                Action::Sub => a = a.wrapping_sub(mask),
                Action::Mul => a = a.wrapping_mul(mask),
                Action::Div => a = some!(a.checked_div(mask)),
                Action::Mod => a = some!(a.checked_rem(mask)),
                Action::And => a &= mask,
                Action::Or => a |= mask,
                Action::Xor => a ^= mask,
                Action::Lsh => a <<= mask & 31,
                Action::Rsh => a >>= mask & 31,
                Action::AddX => a = a.wrapping_add(x),
                Action::SubX => a = a.wrapping_sub(x),
                Action::MulX => a = a.wrapping_mul(x),
                Action::DivX => a = some!(a.checked_div(x)),
                Action::ModX => a = some!(a.checked_rem(x)),
                Action::AndX => a &= x,
                Action::OrX => a |= x,
                Action::XorX => a ^= x,
                Action::LshX => a = a.checked_shl(x).unwrap_or(0),
                Action::RshX => a = a.checked_shr(x).unwrap_or(0),
                Action::Neg => a = a.wrapping_neg(),
                Action::Tax => x = a,
                Action::Txa => a = x,
                Action::ReturnA => return a,

                Action::Read if ALL => a = some!(memory.get(mask as usize).copied()),
                Action::ReadX if ALL => x = some!(memory.get(mask as usize).copied()),
                Action::Write if ALL => *some!(memory.get_mut(mask as usize)) = a,
                Action::WriteX if ALL => *some!(memory.get_mut(mask as usize)) = x,
                Action::Ancillary if ALL => a = some!(ancillary(mask)),
                Action::Back if ALL => {
                    jumps_back += 1;
                    if jumps_back > data.len() {
                        return 0;
                    }
                }
                Action::Read | Action::ReadX | Action::Write | Action::WriteX => return 0,
                Action::Ancillary | Action::Back => return 0,
            }
            index = usize::from(next);
        }
        self.returns.get(index - steps.len()).copied().unwrap_or(0)
    }
}

#[inline(always)]
fn byte(data: &[u8], offset: usize) -> Option<u32> {
    data.get(offset).map(|&byte| byte.into())
}

#[inline(always)]
fn half(data: &[u8], offset: usize) -> Option<u32> {
    let bytes = data.get(offset..offset.checked_add(2)?)?;
    Some(u16::from_be_bytes(bytes.try_into().ok()?).into())
}

#[inline(always)]
fn word(data: &[u8], offset: usize) -> Option<u32> {
    let bytes = data.get(offset..offset.checked_add(4)?)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// The length in bytes of an IPv4 header that starts with this byte.
#[inline(always)]
fn header_len(first: u32) -> u32 {
    (first & 0xf) << 2
}

/// Where X + k is, which is not in the packet if it does not fit into 32 bits: libpcap does not let it wrap, nor do we.
#[inline(always)]
fn sum(x: u32, k: u32) -> Option<usize> {
    usize::try_from(u64::from(x) + u64::from(k)).ok()
}
