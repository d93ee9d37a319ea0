//! One instruction, and the numbers that it is made of.

/// One instruction of a classic BPF program, laid out and numbered as `struct bpf_insn` and Linux's `struct sock_filter`.
///
/// Numbers are in host byte order. The fields mean nothing by themselves: [`Filter::new`](crate::Filter::new)
/// says whether they make a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Instruction {
    /// What it does: a sum of numbers from [`opcode`].
    pub code: u16,
    /// How many instructions a conditional jump skips if its condition holds.
    pub jt: u8,
    /// How many instructions a conditional jump skips if its condition does not hold.
    pub jf: u8,
    /// The constant operand: an offset in bytes, a number, the index of a word of memory, or the number of
    /// instructions that `ja` skips.
    pub k: u32,
}

impl Instruction {
    /// An instruction that does not jump conditionally.
    pub const fn statement(code: u16, k: u32) -> Self {
        Self { code, jt: 0, jf: 0, k }
    }

    /// A conditional jump.
    pub const fn jump(code: u16, k: u32, jt: u8, jf: u8) -> Self {
        Self { code, jt, jf, k }
    }

    /// The numbers of [`opcode`]'s first group.
    pub(crate) const fn class(self) -> u16 {
        self.code & 7
    }

    /// Loads bytes of the packet at a constant offset, or something ancillary.
    pub(crate) const fn is_absolute_load(self) -> bool {
        matches!(self.code, LDW_ABS | LDH_ABS | LDB_ABS)
    }

    pub(crate) const fn is_conditional_jump(self) -> bool {
        self.class() == opcode::JMP && self.code != JA
    }
}

/// How many 32-bit words of memory a program has.
pub const MEMORY_WORDS: u32 = 16;

/// The parts that an instruction's code is the sum of: a class, then what that class takes.
///
/// Named as in `<pcap/bpf.h>` and `<linux/bpf_common.h>`, without `BPF_`.
#[allow(missing_docs, reason = "they are named after what they do, and documented where BPF is")]
pub mod opcode {
    // Classes.
    pub const LD: u16 = 0x00;
    pub const LDX: u16 = 0x01;
    pub const ST: u16 = 0x02;
    pub const STX: u16 = 0x03;
    pub const ALU: u16 = 0x04;
    pub const JMP: u16 = 0x05;
    pub const RET: u16 = 0x06;
    pub const MISC: u16 = 0x07;

    // Sizes of loads.
    pub const W: u16 = 0x00;
    pub const H: u16 = 0x08;
    pub const B: u16 = 0x10;

    // Modes of loads.
    pub const IMM: u16 = 0x00;
    pub const ABS: u16 = 0x20;
    pub const IND: u16 = 0x40;
    pub const MEM: u16 = 0x60;
    pub const LEN: u16 = 0x80;
    pub const MSH: u16 = 0xa0;

    // Arithmetic.
    pub const ADD: u16 = 0x00;
    pub const SUB: u16 = 0x10;
    pub const MUL: u16 = 0x20;
    pub const DIV: u16 = 0x30;
    pub const OR: u16 = 0x40;
    pub const AND: u16 = 0x50;
    pub const LSH: u16 = 0x60;
    pub const RSH: u16 = 0x70;
    pub const NEG: u16 = 0x80;
    pub const MOD: u16 = 0x90;
    pub const XOR: u16 = 0xa0;

    // Jumps.
    pub const JA: u16 = 0x00;
    pub const JEQ: u16 = 0x10;
    pub const JGT: u16 = 0x20;
    pub const JGE: u16 = 0x30;
    pub const JSET: u16 = 0x40;

    // Where the second operand, or what `RET` returns, is.
    pub const K: u16 = 0x00;
    pub const X: u16 = 0x08;
    pub const A: u16 = 0x10;

    // `MISC`.
    pub const TAX: u16 = 0x00;
    pub const TXA: u16 = 0x80;
}

/// Offsets of absolute loads that stand for something else than bytes of the packet, on Linux: `<linux/filter.h>`,
/// without `SKF_AD_`, and with `SKF_AD_OFF` already added.
pub mod ancillary {
    /// `SKF_AD_OFF`: where they start. All numbers from here on are ancillary, or mean nothing.
    pub const OFFSET: u32 = -0x1000_i32 as u32;
    /// The protocol that the link says it carries: an EtherType where it has one.
    pub const PROTOCOL: u32 = OFFSET;
    /// Whom the link addressed the packet to; 4 is a packet that this machine sent (`PACKET_OUTGOING`).
    pub const PKTTYPE: u32 = OFFSET + 4;
    /// The index of the interface.
    pub const IFINDEX: u32 = OFFSET + 8;
    /// The netlink attribute of type X, from offset A.
    pub const NLATTR: u32 = OFFSET + 12;
    /// The same, inside of the attribute at A.
    pub const NLATTR_NEST: u32 = OFFSET + 16;
    /// The packet's mark.
    pub const MARK: u32 = OFFSET + 20;
    /// The queue of the interface.
    pub const QUEUE: u32 = OFFSET + 24;
    /// The type of the interface (`ARPHRD_*`).
    pub const HATYPE: u32 = OFFSET + 28;
    /// The hash of the packet's flow.
    pub const RXHASH: u32 = OFFSET + 32;
    /// The CPU that handles the packet.
    pub const CPU: u32 = OFFSET + 36;
    /// No load: A becomes A ^ X. Kernels had this before they had `XOR`.
    pub const ALU_XOR_X: u32 = OFFSET + 40;
    /// The tag control information of the VLAN tag that was taken out of the packet.
    pub const VLAN_TAG: u32 = OFFSET + 44;
    /// 1 if a VLAN tag was taken out of the packet, else 0.
    pub const VLAN_TAG_PRESENT: u32 = OFFSET + 48;
    /// Where the kernel's dissector finds the payload of the transport layer.
    pub const PAY_OFFSET: u32 = OFFSET + 52;
    /// A random number.
    pub const RANDOM: u32 = OFFSET + 56;
    /// The tag protocol identifier of the VLAN tag that was taken out of the packet.
    pub const VLAN_TPID: u32 = OFFSET + 60;

    /// `SKF_NET_OFF`: the kernel counts offsets from here on from the network layer's header.
    pub const NETWORK_OFFSET: u32 = -0x10_0000_i32 as u32;
    /// `SKF_LL_OFF`: the kernel counts offsets from here on from the link layer's header.
    pub const LINK_OFFSET: u32 = -0x20_0000_i32 as u32;

    /// Whether Linux knows this offset.
    pub(crate) const fn is_known(k: u32) -> bool {
        k >= OFFSET && k <= VLAN_TPID && k.is_multiple_of(4)
    }
}

macro_rules! codes {
    ($($name:ident = $($part:ident)|+;)*) => {
        $(pub(crate) const $name: u16 = $(opcode::$part)|+;)*

        /// Whether any system knows this code. It is the table of Linux, net/core/filter.c, `chk_code_allowed`, and the
        /// cases of libpcap's interpreter: they are the same.
        pub(crate) const fn is_known_code(code: u16) -> bool {
            matches!(code, $($name)|*)
        }
    };
}

codes! {
    LDW_ABS = LD | W | ABS;
    LDH_ABS = LD | H | ABS;
    LDB_ABS = LD | B | ABS;
    LDW_IND = LD | W | IND;
    LDH_IND = LD | H | IND;
    LDB_IND = LD | B | IND;
    LD_LEN = LD | W | LEN;
    LD_IMM = LD | IMM;
    LD_MEM = LD | MEM;
    LDX_LEN = LDX | W | LEN;
    LDX_IMM = LDX | IMM;
    LDX_MEM = LDX | MEM;
    LDX_MSH = LDX | B | MSH;
    ST = ST;
    STX = STX;
    ADD_K = ALU | ADD | K;
    ADD_X = ALU | ADD | X;
    SUB_K = ALU | SUB | K;
    SUB_X = ALU | SUB | X;
    MUL_K = ALU | MUL | K;
    MUL_X = ALU | MUL | X;
    DIV_K = ALU | DIV | K;
    DIV_X = ALU | DIV | X;
    MOD_K = ALU | MOD | K;
    MOD_X = ALU | MOD | X;
    AND_K = ALU | AND | K;
    AND_X = ALU | AND | X;
    OR_K = ALU | OR | K;
    OR_X = ALU | OR | X;
    XOR_K = ALU | XOR | K;
    XOR_X = ALU | XOR | X;
    LSH_K = ALU | LSH | K;
    LSH_X = ALU | LSH | X;
    RSH_K = ALU | RSH | K;
    RSH_X = ALU | RSH | X;
    NEG = ALU | NEG;
    JA = JMP | JA;
    JEQ_K = JMP | JEQ | K;
    JEQ_X = JMP | JEQ | X;
    JGT_K = JMP | JGT | K;
    JGT_X = JMP | JGT | X;
    JGE_K = JMP | JGE | K;
    JGE_X = JMP | JGE | X;
    JSET_K = JMP | JSET | K;
    JSET_X = JMP | JSET | X;
    RET_K = RET | K;
    RET_A = RET | A;
    TAX = MISC | TAX;
    TXA = MISC | TXA;
}
