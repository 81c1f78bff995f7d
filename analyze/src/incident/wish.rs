//! Which failure a person means, in their own words.

use std::collections::HashMap;

use format_spec::record::Failure;

use super::{Residence, Symptom};
use crate::{failures::Group, load::Bundle};

/// What is known of the failure that is meant; all that is given must fit.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// The text of the ticket.
    pub symptom: Option<Symptom>,
    /// errno.
    pub errno: Option<u16>,
    /// Name of the system call.
    pub syscall: Option<String>,
    /// Name of the process or of the failing thread; only the kernel's 15 bytes of it count.
    pub comm: Option<String>,
    /// Process or thread id.
    pub pid: Option<u32>,
    /// Control group, or one above it.
    pub cgroup: Option<String>,
    /// Beginning of a container's id or of a pod's uid.
    pub container: Option<String>,
    /// systemd unit.
    pub unit: Option<String>,
    /// Number of the kind of failure in the report.
    pub failure: Option<usize>,
}

/// Bytes of a thread's name that the kernel keeps (`TASK_COMM_LEN` less its NUL, `include/linux/sched.h`).
const COMM_LEN: usize = 15;

impl Wish {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.symptom.is_none()
            && self.errno.is_none()
            && self.syscall.is_none()
            && self.comm.is_none()
            && self.failure.is_none()
            && !self.is_of_process()
    }

    /// Whether processes are told apart.
    fn is_of_process(&self) -> bool {
        self.pid.is_some() || self.is_of_residence()
    }

    fn is_of_residence(&self) -> bool {
        self.cgroup.is_some() || self.container.is_some() || self.unit.is_some()
    }

    fn is_there(&self, residence: &Residence) -> bool {
        let is = |wanted: &Option<String>, holds: &dyn Fn(&str) -> bool| {
            wanted.as_deref().is_none_or(holds)
        };
        is(&self.cgroup, &|path| residence.is_below(path))
            && is(&self.container, &|id| residence.is_container(id))
            && is(&self.unit, &|name| residence.is_unit(name))
    }
}

/// A wish, asked of the failures of one bundle.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    bundle: &'a Bundle,
    wish: &'a Wish,
    /// By process and control group.
    residents: HashMap<(u32, u64), bool>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(bundle: &'a Bundle, wish: &'a Wish) -> Self {
        Self {
            bundle,
            wish,
            residents: HashMap::new(),
        }
    }

    /// How well the kind number `index` fits, more being better, and the kind with the samples that fit; `None` when it
    /// does not.
    pub(super) fn fit(&mut self, index: usize, group: &Group) -> Option<(u32, Group)> {
        let wish = self.wish;
        let differs = wish.errno.is_some_and(|errno| errno != group.errno)
            || wish.failure.is_some_and(|number| number != index)
            || wish
                .syscall
                .as_ref()
                .is_some_and(|name| *name != group.syscall_name);
        if differs {
            return None;
        }
        let mut group = group.clone();
        if wish.is_of_process() {
            group.samples.retain(|&sample| {
                let failure = self.bundle.failures.get(sample);
                failure.is_some_and(|failure| self.admits(failure))
            });
            let counted = |pid: &u32| group.processes.contains(pid) && !wish.is_of_residence();
            if group.samples.is_empty() && !wish.pid.as_ref().is_some_and(counted) {
                return None;
            }
        }
        if let Some(comm) = &wish.comm {
            let comm = kernel_comm(comm);
            if group.comm != comm {
                let of = |&sample: &usize| {
                    let failure = self.bundle.failures.get(sample);
                    failure.is_some_and(|failure| failure.comm == comm)
                };
                group.samples.retain(of);
                if group.samples.is_empty() {
                    return None;
                }
            }
        }
        let fit = match &wish.symptom {
            None => 0,
            Some(symptom) => {
                let failures = group.failures(self.bundle);
                let paths = failures.flat_map(|failure| &failure.paths);
                let paths = paths.map(|path| path.bytes.as_slice());
                symptom.fits(&group.syscall_name, group.errno, &group.comm, paths)?
            }
        };
        group.threads = group
            .failures(self.bundle)
            .map(|failure| failure.pid)
            .collect();
        Some((fit, group))
    }

    fn admits(&mut self, failure: &Failure) -> bool {
        let wish = self.wish;
        if wish
            .pid
            .is_some_and(|pid| pid != failure.tgid && pid != failure.pid)
        {
            return false;
        }
        if !wish.is_of_residence() {
            return true;
        }
        let bundle = self.bundle;
        let resident = self.residents.entry((failure.tgid, failure.cgroup));
        *resident.or_insert_with(|| wish.is_there(&Residence::of(bundle, failure)))
    }
}

fn kernel_comm(comm: &str) -> &[u8] {
    let bytes = comm.as_bytes();
    &bytes[..bytes.len().min(COMM_LEN)]
}
