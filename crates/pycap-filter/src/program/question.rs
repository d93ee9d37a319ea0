//! Programs that only ask: each step compares bytes of the packet with a constant, and goes on by the answer.
//!
//! Nearly all that a filter expression is compiled to is of this kind: loads, masks and comparisons with constants, and X, if it is
//! used, is the length of an IPv4 header. What A and X are at a comparison is then known when the program is made, so that at
//! run time there are no registers and nothing to tell operations apart by: every step is the same.
//!
//! - Four bytes are loaded whatever the size of the original's load, in the order of memory; what it does not look at is masked out.
//!   Near the end of the packet, where four may be too many, they are put together one by one.
//! - `jset` asks whether masked bits are zero, the other way round. `jgt` is `jge` with the next number.
//! - A comparison of something that was loaded before loads it again, which costs nothing that a register would save.
//! - A load that nothing is asked of is kept as a question with one answer, since the packet may be too short for it.

use std::collections::BTreeMap;

use crate::Instruction;
use crate::instruction::*;

#[derive(Clone)]
pub(super) struct Questions {
    questions: Box<[Question]>,
    /// What is returned by an index behind the last question, by the next, and so on.
    returns: Box<[u32]>,
    start: u16,
    /// Some are not answered by equality.
    orders: bool,
}

/// 16 bytes, so that finding one takes no multiplication.
#[derive(Clone, Copy, Debug)]
struct Question {
    /// Where the bytes are, or how far behind the IPv4 header.
    at: u16,
    /// Where the IPv4 header is that they are behind.
    header: u8,
    kind: Kind,
    mask: Word,
    value: Word,
    yes: u16,
    no: u16,
}

const _: () = assert!(size_of::<Question>() == 16);

/// Four bytes of a packet as the machine loads them.
type Word = u32;

/// What [`Question::header`] is where there is none.
const NO_HEADER: u8 = u8::MAX;

/// How many bytes have to be there, and whether the masked ones shall be the value, or not less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind(u8);

impl Kind {
    const NOT_LESS: u8 = 0x80;

    fn size(self) -> usize {
        usize::from(self.0 & !Self::NOT_LESS)
    }

    #[inline(always)]
    fn is_order(self) -> bool {
        self.0 & Self::NOT_LESS != 0
    }
}

impl Questions {
    /// `None` if the program does more than ask.
    pub(super) fn new(instructions: &[Instruction]) -> Option<Self> {
        Maker::new(instructions).make()
    }

    #[inline]
    pub(super) fn run(&self, data: &[u8]) -> u32 {
        if self.orders { self.ask::<true>(data) } else { self.ask::<false>(data) }
    }

    /// Without `ORDERS`, all questions are for equality.
    #[inline(never)]
    fn ask<const ORDERS: bool>(&self, data: &[u8]) -> u32 {
        let mut index = self.start;
        while let Some(question) = self.questions.get(usize::from(index)) {
            let Some(at) = question.place(data) else { return 0 };
            let Some(bytes) = data.get(at..at + 4) else {
                return self.ask_at_the_end(data, index);
            };
            index = question.answer::<ORDERS>(bytes.try_into().expect("they are four"));
        }
        self.result(index)
    }

    /// Goes on with a question for bytes that less than four are left from.
    #[cold]
    #[inline(never)]
    fn ask_at_the_end(&self, data: &[u8], mut index: u16) -> u32 {
        while let Some(question) = self.questions.get(usize::from(index)) {
            let Some(at) = question.place(data) else { return 0 };
            let rest = data.get(at..).unwrap_or_default();
            if rest.len() < question.kind.size() {
                return 0;
            }
            let mut bytes = [0; 4];
            bytes.iter_mut().zip(rest).for_each(|(byte, found)| *byte = *found);
            index = question.answer::<true>(bytes);
        }
        self.result(index)
    }

    #[inline(always)]
    fn result(&self, index: u16) -> u32 {
        self.returns.get(usize::from(index) - self.questions.len()).copied().unwrap_or(0)
    }
}

impl Question {
    /// Where the bytes are.
    #[inline(always)]
    fn place(&self, data: &[u8]) -> Option<usize> {
        let at = usize::from(self.at);
        if self.header == NO_HEADER {
            return Some(at);
        }
        let first = data.get(usize::from(self.header))?;
        Some(at + (usize::from(first & 0xf) << 2))
    }

    /// The index that the bytes lead to.
    #[inline(always)]
    fn answer<const ORDERS: bool>(&self, bytes: [u8; 4]) -> u16 {
        let found = Word::from_ne_bytes(bytes) & self.mask;
        let holds = if ORDERS && self.kind.is_order() {
            Word::from_be(found) >= Word::from_be(self.value)
        } else {
            found == self.value
        };
        if holds {
            self.yes
        } else {
            // Keeps this a jump. As a choice between two numbers, each question would wait for the bytes of the one before, where a
            // jump is guessed and the next bytes, and the next packet's, are loaded meanwhile: half the time, measured.
            std::hint::black_box(());
            self.no
        }
    }
}

/// What A is: these bytes of the packet, and a mask over the number that they make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Loaded {
    at: u16,
    header: u8,
    size: u8,
    mask: u32,
}

/// Ahead of an instruction: its place, and what is known of the registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    place: usize,
    a: Option<Loaded>,
    /// Where the IPv4 header is whose length X is.
    x: Option<u8>,
}

/// A question, with what is known behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Draft {
    loaded: Loaded,
    test: Test,
    yes: Known,
    no: Known,
}

/// What is asked of the bytes. The constants fit the bytes' size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Test {
    Equal(u32),
    NotLess(u32),
    Always,
    Never,
}

/// What a way leads to.
#[derive(Clone, Copy)]
enum Target {
    Question(usize),
    Return(u32),
}

/// Goes all ways through a program.
struct Maker<'a> {
    instructions: &'a [Instruction],
    drafts: Vec<Draft>,
    /// The drafts' numbers.
    numbers: BTreeMap<Draft, usize>,
    /// How many instructions may yet be looked at: of a program that takes more than a few looks at each, since its ways meet with
    /// different things known, no questions are made.
    looks: usize,
}

impl<'a> Maker<'a> {
    fn new(instructions: &'a [Instruction]) -> Self {
        Self { instructions, drafts: Vec::new(), numbers: BTreeMap::new(), looks: 8 * instructions.len() }
    }

    fn make(mut self) -> Option<Questions> {
        let start = self.follow(Known { place: 0, a: None, x: None })?;
        let mut targets = Vec::new();
        while let Some(&Draft { yes, no, .. }) = self.drafts.get(targets.len()) {
            targets.push([self.follow(yes)?, self.follow(no)?]);
        }
        self.link(start, &targets)
    }

    /// Goes on to the next question or the end.
    fn follow(&mut self, mut known: Known) -> Option<Target> {
        loop {
            let instruction = self.look(known.place)?;
            let Instruction { code, k, .. } = instruction;
            known.place += 1;
            match code {
                RET_K => return Some(Target::Return(k)),
                // Not back: questions only lead ahead, so that they end.
                JA => known.place += usize::try_from(k as i32).ok()?,
                AND_K => known.a.as_mut()?.mask &= k,
                JEQ_K | JGT_K | JGE_K | JSET_K => return self.compare(instruction, known),
                LDB_ABS | LDH_ABS | LDW_ABS | LDB_IND | LDH_IND | LDW_IND => {
                    let size = size(code);
                    let header = if instruction.is_absolute_load() { NO_HEADER } else { known.x? };
                    let mask = u32::MAX >> (32 - 8 * u32::from(size));
                    let loaded = Loaded { at: k.try_into().ok()?, header, size, mask };
                    known.a = Some(loaded);
                    if !self.is_compared(known.place)? {
                        return Some(self.number(Draft {
                            loaded,
                            test: Test::Always,
                            yes: known,
                            no: known,
                        }));
                    }
                }
                LDX_MSH => {
                    let header = u8::try_from(k).ok().filter(|header| *header != NO_HEADER)?;
                    known.x = Some(header);
                    if !matches!(self.look(known.place)?.code, LDB_IND | LDH_IND | LDW_IND) {
                        let loaded = Loaded { at: header.into(), header: NO_HEADER, size: 1, mask: 0 };
                        return Some(self.number(Draft {
                            loaded,
                            test: Test::Always,
                            yes: known,
                            no: known,
                        }));
                    }
                }
                _ => return None,
            }
        }
    }

    fn look(&mut self, place: usize) -> Option<Instruction> {
        self.looks = self.looks.checked_sub(1)?;
        self.instructions.get(place).copied()
    }

    /// Whether A, which was just loaded, is compared before anything else happens.
    fn is_compared(&mut self, mut place: usize) -> Option<bool> {
        loop {
            match self.look(place)?.code {
                AND_K => place += 1,
                code => return Some(matches!(code, JEQ_K | JGT_K | JGE_K | JSET_K)),
            }
        }
    }

    /// The question that a comparison is, with what is known behind it.
    fn compare(&mut self, Instruction { code, jt, jf, k }: Instruction, known: Known) -> Option<Target> {
        let mut loaded = known.a?;
        let behind = |skipped: u8| Known { place: known.place + usize::from(skipped), ..known };
        let (mut yes, mut no) = (behind(jt), behind(jf));
        let test = match code {
            JEQ_K if k & !loaded.mask == 0 => Test::Equal(k),
            JSET_K if k & loaded.mask != 0 => {
                loaded.mask &= k;
                (yes, no) = (no, yes);
                Test::Equal(0)
            }
            JGE_K if k == 0 => Test::Always,
            JGE_K if k <= loaded.mask => Test::NotLess(k),
            JGT_K if k < loaded.mask => Test::NotLess(k + 1),
            _ => Test::Never,
        };
        Some(self.number(Draft { loaded, test, yes, no }))
    }

    fn number(&mut self, draft: Draft) -> Target {
        let number = *self.numbers.entry(draft).or_insert(self.drafts.len());
        if number == self.drafts.len() {
            self.drafts.push(draft);
        }
        Target::Question(number)
    }

    /// Turns what ways lead to into indices.
    fn link(self, start: Target, targets: &[[Target; 2]]) -> Option<Questions> {
        let mut returns = Vec::new();
        let mut known = BTreeMap::new();
        let count = self.drafts.len();
        let mut index = |target| match target {
            Target::Question(number) => u16::try_from(number).ok(),
            Target::Return(value) => {
                let number = *known.entry(value).or_insert(returns.len());
                if number == returns.len() {
                    returns.push(value);
                }
                u16::try_from(count + number).ok()
            }
        };
        let start = index(start)?;
        let mut questions = Vec::with_capacity(count);
        for (draft, &[yes, no]) in self.drafts.iter().zip(targets) {
            questions.push(draft.question(index(yes)?, index(no)?));
        }
        let orders = questions.iter().any(|question| question.kind.is_order());
        Some(Questions { questions: questions.into(), returns: returns.into(), start, orders })
    }
}

/// How many bytes a load takes.
fn size(code: u16) -> u8 {
    match code {
        LDB_ABS | LDB_IND => 1,
        LDH_ABS | LDH_IND => 2,
        _ => 4,
    }
}

impl Draft {
    fn question(self, yes: u16, no: u16) -> Question {
        let Loaded { at, header, size, mask } = self.loaded;
        let (mask, value) = match self.test {
            Test::Equal(value) | Test::NotLess(value) => (mask, value),
            Test::Always => (0, 0),
            Test::Never => (0, 1),
        };
        // The bytes asked for are the first of the four.
        let word = |number: u32| (number << (32 - 8 * u32::from(size))).to_be();
        let kind = match self.test {
            Test::NotLess(_) => Kind(size | Kind::NOT_LESS),
            _ => Kind(size),
        };
        Question { at, header, kind, mask: word(mask), value: word(value), yes, no }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Filter;

    fn questions(text: &str) -> Option<usize> {
        let filter: Filter = text.replace(',', "\n").parse().unwrap();
        Questions::new(filter.instructions()).map(|questions| questions.questions.len())
    }

    #[test]
    fn what_only_asks_is_made_questions() {
        // `tcp port 80`: each comparison is one.
        let tcp_port_80 = "20,40 0 0 12,21 0 6 34525,48 0 0 20,21 0 15 6,40 0 0 54,21 12 0 80,40 0 0 56,21 10 11 80,\
                           21 0 10 2048,48 0 0 23,21 0 8 6,40 0 0 20,69 6 0 8191,177 0 0 14,72 0 0 14,21 2 0 80,\
                           72 0 0 16,21 0 1 80,6 0 0 262144,6 0 0 0";
        assert_eq!(questions(tcp_port_80), Some(9));
        assert_eq!(questions("1,6 0 0 1"), Some(0));
        // A load that is not compared, of which the packet may be too short.
        assert_eq!(questions("2,40 0 0 12,6 0 0 1"), Some(1));
    }

    #[test]
    fn what_does_more_is_not() {
        for more in [
            "2,128 0 0 0,22 0 0 0",
            "3,48 0 0 0,7 0 0 0,6 0 0 1",
            "2,72 0 0 14,6 0 0 1",
            "2,40 0 0 65536,6 0 0 1",
        ] {
            assert_eq!(questions(more), None);
        }
        // Back to itself from its last jump.
        assert_eq!(questions("5,40 0 0 12,21 0 1 2048,6 0 0 1,5 0 0 4294967292,6 0 0 0"), None);
    }

    #[test]
    fn ways_that_meet_over_and_over_do_not_take_long() {
        // Each comparison's two ways leave X different, and meet ahead of the next.
        let mut program = Vec::new();
        for header in 0..120 {
            program.push(Instruction::statement(LDB_ABS, header));
            program.push(Instruction::jump(JEQ_K, 1, 0, 1));
            program.push(Instruction::statement(LDX_MSH, header));
        }
        program.push(Instruction::statement(LDB_IND, 0));
        program.push(Instruction::jump(JEQ_K, 1, 0, 0));
        program.push(Instruction::statement(RET_K, 1));
        assert!(Questions::new(&program).is_none());
    }
}
