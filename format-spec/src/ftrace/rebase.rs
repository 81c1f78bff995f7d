//! Kernel text addresses relative to the image, so that a bundle does not tell where the kernel was loaded.

use std::{collections::HashMap, ops::Range};

use super::{EventFormat, Field, PageFormat};
use crate::container::u64_at;

/// Fields that hold text addresses, in `funcgraph_*`, `function`, `kernel_stack`, `print` and probe events.
const ADDRESS_FIELDS: [&str; 9] = [
    "func",
    "parent_ip",
    "ret_ip",
    "retaddr",
    "ip",
    "caller",
    "__probe_ip",
    "__probe_func",
    "__probe_ret_ip",
];

/// Fields that hold whatever a function returned or was given, a pointer or a number.
const VALUE_FIELDS: [&str; 3] = ["ret", "retval", "args"];

/// What stands in these fields for a pointer into the kernel: which one it was would tell where the kernel lies.
pub const SOME_POINTER: u64 = 0xffff << 48;

/// Largest errno (`MAX_ERRNO`, `include/linux/err.h`): from its negative on a word is no address.
const MAX_ERRNO: u64 = 4095;

/// Below all kernel text, wherever it was loaded.
const KERNEL_HALF: u64 = 0xffff << 48;

/// Lowest address of the kernel half with the widest addresses: 57 bits on `x86_64`, whose direct map begins about
/// `__PAGE_OFFSET_BASE_L5` (`arch/x86/include/asm/page_64_types.h`); arm64 has 52.
const WIDEST_KERNEL_HALF: u64 = 0xff00 << 48;

/// Takes out of `page` where the kernel lies, in place: subtracts `base`, the address of `_text`, from every kernel text
/// address, wrapping, and puts [`SOME_POINTER`] for every pointer into the kernel that a function returned or was given.
///
/// `formats` are by event id. An all-ones word, which ends a stack on older kernels, errnos, and user addresses stay.
pub fn rebase<S: std::hash::BuildHasher>(
    page: &mut [u8],
    page_format: PageFormat,
    formats: &HashMap<u16, EventFormat, S>,
    base: u64,
) {
    let addresses = words(
        page,
        page_format,
        formats,
        is_address,
        KERNEL_HALF..u64::MAX,
    );
    let pointers = WIDEST_KERNEL_HALF..u64::MAX - MAX_ERRNO + 1;
    let values = words(page, page_format, formats, is_value, pointers);
    let relative = addresses
        .into_iter()
        .map(|(at, address)| (at, address.wrapping_sub(base)));
    let masked = values.into_iter().map(|(at, _)| (at, SOME_POINTER));
    for (at, word) in relative.chain(masked) {
        page[at..at + 8].copy_from_slice(&word.to_le_bytes());
    }
}

/// The kernel text addresses in `page`, each with its offset there, before [`rebase`].
#[must_use]
pub fn addresses<S: std::hash::BuildHasher>(
    page: &[u8],
    page_format: PageFormat,
    formats: &HashMap<u16, EventFormat, S>,
) -> Vec<(usize, u64)> {
    words(
        page,
        page_format,
        formats,
        is_address,
        KERNEL_HALF..u64::MAX,
    )
}

/// The words within `range` of the fields that `is_wanted`, each with its offset in `page`.
fn words<S: std::hash::BuildHasher>(
    page: &[u8],
    page_format: PageFormat,
    formats: &HashMap<u16, EventFormat, S>,
    is_wanted: fn(&Field) -> bool,
    range: Range<u64>,
) -> Vec<(usize, u64)> {
    let mut found = Vec::new();
    let Some(sub) = page_format.sub_buffer(page) else {
        return found;
    };
    for event in sub.events() {
        let Some(format) = event.id().and_then(|id| formats.get(&id)) else {
            continue;
        };
        for field in format.fields.iter().filter(|field| is_wanted(field)) {
            let end = if field.array {
                event.data.len()
            } else {
                field.offset.saturating_add(8)
            };
            let starts = (field.offset..end.min(event.data.len())).step_by(8);
            let words = starts.filter_map(|start| Some((start, u64_at(event.data, start)?)));
            let wanted = words.filter(|(_, word)| range.contains(word));
            found.extend(wanted.map(|(start, word)| (event.offset + start, word)));
        }
    }
    found
}

fn is_address(field: &Field) -> bool {
    (field.size == 8 || field.array) && ADDRESS_FIELDS.contains(&field.name.as_str())
}

fn is_value(field: &Field) -> bool {
    (field.size == 8 || field.array) && VALUE_FIELDS.contains(&field.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_among_values_are_all_the_same() {
        let probe = "name: p\nID: 4\nformat:\n\
            \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\
            \tfield:u64 ret;\toffset:8;\tsize:8;\tsigned:0;\n";
        let stored = |value: u64| {
            let mut record = vec![4u8, 0, 0, 0, 0, 0, 0, 0];
            record.extend(value.to_le_bytes());
            after_rebase(probe, &record, 28)[0]
        };
        let errno = |number: i64| (-number).cast_unsigned();
        for value in [0, 1, 0xffff_ffff, 0xffff_0000_1234, errno(1), errno(4095)] {
            assert_eq!(stored(value), Some(value), "{value:x}");
        }
        for pointer in [
            0xff11_0000_0000_1000,
            0xfff0_0000_0000_1000,
            0xffff_4528_0000_1000,
            BASE,
            errno(4096),
        ] {
            assert_eq!(stored(pointer), Some(SOME_POINTER), "{pointer:x}");
        }
    }

    #[test]
    fn only_kernel_addresses_move() {
        let stack = "name: kernel_stack\nID: 4\nformat:\n\
            \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\
            \tfield:int size;\toffset:8;\tsize:4;\tsigned:1;\n\
            \tfield:unsigned long caller[];\toffset:16;\tsize:0;\tsigned:0;\n";
        let mut record = vec![4u8, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0];
        for address in [BASE + 0x10, 0x1234, u64::MAX] {
            record.extend(address.to_le_bytes());
        }
        assert_eq!(
            after_rebase(stack, &record, 36),
            [Some(0x10), Some(0x1234), Some(u64::MAX)]
        );
    }

    const BASE: u64 = 0xffff_8000_8000_0000;

    /// The words from `first` on of a page with one event, when its addresses have been taken out.
    fn after_rebase(format: &str, event: &[u8], first: usize) -> Vec<Option<u64>> {
        let header = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\
            \tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n\
            \tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";
        let mut page = vec![0; 8];
        page.extend((event.len() as u64 + 4).to_le_bytes());
        page.extend((u32::try_from(event.len() / 4).unwrap()).to_le_bytes());
        page.extend(event);
        let format = EventFormat::parse(format).unwrap();
        let formats = HashMap::from([(4, format)]);
        rebase(
            &mut page,
            PageFormat::parse(header).unwrap(),
            &formats,
            BASE,
        );
        let starts = (first..page.len()).step_by(8);
        starts.map(|at| u64_at(&page, at)).collect()
    }
}
