//! The files that the path has named, one after the other, as the events of its folder tell it.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};

/// So many files that are not opened yet are kept in mind by their names.
const MOST_KNOWN: usize = 1024;

/// What happened to a name in the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Something new has it.
    Created,
    /// Something has lost it, to take the one that the event with the same number tells.
    MovedFrom(u32),
    MovedTo(u32),
    Deleted,
}

/// Files that had the path's name and were not opened since. Those that are renamed within the folder are found under their new names,
/// however often that happens; those that are removed are missed, and counted.
#[derive(Debug)]
pub(super) struct Arrivals {
    /// The name in question.
    name: OsString,
    waiting: VecDeque<Place>,
    missed: u64,
    /// No file that comes from now on is waited for.
    closed: bool,
}

/// Where a file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    Named(OsString),
    /// Between two names: the number of the event that is going to tell.
    Moving(u32),
    Gone,
}

impl Arrivals {
    pub(super) fn of(name: &OsStr) -> Self {
        Self { name: name.to_owned(), waiting: VecDeque::new(), missed: 0, closed: false }
    }

    /// Takes in what happened to `name`. A folder only takes the place of others.
    pub(super) fn learn(&mut self, name: &OsStr, change: Change, is_folder: bool) {
        match change {
            Change::MovedFrom(number) => self.replace(name, Place::Moving(number)),
            Change::Deleted => self.replace(name, Place::Gone),
            Change::Created => self.arrive(name, is_folder),
            Change::MovedTo(number) => {
                // What had the name before is written over.
                self.replace(name, Place::Gone);
                match self.waiting.iter_mut().find(|place| **place == Place::Moving(number)) {
                    Some(place) => *place = Place::Named(name.to_owned()),
                    None => self.arrive(name, is_folder),
                }
            }
        }
    }

    fn replace(&mut self, name: &OsStr, place: Place) {
        if let Some(found) =
            self.waiting.iter_mut().find(|found| matches!(found, Place::Named(n) if n == name))
        {
            *found = place;
        }
    }

    fn arrive(&mut self, name: &OsStr, is_folder: bool) {
        if name != self.name || is_folder || self.closed {
            return;
        }
        if self.waiting.len() == MOST_KNOWN {
            self.waiting.pop_front();
            self.missed += 1;
        }
        self.waiting.push_back(Place::Named(name.to_owned()));
    }

    /// Where the first file is that is waited for.
    pub(super) fn first(&self) -> Option<&Place> {
        self.waiting.front()
    }

    /// The first one is opened, or known otherwise.
    pub(super) fn take(&mut self) {
        self.waiting.pop_front();
    }

    /// The first one cannot be had.
    pub(super) fn miss(&mut self) {
        self.take();
        self.missed += 1;
    }

    /// None of those that are waited for can be had.
    pub(super) fn miss_all(&mut self) {
        self.missed += self.waiting.len() as u64;
        self.waiting.clear();
    }

    /// No file that comes from now on counts.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// How many files were missed.
    pub(super) fn missed(&self) -> u64 {
        self.missed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(events: &[(&str, Change)]) -> Arrivals {
        let mut arrivals = Arrivals::of(OsStr::new("trace"));
        for (name, change) in events {
            arrivals.learn(OsStr::new(name), *change, false);
        }
        arrivals
    }

    fn named(name: &str) -> Place {
        Place::Named(name.into())
    }

    #[test]
    fn files_are_found_under_their_new_names() {
        use Change::{Created, Deleted, MovedFrom, MovedTo};
        // logrotate(8) moves all that it has on by one, and removes the last.
        let arrivals = after(&[
            ("trace", Created),
            ("trace", MovedFrom(1)),
            ("trace.1", MovedTo(1)),
            ("other", Created),
            ("trace", Created),
            ("trace.1", MovedFrom(2)),
            ("trace.2", MovedTo(2)),
            ("trace", MovedFrom(3)),
            ("trace.1", MovedTo(3)),
            ("trace", Created),
        ]);
        assert_eq!(arrivals.waiting, [named("trace.2"), named("trace.1"), named("trace")]);
        let arrivals = after(&[
            ("trace", Created),
            ("trace", MovedFrom(1)),
            ("trace.1", MovedTo(1)),
            ("trace", Created),
            ("trace", MovedFrom(2)),
            ("trace.1", MovedTo(2)),
            ("trace.1", Deleted),
        ]);
        assert_eq!(arrivals.waiting, [Place::Gone, Place::Gone]);
    }

    #[test]
    fn what_takes_the_place_of_another_is_new() {
        use Change::{Created, MovedFrom, MovedTo};
        let arrivals = after(&[("trace", Created), ("trace.new", Created), ("trace.new", MovedFrom(7))]);
        assert_eq!(arrivals.waiting, [named("trace")]);
        let mut arrivals = after(&[("trace", Created), ("trace", MovedTo(7)), ("trace", MovedFrom(8))]);
        assert_eq!(arrivals.waiting, [Place::Gone, Place::Moving(8)]);
        // It comes back.
        arrivals.learn(OsStr::new("trace"), MovedTo(8), false);
        assert_eq!(arrivals.waiting, [Place::Gone, named("trace")]);
        arrivals.learn(OsStr::new("trace"), Created, true);
        arrivals.close();
        arrivals.learn(OsStr::new("trace"), MovedTo(9), false);
        assert_eq!(arrivals.waiting, [Place::Gone, Place::Gone]);
    }

    #[test]
    fn names_are_bounded_and_what_is_dropped_is_counted() {
        let mut arrivals = after(&[]);
        for number in 0..MOST_KNOWN as u32 + 5 {
            arrivals.learn(OsStr::new("trace"), Change::Created, false);
            arrivals.learn(OsStr::new("trace"), Change::MovedFrom(number), false);
            arrivals.learn(OsStr::new(&format!("trace.{number}")), Change::MovedTo(number), false);
        }
        assert_eq!((arrivals.waiting.len(), arrivals.missed()), (MOST_KNOWN, 5));
        assert_eq!(arrivals.first(), Some(&named("trace.5")));
        arrivals.miss_all();
        assert_eq!(arrivals.missed(), MOST_KNOWN as u64 + 5);
    }
}
