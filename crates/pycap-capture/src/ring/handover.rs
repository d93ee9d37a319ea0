//! Who has which block: the filler (the kernel) fills the blocks in turn and hands each to the reader, the reader hands it back.
//!
//! A block's status word is all that the two share without an owner. It is behind a trait, so that the same code runs on the kernel's
//! memory, on a plain region that a thread fills, and in a model that loom takes through every order of events.

use std::sync::atomic::{AtomicU32, Ordering};

use libc::{TP_STATUS_KERNEL, TP_STATUS_USER};

/// The word of a block that says who has it.
pub(super) trait Status {
    /// The word's value.
    fn load(&self, order: Ordering) -> u32;

    /// Sets the word.
    fn store(&self, value: u32, order: Ordering);

    // The kernel pairs these with the barriers around its own use of the word: smp_wmb() in prb_close_block() before it says that the
    // block is the reader's, and smp_rmb() in prb_dispatch_next_block() (net/packet/af_packet.c).

    /// Whether the reader has the block. If so, all that the filler wrote to it is visible to this thread; if not, so is all that the
    /// reader did with it.
    #[inline]
    fn is_readers(&self) -> bool {
        self.load(Ordering::Acquire) & TP_STATUS_USER != 0
    }

    /// Hands the block to the filler, after everything that this thread did with it.
    #[inline]
    fn give_to_filler(&self) {
        self.store(TP_STATUS_KERNEL, Ordering::Release);
    }

    /// Hands the block to the reader, after everything that this thread wrote to it.
    #[inline]
    fn give_to_reader(&self) {
        self.store(TP_STATUS_USER, Ordering::Release);
    }
}

impl Status for AtomicU32 {
    #[inline]
    fn load(&self, order: Ordering) -> u32 {
        self.load(order)
    }

    #[inline]
    fn store(&self, value: u32, order: Ordering) {
        self.store(value, order);
    }
}

/// The blocks of a ring, by number.
pub(super) trait Blocks {
    /// A block's status word.
    type Status: Status;

    /// How many there are, at least one.
    fn count(&self) -> u32;

    /// The status word of one of them.
    fn status(&self, number: u32) -> &Self::Status;
}

/// The reader's place in the ring.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// The block that is read, or that will be next.
    next: u32,
    held: bool,
}

impl Reader {
    /// Takes the next block, if it is full. One that is still held is given back first.
    #[inline]
    pub(super) fn take(&mut self, blocks: &impl Blocks) -> Option<u32> {
        self.give_back(blocks);
        self.held = blocks.status(self.next).is_readers();
        self.held.then_some(self.next)
    }

    /// Gives the block back that is held, if there is one.
    #[inline]
    pub(super) fn give_back(&mut self, blocks: &impl Blocks) {
        if std::mem::take(&mut self.held) {
            blocks.status(self.next).give_to_filler();
            self.next = after(self.next, blocks);
        }
    }

    /// The block that is held.
    #[inline]
    pub(super) fn held(&self) -> Option<u32> {
        self.held.then_some(self.next)
    }

    /// The block that is held, or the next one to be taken.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// How many full blocks are to be read, the held one not counted, and the one after them.
    pub(super) fn waiting(&self, blocks: &impl Blocks) -> (u32, u32) {
        let mut number = if self.held { after(self.next, blocks) } else { self.next };
        for full in 0..blocks.count() - u32::from(self.held) {
            if !blocks.status(number).is_readers() {
                return (full, number);
            }
            number = after(number, blocks);
        }
        (blocks.count() - u32::from(self.held), number)
    }
}

/// The filler's place in the ring, where it is not the kernel.
#[derive(Debug, Default)]
pub(super) struct Filler {
    next: u32,
}

impl Filler {
    /// The block to fill, if the reader has given it back.
    pub(super) fn current(&self, blocks: &impl Blocks) -> Option<u32> {
        (!blocks.status(self.next).is_readers()).then_some(self.next)
    }

    /// Hands the current block, which must be the filler's, to the reader.
    pub(super) fn hand_over(&mut self, blocks: &impl Blocks) {
        blocks.status(self.next).give_to_reader();
        self.next = after(self.next, blocks);
    }
}

fn after(number: u32, blocks: &impl Blocks) -> u32 {
    if number + 1 < blocks.count() { number + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use loom::cell::UnsafeCell;
    use loom::sync::Arc;
    use loom::sync::atomic::AtomicU32 as LoomU32;
    use loom::thread;

    use super::*;

    /// A ring of two blocks of one number each. loom reports it if one side uses a number while the other may, in any order of events.
    struct Model {
        status: [LoomU32; 2],
        contents: [UnsafeCell<u32>; 2],
    }

    impl Status for LoomU32 {
        fn load(&self, order: Ordering) -> u32 {
            self.load(order)
        }

        fn store(&self, value: u32, order: Ordering) {
            self.store(value, order);
        }
    }

    impl Blocks for Model {
        type Status = LoomU32;

        fn count(&self) -> u32 {
            2
        }

        fn status(&self, number: u32) -> &LoomU32 {
            &self.status[number as usize]
        }
    }

    impl Model {
        fn contents(&self, number: u32) -> &UnsafeCell<u32> {
            &self.contents[number as usize]
        }
    }

    const FILLED: u32 = 4;

    /// One side fills four blocks in a ring of two, so that each is used again; the other reads them.
    fn hand_over(forget: bool) {
        loom::model(move || {
            let model = Arc::new(Model {
                status: [LoomU32::new(0), LoomU32::new(0)],
                contents: [UnsafeCell::new(0), UnsafeCell::new(0)],
            });
            let filler = thread::spawn({
                let model = Arc::clone(&model);
                move || {
                    let mut filler = Filler::default();
                    for value in 1..=FILLED {
                        let block = until(|| filler.current(&*model));
                        // SAFETY: the block is the filler's; loom checks it.
                        model.contents(block).with_mut(|contents| unsafe { *contents = value });
                        filler.hand_over(&*model);
                    }
                }
            });
            let mut reader = Reader::default();
            for value in 1..=FILLED {
                let block = until(|| reader.take(&*model));
                // SAFETY: the block is the reader's; loom checks it.
                let read = model.contents(block).with(|contents| unsafe { *contents });
                assert_eq!(read, value, "in order, each once");
                // A block that was not given back is given back by the next take.
                if !forget {
                    reader.give_back(&*model);
                }
            }
            filler.join().unwrap();
            assert_eq!(reader.take(&*model), None);
        });
    }

    /// Tries until it works. loom turns to the other side in between, as this one can do nothing.
    fn until<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
        loop {
            match attempt() {
                Some(result) => return result,
                None => thread::yield_now(),
            }
        }
    }

    #[test]
    fn no_order_of_events_lets_both_sides_at_a_block() {
        hand_over(false);
    }

    #[test]
    fn a_block_that_was_not_given_back_is_given_back_by_the_next_take() {
        hand_over(true);
    }

    #[test]
    fn what_waits_is_counted_around_the_end() {
        let words: [AtomicU32; 4] = [1, 0, 1, 1].map(AtomicU32::new);
        struct Words([AtomicU32; 4]);
        impl Blocks for Words {
            type Status = AtomicU32;
            fn count(&self) -> u32 {
                4
            }
            fn status(&self, number: u32) -> &AtomicU32 {
                &self.0[number as usize]
            }
        }
        let words = Words(words);
        let mut reader = Reader { next: 2, held: false };
        assert_eq!(reader.waiting(&words), (3, 1));
        assert_eq!(reader.take(&words), Some(2));
        assert_eq!(reader.waiting(&words), (2, 1));
        words.status(1).give_to_reader();
        assert_eq!(reader.waiting(&words), (3, 2), "all but the held one");
    }
}
