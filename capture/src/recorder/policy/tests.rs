//! Each rule of the policy, on a simulated clock.

use super::*;

/// A policy and the clock, which starts an hour after the machine did.
struct Host {
    policy: Policy,
    now: Duration,
}

const S: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

impl Host {
    fn new() -> Self {
        Self {
            policy: Policy::new(Focus::default()),
            now: S * 3600,
        }
    }

    fn fails(&mut self, comm: &str, syscall: &str, errno: &str) -> (Worth, bool) {
        let kind = kind(comm, syscall, errno);
        self.policy.note(&Failure {
            syscall: kind.syscall,
            errno: kind.errno,
            comm: kind.comm,
            time_ns: u64::try_from(self.now.as_nanos()).unwrap(),
            ..Failure::default()
        })
    }

    /// Fails now and half a second later.
    fn fails_twice(&mut self, comm: &str, syscall: &str, errno: &str) {
        self.fails(comm, syscall, errno);
        self.now += S / 2;
        self.fails(comm, syscall, errno);
    }

    fn next(&self) -> Option<Kind> {
        self.policy.next(self.now).cloned()
    }

    /// The next kind has its turn, and that shows all.
    fn turn(&mut self) -> Option<Kind> {
        let next = self.next()?;
        self.policy.turned(&next, Shown::All, self.now);
        Some(next)
    }

    fn gives_way(&self, kind: &Kind, seen: bool, armed: Duration) -> bool {
        let look = Look { seen, armed };
        self.policy.gives_way(kind, look, self.now)
    }
}

fn kind(comm: &str, syscall: &str, errno: &str) -> Kind {
    Kind {
        syscall: names::syscall_number(syscall).unwrap(),
        errno: names::errno_number(errno).unwrap(),
        comm: comm.into(),
    }
}

#[test]
fn limits_go_first() {
    let mut host = Host::new();
    host.fails_twice("sh", "ioctl", "EIO");
    host.fails_twice("sh", "openat", "EACCES");
    host.fails_twice("dockerd", "mount", "ENOSPC");
    host.fails_twice("make", "clone", "EAGAIN");
    assert_eq!(host.turn(), Some(kind("dockerd", "mount", "ENOSPC")));
    assert_eq!(host.turn(), Some(kind("make", "clone", "EAGAIN")));
    assert_eq!(host.turn(), Some(kind("sh", "openat", "EACCES")));
    assert_eq!(host.turn(), Some(kind("sh", "ioctl", "EIO")));
    assert_eq!(host.turn(), None);
}

#[test]
fn what_the_table_of_normal_failures_knows_comes_last() {
    let mut host = Host::new();
    assert_eq!(host.fails("sh", "openat", "ENOENT"), (Worth::Normal, false));
    host.fails_twice("bash", "openat", "ENXIO");
    assert_eq!(host.next(), None, "it waits for better ones");
    host.now += DOUBT;
    host.fails_twice("bash", "openat", "ENXIO");
    host.fails("mv", "renameat", "EXDEV");
    assert_eq!(host.turn(), Some(kind("mv", "renameat", "EXDEV")));
    assert_eq!(host.turn(), Some(kind("bash", "openat", "ENXIO")));
    assert_eq!(host.turn(), None);
}

#[test]
fn what_is_normal_waits_for_a_fault_that_fails_seldom() {
    let mut host = Host::new();
    host.fails("mv", "renameat", "EXDEV");
    host.fails("bash", "openat", "ENXIO");
    host.now += S * 8;
    host.fails("mv", "renameat", "EXDEV");
    host.now += S;
    host.fails("bash", "openat", "ENXIO");
    host.now += S / 2;
    host.fails("bash", "openat", "ENXIO");
    assert_eq!(host.next(), None, "the fault is expected in 6.5 s");
    host.now += S * 6;
    assert_eq!(host.turn(), Some(kind("mv", "renameat", "EXDEV")));
    host.fails_twice("bash", "openat", "ENXIO");
    assert_eq!(host.next().unwrap().comm, b"bash");
}

#[test]
fn a_look_at_what_is_normal_gives_way_at_once_even_if_it_has_seen_a_failure() {
    let mut host = Host::new();
    host.fails("bash", "openat", "ENXIO");
    host.now += DOUBT;
    host.fails_twice("bash", "openat", "ENXIO");
    let normal = host.next().unwrap();
    assert!(!host.gives_way(&normal, true, S * 60), "nobody else waits");
    host.fails("mv", "renameat", "EXDEV");
    assert!(host.gives_way(&normal, true, MS));
    // Not the other way round.
    let fault = kind("mv", "renameat", "EXDEV");
    assert!(!host.gives_way(&fault, true, S * 60));
}

#[test]
fn what_repeats_goes_before_what_happened_once() {
    let mut host = Host::new();
    host.fails("backup", "write", "ENOSPC");
    assert_eq!(host.next(), Some(kind("backup", "write", "ENOSPC")));
    host.fails_twice("mv", "renameat", "EXDEV");
    assert_eq!(host.next(), Some(kind("mv", "renameat", "EXDEV")));
    host.fails("backup", "write", "ENOSPC");
    assert_eq!(host.next(), Some(kind("backup", "write", "ENOSPC")));
}

#[test]
fn several_tries_in_a_row_are_one_event() {
    let mut host = Host::new();
    for _ in 0..10 {
        host.now += MS;
        host.fails("sh", "execve", "EACCES");
    }
    host.fails_twice("mv", "renameat", "EXDEV");
    assert_eq!(host.next(), Some(kind("mv", "renameat", "EXDEV")));
}

#[test]
fn a_look_that_has_seen_nothing_gives_way_and_has_another_turn_later() {
    let mut host = Host::new();
    host.fails_twice("dd", "write", "ENOSPC");
    let silent = host.next().unwrap();
    host.fails_twice("mv", "renameat", "EXDEV");
    assert!(!host.gives_way(&silent, false, S / 2), "too early");
    assert!(!host.gives_way(&silent, true, S * 2), "it has seen one");
    assert!(host.gives_way(&silent, false, S));
    host.policy.turned(&silent, Shown::Nothing, host.now);
    assert_eq!(host.turn(), Some(kind("mv", "renameat", "EXDEV")));
    assert_eq!(host.next(), None, "it has not failed again");
    host.now += S / 2;
    host.fails("dd", "write", "ENOSPC");
    assert_eq!(host.next(), Some(silent.clone()));
    // But not for ever.
    for _ in 1..MAX_TURNS {
        host.policy.turned(&silent, Shown::Nothing, host.now);
        host.now += S / 2;
        host.fails("dd", "write", "ENOSPC");
    }
    assert_eq!(host.next(), None);
}

#[test]
fn only_a_look_that_caught_all_is_the_last() {
    for (shown, again) in [
        (Shown::Nothing, true),
        (Shown::Part, true),
        (Shown::All, false),
    ] {
        let mut host = Host::new();
        host.fails_twice("mv", "renameat", "EXDEV");
        let next = host.next().unwrap();
        host.policy.turned(&next, shown, host.now);
        // However often it was counted.
        host.now += S / 2;
        host.fails_twice("mv", "renameat", "EXDEV");
        assert_eq!(host.next(), again.then_some(next), "{shown:?}");
    }
}

#[test]
fn no_kind_has_another_turn_before_all_others_had_one() {
    let mut host = Host::new();
    let kinds = [
        kind("dd", "write", "ENOSPC"),
        kind("mv", "renameat", "EXDEV"),
        kind("cat", "read", "EIO"),
    ];
    let mut order = Vec::new();
    for _ in 0..6 {
        host.now += S / 2;
        host.fails("dd", "write", "ENOSPC");
        host.fails("mv", "renameat", "EXDEV");
        host.fails("cat", "read", "EIO");
        let next = host.next().unwrap();
        // None of them ever shows all.
        host.policy.turned(&next, Shown::Part, host.now);
        order.push(next);
    }
    assert_eq!(order[..3], kinds);
    assert_eq!(order[3..], kinds);
}

#[test]
fn a_long_turn_ends_when_another_waits_for_its_first() {
    let mut host = Host::new();
    host.fails_twice("dd", "write", "ENOSPC");
    let long = host.next().unwrap();
    assert!(!host.gives_way(&long, true, TURN * 9), "nobody else waits");
    host.fails_twice("mv", "renameat", "EXDEV");
    assert!(!host.gives_way(&long, true, TURN - MS));
    assert!(host.gives_way(&long, true, TURN));
}

#[test]
fn a_program_with_many_kinds_does_not_keep_another_waiting() {
    let mut host = Host::new();
    let noise = ["fchmodat", "fchownat", "kill", "mount", "setuid", "setgid"];
    for syscall in noise {
        host.fails("agent", syscall, "EPERM");
    }
    host.now += S / 4;
    host.fails("mv", "read", "EIO");
    host.now += S / 2;
    for syscall in noise {
        host.fails("agent", syscall, "EPERM");
    }
    host.fails("mv", "read", "EIO");
    assert_eq!(host.turn().unwrap().comm, b"agent");
    assert_eq!(host.turn(), Some(kind("mv", "read", "EIO")));
    assert_eq!(host.turn().unwrap().comm, b"agent");
}

#[test]
fn the_same_errno_of_two_programs_is_two_kinds() {
    let mut host = Host::new();
    assert!(host.fails("cron", "openat", "EACCES").1);
    assert!(!host.fails("nginx", "openat", "EACCES").1);
    assert_eq!(host.turn().unwrap().comm, b"cron");
    assert_eq!(host.turn().unwrap().comm, b"nginx");
    assert_eq!(host.policy.kinds(), 2);
}

#[test]
fn what_fails_seldom_is_met_by_its_beat() {
    let mut host = Host::new();
    host.fails("dd", "write", "ENOSPC");
    host.now += S * 10;
    host.fails("dd", "write", "ENOSPC");
    let last = host.now;
    let mut met = |seconds, arming| {
        host.policy.armed(arming);
        host.policy.next(last + S * seconds).is_some()
    };
    let no_time = Duration::ZERO;
    let times = [1, 8, 9, 11, 12];
    assert_eq!(
        times.map(|at| met(at, no_time)),
        [false, false, true, true, false]
    );
    assert!(met(8, S), "arming takes its time");
}

#[test]
fn what_no_longer_fails_does_not_wait() {
    let mut host = Host::new();
    host.fails("sh", "kill", "EPERM");
    host.fails_twice("mv", "renameat", "EXDEV");
    host.now += FRESH + S;
    assert_eq!(host.next(), None);
}

#[test]
fn what_is_asked_for_is_never_normal() {
    let errnos = vec![names::errno_number("ENOENT").unwrap()];
    let mut host = Host::new();
    host.policy = Policy::new(Focus {
        errnos,
        ..Focus::default()
    });
    assert_eq!(host.fails("sh", "openat", "ENOENT").0, Worth::Asked);
    assert_eq!(host.fails("sh", "mount", "ENOSPC").0, Worth::Normal);
    assert_eq!(host.turn(), Some(kind("sh", "openat", "ENOENT")));
}

/// What repeats twice a second is looked into within 5 s of its start: beside eight programs that fail once in a
/// while, on a host where arming takes a second.
#[test]
fn an_incident_beside_noise_is_armed_in_time() {
    let mut host = Host::new();
    host.policy.armed(S);
    let begun = host.now;
    let mut current: Option<(Kind, Duration)> = None;
    for step in 0..500 {
        host.now += MS * 10;
        if step % 50 == 0 {
            host.fails("mv", "renameat", "EXDEV");
        }
        if step % 40 == 7 {
            host.fails(&format!("cron{}", step / 40 % 8), "openat", "EACCES");
        }
        match &current {
            // It sees nothing: noise does not fail again so soon.
            Some((kind, armed)) => {
                let look = host.now.saturating_sub(*armed);
                if kind.comm == b"mv" && look > Duration::ZERO {
                    assert!(host.now - begun < S * 5);
                    return;
                }
                if look > Duration::ZERO && host.gives_way(kind, false, look) {
                    host.policy.turned(&kind.clone(), Shown::Nothing, host.now);
                    current = None;
                }
            }
            None => current = host.next().map(|kind| (kind, host.now + S)),
        }
    }
    panic!("it was not armed at all");
}
