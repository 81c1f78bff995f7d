//! Which failure the report is to be about.

use clap::Args;

use crate::{
    incident::{Symptom, Wish},
    view::select,
};

/// What is known of the failure; without any of it, the one that stands out most. All that is given must fit.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which failure")]
pub(super) struct Choice {
    /// The text of the ticket: an error as programs write it, such as "no space left on device", with program, call and
    /// path if they are in it
    #[arg(long, value_name = "TEXT")]
    symptom: Option<String>,
    /// An error by name or number: ENOSPC or 28
    #[arg(long, value_name = "ERRNO", value_parser = select::errno)]
    errno: Option<u16>,
    /// A system call by name
    #[arg(long, value_name = "NAME", value_parser = select::syscall)]
    syscall: Option<String>,
    /// Name of the process or thread
    #[arg(long, value_name = "NAME")]
    comm: Option<String>,
    /// Process or thread id
    #[arg(long)]
    pid: Option<u32>,
    /// Control group as /proc/PID/cgroup shows it, with all groups below it
    #[arg(long, value_name = "PATH")]
    cgroup: Option<String>,
    /// Beginning of a container's id or of a pod's uid
    #[arg(long, value_name = "ID")]
    container: Option<String>,
    /// systemd unit, with or without its ending
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,
    /// The failure of that number in the report
    #[arg(long, value_name = "N")]
    failure: Option<usize>,
}

impl Choice {
    /// The wish.
    pub(super) fn wish(&self) -> Wish {
        Wish {
            symptom: self.symptom.as_deref().map(Symptom::read),
            errno: self.errno,
            syscall: self.syscall.clone(),
            comm: self.comm.clone(),
            pid: self.pid,
            cgroup: self.cgroup.clone(),
            container: self.container.clone(),
            unit: self.unit.clone(),
            failure: self.failure,
        }
    }
}
