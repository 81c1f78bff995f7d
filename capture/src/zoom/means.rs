//! What this kernel's tracefs can do, looked at before anything is changed.

use format_spec::record::{Ability, AbilityState, ReturnType};
use rustix::system::uname;

use crate::{
    kernel::{Kernel, KernelSymbol},
    tracefs::{ProbeLine, Tracefs, rival},
};

/// Where return values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tier {
    /// The function graph itself (`funcgraph-retval`, 6.5 and later, by configuration).
    Graph,
    /// Return probes on the functions that the graph showed.
    Probes,
    /// Nowhere.
    None,
}

/// The means.
#[derive(Debug)]
pub(super) struct Means {
    /// Where tracefs is.
    pub(super) tracefs: Tracefs,
    /// Where return values come from.
    pub(super) tier: Tier,
    has_graph: bool,
    has_probes: bool,
    has_syscalls: bool,
    has_arguments: bool,
    /// Major and minor number of the kernel.
    version: (u32, u32),
}

/// Since when an instance of its own can have the function graph (`kernel/trace/fgraph.c`, several users at once).
const INSTANCES: (u32, u32) = (6, 11);

/// Since when the graph can have return values, and arguments.
const RETVAL: (u32, u32) = (6, 5);
const ARGUMENTS: (u32, u32) = (6, 15);

impl Means {
    /// Looks.
    ///
    /// # Errors
    /// Why tracefs cannot be used at all, in words.
    pub(super) fn find() -> Result<Self, String> {
        let tracefs = Tracefs::find().map_err(|error| error.to_string())?;
        let has_probes = tracefs.has("kprobe_events");
        let tier = if tracefs.has("options/funcgraph-retval") {
            Tier::Graph
        } else if has_probes {
            Tier::Probes
        } else {
            Tier::None
        };
        Ok(Self {
            tier,
            has_probes,
            has_graph: tracefs.has_tracer("function_graph"),
            has_syscalls: tracefs.has("events/raw_syscalls/sys_exit"),
            has_arguments: tracefs.has("options/funcgraph-args"),
            version: version(&uname().release().to_string_lossy()),
            tracefs,
        })
    }

    /// Whether a failing syscall can be zoomed on.
    ///
    /// # Errors
    /// What is missing, in words.
    pub(super) fn zoom(&self) -> Result<(), String> {
        if !self.has_graph {
            return Err("this kernel has no function_graph tracer".into());
        }
        if !self.has_syscalls {
            return Err("this kernel has no raw_syscalls events".into());
        }
        Ok(())
    }

    /// Whether functions can be probed.
    pub(super) fn has_probes(&self) -> bool {
        self.has_probes
    }

    /// For `capture check` and the manifest.
    pub(super) fn abilities(&self) -> Vec<Ability> {
        let row = |name: &str, state, detail: String| Ability {
            name: name.into(),
            state,
            detail,
        };
        // It is only tried when it is armed: this changes nothing.
        let global = self.version < INSTANCES;
        let place = if global {
            "the global trace buffer, put back afterwards (instances have it since 6.11)"
        } else {
            "an instance of its own"
        };
        let graph = match (self.zoom(), rival(&self.tracefs, global)) {
            (Err(why), _) => (AbilityState::Missing, why),
            (Ok(()), Some(who)) => (
                AbilityState::Denied,
                format!("{who}: it is left alone, and nothing is traced meanwhile"),
            ),
            (Ok(()), None) => (
                AbilityState::Available,
                format!("in {place}, below {}", self.tracefs.root().display()),
            ),
        };
        let values = match self.tier {
            Tier::None => AbilityState::Missing,
            Tier::Graph | Tier::Probes => AbilityState::Available,
        };
        let arguments = if self.has_arguments {
            (AbilityState::Available, "funcgraph-args".to_owned())
        } else {
            let why = self.lacks(ARGUMENTS, "funcgraph-args", "CONFIG_FUNCTION_TRACE_ARGS");
            (AbilityState::Missing, why)
        };
        vec![
            row("function graph", graph.0, graph.1),
            row("return values", values, self.describe_tier()),
            row("function arguments", arguments.0, arguments.1),
        ]
    }

    /// The tier, and why it is no better one, in words.
    pub(super) fn describe_tier(&self) -> String {
        let no_retval = || self.lacks(RETVAL, "funcgraph-retval", "CONFIG_FUNCTION_GRAPH_RETVAL");
        match self.tier {
            Tier::Graph => "T1: funcgraph-retval".into(),
            Tier::Probes => format!("T2: return probes; {}", no_retval()),
            Tier::None => format!("T3: none; {}, and it has no kprobe events", no_retval()),
        }
    }

    fn lacks(&self, since: (u32, u32), option: &str, config: &str) -> String {
        let (major, minor) = since;
        if self.version < since {
            format!("this kernel has no {option}, which came with {major}.{minor}")
        } else {
            format!("this kernel has no {option}: it was built without {config}")
        }
    }
}

/// Major and minor number of a release such as `6.12.107+deb13-arm64`; zeros when they are not there.
fn version(release: &str) -> (u32, u32) {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    let mut next = || numbers.next().and_then(|number| number.parse().ok());
    (next().unwrap_or(0), next().unwrap_or(0))
}

/// The return probe for a function, with the type of its value; `None` for functions that return nothing that could
/// tell of a failure.
///
/// A value of unknown type is recorded as the whole register.
pub(super) fn probe_line(
    kernel: &Kernel,
    function: &KernelSymbol<'_>,
    event: String,
) -> Option<ProbeLine> {
    let value = match kernel.return_type(function) {
        // Other unsigned numbers are no errnos; `unsigned long` carries them where addresses are returned.
        ReturnType::Void | ReturnType::Aggregate | ReturnType::Unsigned(..=32) => return None,
        ReturnType::Bool => "u8",
        ReturnType::Signed(8) => "s8",
        ReturnType::Signed(16) => "s16",
        ReturnType::Signed(32) => "s32",
        ReturnType::Signed(_) | ReturnType::Pointer => "s64",
        ReturnType::Unsigned(_) | ReturnType::Unknown => "x64",
    };
    Some(ProbeLine {
        event,
        place: kernel.probe_place(function)?,
        value,
    })
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn releases_are_compared_as_numbers() {
        assert_eq!(version("6.12.107+deb13-arm64"), (6, 12));
        assert_eq!(version("7.2-rc1"), (7, 2));
        assert!(version("6.1.0-56-arm64") < version("6.11"));
        assert_eq!(version("x"), (0, 0));
    }
}
