//! Multicast listener discovery, versions 1 and 2.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------------------------------+-------------------------------+
//! |     maximum response delay    |            reserved           |   query, report, done (RFC 2710, 3)
//! +-------------------------------+-------------------------------+
//! |                multicast address, 128 bits                    |
//! +-------+-+-----+---------------+-------------------------------+
//! |  resv |S| QRV |      QQIC     |       number of sources       |   version 2 query (RFC 9777, 5.1)
//! +-------+-+-----+---------------+-------------------------------+
//! |              source addresses, 128 bits each                  |
//! +-------------------------------+-------------------------------+
//! |            reserved           |       number of records       |   version 2 report (RFC 9777, 5.2)
//! +---------------+---------------+-------------------------------+
//! |  record type  | aux data len  |       number of sources       |   each record (aux data len is in 32-bit words)
//! +---------------+---------------+-------------------------------+
//! |   multicast address, source addresses, auxiliary data         |
//! +---------------------------------------------------------------+
//! ```

use core::net::Ipv6Addr;

use super::NdpAddresses;
use crate::header::{header, number};
use crate::{Field, Visit};

header! {
    /// The own fields of a version 1 message: 20 bytes.
    pub struct MldHeader {
        /// Maximum response delay in milliseconds, in a query; a code in version 2, see
        /// [`MldQuery::max_response_delay`].
        max_response_code, set_max_response_code: u16;
        /// Reserved.
        reserved, set_reserved: u16;
        /// The multicast address; `::` in a general query.
        group, set_group: Ipv6Addr;
    }
}

impl MldHeader {
    /// The fields of version 1, whose maximum response delay is no code (RFC 2710, 3.4).
    pub(super) fn fields(&self, visit: Visit<'_, '_>) {
        self.fields_with_delay(self.max_response_code().into(), visit);
    }

    fn fields_with_delay(&self, delay: u32, visit: Visit<'_, '_>) {
        visit(Field::uint("max_response_code", 4, self.max_response_code()));
        visit(Field::uint("max_response_delay", 4, delay));
        visit(Field::ipv6("mld_addr", 8, self.group()));
    }
}

header! {
    /// What a version 2 query has after the fields of version 1, without the sources: 4 bytes.
    pub struct Mldv2QueryHeader {
        /// Reserved (high four bits), S (suppress router-side processing), querier's robustness variable (low three bits).
        flags, set_flags: u8;
        /// Querier's query interval code, see [`query_interval`](Self::query_interval).
        qqic, set_qqic: u8;
        /// Number of sources.
        source_count, set_source_count: u16;
    }
}

impl Mldv2QueryHeader {
    /// S: routers that hear the query do not change their timers.
    pub fn suppress(&self) -> bool {
        self.flags() & 8 != 0
    }

    /// Querier's robustness variable.
    pub fn robustness(&self) -> u8 {
        self.flags() & 7
    }

    /// Sets [`suppress`](Self::suppress).
    #[inline]
    pub fn set_suppress(&mut self, suppress: bool) {
        self.set_flags(self.flags() & !8 | u8::from(suppress) << 3);
    }

    /// Sets [`robustness`](Self::robustness); the value's low three bits count.
    #[inline]
    pub fn set_robustness(&mut self, robustness: u8) {
        self.set_flags(self.flags() & !7 | robustness & 7);
    }

    /// Querier's query interval in seconds (RFC 9777, 5.1.9).
    pub fn query_interval(&self) -> u32 {
        let code = u32::from(self.qqic());
        if code < 128 { code } else { (code & 15 | 16) << ((code >> 4 & 7) + 3) }
    }
}

/// A multicast listener query of either version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MldQuery<'a> {
    /// The fields of version 1.
    pub header: &'a MldHeader,
    /// The fields that version 2 has more, where the message is long enough for them.
    pub v2: Option<&'a Mldv2QueryHeader>,
    sources: &'a [u8],
}

impl<'a> MldQuery<'a> {
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let (header, rest) = MldHeader::split(body)?;
        Some(match Mldv2QueryHeader::split(rest) {
            Some((v2, sources)) => {
                let length = usize::from(v2.source_count()) * 16;
                Self { header, v2: Some(v2), sources: sources.get(..length).unwrap_or(sources) }
            }
            None => Self { header, v2: None, sources: &[] },
        })
    }

    /// Maximum response delay in milliseconds: from 0x8000 on a code in version 2 (RFC 9777, 5.1.3).
    pub fn max_response_delay(&self) -> u32 {
        match u32::from(self.header.max_response_code()) {
            code @ 0x8000.. if self.v2.is_some() => (code & 0xfff | 0x1000) << ((code >> 12 & 7) + 3),
            delay => delay,
        }
    }

    /// The sources that a version 2 query asks for, as far as they are there.
    pub fn sources(&self) -> NdpAddresses<'a> {
        NdpAddresses::new(self.sources)
    }

    /// The length in bytes of the query's fields and sources, as far as they are there.
    pub(super) fn len(&self) -> usize {
        MldHeader::LEN + if self.v2.is_some() { Mldv2QueryHeader::LEN + self.sources.len() } else { 0 }
    }

    /// The length in bytes that the number of sources claims.
    pub(super) fn claimed_len(&self) -> usize {
        MldHeader::LEN + self.v2.map_or(0, |v2| Mldv2QueryHeader::LEN + usize::from(v2.source_count()) * 16)
    }

    pub(super) fn fields(&self, visit: Visit<'_, 'a>) {
        self.header.fields_with_delay(self.max_response_delay(), visit);
        if let Some(v2) = self.v2 {
            visit(Field::uint("suppress", 24, u8::from(v2.suppress())));
            visit(Field::uint("robustness", 24, v2.robustness()));
            visit(Field::uint("qqic", 25, v2.qqic()));
            visit(Field::uint("query_interval", 25, v2.query_interval()));
            visit(Field::uint("source_count", 26, v2.source_count()));
            self.sources().fields("sources", 28, visit);
        }
    }
}

header! {
    /// The own fields of a version 2 report before the records: 4 bytes.
    pub struct Mldv2ReportHeader {
        /// Reserved.
        reserved, set_reserved: u16;
        /// Number of records.
        record_count, set_record_count: u16;
    }
}

header! {
    /// A record of a version 2 report, without its sources and auxiliary data: 20 bytes.
    pub struct MldRecordHeader {
        /// What the record reports.
        record_type, set_record_type: MldRecordType;
        /// Length of the auxiliary data in 32-bit words.
        aux_words, set_aux_words: u8;
        /// Number of sources.
        source_count, set_source_count: u16;
        /// The multicast address.
        group, set_group: Ipv6Addr;
    }
}

number! {
    /// What a record of a version 2 report reports.
    pub struct MldRecordType(u8) {
        MODE_IS_INCLUDE = 1, "mode is include";
        MODE_IS_EXCLUDE = 2, "mode is exclude";
        CHANGE_TO_INCLUDE = 3, "change to include mode";
        CHANGE_TO_EXCLUDE = 4, "change to exclude mode";
        ALLOW_NEW_SOURCES = 5, "allow new sources";
        BLOCK_OLD_SOURCES = 6, "block old sources";
    }
}

/// An iterator over the records of a version 2 report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MldRecords<'a> {
    left: u16,
    rest: &'a [u8],
}

/// A record of a version 2 report. Where its lengths go past the end, its sources and its data are what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MldRecord<'a> {
    /// The fields of fixed length.
    pub header: &'a MldRecordHeader,
    sources: &'a [u8],
    /// Auxiliary data: none is defined.
    pub aux: &'a [u8],
}

impl<'a> MldRecords<'a> {
    pub(super) fn new(header: &Mldv2ReportHeader, bytes: &'a [u8]) -> Self {
        Self { left: header.record_count(), rest: bytes }
    }

    pub(super) fn fields(&self, mut offset: usize, visit: Visit<'_, 'a>) {
        for record in *self {
            let header = record.header;
            visit(
                Field::uint("record_types", offset, header.record_type())
                    .means(header.record_type().name())
                    .repeated(),
            );
            visit(Field::uint("record_aux_words", offset + 1, header.aux_words()).repeated());
            visit(Field::uint("record_source_counts", offset + 2, header.source_count()).repeated());
            visit(Field::ipv6("record_groups", offset + 4, header.group()).repeated());
            offset += MldRecordHeader::LEN;
            record.sources().fields("sources", offset, visit);
            offset += record.sources.len() + record.aux.len();
        }
    }
}

impl<'a> Iterator for MldRecords<'a> {
    type Item = MldRecord<'a>;

    fn next(&mut self) -> Option<MldRecord<'a>> {
        self.left = self.left.checked_sub(1)?;
        let (header, rest) = MldRecordHeader::split(self.rest)?;
        let sources = usize::from(header.source_count()) * 16;
        let (sources, rest) = rest.split_at_checked(sources).unwrap_or((rest, &[]));
        let (aux, rest) = rest.split_at_checked(usize::from(header.aux_words()) * 4).unwrap_or((rest, &[]));
        self.rest = rest;
        Some(MldRecord { header, sources, aux })
    }
}

impl<'a> MldRecord<'a> {
    /// The sources, as far as they are there.
    pub fn sources(&self) -> NdpAddresses<'a> {
        NdpAddresses::new(self.sources)
    }
}
