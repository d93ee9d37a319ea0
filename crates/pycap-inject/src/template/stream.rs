//! Streams of packets that differ in some fields.

use super::{Patch, Slot, Template};

/// Packets from one template, whose fields take one value after the other.
///
/// Values are any iterators over the field's type: ranges (`(1024..=65535).step_by(7)`, [`Ipv4Range`](super::Ipv4Range)), counters (`0..`), the
/// same ones in turn (`[80, 443].into_iter().cycle()`), [`Random`](super::Random) ones.
///
/// ```
/// use pycap_inject::layer::{Ipv4, Udp};
/// use pycap_inject::template::{Field, Ipv4Range, Template};
///
/// let mut template = Template::new(&(Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]), Udp::new(4000, 7), [0; 8]))?;
/// let dst = template.field(Field::IPV4_DST)?;
/// let port = template.field(Field::UDP_DST_PORT)?;
/// let counter = template.field(Field::<u64>::payload(0))?;
/// let mut stream = template
///     .stream()
///     .each(dst, Ipv4Range::prefix([10, 0, 1, 0], 24)?)
///     .each(port, [53, 123, 161])
///     .with(counter, 0..);
/// let mut sent = 0;
/// while let Some(packet) = stream.next() {
///     sent += packet.len();
/// }
/// assert_eq!(sent, 256 * 3 * 36);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Stream<'t, S> {
    template: &'t mut Template,
    step: S,
    left: u64,
}

/// What makes the next packet of the one before.
pub trait Step: steps::Step {}

impl<S: steps::Step> Step for S {}

impl<'t> Stream<'t, Same> {
    pub(super) fn of(template: &'t mut Template) -> Self {
        Self { template, step: Same, left: u64::MAX }
    }
}

impl<'t, S: Step> Stream<'t, S> {
    /// The same, each packet with the next of `values` in a field; it ends where they do.
    #[must_use]
    pub fn with<T: Patch, I: IntoIterator<Item = T>>(
        self,
        slot: Slot<T>,
        values: I,
    ) -> Stream<'t, With<S, T, I::IntoIter>> {
        let step = With { before: self.step, slot, values: values.into_iter() };
        Stream { template: self.template, step, left: self.left }
    }

    /// Each packet of the same once with every one of `values` in a field; with no field before, there is one packet.
    #[must_use]
    pub fn each<T: Patch, I: IntoIterator<Item = T, IntoIter: Clone>>(
        self,
        slot: Slot<T>,
        values: I,
    ) -> Stream<'t, Each<S, T, I::IntoIter>> {
        let values = values.into_iter();
        let step = Each { before: self.step, slot, values, left: None };
        Stream { template: self.template, step, left: self.left }
    }

    /// The same, ending after `number` packets.
    #[must_use]
    pub fn take(self, number: u64) -> Self {
        Self { left: number.min(self.left), ..self }
    }

    /// The next packet; `None` after the last.
    #[inline]
    #[allow(clippy::should_implement_trait, reason = "each packet is in the place of the one before")]
    pub fn next(&mut self) -> Option<&[u8]> {
        self.left = self.left.checked_sub(1)?;
        if !self.step.step(self.template) {
            self.left = 0;
            return None;
        }
        Some(self.template.bytes())
    }
}

mod steps {
    use super::Template;

    pub trait Step {
        /// Whether all packets are the same one.
        const SAME: bool = false;

        /// Makes the next packet; false if there is none.
        fn step(&mut self, template: &mut Template) -> bool;
    }
}

/// The same packet again.
#[derive(Debug)]
pub struct Same;

impl steps::Step for Same {
    const SAME: bool = true;

    #[inline]
    fn step(&mut self, _: &mut Template) -> bool {
        true
    }
}

/// What [`Stream::with`] makes.
#[derive(Debug)]
pub struct With<S, T, I> {
    before: S,
    slot: Slot<T>,
    values: I,
}

impl<S: Step, T: Patch, I: Iterator<Item = T>> steps::Step for With<S, T, I> {
    #[inline]
    fn step(&mut self, template: &mut Template) -> bool {
        if !self.before.step(template) {
            return false;
        }
        self.values.next().map(|value| template.set(&self.slot, value)).is_some()
    }
}

/// What [`Stream::each`] makes.
#[derive(Debug)]
pub struct Each<S, T, I> {
    before: S,
    slot: Slot<T>,
    values: I,
    /// Those that the packet before has not had yet.
    left: Option<I>,
}

impl<S: Step, T: Patch, I: Iterator<Item = T> + Clone> steps::Step for Each<S, T, I> {
    #[inline]
    fn step(&mut self, template: &mut Template) -> bool {
        if let Some(value) = self.left.as_mut().and_then(Iterator::next) {
            template.set(&self.slot, value);
            return true;
        }
        if S::SAME && self.left.is_some() || !self.before.step(template) {
            return false;
        }
        let left = self.left.insert(self.values.clone());
        left.next().map(|value| template.set(&self.slot, value)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::{Ipv4, Udp};
    use crate::template::{Field, Ipv4Range, Random, Template};
    use crate::{Layer, PacketBuf};

    const A: [u8; 4] = [10, 0, 0, 1];

    fn template() -> Template {
        Template::new(&(Ipv4::new(A, A), Udp::new(1, 2), [0; 4])).unwrap()
    }

    #[test]
    fn fields_go_along_or_through_all_values() {
        let mut template = template();
        let dst = template.field(Field::IPV4_DST).unwrap();
        let src_port = template.field(Field::UDP_SRC_PORT).unwrap();
        let dst_port = template.field(Field::UDP_DST_PORT).unwrap();
        let counter = template.field(Field::<u32>::payload(0)).unwrap();
        let hosts: Ipv4Range = "10.0.0.4-10.0.0.5".parse().unwrap();
        let mut stream = template
            .stream()
            .each(dst, hosts.clone())
            .each(dst_port, (100..=300_u16).step_by(100))
            .with(src_port, [7_u16, 8].into_iter().cycle())
            .with(counter, 0_u32..);
        let mut buf = PacketBuf::new();
        let mut number = 0_u32;
        for host in hosts {
            for port in [100, 200, 300] {
                let src_port = 7 + (number % 2) as u16;
                let anew = (Ipv4::new(A, host), Udp::new(src_port, port), number.to_be_bytes());
                assert_eq!(stream.next(), Some(anew.write(&mut buf).unwrap()));
                number += 1;
            }
        }
        assert!(stream.next().is_none() && stream.next().is_none());
    }

    /// Numbers without a type are those of the field.
    #[test]
    fn ranges_are_of_the_fields_type() {
        let mut template = template();
        let port = template.field(Field::UDP_SRC_PORT).unwrap();
        let ttl = template.field(Field::IPV4_TTL).unwrap();
        let counter = template.field(Field::<u32>::payload(0)).unwrap();
        let mut stream =
            template.stream().with(port, (1024..=65535).step_by(7)).with(ttl, 1..).with(counter, 0..100);
        let mut found = Vec::new();
        while let Some(packet) = stream.next() {
            found.push((packet[8], u16::from_be_bytes([packet[20], packet[21]])));
        }
        let expected: Vec<(u8, u16)> = (0..100).map(|n| (1 + n, 1024 + 7 * u16::from(n))).collect();
        assert_eq!(found, expected);
        let mut stream = template.stream().each(port, [80, 443].into_iter().cycle()).take(3);
        let ports = [(); 3].map(|()| stream.next().map(|packet| packet[21]));
        assert_eq!(ports, [Some(80), Some(187), Some(80)]);
    }

    #[test]
    fn a_stream_ends_with_its_values_or_its_number() {
        let mut template = template();
        let port = template.field(Field::UDP_SRC_PORT).unwrap();
        let count = |mut next: Box<dyn FnMut() -> bool + '_>| (0..1000).take_while(|_| next()).count();
        let mut stream = template.stream().take(5);
        assert_eq!(count(Box::new(|| stream.next().is_some())), 5);
        let mut stream = template.stream().with(port, Random::<u16>::new(3)).take(9).take(30);
        assert_eq!(count(Box::new(|| stream.next().is_some())), 9);
        let mut stream = template.stream().each(port, [1_u16; 0]);
        assert_eq!(count(Box::new(|| stream.next().is_some())), 0);
        let mut stream = template.stream().each(port, [1_u16, 2]).with(port, [3_u16]);
        assert_eq!(count(Box::new(|| stream.next().is_some())), 1);
    }
}
