//! What a file seems to be that is no bundle, and what to do about it.

use format_spec::ReadError;

/// Bytes by which formats are known, where they stand, and what to say.
const KNOWN: [(usize, &[u8], &str); 16] = [
    (0, b"\x1f\x8b", "a gzip file: gunzip it first"),
    (0, b"\x28\xb5\x2f\xfd", "a zstd file: unzstd it first"),
    (0, b"\xfd7zXZ\0", "an xz file: unxz it first"),
    (0, b"BZh", "a bzip2 file: bunzip2 it first"),
    (0, b"PK\x03\x04", "a zip archive: unzip it first"),
    (
        257,
        b"ustar",
        "a tar archive: take the bundle out of it first",
    ),
    (0, b"\x7fELF", "an ELF file, a program or a core dump"),
    (0, b"PERFILE2", "a recording of perf: perf script reads it"),
    (
        0,
        b"\x17\x08\x44tracing",
        "a trace.dat: trace-cmd report reads it",
    ),
    (
        0,
        b"\xd4\xc3\xb2\xa1",
        "captured packets: tcpdump reads them",
    ),
    (
        0,
        b"\x0a\x0d\x0d\x0a",
        "captured packets: tcpdump reads them",
    ),
    (0, b"\x89PNG", "a picture"),
    (
        0,
        b"\xff\xfe",
        "UTF-16 text: PowerShell's > rewrites what is binary, so write with -o FILE there",
    ),
    (
        0,
        b"version https://git-lfs",
        "a pointer of Git LFS: git lfs pull fetches the file",
    ),
    (
        0,
        b"{\"schema\"",
        "JSON, perhaps a report; the bundle is the .etz file that it was made of",
    ),
    (0, b"{", "JSON"),
];

/// Bytes that are looked at to tell text.
const LOOKED_AT: usize = 4096;

/// Why `bytes` could not be read as a bundle.
pub(super) fn explain(error: &ReadError, bytes: &[u8]) -> String {
    match error {
        ReadError::NotABundle { .. } => format!(
            "not an .etz bundle of capture: it seems to be {}",
            seems(bytes)
        ),
        ReadError::HeaderCut { len: 0 } => {
            "the file is empty: was it copied while the recorder had not begun, or is the disk full?"
                .into()
        }
        error => error.to_string(),
    }
}

fn seems(bytes: &[u8]) -> &'static str {
    let has = |&&(at, magic, _): &&(usize, &[u8], &str)| {
        bytes.get(at..).is_some_and(|rest| rest.starts_with(magic))
    };
    if let Some((_, _, what)) = KNOWN.iter().find(has) {
        return what;
    }
    let start = &bytes[..bytes.len().min(LOOKED_AT)];
    let lower = start.trim_ascii_start().to_ascii_lowercase();
    if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") {
        return "a web page: was a log-in page or a report saved instead of the bundle?";
    }
    if start.iter().all(|&byte| byte == 0) {
        return "nothing but zeros: a copy or a download that did not end?";
    }
    let is_text =
        |&byte: &u8| byte >= 0x20 && byte != 0x7f || matches!(byte, b'\t' | b'\n' | b'\r');
    if start.iter().all(is_text) && start.utf8_chunks().all(|chunk| chunk.invalid().len() < 2) {
        return "text";
    }
    "something else"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_often_mistaken_for_a_bundle_is_named() {
        let why = |bytes: &[u8]| {
            let error = format_spec::Reader::new(bytes).unwrap_err();
            explain(&error, bytes)
        };
        let mut tar = vec![b'a'; 600];
        tar[257..262].copy_from_slice(b"ustar");
        for (bytes, said) in [
            (b"\x1f\x8b\x08\0\0\0\0\0".as_slice(), "gunzip"),
            (b"\x28\xb5\x2f\xfd\0\0\0\0", "unzstd"),
            (b"\x7fELF\x02\x01\x01\0", "an ELF file"),
            (b"\x17\x08\x44tracing6\0", "trace-cmd report"),
            (b"PERFILE2\0\0", "perf script"),
            (b"  <!DOCTYPE HTML>\n<p>", "a web page"),
            (b"[package]\nname = \"x\"\n", "seems to be text"),
            (b"{\"schema\": \"etz-report/1\"}", "perhaps a report"),
            (&[0; 100], "zeros"),
            (&[1, 2, 0xff, 3], "something else"),
            (&tar, "a tar archive"),
            (b"", "the file is empty"),
        ] {
            assert!(why(bytes).contains(said), "{said}: {}", why(bytes));
        }
    }
}
