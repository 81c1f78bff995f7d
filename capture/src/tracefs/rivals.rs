//! Who else is tracing: nobody's tracing may be disturbed.

use std::fs;

use super::{Tracefs, read, setting};
use crate::guard::is_recorders;

/// Why the function graph must not be armed now, in one line; `None` when nobody is in the way.
///
/// `set_graph_function` and `max_graph_depth` are global: another user of the function graph would see them change.
/// With `global`, the global buffer itself is wanted, so nothing may be traced or kept there.
pub(crate) fn rival(tracefs: &Tracefs, global: bool) -> Option<String> {
    let root = tracefs.root();
    let instances = fs::read_dir(root.join("instances")).into_iter().flatten();
    let instances = instances.flatten().map(|entry| entry.path());
    for place in [root.to_owned()].into_iter().chain(instances) {
        let tracer = setting(&read(&place.join("current_tracer")).unwrap_or_default());
        let in_the_way = tracer == "function_graph" || global && place == root && tracer != "nop";
        if in_the_way && !tracer.is_empty() {
            let name = place.file_name().and_then(|name| name.to_str());
            let who = match name.is_some_and(is_recorders) {
                true => "another recorder",
                false => "someone else",
            };
            return Some(format!(
                "{who} uses the {tracer} tracer in {}",
                place.display()
            ));
        }
    }
    global.then(|| rival_in_global(tracefs)).flatten()
}

fn rival_in_global(tracefs: &Tracefs) -> Option<String> {
    let set = |name: &str| setting(&tracefs.read(name).unwrap_or_default());
    if let Some(event) = set("set_event").lines().next() {
        return Some(format!("someone else traces the event {event}"));
    }
    let filters = [
        "set_ftrace_filter",
        "set_ftrace_notrace",
        "set_ftrace_pid",
        "set_event_pid",
    ];
    for name in filters {
        // "no pid" stands for an empty list of processes.
        if !matches!(set(name).as_str(), "" | "no pid") {
            return Some(format!("someone else has set {name}"));
        }
    }
    let exit = "events/raw_syscalls/sys_exit";
    let trigger = set(&format!("{exit}/trigger"));
    if !trigger.is_empty() || !matches!(set(&format!("{exit}/filter")).as_str(), "" | "none") {
        return Some(format!(
            "someone else has set a filter or trigger of {exit}"
        ));
    }
    let cpus = fs::read_dir(tracefs.root().join("per_cpu"))
        .into_iter()
        .flatten();
    let kept = cpus.flatten().any(|cpu| {
        let stats = read(&cpu.path().join("stats")).unwrap_or_default();
        let entries = stats.lines().find_map(|line| line.strip_prefix("entries:"));
        entries.is_some_and(|count| count.trim() != "0")
    });
    kept.then(|| {
        format!(
            "the global trace buffer holds someone else's events (clear it: echo > {}/trace)",
            tracefs.root().display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracefs(files: &[(&str, &str)]) -> (tempfile::TempDir, Tracefs) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let root = folder.path().to_owned();
        (folder, Tracefs { root })
    }

    #[test]
    fn an_idle_host_has_no_rival() {
        let (_folder, tracefs) = tracefs(&[
            ("current_tracer", "nop\n"),
            ("set_event", ""),
            ("set_ftrace_filter", "#### all functions enabled ####\n"),
            ("set_ftrace_notrace", "#### no functions disabled ####\n"),
            ("set_ftrace_pid", "no pid\n"),
            ("events/raw_syscalls/sys_exit/filter", "none\n"),
            (
                "events/raw_syscalls/sys_exit/trigger",
                "# Available triggers:\n# traceon\n",
            ),
            ("per_cpu/cpu0/stats", "entries: 0\noverrun: 0\n"),
        ]);
        assert_eq!(rival(&tracefs, true), None);
    }

    #[test]
    fn each_rival_is_seen() {
        let (_folder, graph) = tracefs(&[("instances/theirs/current_tracer", "function_graph\n")]);
        assert!(rival(&graph, false).unwrap().contains("instances/theirs"));
        let (_folder, other) = tracefs(&[("instances/etz-7-1/current_tracer", "function_graph\n")]);
        assert!(rival(&other, false).unwrap().contains("another recorder"));
        // A tracer of the global buffer is in the way only of who needs that buffer.
        let (_folder, function) = tracefs(&[("current_tracer", "function\n")]);
        assert_eq!(rival(&function, false), None);
        assert!(rival(&function, true).unwrap().contains("function tracer"));
        let (_folder, event) = tracefs(&[("set_event", "sched:sched_switch\n")]);
        assert!(rival(&event, true).unwrap().contains("sched:sched_switch"));
        let (_folder, kept) = tracefs(&[("per_cpu/cpu0/stats", "entries: 12\n")]);
        assert!(rival(&kept, true).unwrap().contains("trace buffer"));
    }
}
