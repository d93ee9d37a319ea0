//! Programs from text and to text, and what is said of text and programs that are none.

use pycap_filter::opcode::*;
use pycap_filter::{ErrorKind, Filter, Instruction, MAX_INSTRUCTIONS, MAX_KERNEL_INSTRUCTIONS};

/// `udp port 53` for Ethernet, by tcpdump 4.99 with libpcap 1.10: `-d`, `-dd`, `-ddd`.
const LISTING: &str = "\
(000) ldh      [12]
(001) jeq      #0x86dd          jt 2\tjf 8
(002) ldb      [20]
(003) jeq      #0x11            jt 4\tjf 19
(004) ldh      [54]
(005) jeq      #0x35            jt 18\tjf 6
(006) ldh      [56]
(007) jeq      #0x35            jt 18\tjf 19
(008) jeq      #0x800           jt 9\tjf 19
(009) ldb      [23]
(010) jeq      #0x11            jt 11\tjf 19
(011) ldh      [20]
(012) jset     #0x1fff          jt 19\tjf 13
(013) ldxb     4*([14]&0xf)
(014) ldh      [x + 14]
(015) jeq      #0x35            jt 18\tjf 16
(016) ldh      [x + 16]
(017) jeq      #0x35            jt 18\tjf 19
(018) ret      #262144
(019) ret      #0";

const C_ARRAY: &str = "\
{ 0x28, 0, 0, 0x0000000c },
{ 0x15, 0, 6, 0x000086dd },
{ 0x30, 0, 0, 0x00000014 },
{ 0x15, 0, 15, 0x00000011 },
{ 0x28, 0, 0, 0x00000036 },
{ 0x15, 12, 0, 0x00000035 },
{ 0x28, 0, 0, 0x00000038 },
{ 0x15, 10, 11, 0x00000035 },
{ 0x15, 0, 10, 0x00000800 },
{ 0x30, 0, 0, 0x00000017 },
{ 0x15, 0, 8, 0x00000011 },
{ 0x28, 0, 0, 0x00000014 },
{ 0x45, 6, 0, 0x00001fff },
{ 0xb1, 0, 0, 0x0000000e },
{ 0x48, 0, 0, 0x0000000e },
{ 0x15, 2, 0, 0x00000035 },
{ 0x48, 0, 0, 0x00000010 },
{ 0x15, 0, 1, 0x00000035 },
{ 0x6, 0, 0, 0x00040000 },
{ 0x6, 0, 0, 0x00000000 },";

const DECIMAL: &str = "\
20
40 0 0 12
21 0 6 34525
48 0 0 20
21 0 15 17
40 0 0 54
21 12 0 53
40 0 0 56
21 10 11 53
21 0 10 2048
48 0 0 23
21 0 8 17
40 0 0 20
69 6 0 8191
177 0 0 14
72 0 0 14
21 2 0 53
72 0 0 16
21 0 1 53
6 0 0 262144
6 0 0 0";

#[test]
fn what_tcpdump_prints_is_read_and_printed() {
    let filter: Filter = DECIMAL.parse().unwrap();
    assert_eq!(filter, C_ARRAY.parse().unwrap());
    assert_eq!(filter.listing().to_string(), LISTING);
    assert_eq!(filter.c_array().to_string(), C_ARRAY);
    assert_eq!(filter.decimal().to_string(), DECIMAL);
    // As files have it: other line ends, empty lines, tabs.
    assert_eq!(filter, DECIMAL.replace('\n', "\r\n\r\n").replace(' ', "\t").parse().unwrap());
}

#[test]
fn text_that_is_no_program_is_told_with_its_line() {
    for (text, line, message) in [
        ("", None, "filter program: no instructions; the shortest program is one that returns"),
        (
            "tcp port 80",
            Some(1),
            "filter program: line 1: \"tcp port 80\" found; the count of instructions or '{' was expected",
        ),
        ("2\n6 0 0 1", Some(1), "filter program: line 1: 2 instructions announced, 1 found"),
        (
            "1\n\n6 0 1",
            Some(3),
            "filter program: line 3: \"6 0 1\" found; an instruction was expected: code, jt, jf and k",
        ),
        (
            "1\n6 0 0 -1",
            Some(2),
            "filter program: line 2: \"6 0 0 -1\" found; an instruction was expected: code, jt, jf and k",
        ),
        (
            "1\n6 256 0 1",
            Some(2),
            "filter program: line 2: \"6 256 0 1\" found; an instruction was expected: code, jt, jf and k",
        ),
        (
            "{ 0x6, 0, 0, 1, 1 },",
            Some(1),
            "filter program: line 1: \"{ 0x6, 0, 0, 1, 1 },\" found; an instruction was expected: code, jt, jf and k",
        ),
        (
            "{ 0x6, 0, 0, 0x1ffffffff },",
            Some(1),
            "filter program: line 1: \"{ 0x6, 0, 0, 0x1ffffffff },\" found; an instruction was expected: code, jt, jf and k",
        ),
    ] {
        let error = text.parse::<Filter>().unwrap_err();
        assert_eq!((error.line(), error.to_string().as_str()), (line, message));
        assert_eq!(error.instruction(), None);
    }
}

#[test]
fn what_is_no_program_is_told_with_the_instruction() {
    let ret = Instruction::statement(RET | K, 0);
    let first = |code, k| vec![Instruction::statement(code, k), ret];
    for (program, kind, message) in [
        (vec![], ErrorKind::Empty, "no instructions; the shortest program is one that returns"),
        (first(0xffff, 0), ErrorKind::UnknownCode, "instruction 0: unknown code 0xffff"),
        (first(ALU | DIV | K, 0), ErrorKind::DivisionByZero, "instruction 0: divides by 0"),
        (first(ALU | MOD | K, 0), ErrorKind::DivisionByZero, "instruction 0: divides by 0"),
        (
            first(ALU | RSH | K, 32),
            ErrorKind::ShiftTooFar,
            "instruction 0: shifts by 32 bits, at most 31 are possible",
        ),
        (
            first(ST, 16),
            ErrorKind::NoSuchMemory,
            "instruction 0: word 16 of memory, there are 16, counted from 0",
        ),
        (
            first(JMP | JA, 1),
            ErrorKind::JumpOutOfProgram,
            "instruction 0: jumps out of the program, over 1 instructions",
        ),
        (
            first(JMP | JA, -3_i32 as u32),
            ErrorKind::JumpOutOfProgram,
            "instruction 0: jumps out of the program, over -3 instructions",
        ),
        (
            first(JMP | JA, -1_i32 as u32),
            ErrorKind::EndlessLoop,
            "instruction 0: jumps to itself and so never ends",
        ),
        (
            vec![Instruction::jump(JMP | JEQ | K, 0, 0, 7), ret],
            ErrorKind::JumpOutOfProgram,
            "instruction 0: jumps out of the program, over 0 or 7 instructions",
        ),
        (
            vec![ret, Instruction::statement(MISC | TAX, 0)],
            ErrorKind::NoReturn,
            "instruction 1: is the last and does not return",
        ),
        (vec![ret; MAX_INSTRUCTIONS + 1], ErrorKind::TooLong, "instructions, at most"),
    ] {
        let error = Filter::new(&*program).unwrap_err();
        let said = error.to_string();
        assert_eq!(error.kind(), kind, "{said}");
        assert!(said.starts_with("filter program: ") && said.contains(message), "{said}");
        assert_eq!(error.instruction().is_some(), message.starts_with("instruction "), "{said}");
        assert_eq!(error.line(), None);
    }
}

#[test]
fn what_the_kernel_does_not_take_is_told_with_the_way_out() {
    let ret = Instruction::statement(RET | K, 1);
    let unknown = Instruction::statement(LD | W | ABS, -4000_i32 as u32);
    for (program, kind, message) in [
        (
            vec![ret; MAX_KERNEL_INSTRUCTIONS + 1],
            ErrorKind::TooLongForKernel,
            "it can still be matched in this process",
        ),
        (
            vec![ret, Instruction::statement(JMP | JA, -2_i32 as u32), ret],
            ErrorKind::BackwardJump,
            "it can still be matched in this process",
        ),
        (vec![unknown, ret], ErrorKind::UnknownAncillary, "the kernel knows no ancillary load -4000"),
        (
            vec![Instruction::statement(LDX | W | MEM, 3), ret],
            ErrorKind::MemoryNotWritten,
            "reads word 3 of memory",
        ),
    ] {
        let error = Filter::new(&*program).unwrap().check_kernel().unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(message), "{error}");
    }
}
