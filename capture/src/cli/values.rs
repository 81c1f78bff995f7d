//! The values of options, each with an error that says what would do.

use std::time::Duration;

use bytesize::ByteSize;

use super::{Graph, Trigger};
use crate::names;

/// Least size of a bundle: room for the manifest, one snapshot and the closing record.
const LEAST_SIZE: ByteSize = ByteSize::mib(1);

/// Longest name of a thread (`TASK_COMM_LEN` less its NUL).
const LONGEST_COMM: usize = capture_ebpf::COMM_LEN - 1;

pub(super) fn time(text: &str) -> Result<Duration, String> {
    // As sleep(1) and timeout(1) do.
    let seconds = text.bytes().all(|byte| byte.is_ascii_digit());
    let text = if seconds { &format!("{text}s") } else { text };
    let time =
        humantime::parse_duration(text).map_err(|error| format!("{error}; write 60s, 5m or 1h"))?;
    if time.is_zero() {
        return Err("no time at all".into());
    }
    Ok(time)
}

pub(super) fn size(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text
        .parse()
        .map_err(|error| format!("{error}; write 64MiB or 1GiB"))?;
    if size < LEAST_SIZE {
        return Err(format!("less than {LEAST_SIZE}, which one snapshot needs"));
    }
    Ok(size)
}

pub(super) fn errno(text: &str) -> Result<u16, String> {
    let name = text.to_uppercase();
    names::errno_number(&name).ok_or_else(|| unknown("no such errno", &name, names::errno_names()))
}

pub(super) fn syscall(text: &str) -> Result<u32, String> {
    let name = text.to_lowercase();
    names::syscall_number(&name)
        .filter(|&number| number < capture_ebpf::MAX_SYSCALLS)
        .ok_or_else(|| {
            let what = format!("{} has no such syscall", std::env::consts::ARCH);
            unknown(&what, &name, names::syscall_names())
        })
}

/// `ENOSPC`, or `mount:ENOSPC`.
pub(super) fn trigger(text: &str) -> Result<Trigger, String> {
    let (name, error) = text.split_once(':').unzip();
    Ok(Trigger {
        syscall: name.map(syscall).transpose()?,
        errno: errno(error.unwrap_or(text))?,
    })
}

pub(super) fn pid(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|&pid| pid > 0)
        .ok_or_else(|| "not a process id".into())
}

pub(super) fn comm(text: &str) -> Result<String, String> {
    match text.len() {
        0 => Err("an empty name".into()),
        // What the kernel itself does with a longer name.
        len if len > LONGEST_COMM => Ok(text.chars().scan(0, take_bytes).collect()),
        _ => Ok(text.into()),
    }
}

fn take_bytes(used: &mut usize, next: char) -> Option<char> {
    *used += next.len_utf8();
    (*used <= LONGEST_COMM).then_some(next)
}

pub(super) fn graph(text: &str) -> Result<Graph, String> {
    match text {
        "auto" => Ok(Graph::Auto),
        "never" => Ok(Graph::Never),
        "" => Err("an empty name".into()),
        name if name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.$".contains(&b)) =>
        {
            Ok(Graph::Function(name.into()))
        }
        _ => Err("not the name of a kernel function".into()),
    }
}

/// An error that names the nearest of `names`.
fn unknown<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let near = names
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((likeness, candidate)) if likeness > 0.8 => {
            format!("{what}; did you mean {candidate}?")
        }
        _ => what.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_have_units() {
        assert_eq!(time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(time("60"), Ok(Duration::from_secs(60)));
        assert!(time("").is_err() && time("0").is_err());
        assert!(time("60x").unwrap_err().contains("60s"));
        assert!(time("0s").is_err());
        assert_eq!(size("2MiB"), Ok(ByteSize::mib(2)));
        assert!(size("10").is_err());
        assert!(size("many").is_err());
    }

    #[test]
    fn long_names_are_cut_as_the_kernel_does() {
        assert_eq!(comm("containerd-shim-runc-v2").unwrap(), "containerd-shim");
        assert!(comm("").is_err());
    }

    #[test]
    fn a_graph_is_a_word_or_a_function() {
        assert_eq!(graph("never"), Ok(Graph::Never));
        assert_eq!(
            graph("do_mkdirat.isra.0"),
            Ok(Graph::Function("do_mkdirat.isra.0".into()))
        );
        assert!(graph("a b").is_err());
    }
}
