//! IPv6 hop-by-hop options.
//!
//! The field map stands in [`ipv6_option`](crate::net::ipv6_option): both options headers have the same form.

crate::net::ipv6_option::options_header! {
    /// A hop-by-hop options header: what every router on the way may look at.
    Ipv6HopByHop, "HBH", " [|hbhopt]"
}
