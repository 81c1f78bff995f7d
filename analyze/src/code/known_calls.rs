//! Kernel functions whose constant argument names a limit.

use super::ucounts;

/// What an argument's number is.
#[derive(Debug, Clone, Copy)]
enum Meaning {
    /// `enum ucount_type`.
    Ucount,
    /// `enum rlimit_type` (`include/linux/user_namespace.h`, 5.19 to 7.2).
    RlimitUcount,
}

/// (function, argument, meaning): `kernel/ucount.c`, 5.19 to 7.2.
const KNOWN: [(&str, usize, Meaning); 4] = [
    ("inc_ucount", 2, Meaning::Ucount),
    ("inc_rlimit_ucounts", 1, Meaning::RlimitUcount),
    ("inc_rlimit_get_ucounts", 1, Meaning::RlimitUcount),
    ("is_rlimit_overlimit", 1, Meaning::RlimitUcount),
];

/// Names by `enum rlimit_type`.
const RLIMIT_UCOUNTS: [&str; 4] = ["NPROC", "MSGQUEUE", "SIGPENDING", "MEMLOCK"];

/// Culprit ids of the limit that a call of `function` is about; none when the arguments that are known do not say.
pub(super) fn limit_ids(function: &str, arguments: &[Option<u64>]) -> Vec<String> {
    let known = KNOWN.iter().find(|(own, ..)| *own == function);
    let Some(&(_, argument, meaning)) = known else {
        return Vec::new();
    };
    let Some(&Some(number)) = arguments.get(argument) else {
        return Vec::new();
    };
    match meaning {
        Meaning::Ucount => ucounts::ids(number),
        Meaning::RlimitUcount => {
            let name = usize::try_from(number)
                .ok()
                .and_then(|number| RLIMIT_UCOUNTS.get(number));
            name.map(|name| format!("rlimit:{name}"))
                .into_iter()
                .collect()
        }
    }
}
