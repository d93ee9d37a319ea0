//! The one error of this crate.

use std::fmt;

use crate::{Instruction, MAX_INSTRUCTIONS, MAX_KERNEL_INSTRUCTIONS, MEMORY_WORDS, ancillary};

/// Why something is not a program, not one that the kernel takes, or one that a packet has no answer to.
///
/// It displays as one line that says which instruction, counted from 0 as tcpdump counts them, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    place: Option<usize>,
    instruction: Instruction,
    text: Option<Box<str>>,
}

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There are no instructions.
    Empty,
    /// There are more than [`MAX_INSTRUCTIONS`].
    TooLong,
    /// A code that no system knows.
    UnknownCode,
    /// A jump to behind the last instruction, or to ahead of the first.
    JumpOutOfProgram,
    /// A jump to itself.
    EndlessLoop,
    /// Division by the constant 0, or the remainder of one.
    DivisionByZero,
    /// A shift by a constant of 32 bits or more.
    ShiftTooFar,
    /// A word of memory past the last.
    NoSuchMemory,
    /// The last instruction does not return.
    NoReturn,
    /// The text is not a program.
    Syntax,
    /// There are more than [`MAX_KERNEL_INSTRUCTIONS`], which is what the kernel takes.
    TooLongForKernel,
    /// A jump back. libpcap makes them for `protochain`, the kernel does not take them.
    BackwardJump,
    /// An ancillary load that the kernel does not know.
    UnknownAncillary,
    /// A word of memory is read that may not have been written. The kernel does not take that; here it is 0.
    MemoryNotWritten,
    /// An ancillary load of what is not known of the packet. The program is one all the same.
    MetadataMissing,
}

impl Error {
    /// Which kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The instruction that is at fault, counted from 0. `None` if the whole program is, or its text.
    pub fn instruction(&self) -> Option<usize> {
        self.place.filter(|_| self.kind != ErrorKind::Syntax)
    }

    /// The line of the text that is at fault, counted from 1.
    pub fn line(&self) -> Option<usize> {
        self.place.filter(|_| self.kind == ErrorKind::Syntax)
    }

    /// The ancillary load that is at fault, one of [`ancillary`](crate::ancillary), where one is.
    pub fn ancillary(&self) -> Option<u32> {
        let of_load = matches!(self.kind, ErrorKind::UnknownAncillary | ErrorKind::MetadataMissing);
        of_load.then_some(self.instruction.k)
    }

    #[cold]
    pub(crate) fn program(kind: ErrorKind, len: usize) -> Self {
        let k = u32::try_from(len).unwrap_or(u32::MAX);
        Self { kind, place: None, instruction: Instruction::statement(0, k), text: None }
    }

    #[cold]
    pub(crate) fn at(kind: ErrorKind, place: usize, instruction: Instruction) -> Self {
        Self { kind, place: Some(place), instruction, text: None }
    }

    #[cold]
    pub(crate) fn syntax(line: usize, text: String) -> Self {
        Self {
            kind: ErrorKind::Syntax,
            place: Some(line),
            instruction: Instruction::default(),
            text: Some(text.into()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("filter program: ")?;
        match self.place {
            Some(line) if self.kind == ErrorKind::Syntax => write!(f, "line {line}: ")?,
            Some(number) => write!(f, "instruction {number}: ")?,
            None => (),
        }
        let Instruction { code, jt, jf, k } = self.instruction;
        match self.kind {
            ErrorKind::Empty => f.write_str("no instructions; the shortest program is one that returns"),
            ErrorKind::TooLong => write!(f, "{k} instructions, at most {MAX_INSTRUCTIONS} can be run"),
            ErrorKind::UnknownCode => write!(f, "unknown code {code:#x}"),
            ErrorKind::JumpOutOfProgram if self.instruction.is_conditional_jump() => {
                write!(f, "jumps out of the program, over {jt} or {jf} instructions")
            }
            ErrorKind::JumpOutOfProgram => {
                write!(f, "jumps out of the program, over {} instructions", k as i32)
            }
            ErrorKind::EndlessLoop => f.write_str("jumps to itself and so never ends"),
            ErrorKind::DivisionByZero => f.write_str("divides by 0"),
            ErrorKind::ShiftTooFar => write!(f, "shifts by {k} bits, at most 31 are possible"),
            ErrorKind::NoSuchMemory => {
                write!(f, "word {k} of memory, there are {MEMORY_WORDS}, counted from 0")
            }
            ErrorKind::NoReturn => f.write_str("is the last and does not return"),
            ErrorKind::Syntax => f.write_str(self.text.as_deref().unwrap_or_default()),
            ErrorKind::TooLongForKernel => write!(
                f,
                "{k} instructions, the kernel takes at most {MAX_KERNEL_INSTRUCTIONS}; it can still be matched in \
                 this process"
            ),
            ErrorKind::BackwardJump => f.write_str(
                "jumps back, which the kernel does not take (protochain does so); it can still be matched in this process",
            ),
            ErrorKind::UnknownAncillary => {
                write!(f, "the kernel knows no ancillary load {}", k as i32)
            }
            ErrorKind::MemoryNotWritten => write!(
                f,
                "reads word {k} of memory, which may not have been written, and the kernel does not take that"
            ),
            ErrorKind::MetadataMissing => {
                let what = match k {
                    ancillary::PKTTYPE => "direction",
                    ancillary::IFINDEX => "interface",
                    ancillary::PROTOCOL => "protocol",
                    ancillary::VLAN_TAG | ancillary::VLAN_TAG_PRESENT | ancillary::VLAN_TPID => "VLAN tag",
                    _ => return write!(f, "ancillary load {}, which is not known of the packet", k as i32),
                };
                write!(f, "asks for the {what}, which is not known of the packet")
            }
        }
    }
}

impl std::error::Error for Error {}
