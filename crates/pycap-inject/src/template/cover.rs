//! Which checksums a field is part of, and how: found out by changing it.

use pycap_wire::{Layer, LayerKind, Layers, Located, Next};

use super::field::Field;
use crate::FieldError;
use crate::addresses::Addresses;

/// The greatest number of updates that one field needs.
const MAX_COVERS: usize = 4;

/// Where no packet has a byte.
const NOWHERE: u32 = u32::MAX - 2;

/// A checksum, and how it follows a field.
#[derive(Debug, Clone, Copy)]
struct Cover {
    at: u32,
    /// 1 where a result of 0 is written as 0; 0 where it is written as all ones.
    zero: u32,
}

/// What to do with a difference first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Turn {
    /// The field begins in the middle of one of the words that are summed (RFC 1071, 2(B): swap the sum).
    swap: bool,
    /// The sum gets smaller as the field gets larger: a checksum inside it has already followed the field.
    flip: bool,
}

impl Cover {
    const NONE: Self = Self { at: NOWHERE, zero: 0 };

    /// Adds a difference, old minus new, as in RFC 1624, equation 4, which is about which of its two zeros comes out.
    ///
    /// With `zero` all ones carry over into 0; without, the sum of two numbers that are not both 0 is never 0.
    #[inline(always)]
    fn add(&self, bytes: &mut [u8], difference: u16) {
        let at = self.at as usize;
        let Some(stored) = bytes.get_mut(at..at + 2) else { return };
        let Ok(stored): Result<&mut [u8; 2], _> = stored.try_into() else { return };
        let sum = u32::from(u16::from_ne_bytes(*stored)) + u32::from(difference);
        let carry = (sum + self.zero) >> 16;
        *stored = ((sum + carry) as u16).to_ne_bytes();
    }
}

/// The checksums that follow a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Covers {
    covers: [Cover; MAX_COVERS],
    turns: [Turn; MAX_COVERS],
    /// Whether they are at most two, and take the difference as it is: so it is for nearly every field.
    plain: bool,
}

impl Covers {
    fn new(found: &[(Cover, Turn)]) -> Self {
        let (mut covers, mut turns) = ([Cover::NONE; MAX_COVERS], [Turn::default(); MAX_COVERS]);
        for ((cover, turn), found) in covers.iter_mut().zip(&mut turns).zip(found) {
            (*cover, *turn) = *found;
        }
        Self { covers, turns, plain: found.len() <= 2 && turns == [Turn::default(); MAX_COVERS] }
    }

    /// Where the checksums stand.
    pub(super) fn places(&self) -> impl Iterator<Item = u32> {
        self.covers.iter().map(|cover| cover.at).filter(|at| *at != NOWHERE)
    }

    /// Has them follow what was written into a field; `difference` is old minus new.
    #[inline(always)]
    pub(super) fn update(&self, bytes: &mut [u8], difference: u16) {
        let [first, second, ..] = &self.covers;
        if self.plain {
            first.add(bytes, difference);
            second.add(bytes, difference);
        } else {
            self.turn_and_update(bytes, difference);
        }
    }

    #[cold]
    #[inline(never)]
    fn turn_and_update(&self, bytes: &mut [u8], difference: u16) {
        for (cover, turn) in self.covers.iter().zip(self.turns) {
            let difference = if turn.swap { difference.swap_bytes() } else { difference };
            cover.add(bytes, if turn.flip { !difference } else { difference });
        }
    }
}

/// Where a field stands, and what it is part of.
pub(super) struct Found {
    pub(super) at: u32,
    pub(super) covers: Covers,
}

/// Finds a field of `len` bytes, of which `mask` (as in memory) are its bits, in a packet that begins with what `start` names.
pub(super) fn find<T>(
    bytes: &[u8],
    start: Next,
    field: &Field<T>,
    len: usize,
    mask: u32,
) -> Result<Found, FieldError> {
    let shape = Shape::of(start, bytes);
    let (name, part_at, part_len, is_port) = match field.kind {
        Some(kind) => {
            let part = shape.nth(kind, field.nth)?;
            (kind.name(), part.offset, part.header_len, part.has_ports() && field.offset + len <= 4)
        }
        None => {
            let (at, len) = shape.payload(bytes.len());
            ("payload", at, len, false)
        }
    };
    let end = field.offset.saturating_add(len);
    if end > part_len {
        return Err(FieldError::new(format!("{name} has {part_len} bytes, the field would end at {end}")));
    }
    let at = part_at + field.offset;
    if let Some(checksum) = shape.checksums().find(|checksum| at < checksum.at + 2 && checksum.at < at + len)
    {
        return Err(FieldError::new(format!(
            "the bytes at {at} are part of the checksum at {}, which follows the other fields",
            checksum.at
        )));
    }

    let mut sums = Sums::new(&shape);
    let bits = |i: usize| mask.to_ne_bytes().get(i).copied().filter(|_| len <= 4).unwrap_or(0xff);
    let mut probe = bytes.to_vec();
    let flip = |probe: &mut Vec<u8>, i: usize| probe.get_mut(at + i).map(|byte| *byte ^= bits(i));
    for i in (0..len).filter(|i| bits(*i) != 0) {
        flip(&mut probe, i);
        let other = Shape::of(start, &probe);
        flip(&mut probe, i);
        // A port says what the payload is: other values make the same bytes something else, or nothing in particular.
        if !is_port && !shape.has_same_places(&other) {
            return Err(FieldError::new(format!(
                "other values of {name} at offset {} would change which layers follow, or their lengths: build the packet anew",
                field.offset
            )));
        }
        sums.add(&shape, (!is_port).then_some(&other), at, i)?;
    }
    let covers = sums.covers(&shape)?;
    let at = u32::try_from(at).map_err(|_| FieldError::new("the packet is longer than 4 GiB"))?;
    Ok(Found { at, covers })
}

/// Where everything in a packet stands that a checksum can depend on.
struct Shape {
    parts: Vec<Part>,
}

struct Part {
    kind: LayerKind,
    next: Next,
    offset: usize,
    header_len: usize,
    payload_len: usize,
    missing: usize,
    defective: bool,
    quoted: bool,
    checksum: Option<Checksum>,
    addresses: Addresses,
}

/// A checksum that stands at `at` and covers what is from `start` to `end`.
struct Checksum {
    at: usize,
    start: usize,
    end: usize,
    /// Whether it covers addresses.
    pseudo: bool,
    /// Whether a computed 0 is written as all ones, 0 being no checksum.
    optional: bool,
    /// Whether there is none.
    none: bool,
}

impl Shape {
    fn of(start: Next, bytes: &[u8]) -> Self {
        let mut addresses = Addresses::default();
        let mut ip_end = bytes.len();
        let parts = Layers::new(start, bytes).located().map(|Located { layer, offset, quoted }| {
            addresses = addresses.inside(&layer);
            let (header_len, payload_len) = (layer.header_len(), layer.payload().len());
            let end = offset + header_len + payload_len;
            if matches!(layer, Layer::Ipv4(_) | Layer::Ipv6(_)) {
                ip_end = end;
            }
            let over = |at: usize, end: usize, pseudo: bool| {
                let at = offset + at;
                Some(Checksum { at, start: offset, end, pseudo, optional: false, none: false })
            };
            let checksum = match &layer {
                Layer::Ipv4(_) => over(10, offset + header_len, false),
                Layer::Tcp(_) => over(16, end, true),
                Layer::Udp(udp) => over(6, end, true).map(|checksum| Checksum {
                    optional: true,
                    none: udp.checksum() == 0,
                    ..checksum
                }),
                Layer::UdpLite(udp_lite) => {
                    over(6, offset + header_len + udp_lite.covered_payload().len(), true)
                        .map(|checksum| Checksum { optional: true, ..checksum })
                }
                Layer::Icmpv4(_) | Layer::Igmp(_) => over(2, ip_end, false),
                Layer::Icmpv6(_) => over(2, ip_end, true),
                Layer::Mobility(_) => over(4, offset + header_len, true),
                _ => None,
            };
            let (next, missing, defective) = (layer.next(), layer.missing(), layer.defect().is_some());
            Part {
                kind: layer.kind(),
                next,
                offset,
                header_len,
                payload_len,
                missing,
                defective,
                quoted,
                checksum,
                addresses,
            }
        });
        Self { parts: parts.collect() }
    }

    fn nth(&self, kind: LayerKind, nth: usize) -> Result<&Part, FieldError> {
        let mut parts = self.parts.iter().filter(|part| part.kind == kind);
        parts.nth(nth).ok_or_else(|| {
            let found: Vec<&str> = self.parts.iter().map(|part| part.kind.name()).collect();
            let wanted = if nth == 0 { kind.name().into() } else { format!("{} number {nth}", kind.name()) };
            FieldError::new(format!("no layer {wanted} in the packet, which has {}", found.join(", ")))
        })
    }

    /// Where the payload begins, and how long it is.
    fn payload(&self, len: usize) -> (usize, usize) {
        let transport = self.parts.iter().rfind(|part| part.kind.is_transport() && !part.quoted);
        transport
            .or(self.parts.last())
            .map_or((0, len), |part| (part.offset + part.header_len, part.payload_len))
    }

    fn checksums(&self) -> impl DoubleEndedIterator<Item = &Checksum> {
        self.parts.iter().filter_map(|part| part.checksum.as_ref())
    }

    /// Whether the layers, as far as a checksum can depend on them, are the same and at the same places.
    fn has_same_places(&self, other: &Self) -> bool {
        let places = |shape: &Self| {
            let last = shape.parts.iter().rposition(|part| part.kind.is_transport());
            last.map_or(shape.parts.len(), |last| last + 1)
        };
        let number = places(self);
        number == places(other)
            && self.parts.iter().zip(&other.parts).take(number).all(|(a, b)| {
                (a.kind, a.offset, a.header_len, a.payload_len)
                    == (b.kind, b.offset, b.header_len, b.payload_len)
                    && (a.next, a.missing, a.defective, a.quoted)
                        == (b.next, b.missing, b.defective, b.quoted)
                    && a.checksum.as_ref().map(|c| (c.at, c.end))
                        == b.checksum.as_ref().map(|c| (c.at, c.end))
            })
    }
}

impl Part {
    fn has_ports(&self) -> bool {
        matches!(self.kind, LayerKind::Tcp | LayerKind::Udp | LayerKind::UdpLite)
    }
}

/// How many times the field's sum is in that of each layer's checksum: as it is, and with its bytes swapped.
struct Sums {
    first: Option<usize>,
    times: Vec<[i32; 2]>,
}

impl Sums {
    fn new(shape: &Shape) -> Self {
        Self { first: None, times: vec![[0; 2]; shape.parts.len()] }
    }

    /// Adds the field's byte `i`; `other` is the shape of a packet in which it alone is another.
    fn add(&mut self, shape: &Shape, other: Option<&Shape>, at: usize, i: usize) -> Result<(), FieldError> {
        let first = *self.first.get_or_insert(i);
        for (index, (part, times)) in shape.parts.iter().zip(&mut self.times).enumerate() {
            let Some(checksum) = &part.checksum else { continue };
            let mut here = [0; 2];
            let mut count = |position: usize| {
                if let Some(times) = here.get_mut((position + i) & 1) {
                    *times += 1;
                }
            };
            if (checksum.start..checksum.end).contains(&(at + i)) {
                count(at + i - checksum.start);
            }
            let other = other.and_then(|other| other.parts.get(index)).filter(|_| checksum.pseudo);
            if let Some(other) = other {
                let (before, after) = (part.addresses.octets(), other.addresses.octets());
                (0..before.len()).filter(|i| before.get(*i) != after.get(*i)).for_each(&mut count);
            }
            if i == first {
                *times = here;
            } else if *times != here {
                return Err(FieldError::new(format!(
                    "the checksum of {} covers only some of the {}-th byte and those before it in the field: set them as fields of their own",
                    part.kind,
                    i + 1
                )));
            }
        }
        Ok(())
    }

    /// The updates, innermost checksum first.
    fn covers(mut self, shape: &Shape) -> Result<Covers, FieldError> {
        let mut covers = Vec::new();
        for (index, part) in shape.parts.iter().enumerate().rev() {
            let Some(checksum) = part.checksum.as_ref().filter(|checksum| !checksum.none) else { continue };
            let Some(&times) = self.times.get(index) else { continue };
            // Checksums around this one cover it: they see it get smaller by as much as its sum gets larger.
            for (outer, outer_times) in shape.parts.iter().zip(&mut self.times).take(index) {
                let covered = outer.checksum.as_ref().filter(|c| (c.start..c.end).contains(&checksum.at));
                if let Some(outer) = covered {
                    let swap = (checksum.at - outer.start) & 1;
                    for (swapped, times) in times.into_iter().enumerate() {
                        if let Some(outer_times) = outer_times.get_mut(swapped ^ swap) {
                            *outer_times -= times;
                        }
                    }
                }
            }
            for (swapped, times) in times.into_iter().enumerate() {
                let cover = Cover {
                    at: u32::try_from(checksum.at).unwrap_or(u32::MAX),
                    // RFC 768: a checksum of 0 is sent as all ones.
                    zero: (!checksum.optional).into(),
                };
                let turn = Turn { swap: swapped == 1, flip: times < 0 };
                covers.extend((0..times.unsigned_abs()).take(MAX_COVERS + 1).map(|_| (cover, turn)));
            }
        }
        let number = covers.len();
        if number > MAX_COVERS {
            return Err(FieldError::new(format!(
                "the field is part of {number} checksums, {MAX_COVERS} can be updated: build the packet anew"
            )));
        }
        Ok(Covers::new(&covers))
    }
}
