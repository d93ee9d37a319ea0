//! Matching a frame in this process.

use pycap_filter::{Filter, Input, Metadata, ancillary};

use crate::wire_bytes::WireBytes;
#[cfg(target_os = "linux")]
use crate::wire_bytes::{TAG_LEN, without_tag};
use crate::{Direction, Error, ErrorKind, Frame, LinkType, Reception, Result};

/// Frames up to this long are put together on the stack.
const SCRATCH: usize = 2048;

impl Frame<'_> {
    /// Whether it matches a program that was made for its link type, as on the wire: a VLAN tag that was taken out of the bytes counts as
    /// if it were there.
    ///
    /// A program that looks for the tag itself, as those for live captures on Linux do, is told of it. What else such a program can ask
    /// for beside the bytes (direction, packet type, protocol, the interface of a cooked frame) it learns as far as the frame knows it; if
    /// the frame does not, it does not match, be the expression `inbound` or `not inbound`: [`try_matches`](Self::try_matches) tells that
    /// from a frame that does not match.
    ///
    /// ```
    /// use pycap_capture::{Filter, Frame, LinkType, VlanTag};
    ///
    /// // `vlan`, as `tcpdump -ddd` prints it for Ethernet files.
    /// let vlan: Filter = "6\n40 0 0 12\n21 2 0 33024\n21 1 0 34984\n21 0 1 37120\n6 0 0 262144\n6 0 0 0".parse()?;
    /// let frame = Frame::new(b"dst___src___\x08\0payload", LinkType::ETHERNET);
    /// assert!(!frame.matches(&vlan));
    /// assert!(frame.with_vlan_tag(VlanTag { tpid: 0x8100, tci: 42 }).matches(&vlan));
    /// # Ok::<(), pycap_filter::Error>(())
    /// ```
    #[inline]
    pub fn matches(self, filter: &Filter) -> bool {
        if self.vlan_tag().is_none() && !filter.uses_ancillary() {
            return filter.matches(Input::new(self.data(), self.original_len()));
        }
        self.on_wire(filter, |input| filter.matches(input))
    }

    /// Whether it [`matches`](Self::matches), as far as the frame knows what the program asks for. Frames of a classic pcap file know no
    /// direction (`inbound`, `outbound`) unless it is in their link header; in pcapng, packets may have it. No file has the number of an
    /// interface (`ifindex`), but for frames of [`LINUX_SLL2`](LinkType::LINUX_SLL2).
    ///
    /// ```
    /// use pycap_capture::{Direction, Filter, Frame, LinkType};
    ///
    /// // `inbound`, as `tcpdump -i eth0 -ddd` prints it.
    /// let inbound: Filter = "4\n40 0 0 4294963204\n21 0 1 4\n6 0 0 0\n6 0 0 262144".parse()?;
    /// let frame = Frame::new(b"dst___src___\x08\0payload", LinkType::ETHERNET);
    /// assert!(frame.with_direction(Direction::Inbound).try_matches(&inbound)?);
    /// assert!(!frame.with_direction(Direction::Outbound).try_matches(&inbound)?);
    /// assert!(frame.try_matches(&inbound).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidFilter`] if the program asks for what the frame does not know, or was compiled for another link type than the
    /// frame's.
    #[inline]
    pub fn try_matches(self, filter: &Filter) -> Result<bool> {
        check_link_type(filter, self.link_type())?;
        if self.vlan_tag().is_none() && !filter.uses_ancillary() {
            return Ok(filter.matches(Input::new(self.data(), self.original_len())));
        }
        self.on_wire(filter, |input| filter.try_run(input)).map(|kept| kept != 0).map_err(not_known)
    }

    /// Whether it matches a program as in the kernel, which has the tag that it took out of the frame beside the bytes, also where
    /// it is [back among them](crate::VlanTags::InFrame) by now.
    #[cfg(target_os = "linux")]
    pub(crate) fn matches_as_in_kernel(self, filter: &Filter, tag_is_back: bool) -> bool {
        let run = |frame: Frame<'_>| {
            let input = Input::new(frame.data(), frame.original_len());
            filter.matches(input.with_metadata(&metadata(frame)))
        };
        match without_tag(self.data(), self.link_type()).filter(|_| tag_is_back) {
            Some((bytes, tag)) => {
                let len = self.original_len().saturating_sub(TAG_LEN);
                run(self.borrow_from(&bytes, None).with_original_len(len).with_vlan_tag(tag))
            }
            None => run(self),
        }
    }

    /// Hands out the frame as on the wire and what else is known of it, as far as the filter looks at that.
    #[cold]
    #[inline(never)]
    fn on_wire<T>(self, filter: &Filter, run: impl FnOnce(Input<'_>) -> T) -> T {
        let metadata = metadata(self);
        let run = |data: &[u8], len| run(Input::new(data, len).with_metadata(&metadata));
        let bytes = match WireBytes::of(self) {
            WireBytes::Whole(data) => return run(data, self.original_len()),
            _ if filter.uses_vlan_metadata() => return run(self.data(), self.original_len()),
            bytes => bytes,
        };
        let len = self.original_len().saturating_add(bytes.added());
        let mut scratch = [0; SCRATCH];
        match scratch.get_mut(..bytes.len()) {
            Some(scratch) => {
                bytes.copy_to(scratch);
                run(scratch, len)
            }
            None => run(&self.wire_bytes(), len),
        }
    }
}

/// Refuses a filter that was compiled for frames of another link type.
#[inline]
pub(crate) fn check_link_type(filter: &Filter, link_type: LinkType) -> Result<()> {
    if filter.fits(link_type) { Ok(()) } else { Err(other_link_type(filter, link_type)) }
}

#[cold]
fn other_link_type(filter: &Filter, link_type: LinkType) -> Error {
    let compiled = filter.link_type().unwrap_or(link_type);
    let message = format!("compile the filter for frames of {link_type}: it was compiled for {compiled}");
    Error::new(ErrorKind::InvalidFilter, message)
}

#[cold]
fn not_known(error: pycap_filter::Error) -> Error {
    let message = match error.ancillary() {
        Some(ancillary::PKTTYPE) => {
            "leave `inbound` and `outbound` out of the filter: they are not supported here, as it is not known which way this packet went \
             (captures know it, and pcapng files keep it)"
                .to_owned()
        }
        Some(ancillary::IFINDEX) => {
            "leave `ifindex` out of the filter: it is not supported here, as files do not have the number of the interface".to_owned()
        }
        _ => error.to_string(),
    };
    Error::new(ErrorKind::InvalidFilter, message)
}

/// What the frame knows beside its bytes, in the kernel's numbers.
fn metadata(frame: Frame<'_>) -> Metadata {
    let mut metadata = Metadata::new().with_vlan(frame.vlan_tag());
    // PACKET_* of include/uapi/linux/if_packet.h.
    let packet_type = match (frame.direction(), frame.reception()) {
        (Direction::Outbound, _) => Some(4),
        (_, Reception::Unicast) => Some(0),
        (_, Reception::Broadcast) => Some(1),
        (_, Reception::Multicast) => Some(2),
        (_, Reception::Promiscuous) => Some(3),
        (Direction::Inbound, Reception::Unknown) => Some(0),
        (Direction::Unknown, Reception::Unknown) => None,
    };
    if let Some(packet_type) = packet_type {
        metadata = metadata.with_packet_type(packet_type);
    }
    let data = frame.data();
    let number = |at: usize| Some(u16::from_be_bytes(*data.get(at..)?.first_chunk()?));
    let protocol = match frame.link_type() {
        // Below this it is a length: `eth_type_trans` in net/ethernet/eth.c makes ETH_P_802_2 of it.
        LinkType::ETHERNET => number(12).map(|protocol| if protocol < 0x600 { 4 } else { protocol }),
        LinkType::LINUX_SLL => number(14),
        LinkType::LINUX_SLL2 => number(0),
        _ => None,
    };
    if let Some(protocol) = protocol {
        metadata = metadata.with_protocol(protocol);
    }
    if frame.link_type() == LinkType::LINUX_SLL2
        && let Some(index) = data.get(4..).and_then(|rest| rest.first_chunk())
    {
        metadata = metadata.with_ifindex(u32::from_be_bytes(*index));
    }
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VlanTag;

    /// `tcpdump -ddd -y EN10MB vlan 7` of libpcap 1.10.
    const VLAN_7: &str = "10\n40 0 0 12\n21 2 0 33024\n21 1 0 34984\n21 0 5 37120\n40 0 0 14\n84 0 0 4095\n\
                          21 0 2 7\n6 0 0 262144\n6 0 0 0\n6 0 0 0";

    fn frame(len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        bytes[12] = 8;
        bytes
    }

    #[test]
    fn a_stripped_tag_counts_at_each_length() {
        let filter: Filter = VLAN_7.parse().unwrap();
        for len in [14, 60, SCRATCH - 4, SCRATCH - 3, 9000] {
            let bytes = frame(len);
            let frame = Frame::new(&bytes, LinkType::ETHERNET);
            assert!(!frame.matches(&filter));
            assert!(frame.with_vlan_tag(VlanTag { tpid: 0x8100, tci: 0xe007 }).matches(&filter));
            assert!(!frame.with_vlan_tag(VlanTag { tpid: 0x8100, tci: 8 }).matches(&filter));
        }
        let short = Frame::new(&[0; 5], LinkType::ETHERNET).with_vlan_tag(VlanTag { tpid: 0x8100, tci: 7 });
        assert!(!short.matches(&filter));
    }

    #[test]
    fn ancillary_loads_learn_what_the_frame_knows() {
        // ld [pkttype]; jeq #4; and: ld [vlan_tag_present]; jeq #1.
        let outbound: Filter = "4\n32 0 0 4294963204\n21 0 1 4\n6 0 0 65535\n6 0 0 0".parse().unwrap();
        let tagged: Filter = "4\n32 0 0 4294963248\n21 0 1 1\n6 0 0 65535\n6 0 0 0".parse().unwrap();
        let bytes = frame(60);
        let frame = Frame::new(&bytes, LinkType::ETHERNET);
        assert!(!frame.matches(&outbound));
        assert!(!frame.with_direction(Direction::Inbound).matches(&outbound));
        assert!(frame.with_direction(Direction::Outbound).matches(&outbound));
        assert!(!frame.matches(&tagged));
        assert!(frame.with_vlan_tag(VlanTag { tpid: 0x8100, tci: 0 }).matches(&tagged));
    }
}
