//! A program that was found to be one.

use std::fmt;

use pycap_wire::LinkType;

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
///
/// Offsets count from the start of the link header, so a program is for one link type, and on frames of another it matches at random.
/// A program that was compiled from an expression has its [`link_type`](Self::link_type), and captures refuse one for another link type
/// than theirs; instructions alone do not say what they are for, and are taken at their word.
///
/// Filters are equal if their instructions are.
#[derive(Clone)]
pub struct Filter {
    instructions: Box<[Instruction]>,
    program: Program,
    link_type: Option<LinkType>,
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
        Ok(Self { instructions, program, link_type: None })
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
        Self { program: Program::new(&instructions), instructions: instructions.into(), link_type: None }
    }

    /// The same, for frames of this link type.
    #[must_use]
    pub fn with_link_type(self, link_type: LinkType) -> Self {
        Self { link_type: Some(link_type), ..self }
    }

    /// The link type of the frames that it is for; `None` if nobody said.
    pub fn link_type(&self) -> Option<LinkType> {
        self.link_type
    }

    /// Whether it is for frames of this link type, or for any. The three numbers that files have for raw IP are one link type.
    pub fn fits(&self, link_type: LinkType) -> bool {
        let same = |number: LinkType| match number {
            LinkType::RAW_12 | LinkType::RAW_14 => LinkType::RAW,
            other => other,
        };
        self.link_type.is_none_or(|own| same(own) == same(link_type))
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

    /// Runs it as [`run`](Self::run) does, but does not take what is not known for a mismatch: a program that got as far as an ancillary
    /// load that [`Input::with_metadata`] tells nothing of has no result.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MetadataMissing`](crate::ErrorKind::MetadataMissing), with the instruction.
    pub fn try_run<'a>(&self, input: impl Into<Input<'a>>) -> Result<u32, Error> {
        self.program.try_run(input.into()).map_err(|missing| {
            let loads = |one: &Instruction| one.is_absolute_load() && one.k == missing;
            let place = self.instructions.iter().position(loads).unwrap_or_default();
            Error::at(crate::ErrorKind::MetadataMissing, place, self.instructions[place])
        })
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
        [VLAN_TAG, VLAN_TAG_PRESENT, VLAN_TPID].into_iter().any(|offset| self.loads(offset))
    }

    /// Whether it has an absolute load from this offset, one of [`ancillary`]: `PKTTYPE` for a program of `inbound` or `outbound`, say.
    pub fn loads(&self, offset: u32) -> bool {
        self.instructions.iter().any(|instruction| instruction.is_absolute_load() && instruction.k == offset)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cooked, Direction, ErrorKind, Metadata};

    /// `udp and inbound` on raw IP, for a capture: asks for the direction of UDP packets only.
    const UDP_INBOUND: &str = "6\n48 0 0 9\n21 0 3 17\n40 0 0 4294963204\n21 1 0 4\n6 0 0 99\n6 0 0 0";

    #[test]
    fn what_is_not_known_is_no_mismatch() {
        let filter: Filter = UDP_INBOUND.parse().unwrap();
        assert!(filter.loads(ancillary::PKTTYPE) && !filter.loads(ancillary::IFINDEX) && !filter.loads(9999));
        let (udp, tcp) = ([17; 20], [6; 20]);
        let input = |packet| Input::new(packet, 20);
        for known in [Metadata::new().with_packet_type(0), Metadata::new().with_packet_type(4)] {
            for packet in [&udp, &tcp] {
                let input = input(packet).with_metadata(&known);
                assert_eq!(filter.try_run(input), Ok(filter.run(input)));
            }
        }
        assert_eq!(filter.try_run(input(&udp).with_metadata(&Metadata::new().with_packet_type(0))), Ok(99));
        for unknown in [input(&udp), input(&udp).with_metadata(&Metadata::new().with_ifindex(1))] {
            let error = filter.try_run(unknown).unwrap_err();
            let expected = (ErrorKind::MetadataMissing, Some(2), Some(ancillary::PKTTYPE));
            assert_eq!((error.kind(), error.instruction(), error.ancillary()), expected, "{error}");
            assert!(error.to_string().contains("instruction 2: asks for the direction"), "{error}");
            assert_eq!(filter.run(unknown), 0);
        }
        // It does not get there, or ends for another reason.
        assert_eq!(filter.try_run(input(&tcp)), Ok(0));
        assert_eq!(filter.try_run(&udp[..5]), Ok(0));
        assert_eq!(Filter::accept_all(7).try_run(&udp[..]), Ok(7));
    }

    #[test]
    fn the_link_type_stays_where_offsets_do() {
        let bare: Filter = UDP_INBOUND.parse().unwrap();
        assert_eq!((bare.link_type(), bare.fits(LinkType::ETHERNET)), (None, true));
        let raw = bare.clone().with_link_type(LinkType::RAW);
        assert_eq!(raw, bare);
        let changed = [
            raw.clone(),
            raw.with_snaplen(9),
            raw.only_direction(Direction::Incoming).unwrap(),
            raw.drop_outgoing_on(1).unwrap(),
        ];
        for filter in changed {
            assert_eq!(filter.link_type(), Some(LinkType::RAW));
            for (link_type, fits) in [
                (LinkType::RAW, true),
                (LinkType::RAW_12, true),
                (LinkType::RAW_14, true),
                (LinkType::ETHERNET, false),
                (LinkType::LINUX_SLL2, false),
                (LinkType::NULL, false),
            ] {
                assert_eq!(filter.fits(link_type), fits, "{link_type}");
            }
        }
        // On a cooked socket offsets count from elsewhere.
        let cooked: Filter = "2\n48 0 0 29\n6 0 0 99".parse().unwrap();
        let cooked = cooked.with_link_type(LinkType::LINUX_SLL2).for_cooked_socket(Cooked::Sll2).unwrap();
        assert_eq!(cooked.link_type(), None);
    }
}
