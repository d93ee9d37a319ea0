//! IPv6 destination options.
//!
//! The field map stands in [`ipv6_option`](crate::net::ipv6_option): both options headers have the same form.

crate::net::ipv6_option::options_header! {
    /// A destination options header: what only the destination (or the next one on the route) looks at.
    Ipv6DestinationOptions, "DSTOPT", " [|dstopt]"
}
