//! Any bytes are taken: code in a bundle may be damaged or hostile.

use std::sync::LazyLock;

use format_spec::record::{Architecture, FunctionCode};
use proptest::prelude::*;

use super::{
    super::{Kernel, references, summary},
    fixture::Fixture,
};

fn at(architecture: Architecture, address: u64, bytes: Vec<u8>) -> Kernel {
    Kernel::new(
        &[],
        &[FunctionCode { address, bytes }],
        &[],
        &[],
        architecture,
    )
}

/// A function of the fixtures on both architectures.
static REAL: LazyLock<Vec<(Architecture, Vec<u8>)>> = LazyLock::new(|| {
    let code = |name| {
        let fixture = Fixture::read(name);
        fixture.bytes(fixture.address("do_mmap").unwrap())
    };
    ["6.12-arm64", "6.12-amd64"].map(code).to_vec()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2000), address: u64) {
        for architecture in [Architecture::Aarch64, Architecture::X86_64] {
            let kernel = at(architecture, address, bytes.clone());
            prop_assert_eq!(references(&kernel, address), references(&kernel, address));
        }
    }

    #[test]
    fn real_code_with_damage(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20)) {
        for (architecture, code) in REAL.iter() {
            let mut bytes = code.clone();
            for (index, byte) in &flips {
                let at = index.index(bytes.len());
                bytes[at] ^= byte;
            }
            let _ = summary(&at(*architecture, 0x1000, bytes), 0x1000, 12);
        }
    }
}

#[test]
fn code_at_the_end_of_the_address_space() {
    // b . + 8, in the last four bytes.
    let kernel = at(
        Architecture::Aarch64,
        u64::MAX - 3,
        vec![0x02, 0x00, 0x00, 0x14],
    );
    assert!(references(&kernel, u64::MAX - 3).is_some());
}
