//! What this kernel's tracefs can do, looked at before anything is changed.

use format_spec::record::{Ability, AbilityState, ReturnType};

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
    has_syscalls: bool,
}

impl Means {
    /// Looks.
    ///
    /// # Errors
    /// Why tracefs cannot be used at all, in words.
    pub(super) fn find() -> Result<Self, String> {
        let tracefs = Tracefs::find().map_err(|error| error.to_string())?;
        let tier = if tracefs.has("options/funcgraph-retval") {
            Tier::Graph
        } else if tracefs.has("kprobe_events") {
            Tier::Probes
        } else {
            Tier::None
        };
        Ok(Self {
            tier,
            has_graph: tracefs.has_tracer("function_graph"),
            has_syscalls: tracefs.has("events/raw_syscalls/sys_exit"),
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

    /// For `capture check` and the manifest.
    pub(super) fn abilities(&self) -> Vec<Ability> {
        let row = |name: &str, state, detail: String| Ability {
            name: name.into(),
            state,
            detail,
        };
        let graph = match (self.zoom(), rival(&self.tracefs, false)) {
            (Err(why), _) => (AbilityState::Missing, why),
            (Ok(()), Some(who)) => (AbilityState::Denied, who),
            (Ok(()), None) => (
                AbilityState::Available,
                format!("tracefs at {}", self.tracefs.root().display()),
            ),
        };
        let tier = self.tier.describe();
        let values = match self.tier {
            Tier::None => AbilityState::Missing,
            Tier::Graph | Tier::Probes => AbilityState::Available,
        };
        vec![
            row("function graph", graph.0, graph.1),
            row("return values", values, tier.into()),
        ]
    }
}

impl Tier {
    /// In words.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Graph => "T1: funcgraph-retval",
            Self::Probes => "T2: return probes; this kernel has no funcgraph-retval",
            Self::None => "T3: none; this kernel has neither funcgraph-retval nor kprobe events",
        }
    }
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
