//! Looking at what has changed: at the path, and at the file that had its name last.

use std::time::Instant;

use super::mark::still_ends;
use super::tail::{Found, Tail};
use super::{Follow, MOST_WAITING};
use crate::{Error, Result};

/// So often the path is looked at once more since it has changed meanwhile.
const TRIES: u32 = 8;

impl Follow {
    /// Looks at all that may have changed, where what comes still counts.
    pub(super) fn look(&mut self) -> Result<()> {
        if self.stopping {
            return Ok(());
        }
        self.check_truncated()?;
        for _ in 0..TRIES {
            self.watch.learn().map_err(|error| Error::io("cannot look for further files", error))?;
            let forgotten = self.watch.take_overflow();
            if !self.open_arrivals()? || self.waiting.len() == MOST_WAITING {
                return Ok(());
            }
            // What no event tells: where there are none, or where the path goes through a link that was changed.
            let found = Tail::find(&self.place, self.newest().identity());
            match found {
                Ok(Found::Known | Found::Nothing) => self.trouble = None,
                found => {
                    // One that was opened here before those that came before it would be out of order.
                    self.watch.learn().map_err(|error| Error::io("cannot look for further files", error))?;
                    if self.watch.has_arrivals() {
                        continue;
                    }
                    match found {
                        Ok(Found::New(file)) => {
                            // There were others, or not: whoever has to know is told.
                            self.missed += u64::from(forgotten);
                            self.wait_for(file);
                            self.watch.renew();
                        }
                        Ok(_) => {}
                        Err(error) => self.has_trouble(error),
                    }
                }
            }
            return Ok(());
        }
        Ok(())
    }

    /// Opens the files that came, as many as may wait; `false` if the first of them cannot be opened now.
    pub(super) fn open_arrivals(&mut self) -> Result<bool> {
        while self.waiting.len() < MOST_WAITING && self.watch.has_arrivals() {
            match self.watch.next_arrival(self.newest().identity()) {
                Ok(Some(file)) => self.wait_for(file),
                Ok(None) => {}
                Err(error) => {
                    self.has_trouble(error);
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// The last file that the path is known to have named.
    fn newest(&self) -> &Tail {
        self.waiting.back().unwrap_or(&self.file)
    }

    fn wait_for(&mut self, file: Tail) {
        self.trouble = None;
        self.watch.add(file.identity(), file.file());
        self.waiting.push_back(file);
    }

    fn has_trouble(&mut self, error: Error) {
        let since = self.trouble.take().map_or_else(Instant::now, |(since, _)| since);
        self.trouble = Some((since, error));
    }

    /// Whether the newest file was truncated, to be written anew in its place. What was read of it is still handed out; then it starts over.
    fn check_truncated(&mut self) -> Result<()> {
        if let Some(newest) = self.waiting.back_mut() {
            self.missed += u64::from(newest.was_lost_unread()?);
            return Ok(());
        }
        if self.starts_over {
            self.missed += u64::from(self.file.was_lost_unread()?);
            return Ok(());
        }
        let (before, now) = self.file.look()?;
        // Nothing is lost of what has not even had a header.
        let Some(records) = &self.records else { return Ok(()) };
        self.mark.renew(&records.buffer);
        let (position, offset) = (records.buffer.position(), self.file.offset());
        let window = records.buffer.window();
        // Shorter by a part of a record, it goes on: see `check_rewritten`.
        let cut_back = || now.checked_sub(position).and_then(|left| window.get(..left as usize));
        let goes_on = self.mark.holds(&mut self.file)?
            && match if now < offset { cut_back() } else { Some(window) } {
                Some(kept) => still_ends(kept, now.min(offset), &mut self.file)?,
                None => false,
            };
        if !goes_on && !self.at_end {
            self.missed += u64::from(before > offset);
            self.starts_over = true;
            self.file.end_at(offset);
            // What it has now is for the next look to compare with.
            self.file.was_lost_unread()?;
        }
        Ok(())
    }
}
