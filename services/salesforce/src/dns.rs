//! Name resolution that refuses private addresses.
//!
//! A name under Salesforce's domains that resolves to a private, loopback or metadata address is an
//! attack or a broken resolver; either way a bearer must not go there. The resolved address is the
//! one connected to, so there is no second look-up to poison.

use std::io;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::host::AllowList;

/// Resolves through the system and filters.
pub(crate) struct PublicResolver {
    hosts: AllowList,
}

impl PublicResolver {
    pub(crate) fn new(hosts: AllowList) -> Self {
        Self { hosts }
    }
}

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let any_address = self.hosts.is_extra(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let usable: Vec<SocketAddr> = found
                .filter(|address| any_address || is_public(address.ip()))
                .collect();
            if usable.is_empty() {
                let error = io::Error::new(
                    io::ErrorKind::PermissionDenied,
                    "host has no public address",
                );
                return Err(error.into());
            }
            Ok(Box::new(usable.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is reachable on the public internet, as far as its range tells.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast()
                || ip.is_multicast()
                || ip.is_documentation()
                || a == 0
                || a >= 240
                // Carrier-grade NAT (RFC 6598) and benchmarking (RFC 2544).
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (18..20).contains(&b)))
        }
        IpAddr::V6(ip) => {
            if let Some(mapped) = ip.to_ipv4_mapped() {
                return is_public(IpAddr::V4(mapped));
            }
            let first = ip.segments()[0];
            // Only global unicast (2000::/3), without documentation and 6to4/NAT64 detours.
            (first & 0xe000) == 0x2000
                && first != 0x2002
                && !(first == 0x2001 && ip.segments()[1] == 0x0db8)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_used() {
        for public in ["13.110.14.8", "2606:4700::1111", "96.43.144.26"] {
            assert!(is_public(public.parse().expect(public)), "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00:ec2::254",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
        ] {
            assert!(!is_public(private.parse().expect(private)), "{private}");
        }
    }
}
