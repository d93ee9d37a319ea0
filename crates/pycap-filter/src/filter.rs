//! A program that was found to be one.

use std::fmt;

use crate::instruction::*;
use crate::program::Program;
use crate::{CArray, Decimal, Error, Input, Instruction, Listing, verify};

/// How many instructions a [`Filter`] has at most.
pub const MAX_INSTRUCTIONS: usize = 65_535;

/// How many instructions the kernel takes at most: `BPF_MAXINSNS` of Linux.
pub const MAX_KERNEL_INSTRUCTIONS: usize = 4096;

/// A verified classic BPF program.
///
/// It ends on each input, and reads nothing but the input. [`run`](Self::run) is what `pcap_offline_filter` is in libpcap.
#[derive(Clone)]
pub struct Filter {
    instructions: Box<[Instruction]>,
    program: Program,
}

impl Filter {
    /// Verifies the instructions and makes them ready to run.
    ///
    /// # Errors
    ///
    /// What is undefined or never works is refused: no instructions or more than [`MAX_INSTRUCTIONS`], codes that are
    /// not known, jumps out of the program or to themselves, division by a constant 0, shifts by a constant of 32 or
    /// more, words of memory that are not there, a last instruction that does not return.
    ///
    /// What libpcap can run and the kernel does not take is no error here: see [`check_kernel`](Self::check_kernel).
    pub fn new(instructions: impl Into<Box<[Instruction]>>) -> Result<Self, Error> {
        let instructions = instructions.into();
        verify::check(&instructions)?;
        let program = Program::new(&instructions);
        Ok(Self { instructions, program })
    }

    /// Matches each packet, and keeps `snaplen` bytes of it. With 0 it matches none.
    pub fn accept_all(snaplen: u32) -> Self {
        Self::from_verified(vec![Instruction::statement(RET_K, snaplen)])
    }

    /// Matches no packet.
    pub fn reject_all() -> Self {
        Self::accept_all(0)
    }

    /// For instructions that are known to be a program.
    pub(crate) fn from_verified(instructions: Vec<Instruction>) -> Self {
        debug_assert_eq!(verify::check(&instructions), Ok(()));
        Self { program: Program::new(&instructions), instructions: instructions.into() }
    }

    /// Runs it on a packet: how many bytes of the packet to keep (often more than it has), 0 if it does not match.
    ///
    /// A load of bytes that were not captured ends the program without a match, and so does division by X = 0. An
    /// ancillary load gives what [`Input::with_metadata`] tells; if that is nothing, the program ends without a match.
    /// So it does for netlink attributes, random numbers and the offset of the payload, which only the kernel has, and
    /// for offsets from [`NETWORK_OFFSET`](ancillary::NETWORK_OFFSET) or [`LINK_OFFSET`](ancillary::LINK_OFFSET).
    ///
    /// A program may jump back as often as the packet has bytes, which is more than `protochain` needs; then it ends
    /// without a match.
    #[inline]
    pub fn run<'a>(&self, input: impl Into<Input<'a>>) -> u32 {
        self.program.run(input.into())
    }

    /// Whether it matches a packet.
    #[inline]
    pub fn matches<'a>(&self, input: impl Into<Input<'a>>) -> bool {
        self.run(input) != 0
    }

    /// The instructions, as they were given.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// Whether the kernel takes it.
    ///
    /// # Errors
    ///
    /// Says why not: it is longer than [`MAX_KERNEL_INSTRUCTIONS`], jumps back (libpcap's `protochain` does), has an
    /// ancillary load that Linux does not know, or reads memory that may not have been written.
    pub fn check_kernel(&self) -> Result<(), Error> {
        verify::check_kernel(&self.instructions)
    }

    /// Whether it looks at what the link knows, that is, has ancillary loads: if not, there is no need for
    /// [`Input::with_metadata`].
    pub fn uses_ancillary(&self) -> bool {
        self.program.uses_ancillary()
    }

    /// Whether it looks at VLAN tags that were taken out of packets by itself. If not, and it is to see them,
    /// packets have to be put together again first.
    pub fn uses_vlan_metadata(&self) -> bool {
        use ancillary::{VLAN_TAG, VLAN_TAG_PRESENT, VLAN_TPID};
        let loads_tag = |instruction: &Instruction| {
            instruction.is_absolute_load() && matches!(instruction.k, VLAN_TAG | VLAN_TAG_PRESENT | VLAN_TPID)
        };
        self.instructions.iter().any(loads_tag)
    }

    /// Displays it as `tcpdump -d` does: a line an instruction, in words, without an end of line after the last.
    pub fn listing(&self) -> Listing<'_> {
        Listing(&self.instructions)
    }

    /// Displays it as `tcpdump -dd` does: lines of a C array, without an end of line after the last.
    pub fn c_array(&self) -> CArray<'_> {
        CArray(&self.instructions)
    }

    /// Displays it as `tcpdump -ddd` does: decimal numbers, the count of instructions first, without an end of line
    /// after the last. It can be [parsed](std::str::FromStr) again.
    pub fn decimal(&self) -> Decimal<'_> {
        Decimal(&self.instructions)
    }
}

impl TryFrom<Vec<Instruction>> for Filter {
    type Error = Error;

    fn try_from(instructions: Vec<Instruction>) -> Result<Self, Error> {
        Self::new(instructions)
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.instructions == other.instructions
    }
}

impl Eq for Filter {}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for line in self.listing().lines() {
            list.entry(&format_args!("{line}"));
        }
        list.finish()
    }
}
