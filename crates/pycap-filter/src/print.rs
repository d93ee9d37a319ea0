//! Programs as tcpdump's `-d`, `-dd` and `-ddd` print them.

use std::fmt::{self, Display};

use crate::Instruction;
use crate::instruction::*;

/// Displays a program as `tcpdump -d` does: [`Filter::listing`](crate::Filter::listing).
#[derive(Clone, Copy, Debug)]
pub struct Listing<'a>(pub(crate) &'a [Instruction]);

/// Displays a program as `tcpdump -dd` does: [`Filter::c_array`](crate::Filter::c_array).
#[derive(Clone, Copy, Debug)]
pub struct CArray<'a>(pub(crate) &'a [Instruction]);

/// Displays a program as `tcpdump -ddd` does: [`Filter::decimal`](crate::Filter::decimal).
#[derive(Clone, Copy, Debug)]
pub struct Decimal<'a>(pub(crate) &'a [Instruction]);

impl Listing<'_> {
    pub(crate) fn lines(&self) -> impl Iterator<Item = impl Display> {
        self.0.iter().enumerate().map(|(number, &instruction)| Line { number, instruction })
    }
}

impl Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lines(f, self.lines())
    }
}

impl Display for CArray<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let element = |&Instruction { code, jt, jf, k }| format!("{{ {code:#x}, {jt}, {jf}, {k:#010x} }},");
        lines(f, self.0.iter().map(element))
    }
}

impl Display for Decimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.0.len())?;
        lines(f, self.0.iter().map(|&Instruction { code, jt, jf, k }| format!("{code} {jt} {jf} {k}")))
    }
}

fn lines(f: &mut fmt::Formatter<'_>, lines: impl Iterator<Item = impl Display>) -> fmt::Result {
    for (number, line) in lines.enumerate() {
        if number > 0 {
            f.write_str("\n")?;
        }
        write!(f, "{line}")?;
    }
    Ok(())
}

struct Line {
    number: usize,
    instruction: Instruction,
}

impl Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number;
        let name = mnemonic(self.instruction.code);
        let operand = self.operand();
        write!(f, "({number:03}) {name:<8} ")?;
        if self.instruction.is_conditional_jump() {
            let target = |skipped: u8| number + 1 + usize::from(skipped);
            let Instruction { jt, jf, .. } = self.instruction;
            write!(f, "{operand:<16} jt {}\tjf {}", target(jt), target(jf))
        } else {
            f.write_str(&operand)
        }
    }
}

impl Line {
    fn operand(&self) -> String {
        let Instruction { code, k, .. } = self.instruction;
        // libpcap prints what it takes for numbers as signed ones.
        let number = k as i32;
        match code {
            LDW_ABS | LDH_ABS | LDB_ABS => match ancillary_name(k) {
                Some(name) => format!("[{name}]"),
                None => format!("[{number}]"),
            },
            LDW_IND | LDH_IND | LDB_IND => format!("[x + {number}]"),
            LDX_MSH => format!("4*([{number}]&0xf)"),
            LD_LEN => "#pktlen".into(),
            LD_MEM | LDX_MEM | ST | STX => format!("M[{number}]"),
            JA => (self.number as i32).wrapping_add(1).wrapping_add(number).to_string(),
            ADD_K | SUB_K | MUL_K | DIV_K | MOD_K | LSH_K | RSH_K | RET_K => format!("#{number}"),
            LD_IMM | LDX_IMM | AND_K | OR_K | XOR_K | JEQ_K | JGT_K | JGE_K | JSET_K => format!("#{k:#x}"),
            ADD_X | SUB_X | MUL_X | DIV_X | MOD_X | LSH_X | RSH_X | AND_X | OR_X | XOR_X => "x".into(),
            JEQ_X | JGT_X | JGE_X | JSET_X => "x".into(),
            RET_A | NEG | TAX | TXA => String::new(),
            _ => format!("{code:#x}"),
        }
    }
}

fn mnemonic(code: u16) -> &'static str {
    match code {
        LDW_ABS | LDW_IND | LD_LEN | LD_IMM | LD_MEM => "ld",
        LDH_ABS | LDH_IND => "ldh",
        LDB_ABS | LDB_IND => "ldb",
        LDX_IMM | LDX_MEM => "ldx",
        LDX_MSH => "ldxb",
        ST => "st",
        STX => "stx",
        ADD_K | ADD_X => "add",
        SUB_K | SUB_X => "sub",
        MUL_K | MUL_X => "mul",
        DIV_K | DIV_X => "div",
        MOD_K | MOD_X => "mod",
        AND_K | AND_X => "and",
        OR_K | OR_X => "or",
        XOR_K | XOR_X => "xor",
        LSH_K | LSH_X => "lsh",
        RSH_K | RSH_X => "rsh",
        NEG => "neg",
        JA => "ja",
        JEQ_K | JEQ_X => "jeq",
        JGT_K | JGT_X => "jgt",
        JGE_K | JGE_X => "jge",
        JSET_K | JSET_X => "jset",
        RET_K | RET_A => "ret",
        TAX => "tax",
        TXA => "txa",
        // libpcap runs `ldx #pktlen`, and has no word for it.
        _ => "unimp",
    }
}

/// libpcap's words for them, bpf_image.c.
fn ancillary_name(k: u32) -> Option<&'static str> {
    Some(match k {
        ancillary::PROTOCOL => "proto",
        ancillary::PKTTYPE => "type",
        ancillary::IFINDEX => "ifidx",
        ancillary::NLATTR => "nla",
        ancillary::NLATTR_NEST => "nlan",
        ancillary::MARK => "mark",
        ancillary::QUEUE => "queue",
        ancillary::HATYPE => "hatype",
        ancillary::RXHASH => "rxhash",
        ancillary::CPU => "cpu",
        ancillary::ALU_XOR_X => "xor_x",
        ancillary::VLAN_TAG => "vlan_tci",
        ancillary::VLAN_TAG_PRESENT => "vlanp",
        ancillary::PAY_OFFSET => "poff",
        ancillary::RANDOM => "random",
        ancillary::VLAN_TPID => "vlan_tpid",
        _ => return None,
    })
}
