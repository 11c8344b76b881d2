//! What is told of an order on its way.

use crate::{Account, DnsName};

/// What happens during an order.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An account was made: to be stored at once, for the orders after this one.
    AccountMade(&'a Account),
    /// The authority has accepted the order.
    Ordered(&'a [DnsName]),
    /// The authority is about to ask the name for its answer.
    Asking(&'a DnsName),
    /// The name is proven.
    Proven(&'a DnsName),
    /// The certificate is there.
    Issued,
}
