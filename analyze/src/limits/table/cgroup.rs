//! Limits of control groups, each of which holds at every level.

use crate::limits::{
    Relation::{Above, AtLeast},
    Unit::{Bytes, Each},
    call::{Call, Kind},
    check::{EAGAIN, ENOMEM, before, sum},
    demand::{Demand, processes, unknown},
    record::{Record, limit},
    refusals::{
        Did::{Come, Refuse},
        Events,
    },
    scope::Scope::Cgroup,
    term::Term::{Below, Group, GroupLine},
};

/// A group, made by mkdir(2).
const fn group(call: &Call<'_>) -> Demand {
    Demand::one_if(matches!(call.kind, Kind::Mkdir))
}

pub(super) const RECORDS: &[Record] = &[
    // `pids_try_charge` (kernel/cgroup/pids.c) has added what it compares.
    limit(
        "cgroup:pids.max",
        Each("processes and threads"),
        Cgroup(""),
        Group("pids.current"),
        Group("pids.max"),
    )
    .checks(&[sum(&["pids_can_fork", "pids_try_charge"], EAGAIN, Above)])
    .demand(processes::process)
    .events(Events {
        file: "pids.events",
        lines: &[("max ", Refuse)],
    }),
    limit(
        "cgroup:pids.max",
        Each("processes and threads"),
        Cgroup("pids"),
        Group("pids.current"),
        Group("pids.max"),
    )
    .checks(&[sum(&["pids_can_fork", "pids_try_charge"], EAGAIN, Above)])
    .demand(processes::process),
    // `page_counter_try_charge` (mm/page_counter.c) has added what it compares.
    limit(
        "cgroup:memory.max",
        Bytes,
        Cgroup(""),
        Group("memory.current"),
        Group("memory.max"),
    )
    .checks(&[sum(&["try_charge_memcg", "try_charge"], ENOMEM, Above)])
    .demand(unknown)
    .events(Events {
        file: "memory.events",
        // Requests that may fail do so without the OOM killer, and `oom` does not count them (`try_charge_memcg`,
        // `mm/memcontrol.c`); `max` counts what reclaim made room for too.
        lines: &[("oom ", Refuse), ("max ", Come)],
    }),
    limit(
        "cgroup:memory.max",
        Bytes,
        Cgroup("memory"),
        Group("memory.usage_in_bytes"),
        Group("memory.limit_in_bytes"),
    )
    .checks(&[sum(&["try_charge_memcg", "try_charge"], ENOMEM, Above)])
    .demand(unknown),
    limit(
        "cgroup:memory.swap.max",
        Bytes,
        Cgroup(""),
        Group("memory.swap.current"),
        Group("memory.swap.max"),
    )
    .checks(&[sum(&["__mem_cgroup_try_charge_swap"], ENOMEM, Above)])
    .demand(unknown)
    .events(Events {
        file: "memory.swap.events",
        lines: &[("fail ", Refuse)],
    }),
    // `cgroup_check_hierarchy_limits` (kernel/cgroup/cgroup.c).
    limit(
        "cgroup:cgroup.max.descendants",
        Each("control groups"),
        Cgroup(""),
        GroupLine("cgroup.stat", "nr_descendants "),
        Group("cgroup.max.descendants"),
    )
    .checks(&[before(
        &["cgroup_mkdir", "cgroup_check_hierarchy_limits"],
        EAGAIN,
        AtLeast,
    )])
    .demand(group),
    // A group that is made in the task's is one level deeper.
    limit(
        "cgroup:cgroup.max.depth",
        Each("levels"),
        Cgroup(""),
        Below,
        Group("cgroup.max.depth"),
    )
    .checks(&[sum(
        &["cgroup_mkdir", "cgroup_check_hierarchy_limits"],
        EAGAIN,
        Above,
    )])
    .demand(group),
];
