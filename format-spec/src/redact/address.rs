//! Network addresses: of the same kind and form, equal octets in front by equal ones, special values by themselves.
//!
//! What a route or a rule looks at stays: whether an address is loopback, multicast, private or public, whether octets are
//! 0 or 255 (networks, broadcasts, masks), and which addresses share a prefix of whole octets. No other octet of a public
//! address stays.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Kind, Redactor};

impl Redactor {
    /// Loopback, multicast, unspecified addresses and masks stay; so do the octets in front that make an address private,
    /// link-local or shared (RFC 1918, 3927, 6598).
    pub(super) fn ipv4(&mut self, address: Ipv4Addr) -> Ipv4Addr {
        let octets = address.octets();
        let mut new = octets;
        match kept(octets) {
            Some(kept) => self.octets(b"ipv4", &mut new, kept),
            // Again, until no private address comes out: that keeps different addresses different.
            None => loop {
                self.octets(b"ipv4", &mut new, 0);
                if self::kept(new).is_none() {
                    break;
                }
            },
        }
        if new != octets {
            self.note(Kind::IpAddress, address.to_string().as_bytes());
        }
        new.into()
    }

    /// Zero octets stay; so do loopback and multicast, the first three bits, which are the kind (RFC 4291), and the front of
    /// link-local and unique local addresses (RFC 4193). An IPv4 address within one becomes what it becomes alone.
    /// The end of a solicited-node address is that of a unicast one (RFC 4291, 2.7.1), often of a hardware address.
    pub(super) fn ipv6(&mut self, address: Ipv6Addr) -> Ipv6Addr {
        const SOLICITED: [u8; 13] = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff];
        let is_solicited = address.octets().starts_with(&SOLICITED);
        if address.is_loopback()
            || address.is_unspecified()
            || address.is_multicast() && !is_solicited
        {
            return address;
        }
        if let Some(mapped) = address.to_ipv4_mapped() {
            return self.ipv4(mapped).to_ipv6_mapped();
        }
        let octets = address.octets();
        let kept = match octets[0] {
            0xff => SOLICITED.len(),
            0xfe => 8,
            0xfc | 0xfd => 1,
            _ => 0,
        };
        let mut new = octets;
        self.octets(b"ipv6", &mut new, kept);
        if new != octets {
            self.note(Kind::IpAddress, address.to_string().as_bytes());
        }
        new.into()
    }

    /// Replaces the octets behind the first `kept` ones.
    fn octets(&mut self, domain: &[u8], octets: &mut [u8], kept: usize) {
        let old = octets.to_vec();
        for at in kept..old.len() {
            octets[at] = self.octet(domain, &old[..at], old[at]);
        }
    }

    /// An octet from 1 to 254 by another: a keyed permutation for each prefix. The first octet of an IPv6 address keeps its
    /// upper three bits, that of an IPv4 address stays below those of multicast.
    fn octet(&mut self, domain: &[u8], prefix: &[u8], octet: u8) -> u8 {
        if matches!(octet, 0 | 255) {
            return octet;
        }
        let cached = [domain, prefix, &[octet]].concat();
        if let Some(&known) = self.octets.get(&cached) {
            return known;
        }
        let others: Vec<u8> = match (domain, prefix) {
            (b"ipv4", []) => (1..224).collect(),
            (_, []) => (1..=254).filter(|other| other >> 5 == octet >> 5).collect(),
            _ => (1..=254).collect(),
        };
        // The rank of this octet's keyed value among those of all octets that could stand here.
        let value = |octet: u8| (self.keyed(domain, &[prefix, &[octet]].concat()), octet);
        let own = value(octet);
        let rank = others.iter().filter(|&&other| value(other) < own).count();
        let new = others[rank];
        self.octets.insert(cached, new);
        new
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

/// How many octets in front of an address tell its kind; none where it is public.
fn kept(octets: [u8; 4]) -> Option<usize> {
    match octets {
        [0 | 127 | 224.., ..] => Some(4),
        [192, 168, ..] | [172, 16..=31, ..] | [169, 254, ..] | [100, 64..=127, ..] => Some(2),
        [10, ..] => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn shared(a: [u8; 4], b: [u8; 4]) -> usize {
        a.iter().zip(b).take_while(|(a, b)| **a == *b).count()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn kinds_and_networks_stay(key: [u8; 32], addresses in prop::collection::vec(any::<[u8; 4]>(), 1..8)) {
            let mut redactor = Redactor::new(key);
            for old in addresses.iter().flat_map(|&[a, b, c, d]| {
                [[a, b, c, d], [a, b, c, 0], [10, b, c, d], [192, 168, c, d], [172, 16 + b % 16, c, d], [100, 64, c, d]]
            }) {
                let new = redactor.ipv4(old.into()).octets();
                prop_assert_eq!(kept(new), kept(old), "{:?} {:?}", old, new);
                let kept = kept(old).unwrap_or(0);
                prop_assert_eq!(&new[..kept], &old[..kept]);
                // A neighbour in each network of whole octets has its pseudonym in the same one, and in no smaller one.
                for len in 2..4 {
                    let mut other = old;
                    other[len] = old[len] ^ 1;
                    let other_new = redactor.ipv4(other.into()).octets();
                    prop_assert_eq!(shared(old, other).max(kept), shared(new, other_new).max(kept));
                }
            }
        }
    }

    #[test]
    fn no_octet_of_a_public_address_stays() {
        let mut redactor = Redactor::new([3; 32]);
        let mut seen = HashMap::new();
        let mut equal = [0; 4];
        for number in 0..400_u32 {
            let [_, _, c, d] = number.wrapping_mul(0x9e37_79b9).to_be_bytes();
            let old = [
                8 + (number % 100) as u8 * 2,
                1 + c % 254,
                1 + d % 254,
                1 + (number % 200) as u8,
            ];
            if kept(old).is_some() {
                continue;
            }
            let new = redactor.ipv4(old.into()).octets();
            assert!(
                seen.insert(new, old).is_none_or(|before| before == old),
                "{old:?}"
            );
            for (count, (old, new)) in equal.iter_mut().zip(old.iter().zip(new)) {
                *count += usize::from(*old == new);
            }
        }
        // By chance one in 254 does; the first octet has but a hundred values here.
        assert!(equal.iter().all(|&count| count <= 20), "{equal:?}");
    }

    #[test]
    fn kinds_of_ipv6_stay() {
        let mut redactor = Redactor::new([5; 32]);
        for (old, front) in [
            ("2001:db8:77::19", 0),
            ("fd12:3456::1", 1),
            ("fe80::5054:ff:feab:cdef", 8),
            ("ff02::1:ffab:cdef", 13),
        ] {
            let old: Ipv6Addr = old.parse().unwrap();
            let new = redactor.ipv6(old);
            assert_ne!(new, old);
            assert_eq!(new.octets()[..front], old.octets()[..front]);
            assert_eq!(new.octets()[0] >> 5, old.octets()[0] >> 5);
        }
        let mapped: Ipv6Addr = "::ffff:203.0.113.77".parse().unwrap();
        let alone = redactor.ipv4([203, 0, 113, 77].into());
        assert_eq!(redactor.ipv6(mapped).to_ipv4_mapped(), Some(alone));
        for same in ["::", "::1", "ff02::1"] {
            assert_eq!(redactor.ipv6(same.parse().unwrap()).to_string(), same);
        }
    }
}
