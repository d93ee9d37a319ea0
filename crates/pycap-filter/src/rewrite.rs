//! Programs made ready for the kernel.

use crate::instruction::*;
use crate::{Filter, Instruction};

/// `PACKET_OUTGOING` of `<linux/if_packet.h>`.
const OUTGOING: u32 = 4;

/// Which way packets go, as seen from this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Received.
    Incoming,
    /// Sent.
    Outgoing,
}

/// The pseudo-header of a cooked capture: what the bytes that a program was written for start with, and the packets
/// that the kernel runs it on do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cooked {
    /// `LINKTYPE_LINUX_SLL`, 16 bytes.
    Sll,
    /// `LINKTYPE_LINUX_SLL2`, 20 bytes.
    Sll2,
}

impl Cooked {
    const fn header_len(self) -> u32 {
        match self {
            Self::Sll => 16,
            Self::Sll2 => 20,
        }
    }

    /// The ancillary load that gives what a load from the header gives, if it is a whole field that has one.
    /// The layout is that of <https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html> and of LINKTYPE_LINUX_SLL.
    const fn field(self, code: u16, k: u32) -> Option<u32> {
        Some(match (self, code, k) {
            (Self::Sll, LDH_ABS, 0) | (Self::Sll2, LDB_ABS, 10) => ancillary::PKTTYPE,
            (Self::Sll, LDH_ABS, 2) | (Self::Sll2, LDH_ABS, 8) => ancillary::HATYPE,
            (Self::Sll, LDH_ABS, 14) | (Self::Sll2, LDH_ABS, 0) => ancillary::PROTOCOL,
            (Self::Sll2, LDW_ABS, 4) => ancillary::IFINDEX,
            _ => return None,
        })
    }
}

impl Filter {
    /// The same, but keeps at most `snaplen` bytes: each constant that it returns is lowered to that. Returns of
    /// computed numbers (`ret a`, which no compiler makes) stay as they are.
    #[must_use]
    pub fn with_snaplen(&self, snaplen: u32) -> Self {
        let mut instructions = self.instructions().to_vec();
        for instruction in &mut instructions {
            if instruction.code == RET_K {
                instruction.k = instruction.k.min(snaplen);
            }
        }
        self.with_instructions(instructions)
    }

    /// The same, but matches only packets that go this way. It loads the packet's type, so in process it
    /// matches only where [`Metadata`](crate::Metadata) has that.
    ///
    /// `None` if the program would have more than [`MAX_INSTRUCTIONS`](crate::MAX_INSTRUCTIONS).
    #[must_use]
    pub fn only_direction(&self, direction: Direction) -> Option<Self> {
        let (jt, jf) = match direction {
            Direction::Outgoing => (1, 0),
            Direction::Incoming => (0, 1),
        };
        self.with_prologue(&[
            Instruction::statement(LDW_ABS, ancillary::PKTTYPE),
            Instruction::jump(JEQ_K, OUTGOING, jt, jf),
            Instruction::statement(RET_K, 0),
        ])
    }

    /// The same, but does not match packets that this machine sends by the interface with that index. The
    /// loopback interface shows each packet twice, sent and received: this leaves one.
    ///
    /// It loads the packet's type and interface, so in process it matches only where
    /// [`Metadata`](crate::Metadata) has them. `None` if the program would have more than
    /// [`MAX_INSTRUCTIONS`](crate::MAX_INSTRUCTIONS).
    #[must_use]
    pub fn drop_outgoing_on(&self, ifindex: u32) -> Option<Self> {
        self.with_prologue(&[
            Instruction::statement(LDW_ABS, ancillary::PKTTYPE),
            Instruction::jump(JEQ_K, OUTGOING, 0, 3),
            Instruction::statement(LDW_ABS, ancillary::IFINDEX),
            Instruction::jump(JEQ_K, ifindex, 0, 1),
            Instruction::statement(RET_K, 0),
        ])
    }

    /// Puts instructions ahead that go on behind their end. All jumps count from where they are, so none changes.
    fn with_prologue(&self, prologue: &[Instruction]) -> Option<Self> {
        let mut instructions = prologue.to_vec();
        // A program finds 0 in A when it starts; most load something first anyway.
        let first = self.instructions()[0];
        if first.class() != opcode::LD {
            instructions.push(Instruction::statement(LD_IMM, 0));
        }
        instructions.extend_from_slice(self.instructions());
        (instructions.len() <= crate::MAX_INSTRUCTIONS).then(|| self.with_instructions(instructions))
    }

    /// Other instructions, for the same frames.
    fn with_instructions(&self, instructions: Vec<Instruction>) -> Self {
        let changed = Self::from_verified(instructions);
        match self.link_type() {
            Some(link_type) => changed.with_link_type(link_type),
            None => changed,
        }
    }

    /// The same for a cooked socket (`SOCK_DGRAM`), where the kernel runs it on packets without the pseudo-header that
    /// they are captured with: fields of that become ancillary loads, and offsets of what is behind it are less.
    ///
    /// `None` where that is not possible, so that it can only be matched in process: it looks at the sender's
    /// address, at part of a field, or may look at either side of the pseudo-header's end; or it would have more than
    /// [`MAX_INSTRUCTIONS`](crate::MAX_INSTRUCTIONS) or jump too far.
    #[must_use]
    pub fn for_cooked_socket(&self, header: Cooked) -> Option<Self> {
        self.behind_header(header, 0)
    }

    /// The same for a `SOCK_RAW` socket on all interfaces, where the kernel runs it on packets with the link header that those of
    /// their interface have, in place of the pseudo-header that they are captured with. `links` has the bytes of that link header, up to
    /// what is behind the pseudo-header, for hardware types (`ARPHRD_*` of `<linux/if_arp.h>`).
    ///
    /// Packets of other hardware types all match, with `snaplen` bytes: they are to be matched in process when they have their
    /// pseudo-header.
    ///
    /// `None` where [`for_cooked_socket`](Self::for_cooked_socket) has none, and if the program would have more than
    /// [`MAX_INSTRUCTIONS`](crate::MAX_INSTRUCTIONS).
    #[must_use]
    pub fn for_raw_socket(&self, header: Cooked, links: &[(u16, u32)], snaplen: u32) -> Option<Self> {
        let mut lens: Vec<u32> = links.iter().map(|(_, len)| *len).collect();
        lens.sort_unstable();
        lens.dedup();
        // One program a length, and ahead of them what finds the one for the packet.
        let parts = lens.iter().map(|len| self.behind_header(header, *len));
        let parts: Vec<Self> = parts.collect::<Option<_>>()?;
        // They differ in numbers only.
        let part_len = parts.first()?.instructions().len() + 1;
        let mut instructions = vec![Instruction::statement(LDW_ABS, ancillary::HATYPE)];
        let parts_at = 2 + 2 * links.len();
        for (hatype, len) in links {
            let part = lens.iter().position(|other| other == len)?;
            let skipped = parts_at + part * part_len - (instructions.len() + 2);
            instructions.push(Instruction::jump(JEQ_K, (*hatype).into(), 0, 1));
            instructions.push(Instruction::statement(JA, u32::try_from(skipped).ok()?));
        }
        instructions.push(Instruction::statement(RET_K, snaplen));
        for part in parts {
            // A program finds 0 in A when it starts.
            instructions.push(Instruction::statement(LD_IMM, 0));
            instructions.extend_from_slice(part.instructions());
        }
        (instructions.len() <= crate::MAX_INSTRUCTIONS).then(|| Self::from_verified(instructions))
    }

    /// The same for packets that have a header of `link_len` bytes in place of the pseudo-header.
    fn behind_header(&self, header: Cooked, link_len: u32) -> Option<Self> {
        let longer = header.header_len().checked_sub(link_len)?;
        let place_of = self.places_with_room(|instruction| instruction.code == LD_LEN)?;
        let mut instructions = Vec::with_capacity(self.instructions().len());
        for (number, instruction) in self.instructions().iter().enumerate() {
            let mut instruction = *instruction;
            let k = instruction.k;
            instruction.k = match instruction.code {
                LDX_LEN => return None,
                LDW_ABS | LDH_ABS | LDB_ABS if k >= ancillary::LINK_OFFSET => k,
                LDW_IND | LDH_IND | LDB_IND | LDX_MSH if k >= ancillary::LINK_OFFSET => return None,
                LDW_ABS | LDH_ABS | LDB_ABS if k < header.header_len() => {
                    header.field(instruction.code, k)?
                }
                LDW_ABS | LDH_ABS | LDB_ABS | LDW_IND | LDH_IND | LDB_IND | LDX_MSH => {
                    k.checked_sub(header.header_len())?.checked_add(link_len)?
                }
                JA => {
                    let target = (number as i64 + 1).checked_add(i64::from(k as i32))?;
                    let target = *place_of.get(usize::try_from(target).ok()?)?;
                    i32::try_from(target as i64 - place_of[number] as i64 - 1).ok()? as u32
                }
                _ => k,
            };
            if instruction.is_conditional_jump() {
                let skip = |jump: u8| {
                    let target = place_of.get(number + 1 + usize::from(jump))?;
                    u8::try_from(target - place_of[number] - 1).ok()
                };
                (instruction.jt, instruction.jf) = (skip(instruction.jt)?, skip(instruction.jf)?);
            }
            instructions.push(instruction);
            if instruction.code == LD_LEN {
                instructions.push(Instruction::statement(ADD_K, longer));
            }
        }
        (instructions.len() <= crate::MAX_INSTRUCTIONS).then(|| Self::from_verified(instructions))
    }

    /// Where each instruction is once one more follows each of those; `None` if they are too many.
    fn places_with_room(&self, has_another: impl Fn(&Instruction) -> bool) -> Option<Vec<usize>> {
        let mut place = 0;
        let places = self.instructions().iter().map(|instruction| {
            let this = place;
            place += if has_another(instruction) { 2 } else { 1 };
            this
        });
        let places: Vec<usize> = places.collect();
        (place <= crate::MAX_INSTRUCTIONS).then_some(places)
    }
}
