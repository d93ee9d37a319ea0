//! The bytes of a list of options.

/// How many bytes stay in place: the options of IPv4 and TCP are not longer.
const IN_PLACE: usize = 40;

/// A list of options as bytes: in place as long as they are few, on the heap where they are more.
#[derive(Clone)]
pub(crate) enum OptionBytes {
    InPlace { len: u8, bytes: [u8; IN_PLACE] },
    Heap(Vec<u8>),
}

impl OptionBytes {
    pub(crate) const EMPTY: Self = Self::InPlace { len: 0, bytes: [0; IN_PLACE] };

    #[inline(always)]
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::InPlace { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Heap(bytes) => bytes,
        }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        match self {
            Self::InPlace { len, bytes } => bytes.get_mut(..usize::from(*len)).unwrap_or_default(),
            Self::Heap(bytes) => bytes,
        }
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    pub(crate) fn extend(&mut self, more: &[u8]) {
        match self {
            Self::InPlace { len, bytes } => {
                let old = usize::from(*len);
                match bytes.get_mut(old..old + more.len()) {
                    Some(to) => {
                        to.copy_from_slice(more);
                        *len += more.len() as u8;
                    }
                    None => *self = Self::Heap([self.as_slice(), more].concat()),
                }
            }
            Self::Heap(bytes) => bytes.extend_from_slice(more),
        }
    }

    /// Adds zero bytes until the length is a multiple of `unit`.
    pub(crate) fn pad(&mut self, unit: usize) {
        while !self.as_slice().len().is_multiple_of(unit) {
            self.extend(&[0]);
        }
    }
}

impl From<&[u8]> for OptionBytes {
    fn from(bytes: &[u8]) -> Self {
        let mut this = Self::EMPTY;
        this.extend(bytes);
        this
    }
}

impl PartialEq for OptionBytes {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for OptionBytes {}

impl std::fmt::Debug for OptionBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_slice().fmt(f)
    }
}
