//! Kernel text addresses relative to the image, so that a bundle does not tell where the kernel was loaded.

use std::collections::HashMap;

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

/// Lowest address of the kernel half on both architectures.
const KERNEL_HALF: u64 = 0xffff << 48;

/// Subtracts `base`, the address of `_text`, from every kernel text address in `page`, wrapping, in place.
///
/// `formats` are by event id. An all-ones word, which ends a stack on older kernels, and user addresses stay.
pub fn rebase<S: std::hash::BuildHasher>(
    page: &mut [u8],
    page_format: PageFormat,
    formats: &HashMap<u16, EventFormat, S>,
    base: u64,
) {
    for (at, address) in addresses(page, page_format, formats) {
        page[at..at + 8].copy_from_slice(&address.wrapping_sub(base).to_le_bytes());
    }
}

/// The kernel text addresses in `page`, each with its offset there, before [`rebase`].
#[must_use]
pub fn addresses<S: std::hash::BuildHasher>(
    page: &[u8],
    page_format: PageFormat,
    formats: &HashMap<u16, EventFormat, S>,
) -> Vec<(usize, u64)> {
    let mut found = Vec::new();
    let Some(sub) = page_format.sub_buffer(page) else {
        return found;
    };
    for event in sub.events() {
        let Some(format) = event.id().and_then(|id| formats.get(&id)) else {
            continue;
        };
        for field in format.fields.iter().filter(|field| is_address(field)) {
            let end = if field.array {
                event.data.len()
            } else {
                field.offset.saturating_add(8)
            };
            let starts = (field.offset..end.min(event.data.len())).step_by(8);
            let words = starts.filter_map(|start| Some((start, u64_at(event.data, start)?)));
            let kernel = words.filter(|(_, address)| (KERNEL_HALF..u64::MAX).contains(address));
            found.extend(kernel.map(|(start, address)| (event.offset + start, address)));
        }
    }
    found
}

fn is_address(field: &Field) -> bool {
    (field.size == 8 || field.array) && ADDRESS_FIELDS.contains(&field.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_kernel_addresses_move() {
        let header = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\
            \tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n\
            \tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";
        let stack = "name: kernel_stack\nID: 4\nformat:\n\
            \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\
            \tfield:int size;\toffset:8;\tsize:4;\tsigned:1;\n\
            \tfield:unsigned long caller[];\toffset:16;\tsize:0;\tsigned:0;\n";
        let base = 0xffff_8000_8000_0000u64;
        let mut record = vec![4u8, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0];
        for address in [base + 0x10, 0x1234, u64::MAX] {
            record.extend(address.to_le_bytes());
        }
        let mut page = vec![0; 8];
        page.extend((record.len() as u64 + 4).to_le_bytes());
        page.extend((u32::try_from(record.len() / 4).unwrap()).to_le_bytes());
        page.extend(&record);
        let format = EventFormat::parse(stack).unwrap();
        rebase(
            &mut page,
            PageFormat::parse(header).unwrap(),
            &HashMap::from([(4, format)]),
            base,
        );
        let word = |at| crate::container::u64_at(&page, at);
        assert_eq!(
            [word(36), word(44), word(52)],
            [Some(0x10), Some(0x1234), Some(u64::MAX)]
        );
    }
}
