//! Trees from events: the ways in which a recording is not a clean nest of entries and exits.

use super::*;
use crate::{
    load::{Event, EventKind, SymbolTable, TraceStream},
    testing::Kernel,
};

/// The tree as text: `a(b c(d))`.
fn text(tree: &CallTree, symbols: &SymbolTable) -> String {
    fn one(tree: &CallTree, index: usize, symbols: &SymbolTable) -> String {
        let name = symbols.name(tree.calls()[index].function);
        let within: Vec<_> = tree
            .children(index)
            .map(|child| one(tree, child, symbols))
            .collect();
        if within.is_empty() {
            name
        } else {
            format!("{name}({})", within.join(" "))
        }
    }
    let roots: Vec<_> = tree.roots().map(|root| one(tree, root, symbols)).collect();
    roots.join(" ")
}

fn texts(stream: &TraceStream, symbols: &SymbolTable) -> Vec<String> {
    trees(stream, symbols)
        .iter()
        .map(|tree| text(tree, symbols))
        .collect()
}

/// A mount that fails in `count_mounts`.
fn failing_mount(kernel: &mut Kernel) {
    kernel.syscall_enter(40);
    kernel.enter("__arm64_sys_mount");
    kernel.enter("path_mount");
    kernel.call("count_mounts");
    kernel.call("free_mnt");
    kernel.leave("path_mount");
    kernel.leave("__arm64_sys_mount");
    kernel.syscall_exit(40, -28);
}

const MOUNT: &str = "__arm64_sys_mount(path_mount(count_mounts free_mnt))";

#[test]
fn a_syscall_is_a_tree_with_its_result() {
    let mut kernel = Kernel::new();
    failing_mount(&mut kernel);
    let trees = trees(&kernel.stream(), &kernel.table());
    let [tree] = &trees[..] else {
        panic!("one tree, not {}", trees.len())
    };
    assert_eq!(text(tree, &kernel.table()), MOUNT);
    assert_eq!(
        (tree.pid, tree.syscall, tree.result, tree.errno()),
        (100, Some(40), Some(-28), Some(28))
    );
    assert!(!tree.lossy);
    let names: Vec<_> = tree
        .by_return()
        .iter()
        .map(|&i| kernel.table().name(tree.calls()[i].function))
        .collect();
    assert_eq!(
        names,
        [
            "count_mounts",
            "free_mnt",
            "path_mount",
            "__arm64_sys_mount"
        ]
    );
    assert_eq!(tree.path(2), [0, 1, 2]);
}

#[test]
fn tasks_and_processors_are_told_apart() {
    let mut kernel = Kernel::new();
    kernel.syscall_enter(40);
    kernel.enter("__arm64_sys_mount");
    let mut other = Kernel::new();
    other.pid = 200;
    other.function("__arm64_sys_mount");
    failing_mount(&mut other);
    kernel.function("path_mount");
    kernel.function("count_mounts");
    kernel.function("free_mnt");
    // The first task goes on elsewhere, while the other runs where it was.
    kernel.cpu = 1;
    kernel.enter("path_mount");
    kernel.leave("path_mount");
    kernel.leave("__arm64_sys_mount");
    kernel.syscall_exit(40, 0);
    kernel.events.extend(other.events);
    kernel.events.sort_by_key(|event| event.time_ns);
    let stream = kernel.stream();
    let trees = trees(&stream, &kernel.table());
    let found: Vec<_> = trees
        .iter()
        .map(|tree| (tree.pid, text(tree, &kernel.table()), tree.lossy))
        .collect();
    let migrated = "__arm64_sys_mount(path_mount)".to_owned();
    assert_eq!(
        found,
        [(100, migrated, false), (200, MOUNT.to_owned(), false)]
    );
}

/// A mount that begins on processor 0 and ends on processor 1; `between` happens before it moves.
fn migrating_mount(between: impl Fn(&mut Kernel)) -> (Kernel, Vec<CallTree>) {
    let mut kernel = Kernel::new();
    kernel.syscall_enter(40);
    kernel.enter("__arm64_sys_mount");
    kernel.enter("path_mount");
    between(&mut kernel);
    kernel.cpu = 1;
    kernel.call("count_mounts");
    kernel.call("free_mnt");
    kernel.leave("path_mount");
    kernel.leave("__arm64_sys_mount");
    kernel.syscall_exit(40, -28);
    let trees = trees(&kernel.stream(), &kernel.table());
    (kernel, trees)
}

#[test]
fn a_task_that_moves_within_a_call_keeps_its_tree() {
    let (kernel, trees) = migrating_mount(|_| {});
    let [tree] = &trees[..] else {
        panic!("one tree, not {}", trees.len())
    };
    assert_eq!(text(tree, &kernel.table()), MOUNT);
    assert_eq!((tree.result, tree.lossy), (Some(-28), false));
    let cpus: Vec<_> = tree.calls().iter().map(|call| call.cpu).collect();
    assert_eq!(cpus, [0, 0, 1, 1]);
}

#[test]
fn what_is_lost_where_a_task_was_before_it_moved_may_be_of_its_call() {
    let lost = |cpu: u32| {
        let (_, trees) = migrating_mount(|kernel| {
            kernel.cpu = cpu;
            kernel.push(EventKind::Lost { count: Some(9) });
        });
        trees[0].lossy
    };
    assert!(lost(0) && lost(1));
    // Of a processor that it never was on.
    assert!(!lost(2));
}

#[test]
fn returns_on_two_processors_are_of_one_call() {
    let mut kernel = Kernel::new();
    kernel.syscall_enter(40);
    kernel.probe("count_mounts", "path_mount", -28);
    kernel.cpu = 1;
    kernel.probe("path_mount", "__arm64_sys_mount", -28);
    kernel.syscall_exit(40, -28);
    let runs = runs(&kernel.stream(), &kernel.table());
    let [run] = &runs[..] else {
        panic!("one run, not {}", runs.len())
    };
    assert_eq!((run.hits.len(), run.result), (2, Some(-28)));
}

#[test]
fn interrupts_are_marked_with_all_that_they_call() {
    let mut kernel = Kernel::new();
    kernel.enter("__arm64_sys_mount");
    kernel.call("irq_enter_rcu");
    kernel.flags = Event::HARD_INTERRUPT;
    kernel.enter("gic_handle_irq");
    kernel.flags = 0;
    kernel.call("sched_tick");
    kernel.leave("gic_handle_irq");
    kernel.call("path_mount");
    kernel.leave("__arm64_sys_mount");
    let trees = trees(&kernel.stream(), &kernel.table());
    let flags: Vec<_> = trees[0].calls().iter().map(|call| call.interrupt).collect();
    assert_eq!(flags, [false, true, true, true, false]);
}

#[test]
fn a_cut_start_keeps_what_is_known() {
    let mut kernel = Kernel::new();
    failing_mount(&mut kernel);
    let events = &mut kernel.events;
    // The entries of the syscall, of path_mount and of count_mounts are gone; exits tell when they were entered.
    let entered: Vec<_> = events[1..4].iter().map(|event| event.time_ns).collect();
    events.drain(..4);
    let starts = [(0, entered[2]), (3, entered[1]), (4, entered[0])];
    for (at, time_ns) in starts {
        if let EventKind::Exit { start_ns, .. } = &mut events[at].kind {
            *start_ns = time_ns;
        }
    }
    let trees = trees(&kernel.stream(), &kernel.table());
    assert_eq!(text(&trees[0], &kernel.table()), MOUNT);
    assert!(trees[0].lossy);
    assert_eq!(trees[0].result, Some(-28));
}

#[test]
fn a_cut_end_keeps_what_is_known() {
    let mut kernel = Kernel::new();
    failing_mount(&mut kernel);
    let events = &mut kernel.events;
    events.truncate(5);
    let trees = trees(&kernel.stream(), &kernel.table());
    assert_eq!(
        text(&trees[0], &kernel.table()),
        "__arm64_sys_mount(path_mount(count_mounts))"
    );
    assert!(trees[0].lossy);
    assert_eq!(trees[0].result, None);
}

#[test]
fn depths_put_a_tree_right_after_lost_events() {
    let mut kernel = Kernel::new();
    failing_mount(&mut kernel);
    let events = &mut kernel.events;
    // The exit of count_mounts and the entry of free_mnt are overwritten.
    let at = events[4].clone();
    events[4] = Event {
        kind: EventKind::Lost { count: Some(2) },
        pid: 0,
        ..at
    };
    events.remove(5);
    let trees = trees(&kernel.stream(), &kernel.table());
    assert!(trees[0].lossy);
    assert_eq!(text(&trees[0], &kernel.table()), MOUNT);
    assert_eq!(trees[0].result, Some(-28));
}

#[test]
fn without_syscall_events_every_outermost_call_is_a_tree() {
    let mut kernel = Kernel::new();
    kernel.enter("__arm64_sys_mount");
    kernel.call("path_mount");
    kernel.leave("__arm64_sys_mount");
    kernel.call("__arm64_sys_umount");
    let found = texts(&kernel.stream(), &kernel.table());
    assert_eq!(
        found,
        ["__arm64_sys_mount(path_mount)", "__arm64_sys_umount"]
    );
}

#[test]
fn returns_nest_by_their_callers() {
    let mut kernel = Kernel::new();
    kernel.probe("count_mounts", "attach_recursive_mnt", -28);
    kernel.probe("attach_recursive_mnt", "graft_tree", -28);
    kernel.probe("unlock_mount", "path_mount", 0);
    kernel.probe("path_mount", "__arm64_sys_mount", -28);
    kernel.syscall_exit(40, -28);
    let symbols = kernel.table();
    let runs = runs(&kernel.stream(), &kernel.table());
    let [run] = &runs[..] else { panic!("one run") };
    assert_eq!(
        (run.syscall, run.result, run.hits.len()),
        (Some(40), Some(-28), 4)
    );
    let tree = run.tree(&symbols);
    assert_eq!(
        text(&tree, &symbols),
        "attach_recursive_mnt(count_mounts) path_mount(unlock_mount)"
    );
    assert_eq!(tree.outcome(1, &symbols), Some(Outcome::Error(28)));
}

#[test]
fn stacks_share_their_callers() {
    let mut kernel = Kernel::new();
    let above = [
        "attach_recursive_mnt",
        "graft_tree",
        "path_mount",
        "__arm64_sys_mount",
    ];
    kernel.probe_with_stack("count_mounts", &above, -28);
    kernel.probe_with_stack("attach_recursive_mnt", &above[1..], -28);
    let symbols = kernel.table();
    let tree = runs(&kernel.stream(), &kernel.table())[0].stack_tree(&symbols);
    let expected = "__arm64_sys_mount(path_mount(graft_tree(attach_recursive_mnt(count_mounts))))";
    assert_eq!(text(&tree, &symbols), expected);
    assert_eq!(tree.outcome(3, &symbols), Some(Outcome::Error(28)));
}

/// A kernel that takes three frames: the first stack ends below the syscall, the second above it.
#[test]
fn stacks_that_are_cut_go_on_as_their_neighbours() {
    let mut kernel = Kernel::new();
    let above = ["attach_recursive_mnt", "graft_tree"];
    kernel.probe_with_stack("count_mounts", &above, -28);
    let above = ["graft_tree", "__arm64_sys_mount", "el0_svc"];
    kernel.probe_with_stack("attach_recursive_mnt", &above, -28);
    let symbols = kernel.table();
    let tree = runs(&kernel.stream(), &kernel.table())[0].stack_tree(&symbols);
    let expected = "__arm64_sys_mount(graft_tree(attach_recursive_mnt(count_mounts)))";
    assert_eq!(text(&tree, &symbols), expected);
}

#[test]
fn values_of_another_recording_find_their_calls() {
    let mut kernel = Kernel::new();
    kernel.enter("__arm64_sys_mount");
    kernel.call("count_mounts");
    kernel.call("lookup_mnt");
    kernel.call("count_mounts");
    kernel.leave("__arm64_sys_mount");
    let symbols = kernel.table();
    let mut tree = trees(&kernel.stream(), &symbols).remove(0);
    let mut returns = Kernel::new();
    for name in ["__arm64_sys_mount", "count_mounts"] {
        returns.function(name);
    }
    returns.probe("count_mounts", "__arm64_sys_mount", 0);
    returns.probe("count_mounts", "__arm64_sys_mount", -28);
    returns.syscall_exit(40, -28);
    let share = assign(&mut tree, &runs(&returns.stream(), &symbols)[0]);
    assert!((share - 1.0).abs() < f64::EPSILON);
    let values: Vec<_> = (0..4).map(|index| tree.outcome(index, &symbols)).collect();
    assert_eq!(
        values,
        [
            None,
            Some(Outcome::Value(0)),
            None,
            Some(Outcome::Error(28))
        ]
    );
}

#[test]
fn the_merged_graph_counts_calls_times_and_errors() {
    let mut kernel = Kernel::new();
    for _ in 0..2 {
        kernel.enter("path_mount");
        kernel.returned("count_mounts", -28);
        kernel.leave_with("path_mount", Some(-28));
    }
    let symbols = kernel.table();
    let trees = trees(&kernel.stream(), &symbols);
    let merged = CallGraph::new(&trees, &symbols);
    assert_eq!(
        (merged.graph.node_count(), merged.graph.edge_count()),
        (2, 1)
    );
    let count_mounts = merged.function(kernel.function("count_mounts")).unwrap();
    assert_eq!((count_mounts.calls, count_mounts.errors[&28]), (2, 2));
    let path_mount = merged.function(kernel.function("path_mount")).unwrap();
    assert_eq!((path_mount.total_ns, path_mount.self_ns), (600, 400));
    let edge = merged.graph.edge_weights().next().unwrap();
    assert_eq!((edge.calls, edge.errors[&28]), (2, 2));
}

#[test]
fn minus_one_is_an_error_only_where_it_goes_up() {
    let shown = |copy_process: i64, result: i64| {
        let mut kernel = Kernel::default();
        kernel.syscall_enter(220);
        kernel.enter("copy_process");
        kernel.returned("tsk_fork_get_node", -1);
        kernel.leave_with("copy_process", Some(copy_process));
        kernel.syscall_exit(220, result);
        let (stream, symbols) = (kernel.stream(), kernel.table());
        let tree = trees(&stream, &symbols).remove(0);
        let called = (0..tree.calls().len())
            .find(|&index| symbols.name(tree.calls()[index].function) == "tsk_fork_get_node");
        tree.shown(called.unwrap(), &symbols)
    };
    assert_eq!(shown(-11, -11), Some(Outcome::Value(-1)));
    assert_eq!(shown(0, 5), Some(Outcome::Value(-1)));
    assert_eq!(shown(-1, -1), Some(Outcome::Error(1)));
}
