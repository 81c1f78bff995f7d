//! Zoom: from "this syscall fails" to "this function returned the error".
//!
//! Three means, each of which the recorder arms, polls and disarms:
//!
//! 1. **Sentinels** ([`Zoom::arm_sentinels`]): return probes with stacks on rarely called functions that compare a
//!    limit, armed from the start, so that what fails only once is caught.
//! 2. **Graph pass** ([`Pass::Graph`](format_spec::record::Pass)): the function graph of a failing syscall.
//! 3. **Returns pass** ([`Pass::Returns`](format_spec::record::Pass)): return probes on the functions that the
//!    failing graph showed, where the kernel has no `funcgraph-retval`.
//!
//! All that they record goes to the recorder as [`Output`]. All that they change on the host is noted in the
//! [`Guard`](crate::guard::Guard) first.

use format_spec::record::{
    Ability, Armed, Code, CtlTables, Drop, EventFormats, FtracePages, Missing, Probes, Symbols,
    TypeLayouts, Zoom as ZoomRecord, ZoomEnd,
};

use crate::{guard::Guard, kernel::Kernel};

/// A record for the bundle.
#[derive(Debug)]
pub(crate) enum Output {
    /// Formats: before the pages that need them.
    EventFormats(EventFormats),
    /// Sub-buffers; `stream` names the trace buffer.
    FtracePages {
        /// Stream number of the frame.
        stream: u32,
        /// The sub-buffers.
        pages: FtracePages,
    },
    /// Probes: before the pages that need them.
    Probes(Probes),
    /// Symbols.
    Symbols(Symbols),
    /// A zoom that ended.
    Zoom(ZoomRecord),
    /// Code of functions.
    Code(Code),
    /// Sysctls and their variables.
    CtlTables(CtlTables),
    /// Layouts of structures.
    TypeLayouts(TypeLayouts),
}

/// Where records go.
pub(crate) type Sink<'a> = &'a mut dyn FnMut(Output);

/// What to zoom on.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Syscall number.
    pub(crate) syscall: u32,
    /// Syscall name, for example `mount`: the entry function is found from it, see [`Target::function`].
    pub(crate) name: String,
    /// errno.
    pub(crate) errno: u16,
    /// Function to graph instead of the syscall's entry function (`--graph FUNCTION`).
    pub(crate) function: Option<String>,
    /// Failing processes that are still there (thread group ids in the initial pid namespace); empty when the
    /// failures come from processes that end at once: then the graph is not limited to processes.
    pub(crate) tgids: Vec<u32>,
    /// Longest time of each pass.
    pub(crate) time: std::time::Duration,
    /// Most bytes of pages for the zoom.
    pub(crate) bytes: u64,
    /// Failures after which a pass has seen enough.
    pub(crate) failures: u64,
}

/// Where a zoom stands after a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing is armed.
    Idle,
    /// Armed and waiting: poll again soon.
    Armed,
    /// Both passes are over and disarmed.
    Done,
}

/// The zoom machinery of one recording.
#[derive(Debug)]
pub(crate) struct Zoom<'k> {
    kernel: &'k Kernel,
}

impl<'k> Zoom<'k> {
    /// Looks at what this kernel's tracefs can do; changes nothing.
    pub(crate) fn plan(kernel: &'k Kernel) -> Self {
        Self { kernel }
    }

    /// What was found, for `capture check` and the manifest.
    pub(crate) fn abilities(&self) -> Vec<Ability> {
        Vec::new()
    }

    /// Arms the sentinels. Returns what was armed and what could not be.
    pub(crate) fn arm_sentinels(
        &mut self,
        _guard: &mut Guard,
        _sink: Sink<'_>,
    ) -> (Vec<Armed>, Vec<Missing>) {
        (Vec::new(), Vec::new())
    }

    /// Sends the sentinels' pages that are complete; with `flush` also the last, partly filled ones.
    pub(crate) fn poll_sentinels(&mut self, _flush: bool, _sink: Sink<'_>) {}

    /// Takes the sentinels away. Returns what could not be put back.
    pub(crate) fn disarm_sentinels(&mut self, _guard: &mut Guard, _sink: Sink<'_>) -> Vec<String> {
        Vec::new()
    }

    /// Whether a zoom can be armed at all; otherwise why not.
    ///
    /// # Errors
    /// The reason, in words.
    pub(crate) fn available(&self) -> Result<(), String> {
        Err(format!("no tracefs for {:?}", self.kernel))
    }

    /// Arms the first pass on `target`. The recorder then calls [`Zoom::poll`] about every 10 ms.
    ///
    /// # Errors
    /// Why nothing was armed, in words; all is as it was before then.
    pub(crate) fn arm(
        &mut self,
        _target: &Target,
        _guard: &mut Guard,
        _sink: Sink<'_>,
    ) -> Result<(), String> {
        self.available()
    }

    /// Goes on: reads pages, ends a pass that has enough, arms the next one.
    ///
    /// `failures` is how many failures of the target the sys_exit program has counted since [`Zoom::arm`].
    pub(crate) fn poll(&mut self, _failures: u64, _guard: &mut Guard, _sink: Sink<'_>) -> Progress {
        Progress::Idle
    }

    /// Disarms whatever is armed. Returns what could not be put back.
    pub(crate) fn disarm(
        &mut self,
        _end: ZoomEnd,
        _guard: &mut Guard,
        _sink: Sink<'_>,
    ) -> Vec<String> {
        Vec::new()
    }

    /// How long the function graph was armed so far, in nanoseconds.
    pub(crate) fn graph_armed_ns(&self) -> u64 {
        0
    }

    /// Counters of lost data, those at 0 included.
    pub(crate) fn drops(&self) -> Vec<Drop> {
        Vec::new()
    }
}
