//! The interfaces of all files that were followed, one after the other.

use std::collections::HashMap;

use crate::{Error, ErrorKind, Interface, Result};

/// So that a hostile stream of interfaces cannot fill the memory: as many, and as much text of them all, as one file may have.
const MAX_INTERFACES: usize = 1 << 20;
const MAX_TEXTS: usize = 64 << 20;

/// Interfaces by the index that frames carry. Those of a further file are behind the ones before, but for one that was at the same
/// place of a file before and is the same in all: files that are rotated for a year need no more than the first.
#[derive(Default)]
pub(super) struct Known {
    all: Vec<Interface>,
    /// The last one of each place, which is its section and its number there; and of each one, the one before at its place.
    last: HashMap<(u32, u32), u32>,
    before: Vec<Option<u32>>,
    texts: usize,
    /// The index of each interface of the current file.
    of_file: Vec<u32>,
}

impl Known {
    pub(super) fn all(&self) -> &[Interface] {
        &self.all
    }

    /// The index that frames carry, of an interface of the current file.
    #[inline]
    pub(super) fn index(&self, in_file: u32) -> u32 {
        self.of_file.get(in_file as usize).copied().unwrap_or(in_file)
    }

    /// Another file begins.
    pub(super) fn begin_file(&mut self) {
        self.of_file.clear();
    }

    /// Takes in what the current file has described so far.
    pub(super) fn learn(&mut self, of_file: &[Interface]) -> Result<()> {
        for interface in of_file.iter().skip(self.of_file.len()) {
            let index = match self.find(interface) {
                Some(index) => index,
                None => self.push(interface)?,
            };
            self.of_file.push(index);
        }
        Ok(())
    }

    fn find(&self, interface: &Interface) -> Option<u32> {
        let mut at = self.last.get(&place(interface)).copied();
        while let Some(index) = at {
            if self.all.get(index as usize) == Some(interface) {
                return at;
            }
            at = *self.before.get(index as usize)?;
        }
        None
    }

    fn push(&mut self, interface: &Interface) -> Result<u32> {
        let (count, texts) = (self.all.len(), self.texts + interface.texts_len());
        if count == MAX_INTERFACES || texts > MAX_TEXTS {
            let message = format!(
                "{count} interfaces with {} bytes of texts in the files so far, and another one: at most {MAX_INTERFACES} and \
                 {MAX_TEXTS} are kept apart",
                self.texts
            );
            return Err(Error::new(ErrorKind::Malformed, message));
        }
        let index = count as u32;
        self.before.push(self.last.insert(place(interface), index));
        self.all.push(interface.clone());
        self.texts = texts;
        Ok(index)
    }
}

fn place(interface: &Interface) -> (u32, u32) {
    (interface.section(), interface.id())
}

#[cfg(test)]
mod tests {
    use pycap_wire::LinkType;

    use super::*;

    #[test]
    fn what_is_known_keeps_its_index() {
        let interface = |name: &str, id| Interface::new(LinkType::ETHERNET).with_name(name).at(0, id);
        let mut known = Known::default();
        let files: [&[_]; 4] = [
            &[interface("a", 0), interface("a", 1)],
            &[interface("b", 0), interface("a", 1)],
            &[interface("a", 0)],
            &[interface("b", 0), interface("c", 1)],
        ];
        let indexes: [&[_]; 4] = [&[0, 1], &[2, 1], &[0], &[2, 3]];
        for (file, indexes) in files.into_iter().zip(indexes) {
            known.begin_file();
            // As they come, and once more.
            for end in 0..=file.len() {
                known.learn(&file[..end]).unwrap();
                known.learn(&file[..end]).unwrap();
            }
            let found: Vec<_> = (0..file.len() as u32).map(|id| known.index(id)).collect();
            assert_eq!(found, indexes);
        }
        assert_eq!(known.all().len(), 4);
    }

    #[test]
    fn there_is_a_limit() {
        let mut known = Known::default();
        let text = "x".repeat(1 << 20);
        let error = (0..100).find_map(|number| {
            known.begin_file();
            known.learn(&[Interface::new(LinkType(number)).with_description(text.as_str())]).err()
        });
        assert_eq!(error.unwrap().kind(), ErrorKind::Malformed);
        assert_eq!(known.all().len(), 63);
    }
}
