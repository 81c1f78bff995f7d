//! Network addresses: of the same form, equal octets or groups in front by equal ones, special values by themselves.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Kind, Redactor};

impl Redactor {
    /// 0 and 255 stay in every octet, so that networks and broadcasts of whole octets remain what they are; so do
    /// loopback, multicast and masks, and the first octets of private networks.
    pub(super) fn ipv4(&mut self, address: Ipv4Addr) -> Ipv4Addr {
        let octets = address.octets();
        let kept = match octets {
            [0 | 127 | 224.., ..] => 4,
            [192, 168, ..] | [172, 16..=31, ..] | [169, 254, ..] => 2,
            [10, ..] => 1,
            _ => 0,
        };
        let mut new = octets;
        for at in kept..4 {
            new[at] = self.octet(b"ipv4", &octets[..at], octets[at]);
        }
        if new != octets {
            self.note(Kind::IpAddress, address.to_string().as_bytes());
        }
        new.into()
    }

    /// An octet from 1 to 254 by another: a keyed permutation for each prefix.
    fn octet(&mut self, domain: &[u8], prefix: &[u8], octet: u8) -> u8 {
        if matches!(octet, 0 | 255) {
            return octet;
        }
        let cached = [domain, prefix, &[octet]].concat();
        if let Some(&known) = self.octets.get(&cached) {
            return known;
        }
        // The rank of this octet's keyed value among those of all octets.
        let value = |octet: u8| (self.keyed(domain, &[prefix, &[octet]].concat()), octet);
        let own = value(octet);
        let rank = (1..=254).filter(|&other| value(other) < own).count();
        let new = u8::try_from(rank + 1).unwrap_or(octet);
        self.octets.insert(cached, new);
        new
    }

    /// Zero groups stay; so do loopback, multicast and the front of link-local addresses.
    pub(super) fn ipv6(&mut self, address: Ipv6Addr) -> Ipv6Addr {
        let octets = address.octets();
        if address.is_loopback() || address.is_unspecified() || address.is_multicast() {
            return address;
        }
        let kept = if octets[0] == 0xfe { 8 } else { 0 };
        let mut new = octets;
        for at in kept..16 {
            if octets[at] != 0 {
                new[at] = self.octet(b"ipv6", &octets[..at], octets[at]);
            }
        }
        if new != octets {
            self.note(Kind::IpAddress, address.to_string().as_bytes());
        }
        new.into()
    }

    /// A locally administered unicast address; nobody's and everybody's stay.
    pub(super) fn mac(&mut self, address: &[u8]) -> Vec<u8> {
        let digits: Vec<u8> = address
            .iter()
            .copied()
            .filter(u8::is_ascii_hexdigit)
            .collect();
        if digits.iter().all(|digit| *digit == b'0')
            || digits.iter().all(|digit| b"fF".contains(digit))
        {
            return address.to_vec();
        }
        self.note(Kind::MacAddress, address);
        let keyed = self.keyed(b"mac", &digits.to_ascii_lowercase());
        let groups = address.len().div_ceil(3);
        let group = |at: usize| match at {
            0 => "02".to_owned(),
            at => format!("{:02x}", keyed[at % keyed.len()]),
        };
        (0..groups)
            .map(group)
            .collect::<Vec<_>>()
            .join(":")
            .into_bytes()
    }
}

/// Six or more pairs of hexadecimal digits between colons.
pub(super) fn is_mac(token: &[u8]) -> bool {
    token.len() >= 17
        && token.len() % 3 == 2
        && token
            .split(|&byte| byte == b':')
            .all(|pair| pair.len() == 2 && pair.iter().all(u8::is_ascii_hexdigit))
}
